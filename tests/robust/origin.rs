//! Features that meet a model which did not make them.

use std::path::{Path, PathBuf};
use std::process::Command;

use burn::tensor::Device;
use countenance::Expression;
use countenance::backbone::{Backbone, BackboneConfig, EfficientNetConfig, Variant};
use countenance::data::cache::{CacheWriter, FeatureCache, Fingerprint};
use countenance::evaluate::evaluate;
use countenance::extract::{Origin, Recognition};
use countenance::model::Model;
use countenance::network::{FeatureKind, NetworkConfig, Tasks};
use countenance::precision::Precision;
use countenance::predict::Predictor;
use countenance::weights::{self, load_backbone};

use crate::model::{Place, drawn};
use crate::program::{Left, example, run};

/// Two models of equal width, `one` and `other`, features of the first, and images.
fn place() -> (Place, [PathBuf; 2], PathBuf) {
    let place = Place::new();
    let images = place.set(6).join("cropped_aligned");
    let models = [("one", 1), ("other", 2)]
        .map(|(name, seed)| place.network(name, seed, Tasks::new(), |network| network));
    let features = place.path("features.safetensors");
    let left = extract(&models[0], &images, &features, &[]);
    assert!(left.succeeded, "{}", left.said);
    (place, models, features)
}

fn extract(backbone: &Path, images: &Path, out: &Path, more: &[&str]) -> Left {
    let mut command = example("extract");
    command.arg("--backbone").arg(backbone);
    command.arg("--images").arg(images).arg("--out").arg(out);
    run(command.args(more))
}

fn predict(model: &Path, features: &Path) -> Left {
    let mut command: Command = example("predict");
    command.arg("--model").arg(model);
    command.arg("--features").arg(features);
    run(command.args(["--format", "json"]))
}

/// What a program says beside its progress.
fn said(left: &Left) -> Vec<&str> {
    let lines = left.said.lines();
    lines.filter(|line| !line.starts_with("rows: ")).collect()
}

#[test]
fn features_of_another_backbone_are_refused_with_both_digests() {
    let (_place, [one, other], features) = place();
    let left = predict(&one, &features);
    assert!(left.succeeded && said(&left).is_empty(), "{}", left.said);
    assert_eq!(left.out.lines().count(), 14);

    let left = predict(&other, &features);
    assert!(!left.succeeded && left.out.is_empty(), "{}", left.out);
    let [line] = said(&left)[..] else {
        panic!("{}", left.said)
    };
    assert!(line.contains("features.safetensors"), "{line}");
    let digests: Vec<&str> = line
        .split("SHA-256 ")
        .skip(1)
        .map(|rest| rest.split("...").next().unwrap())
        .collect();
    assert_eq!(digests.len(), 2, "{line}");
    assert!(digests.iter().all(|digest| digest.len() == 12), "{line}");
    assert_ne!(digests[0], digests[1]);
}

#[test]
fn the_same_backbone_in_a_file_of_another_kind_made_the_same_features() {
    let place = Place::new();
    let images = place.set(6).join("cropped_aligned");
    let classifier = place.classifier("classifier", &Expression::HSEMOTION_8);
    let features = place.path("features.safetensors");
    assert!(extract(&classifier, &images, &features, &[]).succeeded);
    // The heads that a run trains on them keep the backbone and its classifier.
    let device = Device::default();
    let (backbone, config) = load_backbone(&classifier, &device).unwrap();
    let heads = |backbone: BackboneConfig| {
        NetworkConfig::paper(backbone.feature_width()).with_backbone(Some(backbone))
    };
    let kept = heads(config.clone());
    let mut network = drawn(kept.init(&device), 1);
    network.backbone = Some(backbone.clone());
    network.save(&place.path("kept")).unwrap();
    // Others leave the classifier away, which a pooled feature does not pass.
    let without = heads(config.with_classes(None));
    let mut network = drawn(without.init(&device), 1);
    network.backbone = Some(backbone.without_classifier());
    network.save(&place.path("without")).unwrap();
    for model in [classifier, place.path("kept"), place.path("without")] {
        let left = predict(&model, &features);
        assert!(left.succeeded && said(&left).is_empty(), "{}", left.said);
    }
}

#[test]
fn what_cannot_be_compared_goes_on_with_one_line() {
    let (place, [one, _], features) = place();
    let heads = place.heads("heads");
    let foreign = place.path("foreign.safetensors");
    let cache = FeatureCache::open(&features).unwrap();
    let bytes: Vec<u8> = cache
        .as_slice()
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let shape = vec![cache.rows(), cache.width()];
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape, &bytes);
    let file = safetensors::serialize([("features", view.unwrap())], None).unwrap();
    std::fs::write(&foreign, file).unwrap();
    for (model, features, why) in [
        (&heads, &features, "the model has no backbone"),
        (&one, &foreign, "does not say what made them"),
    ] {
        let left = predict(model, features);
        assert!(left.succeeded, "{}", left.said);
        assert_eq!(left.out.lines().count(), 14);
        let [line] = said(&left)[..] else {
            panic!("{}", left.said)
        };
        assert!(
            line.contains("cannot be told") && line.contains(why),
            "{line}"
        );
    }
}

#[test]
fn mirrored_images_are_said_and_do_not_count() {
    let (place, [one, other], _) = place();
    let images = place.path("data").join("cropped_aligned");
    let features = place.path("mirrored.safetensors");
    assert!(extract(&one, &images, &features, &["--mirrored"]).succeeded);
    let left = predict(&one, &features);
    assert!(left.succeeded, "{}", left.said);
    assert!(
        said(&left)[0].ends_with("of mirrored images"),
        "{}",
        left.said
    );
    assert!(!predict(&other, &features).succeeded);
}

