//! Numbers that are not finite never become a score, a label or a feature, through the library and
//! through the programs.

use std::path::Path;

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use countenance::backbone::{Backbone, EfficientNetConfig, Variant};
use countenance::data::cache::{CacheWriter, FeatureCache, Fingerprint};
use countenance::evaluate::evaluate;
use countenance::model::Model;
use countenance::network::{Network, NetworkConfig, Tasks};
use countenance::predict::Predictor;
use countenance::{Error, Expression, Labels};
use image::{Rgb, RgbImage};
use serde_json::Value;

use crate::model::{Place, drawn};
use crate::program::{example, run};

fn width() -> usize {
    EfficientNetConfig::new(Variant::Tiny).feature_width()
}

/// A network whose features overflow for every image, though each of its weights is finite.
fn overflowing(mut network: Network) -> Network {
    let Some(Backbone::EfficientNet(backbone)) = &mut network.backbone else {
        panic!("{:?}", network.backbone)
    };
    backbone.bn2.gamma = scaled(backbone.bn2.gamma.clone(), 3e38);
    backbone.conv_head.weight = scaled(backbone.conv_head.weight.clone(), 1e6);
    network
}

/// A network whose expression logits overflow for features of 1e35 and more.
fn steep(mut network: Network) -> Network {
    let linear = &mut network.expression.as_mut().unwrap().linear;
    linear.weight = scaled(linear.weight.clone(), 1e6);
    network
}

fn scaled<const D: usize>(weight: Param<Tensor<D>>, factor: f32) -> Param<Tensor<D>> {
    weight.map(|weight| weight * factor)
}

/// A feature file as another program writes it, row after row.
fn write_foreign(path: &Path, rows: &[Vec<f32>]) {
    let bytes: Vec<u8> = rows
        .iter()
        .flatten()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let shape = vec![rows.len(), rows[0].len()];
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape, &bytes);
    let file = safetensors::serialize([("features", view.unwrap())], None).unwrap();
    std::fs::write(path, file).unwrap();
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_row_that_is_not_finite_is_an_error_beside_the_scores_of_the_others() {
    let place = Place::new();
    let predictor = Predictor::load(place.network("m", 1, Tasks::new(), steep)).unwrap();
    let good: Vec<f32> = (0..width()).map(|column| (column as f32).sin()).collect();
    let with = |column: usize, value: f32| {
        let mut row = good.clone();
        row[column] = value;
        row
    };
    let rows = [
        good.clone(),
        vec![f32::NAN; width()],
        with(3, f32::NAN),
        with(7, f32::INFINITY),
        vec![1e36; width()],
        good.clone(),
    ];
    let found = predictor.predict_features(&rows.concat()).unwrap();
    let alone = predictor.predict_features(&good).unwrap().remove(0);
    let alone = alone.unwrap();
    assert_eq!(found.len(), rows.len());
    assert_eq!(found[0].as_ref().unwrap(), &alone);
    assert_eq!(found[5].as_ref().unwrap(), &alone);
    let error = |row: usize| found[row].as_ref().unwrap_err();
    assert!(error(1).to_string().contains("row 1"), "{}", error(1));
    assert!(error(1).to_string().contains("could not be read"));
    for (row, score) in [(2, "feature 3 is NaN"), (3, "feature 7 is inf")] {
        let text = error(row).to_string();
        assert!(text.contains(&format!("row {row}")), "{text}");
        assert!(text.contains(score), "{text}");
    }
    // Finite features: what is computed from them is not.
    let Error::NotFiniteScore { input, value, .. } = error(4) else {
        panic!("{}", error(4))
    };
    assert!(input == "row 4" && !value.is_finite(), "{}", error(4));
    let nothing = predictor.predict_features(&vec![f32::NAN; 2 * width()]);
    assert!(nothing.unwrap().iter().all(Result::is_err));
}

