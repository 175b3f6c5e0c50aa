//! Several networks as one model: what it reads, its file, and who refuses it.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use countenance::backbone::{EfficientNetConfig, Flavour, Variant};
use countenance::calibrate::BlendWeights;
use countenance::data::image::Preprocessing;
use countenance::data::split::SplitName;
use countenance::face::Crop;
use countenance::label::Vocabulary;
use countenance::metric::moment::PairMoments;
use countenance::model::{ClassifierConfig, Model, ModelConfig, StoredModel};
use countenance::network::{Network, NetworkConfig, Tasks};
use countenance::predict::{Prediction, Predictor};
use countenance::weights::native;
use countenance::{ActionUnit, Error, Expression};
use image::{Rgb, RgbImage};
use serde_json::Value;

use crate::lamp;
use crate::model::Place;
use crate::program::{Left, example, run};
use crate::studio::Studio;

fn face(seed: u8) -> RgbImage {
    RgbImage::from_fn(60, 70, |x, y| {
        Rgb([(x * 4) as u8 ^ seed, (y * 3) as u8, (x + y) as u8 | seed])
    })
}

fn load(path: &Path) -> Predictor {
    Predictor::load_on(path, &Device::default()).unwrap()
}

fn blend(paths: &[&Path]) -> Predictor {
    let models = paths.iter().map(|path| load(path)).collect();
    Predictor::blend(models, &BlendWeights::equal(paths.len())).unwrap()
}

/// The probability that each member gives to `class` among `classes`.
fn share(of: &Prediction, class: &Expression, classes: &[Expression]) -> f64 {
    let logit = |class: &Expression| {
        let mut scores = of.expressions.iter();
        f64::from(scores.find(|score| score.class == *class).unwrap().logit)
    };
    let sum: f64 = classes.iter().map(|class| logit(class).exp()).sum();
    logit(class).exp() / sum
}

fn near(found: f32, expected: f64, what: &str) {
    assert!(
        (f64::from(found) - expected).abs() < 1e-5,
        "{what}: {found} {expected}"
    );
}

/// Whether `blend` is the mean of `members`, which weigh so much.
fn assert_mean(blend: &Prediction, members: &[&Prediction], weights: &[f64]) {
    for &(unit, found) in &blend.action_units {
        let readers = members.iter().zip(weights);
        let readers: Vec<(f64, f64)> = readers
            .filter_map(|(member, weight)| Some((f64::from(member.action_unit(unit)?), *weight)))
            .collect();
        let sum: f64 = readers.iter().map(|(_, weight)| weight).sum();
        let mean: f64 = readers.iter().map(|(score, weight)| score * weight).sum();
        near(found, mean / sum, &unit.to_string());
    }
    let classes: Vec<Expression> = blend
        .expressions
        .iter()
        .map(|one| one.class.clone())
        .collect();
    let readers: Vec<(&&Prediction, f64)> = members
        .iter()
        .zip(weights.iter().copied())
        .filter(|(member, _)| !member.expressions.is_empty())
        .collect();
    let all: f64 = readers.iter().map(|(_, weight)| weight).sum();
    for score in &blend.expressions {
        let sum: f64 = readers
            .iter()
            .map(|(member, weight)| weight * share(member, &score.class, &classes))
            .sum();
        near(score.probability, sum / all, score.class.name());
        near(score.logit, (sum / all).ln(), score.class.name());
    }
    let readers = members.iter().zip(weights);
    let affect: Vec<([f32; 2], f64)> = readers
        .filter_map(|(member, weight)| Some((member.valence_arousal?, *weight)))
        .collect();
    let sum: f64 = affect.iter().map(|(_, weight)| weight).sum();
    for axis in 0..2 {
        let mean: f64 = affect
            .iter()
            .map(|(pair, weight)| f64::from(pair[axis]) * weight)
            .sum();
        near(
            blend.valence_arousal.unwrap()[axis],
            mean / sum,
            "valence, arousal",
        );
    }
}