#[test]
fn parts_and_what_they_are_merged_to_carry_what_made_them() {
    let (place, [one, other], features) = place();
    let images = place.path("data").join("cropped_aligned");
    let parts = ["1/2", "2/2"].map(|shard| place.path(shard.replace('/', "-of-")));
    for (part, shard) in parts.iter().zip(["1/2", "2/2"]) {
        assert!(extract(&one, &images, part, &["--shard", shard]).succeeded);
    }
    let merged = place.path("merged.safetensors");
    let left = run(example("extract")
        .arg("--out")
        .arg(&merged)
        .arg("--merge")
        .args(&parts));
    assert!(left.succeeded, "{}", left.said);
    let bytes = |path: &Path| std::fs::read(path).unwrap();
    assert!(bytes(&merged) == bytes(&features));
    for path in parts.iter().chain([&merged]) {
        assert!(predict(&one, path).succeeded);
        assert!(!predict(&other, path).succeeded);
    }
}

/// A cache of one row that carries what `fingerprint` says.
fn cache(path: &Path, width: usize, fingerprint: &Fingerprint) -> FeatureCache {
    let names = ["a.jpg".to_string()];
    let mut writer = CacheWriter::open(path, &names, width, fingerprint).unwrap();
    if writer.next_row() == 0 {
        writer.push(&vec![0.5; width]).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn precision_does_not_count_and_the_kind_of_feature_does() {
    let place = Place::new();
    let device = Device::default();
    let tiny = EfficientNetConfig::new(Variant::Tiny).with_classes(Some(4));
    let config = BackboneConfig::from(tiny.clone());
    let network = drawn(tiny.init(&device), 1);
    let backbone = Backbone::from(network.clone());
    let origin = Origin::new(&backbone, &config, FeatureKind::Pooled);
    let path = place.path("cache");
    let half = origin.with_precision(Precision::F16).fingerprint().build();
    let own = Recognition::Own {
        mirrored: false,
        crop: None,
    };
    let found = cache(&path, 4, &half);
    assert_eq!(origin.check(&found).unwrap(), own);
    let whole = Origin::new(&backbone, &config, FeatureKind::PooledAndLogits);
    let error = whole.check(&found).unwrap_err().to_string();
    assert!(error.contains("PooledAndLogits, found Pooled"), "{error}");
    // Of logits the classifier is a part, of the pooled feature it is none.
    let found = cache(&path, 4, &whole.fingerprint().build());
    let mut other = network;
    other.classifier = other.classifier.map(|mut classifier| {
        classifier.weight = classifier.weight.map(|weight| weight + 1.0);
        classifier
    });
    let other = Backbone::from(other);
    let others = Origin::new(&other, &config, FeatureKind::PooledAndLogits);
    assert!(others.check(&found).is_err());
    let found = cache(&path, 4, &origin.fingerprint().build());
    let others = Origin::new(&other, &config, FeatureKind::Pooled);
    assert_eq!(others.check(&found).unwrap(), own);
    // The same tensors in another flavour make other features.
    let flavour = countenance::backbone::Flavour::Plain;
    let plain = BackboneConfig::from(tiny.with_flavour(flavour));
    let plain = Origin::new(&backbone, &plain, FeatureKind::Pooled);
    assert!(plain.check(&found).is_err());
}

#[test]
fn caches_of_earlier_versions_are_told_by_their_fingerprint_or_not_at_all() {
    let place = Place::new();
    let device = Device::default();
    let config = BackboneConfig::from(EfficientNetConfig::new(Variant::Tiny));
    let backbone = drawn(config.init(&device), 1);
    let origin = Origin::new(&backbone, &config, FeatureKind::Pooled);
    let network = config.network();
    let path = place.path("cache");
    // What `extract` and a run wrote before there was an origin.
    let earlier = |text: String| {
        Fingerprint::builder()
            .weights(&weights::digest(&backbone))
            .weights(text.as_bytes())
            .rows(["a.jpg"])
            .build()
    };
    for (text, mirrored) in [
        (format!("{network} Pooled mirrored false"), false),
        (format!("{network} Pooled mirrored true"), true),
        (format!("{network} Pooled mirrored false f16"), false),
        (format!("{network} Pooled mirrored true bf16"), true),
    ] {
        let found = cache(&path, 4, &earlier(text));
        let crop = None;
        let own = Recognition::Own { mirrored, crop };
        assert_eq!(origin.check(&found).unwrap(), own);
    }
    // Such a cache stays fresh: its fingerprint is the one that it would have now.
    let now = origin.fingerprint().rows(["a.jpg"]).build();
    let then = earlier(format!("{network} Pooled mirrored false"));
    assert_eq!(now.to_hex(), then.to_hex());
    for other in [
        earlier("a way of saying it that nobody knows".into()),
        Fingerprint::builder().weights(b"any bytes").build(),
        Fingerprint::builder().origin("no JSON").build(),
    ] {
        let found = cache(&path, 4, &other);
        let recognised = origin.check(&found).unwrap();
        assert!(
            matches!(recognised, Recognition::Unknown(_)),
            "{recognised:?}"
        );
    }
}

#[test]
fn an_evaluation_compares_too() {
    let (_place, [one, other], features) = place();
    let device = Device::default();
    let cache = FeatureCache::open(&features).unwrap();
    let labels = vec![Default::default(); cache.rows()];
    for (path, fits) in [(one, true), (other, false)] {
        let (Model::Network(network), _) = Model::load(&path, &device).unwrap() else {
            panic!("a network")
        };
        let result = evaluate(&network, &cache, &labels, &device);
        assert_eq!(result.is_ok(), fits);
        let predictor = Predictor::load(&path).unwrap();
        assert_eq!(predictor.recognise(&cache).is_ok(), fits);
    }
}