#[test]
fn an_image_whose_feature_overflows_has_no_score_in_any_call() {
    let place = Place::new();
    let predictor = Predictor::load(place.network("m", 1, Tasks::new(), overflowing)).unwrap();
    let face = RgbImage::from_fn(48, 48, |x, y| Rgb([x as u8 * 5, y as u8 * 5, 90]));
    let path = place.path("face.png");
    face.save(&path).unwrap();
    let alone = predictor.predict(&face).unwrap_err();
    assert!(matches!(alone, Error::NotFiniteScore { .. }), "{alone}");
    assert!(alone.to_string().contains("feature"), "{alone}");
    let file = predictor.predict_file(&path).unwrap_err().to_string();
    assert!(file.starts_with(&*path.to_string_lossy()), "{file}");
    let batch = predictor.predict_batch(&[face.clone(), face]).unwrap();
    let second = batch[1].as_ref().unwrap_err().to_string();
    assert!(second.starts_with("image 1: "), "{second}");
    let images = [path.clone(), place.path("none.png"), path.clone()];
    let mut told = Vec::new();
    predictor
        .predict_files(&images, 2, |place, prediction| {
            let error = prediction.unwrap_err();
            told.push(matches!(error, Error::NotFiniteScore { .. }));
            assert!(
                error
                    .to_string()
                    .contains(&*images[place].to_string_lossy())
            );
            Ok(())
        })
        .unwrap();
    assert_eq!(told, [true, false, true]);
}

#[test]
fn valence_that_overflows_is_no_valence_of_one() {
    let place = Place::new();
    let path = place.classifier("m", &Expression::HSEMOTION_8);
    let predictor = Predictor::load(&path).unwrap();
    let finite = predictor.predict_features(&vec![1e30; width()]).unwrap();
    let finite = finite[0].as_ref().unwrap().valence_arousal.unwrap();
    assert!(finite.into_iter().all(|value| value.abs() == 1.0));
    let largest = predictor.predict_features(&vec![f32::MAX; width()]);
    let error = largest.unwrap().remove(0).unwrap_err();
    assert!(matches!(error, Error::NotFiniteScore { .. }), "{error}");
    // Clipping must not hide it, whatever becomes of the logits beside it.
    let (model, _) = Model::load(&path, &Device::default()).unwrap();
    let features = Tensor::full([1, width()], f32::MAX, &Device::default());
    let output = model.forward(features).valence_arousal.unwrap();
    let output: Vec<f32> = output.into_data().iter().collect();
    assert!(output.iter().any(|value| !value.is_finite()), "{output:?}");
}

#[test]
fn an_evaluation_names_the_row_whose_score_is_not_finite() {
    let device = Device::default();
    let place = Place::new();
    let config = NetworkConfig::paper(width());
    let mut network = steep(drawn(config.init(&device), 1));
    let names = ["a/1.jpg", "b/2.jpg", "c/3.jpg"].map(String::from);
    let path = place.path("features.safetensors");
    let fingerprint = Fingerprint::builder().build();
    let mut writer = CacheWriter::open(&path, &names, width(), &fingerprint).unwrap();
    for value in [0.5, f32::NAN, 1e36] {
        writer.push(&vec![value; width()]).unwrap();
    }
    let cache = writer.finish().unwrap();
    let labels = vec![Labels::default(); 3];
    let error = evaluate(&network, &cache, &labels, &device).unwrap_err();
    assert!(matches!(error, Error::NotFiniteScore { .. }), "{error}");
    assert!(error.to_string().starts_with("row 2 (\"c/3.jpg\"): "));
    // What it was not trained for is not asked.
    network.config.tasks = Tasks::new().with_expression(false);
    evaluate(&network, &cache, &labels, &device).unwrap();
    let others = Labels {
        action_units: vec![Some(1.0); 13],
        ..Labels::default()
    };
    let error = evaluate(
        &network,
        &cache,
        &[others.clone(), others.clone(), others],
        &device,
    );
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("12 action units") && error.contains("13"),
        "{error}"
    );
}