/// A network of the crate's, a larger classifier of other classes and another flavour, and OpenFace 3.0's.
fn different(place: &Place) -> [PathBuf; 3] {
    let classes = &Expression::HSEMOTION_8;
    let backbone = EfficientNetConfig::new(Variant::Tiny)
        .with_classes(Some(10))
        .with_flavour(Flavour::Plain)
        .with_preprocessing(Some(Preprocessing::imagenet(72)));
    let classifier =
        ClassifierConfig::new(backbone.into(), classes.to_vec()).with_valence_arousal(true);
    [
        place.network("network", 1, Tasks::new(), |network| network),
        place.model("classifier", &ModelConfig::Classifier(classifier)),
        place.openface("openface"),
    ]
}

#[test]
fn two_networks_are_read_as_the_mean_of_each_alone() {
    let place = Place::new();
    let paths = [1, 2].map(|seed| {
        let name = format!("network {seed}");
        place.network(&name, seed, Tasks::new(), |network| network)
    });
    let alone = paths.each_ref().map(|path| load(path));
    let both = blend(&[&paths[0], &paths[1]]);
    for seed in [0, 40, 99] {
        let image = face(seed);
        let [one, other] = alone.each_ref().map(|model| model.predict(&image).unwrap());
        assert_ne!(one, other);
        assert_mean(&both.predict(&image).unwrap(), &[&one, &other], &[0.5; 2]);
    }
    // Weights of each task's own.
    let weights = BlendWeights {
        action_units: vec![1.0, 0.0],
        expressions: vec![0.0, 1.0],
        valence_arousal: vec![0.25, 0.75],
    };
    let weighed = both.with_weights(weights).unwrap();
    let image = face(7);
    let [one, other] = alone.each_ref().map(|model| model.predict(&image).unwrap());
    let found = weighed.predict(&image).unwrap();
    assert_eq!(found.action_units, one.action_units);
    assert_eq!(found.expression(), other.expression());
    let valence = |of: &Prediction| f64::from(of.valence().unwrap());
    near(
        found.valence().unwrap(),
        0.25 * valence(&one) + 0.75 * valence(&other),
        "valence",
    );
    // One alone is that one, to the last bit.
    let only = Predictor::blend(vec![load(&paths[0])], &BlendWeights::equal(1)).unwrap();
    assert_eq!(only.predict(&image).unwrap(), one);
}

#[test]
fn networks_of_other_vocabularies_sizes_and_flavours_blend_what_they_share() {
    let place = Place::new();
    let paths = different(&place);
    let alone = paths.each_ref().map(|path| load(path));
    let all = blend(&paths.each_ref().map(|path| path.as_path()));
    assert_eq!(all.crops(), [Crop::Aligned, Crop::Box]);
    assert!(all.gaze());
    let Vocabulary {
        action_units,
        expressions,
        valence_arousal,
    } = all.vocabulary();
    let units: Vec<ActionUnit> = action_units.units().collect();
    let mut expected = ActionUnit::AFF_WILD2.to_vec();
    let more = ActionUnit::OPENFACE3.into_iter();
    expected.extend(more.filter(|unit| !ActionUnit::AFF_WILD2.contains(unit)));
    assert_eq!(units, expected);
    // Contempt is none of the first's, Other of none but it.
    assert_eq!(expressions[..], Expression::AFF_WILD2[..7]);
    assert!(valence_arousal.is_some());
    let image = face(3);
    let members = alone.each_ref().map(|model| model.predict(&image).unwrap());
    let found = all.predict(&image).unwrap();
    assert_eq!(found.gaze, members[2].gaze);
    assert_mean(&found, &members.each_ref(), &[1.0 / 3.0; 3]);

    // From files, and batch by batch, the same.
    let file = place.path("face.png");
    image.save(&file).unwrap();
    let broken = place.file("broken.png", b"no image");
    let files = [file.clone(), broken, file];
    let mut read = Vec::new();
    all.predict_files(&files, 2, |_, prediction| {
        read.push(prediction);
        Ok(())
    })
    .unwrap();
    assert!(read[1].is_err());
    for read in [&read[0], &read[2]] {
        assert_mean(read.as_ref().unwrap(), &members.each_ref(), &[1.0 / 3.0; 3]);
    }
    let no_classes_in_common = |classes: [Expression; 2]| {
        let backbone = EfficientNetConfig::new(Variant::Tiny).with_classes(Some(2));
        let config = ClassifierConfig::new(backbone.into(), classes.to_vec());
        load(&place.model("two", &ModelConfig::Classifier(config)))
    };
    let strange = no_classes_in_common([Expression::Fear, Expression::unnamed(1)]);
    let refused = Predictor::blend(vec![load(&paths[0]), strange], &BlendWeights::equal(2));
    let refused = refused.unwrap_err();
    assert!(matches!(refused, Error::Argument { .. }), "{refused:?}");
    assert!(refused.to_string().contains("Fear alone"), "{refused}");
}

#[test]
fn a_face_in_a_photograph_is_cut_as_each_network_expects() {
    let studio = Studio::new();
    let classifier = studio
        .place
        .classifier("classifier", &Expression::HSEMOTION_8);
    let both = studio.place.path("both");
    blend(&[&studio.network, &classifier]).save(&both).unwrap();
    let picture = lamp::photograph(240, 120, &[([10, 6], 200), ([0, 0], 150), ([20, 9], 255)]);
    let reader = studio.reader_with(&both);
    let alone = [load(&studio.network), load(&classifier)];
    let faces = reader.read(&picture).unwrap();
    assert_eq!(faces.len(), 3);
    for face in faces {
        let cut = reader.cut(&picture, &face.detection).unwrap();
        assert!(cut[0] != cut[1]);
        let members: Vec<Prediction> = alone
            .iter()
            .zip(&cut)
            .map(|(model, cut)| model.predict(cut).unwrap())
            .collect();
        let members: Vec<&Prediction> = members.iter().collect();
        assert_mean(&face.prediction.unwrap(), &members, &[0.5; 2]);
    }
    // An image that is a crop already goes to both.
    let crop = face(5);
    let members = alone.each_ref().map(|model| model.predict(&crop).unwrap());
    let found = load(&both).predict(&crop).unwrap();
    assert_mean(&found, &members.each_ref(), &[0.5; 2]);
}

fn convert(inputs: &[&Path], out: &Path) -> Left {
    run(example("convert").args(inputs).arg(out))
}

fn predict(models: &[&Path], images: &Path) -> String {
    let mut command = example("predict");
    for model in models {
        command.arg("--model").arg(model);
    }
    let left = run(command.arg(images).args(["--format", "json"]));
    assert!(left.succeeded, "{}", left.said);
    left.out
}

#[test]
fn the_file_of_a_blend_is_read_as_its_models_one_by_one() {
    let place = Place::new();
    let images = place.set(6).join("cropped_aligned");
    let [network, classifier, openface] = different(&place);
    let both = place.path("both.safetensors");
    let left = convert(&[&network, &classifier], &both);
    assert!(left.succeeded, "{}", left.said);
    for told in [
        "the blend of 2 networks",
        "expressions: Neutral Anger",
        "wrote ",
    ] {
        assert!(left.out.contains(told), "{}", left.out);
    }
    assert_eq!(
        predict(&[&both], &images),
        predict(&[&network, &classifier], &images)
    );
    assert_ne!(predict(&[&both], &images), predict(&[&network], &images));

    // A blend of a blend is of all their networks.
    let three = place.path("three.safetensors");
    assert!(convert(&[&both, &openface], &three).succeeded);
    let blended = load(&three);
    assert_eq!(blended.members().len(), 3);
    assert_eq!(blended.weights().expressions, [0.25, 0.25, 0.5]);
    assert_eq!(
        predict(&[&three], &images),
        predict(&[&both, &openface], &images)
    );
    // Converted alone it stays as it is, and says what it is of.
    let copy = place.path("copy.safetensors");
    let left = convert(&[&three], &copy);
    for told in [
        "a blend of 3 networks",
        "network 2, which weighs 0.500: taken for",
    ] {
        assert!(left.out.contains(told), "{}", left.out);
    }
    let bytes = |path: &Path| std::fs::read(path).unwrap();
    assert!(bytes(&copy) == bytes(&three));
    // The file of one network is what it was before there were blends.
    assert!(convert(&[&network], &copy).succeeded);
    assert!(bytes(&copy) == bytes(&network));
}