#[test]
fn programs_refuse_features_that_are_not_finite_and_tell_an_unreadable_image() {
    let place = Place::new();
    let model = place.network("m", 1, Tasks::new(), |network| network);
    let path = place.path("features.safetensors");
    let predict = || {
        run(example("predict")
            .arg("--model")
            .arg(&model)
            .arg("--features")
            .arg(&path)
            .args(["--format", "json"]))
    };
    let mut rows = vec![vec![0.25; width()]; 3];
    rows[1].fill(f32::NAN);
    write_foreign(&path, &rows);
    let left = predict();
    let told = lines(&left.out);
    assert!(!left.succeeded);
    assert_eq!(told.len(), 3, "{}", left.out);
    assert_eq!(told[1]["image"], "1");
    let failed = told[1].as_object().unwrap();
    assert!(
        failed.len() == 2 && failed["error"].is_string(),
        "{failed:?}"
    );
    assert!(told[0]["expression"].is_string() && told[2]["valence"].is_number());

    for (column, value, found) in [(5, f32::NAN, "NaN"), (0, f32::INFINITY, "inf")] {
        let mut rows = rows.clone();
        rows[2][column] = value;
        write_foreign(&path, &rows);
        let left = predict();
        assert!(!left.succeeded && left.out.is_empty(), "{}", left.out);
        let expected = format!("{found} in row 2, column {column}");
        assert!(left.said.contains(&expected), "{}", left.said);
        assert!(left.said.contains("features.safetensors"), "{}", left.said);
    }
}

#[test]
fn programs_name_the_image_whose_feature_overflows_and_write_nothing_of_it() {
    let place = Place::new();
    let root = place.set(6);
    let model = place.network("m", 1, Tasks::new(), overflowing);
    let images = root.join("cropped_aligned");
    let out = place.path("out");
    let named = |said: &str| {
        assert!(said.contains(".jpg: the network's feature "), "{said}");
    };
    let left = run(example("predict")
        .arg("--model")
        .arg(&model)
        .arg(&images)
        .args(["--format", "json"]));
    assert!(!left.succeeded);
    for line in lines(&left.out) {
        assert_eq!(line.as_object().unwrap().len(), 2, "{line}");
        named(line["error"].as_str().unwrap());
    }

    let left = run(example("extract")
        .arg("--backbone")
        .arg(&model)
        .arg("--images")
        .arg(&images)
        .arg("--out")
        .arg(&out));
    assert!(!left.succeeded && !out.exists());
    named(&left.said);

    let left = run(example("evaluate")
        .arg("--model")
        .arg(&model)
        .arg("--data")
        .arg(&root));
    assert!(!left.succeeded && left.out.is_empty());
    named(&left.said);

    let rows = place.rows(countenance::data::split::SplitName::Validation);
    let list = format!("image\n{}\n", rows[0].image);
    let list = place.file("list.txt", list);
    let left = run(example("submit")
        .arg("--model")
        .arg(&model)
        .arg("--list")
        .arg(&list)
        .arg("--images")
        .arg(&images)
        .arg("--out")
        .arg(&out)
        .args(["--max-unreadable", "1"]));
    assert!(!left.succeeded && !out.exists());
    named(&left.said);
}

#[test]
fn a_cache_of_a_run_that_was_spoilt_is_refused_with_row_and_column() {
    let place = Place::new();
    let path = place.path("features.safetensors");
    let mut rows = vec![vec![0.25; 4]; 3];
    write_foreign(&path, &rows);
    FeatureCache::open(&path).unwrap();
    rows[1][2] = f32::NEG_INFINITY;
    write_foreign(&path, &rows);
    let fingerprint = Fingerprint::builder().build();
    for error in [
        FeatureCache::open(&path).unwrap_err(),
        FeatureCache::open_matching(&path, &fingerprint).unwrap_err(),
        FeatureCache::find(&path, &fingerprint).unwrap_err(),
    ] {
        assert!(error.to_string().contains("-inf in row 1, column 2"));
    }
}