#[test]
fn whatever_needs_one_network_refuses_a_blend_by_name() {
    let place = Place::new();
    let [network, classifier, _] = different(&place);
    let both = place.path("both.safetensors");
    assert!(convert(&[&network, &classifier], &both).succeeded);
    let device = Device::default();
    for error in [
        Model::load(&both, &device).unwrap_err(),
        Network::load(&both, &device).unwrap_err(),
        countenance::weights::import_backbone(&both, &device).unwrap_err(),
        Network::load(&classifier, &device).unwrap_err(),
    ] {
        assert!(matches!(error, Error::File { .. }), "{error:?}");
    }
    let out = place.path("out.safetensors");
    let left = run(example("convert")
        .arg(&both)
        .arg(&out)
        .args(["--to", "timm"]));
    assert!(
        !left.succeeded && left.said.contains("a blend of 2"),
        "{}",
        left.said
    );
    let left = run(example("convert")
        .args([&network, &classifier, &out])
        .args(["--to", "timm"]));
    assert!(
        !left.succeeded && left.said.contains("--to: expected one model"),
        "{}",
        left.said
    );
    let left = run(example("extract")
        .arg("--backbone")
        .arg(&both)
        .arg("--images")
        .arg(place.path("."))
        .arg("--out")
        .arg(&out));
    assert!(
        !left.succeeded && left.said.contains("blend"),
        "{}",
        left.said
    );
    assert!(!out.exists());
    #[cfg(feature = "train")]
    for flag in ["--heads", "--backbone"] {
        let left = run(example("train")
            .arg("--data")
            .arg(place.set(4))
            .arg(flag)
            .arg(&both)
            .arg("--out")
            .arg(place.path("run")));
        assert!(
            !left.succeeded && left.said.contains("blend"),
            "{flag}: {}",
            left.said
        );
    }
}

#[test]
fn networks_that_read_other_features_refuse_them_and_say_so() {
    let place = Place::new();
    let heads = |name: &str, width: usize| {
        let config = ModelConfig::Network(NetworkConfig::paper(width));
        load(&place.model(name, &config))
    };
    let both = Predictor::blend(
        vec![heads("a", 16), heads("b", 24)],
        &BlendWeights::equal(2),
    )
    .unwrap();
    let refused = both.predict_features(&[0.0; 48]).unwrap_err().to_string();
    assert!(
        refused.contains("features of the widths 16, 24"),
        "{refused}"
    );
    let alone = [heads("c", 16), heads("d", 16)];
    let features: Vec<f32> = (0..48).map(|place| (place as f32).sin()).collect();
    let members = alone
        .each_ref()
        .map(|model| model.predict_features(&features).unwrap());
    let both = Predictor::blend(Vec::from(alone), &BlendWeights::equal(2)).unwrap();
    for (row, found) in both.predict_features(&features).unwrap().iter().enumerate() {
        let members = members.each_ref().map(|rows| rows[row].as_ref().unwrap());
        assert_mean(found.as_ref().unwrap(), &members, &[0.5; 2]);
    }
    let refused = both.predict(&face(1)).unwrap_err().to_string();
    assert!(refused.contains("heads alone"), "{refused}");
}

#[test]
fn a_damaged_blend_is_refused_with_what_is_wrong() {
    let place = Place::new();
    let [network, classifier, _] = different(&place);
    let path = place.path("both.safetensors");
    blend(&[&network, &classifier]).save(&path).unwrap();
    let whole = native::read(&path).unwrap();
    let config: Value = serde_json::from_str(&whole.metadata["config"]).unwrap();
    let damaged = place.path("damaged.safetensors");
    let refusal = |config: &Value, spoil: &dyn Fn(&mut native::WeightsFile)| {
        let mut file = whole.clone();
        file.metadata.insert("config".into(), config.to_string());
        spoil(&mut file);
        let tensors: Vec<_> = file.tensors.into_iter().collect();
        native::write(&damaged, &tensors, &file.metadata).unwrap();
        let error = Predictor::load_on(&damaged, &Device::default()).unwrap_err();
        let is_typed = matches!(error, Error::File { .. } | Error::Weights { .. });
        assert!(is_typed, "{error:?}");
        error.to_string()
    };
    let nothing = |_: &mut native::WeightsFile| ();
    type Spoil = fn(&mut Value);
    let changes: [(Spoil, &str); 8] = [
        (|config| config["colour"] = 1.into(), "colour"),
        (|config| config["members"][0]["colour"] = 1.into(), "colour"),
        (
            |config| config["members"][0]["config"]["neighbours"] = 99.into(),
            "network 0",
        ),
        (
            |config| config["members"][1]["kind"] = "blend".into(),
            "blend",
        ),
        (
            |config| config["members"] = serde_json::json!([]),
            "2 to 64 networks",
        ),
        (
            |config| config["weights"]["expressions"] = serde_json::json!([1.0]),
            "expressions",
        ),
        (
            |config| config["weights"]["action_units"][0] = (-1.0).into(),
            "action units",
        ),
        (
            |config| {
                config.as_object_mut().unwrap().remove("weights");
            },
            "weights",
        ),
    ];
    for (change, expected) in changes {
        let mut config = config.clone();
        change(&mut config);
        let refused = refusal(&config, &nothing);
        assert!(refused.contains(expected), "{expected}: {refused}");
    }
    let missing = refusal(&config, &|file| {
        file.tensors
            .retain(|name, _| name != "1.backbone.conv_stem.weight");
    });
    assert!(missing.contains("1.backbone.conv_stem.weight"), "{missing}");
    for name in [
        "2.backbone.conv_stem.weight",
        "01.backbone.conv_stem.weight",
        "+1.backbone.conv_stem.weight",
        "loose",
        "-1.weight",
    ] {
        let refused = refusal(&config, &|file| {
            let stem = file.tensors["1.backbone.conv_stem.weight"].clone();
            file.tensors.insert(name.into(), stem);
        });
        assert!(refused.contains(name), "{refused}");
    }
    let refused = refusal(&config, &|file| {
        file.metadata.insert("version".into(), "2".into());
    });
    assert!(refused.contains("version"), "{refused}");
    // What fits is read.
    let stored = StoredModel {
        models: vec![Model::load(&network, &Device::default()).unwrap().0; 65],
        weights: BlendWeights::equal(65),
        tuning: Default::default(),
    };
    let refused = stored.save(&damaged).unwrap_err().to_string();
    assert!(refused.contains("1 to 64 networks, found 65"), "{refused}");
}

#[test]
fn any_model_is_evaluated_by_what_it_reads() {
    let place = Place::new();
    let root = place.set(20);
    let [network, classifier, openface] = different(&place);
    let evaluate = |models: &[&Path]| -> Value {
        let mut command = example("evaluate");
        for model in models {
            command.arg("--model").arg(model);
        }
        command.arg("--data").arg(&root).args(["--format", "json"]);
        let left = run(&mut command);
        assert!(left.succeeded, "{}", left.said);
        serde_json::from_str(&left.out).unwrap()
    };
    let tasks = |found: &Value| {
        let of = |task: &str| found["tasks"][task].as_bool().unwrap();
        [of("action_unit"), of("expression"), of("valence_arousal")]
    };
    let found = evaluate(&[&classifier]);
    assert_eq!(tasks(&found), [false, true, true]);
    assert!(found["p_au"].is_null() && found["p_ex"].is_number() && found["p_va"].is_number());
    let found = evaluate(&[&openface]);
    assert_eq!(tasks(&found), [true, true, false]);
    assert!(found["p_au"].is_number() && found["au_f1"]["AU12"].is_number());
    let both = place.path("both.safetensors");
    assert!(convert(&[&network, &openface], &both).succeeded);
    let found = evaluate(&[&both]);
    assert_eq!(tasks(&found), [true; 3]);
    assert_eq!(found, evaluate(&[&network, &openface]));
    // By hand, from the blend's own predictions.
    let images: Vec<_> = place.rows(SplitName::Validation);
    let predictor = load(&both);
    let mut pairs = PairMoments::new();
    for row in &images {
        let path = root.join("cropped_aligned").join(&row.image);
        let prediction = predictor.predict_file(path).unwrap();
        if let Some(label) = row.labels.valence_arousal[0] {
            pairs.push(prediction.valence().unwrap().into(), label.into());
        }
    }
    let expected = pairs.ccc().unwrap();
    let ccc = found["ccc"]["valence"].as_f64().unwrap();
    assert!((ccc - expected).abs() < 1e-6, "{ccc} {expected}");
}
