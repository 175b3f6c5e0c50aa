//! What a file, or the config.json beside it, says of the network.

use burn::tensor::Device;
use countenance::backbone::{EfficientNetConfig, Flavour, Variant};
use countenance::data::image::Preprocessing;
use countenance::model::{ClassifierConfig, Model, ModelConfig};
use countenance::predict::Predictor;
use countenance::weights::{Import, ImportOptions, load_backbone, native};

use crate::file::{Folder, bias, classifier, has, import_at, names, network};

/// Imports a network of three classes with this metadata and this config.json.
fn saying(metadata: &[(&str, &str)], config: &str) -> Result<Import, String> {
    saying_as("model.safetensors", metadata, config, Default::default())
}

fn saying_as(
    name: &str,
    metadata: &[(&str, &str)],
    config: &str,
    options: ImportOptions,
) -> Result<Import, String> {
    let folder = Folder::new();
    if !config.is_empty() {
        folder.text("config.json", config);
    }
    let path = folder.weights(name, &network(3, 1.0), metadata);
    import_at(&path, options)
}

fn flavour(import: &Import) -> Flavour {
    classifier(import)
        .1
        .backbone
        .as_efficientnet()
        .unwrap()
        .flavour
}

fn input(import: &Import) -> Preprocessing {
    classifier(import).1.backbone.preprocessing()
}

#[test]
fn the_name_of_the_network_tells_the_flavour() {
    for (key, text, expected) in [
        ("arch", "efficientnet_b0", Flavour::Plain),
        ("arch", "tf_efficientnet_b0_ns", Flavour::Tensorflow),
        ("args", r#"{"model": "efficientnet_b0_ra"}"#, Flavour::Plain),
        (
            "hyper_parameters",
            r#"{"net": {"backbone": "timm/efficientnet_b0.ra_in1k"}}"#,
            Flavour::Plain,
        ),
        (
            "pretrained_cfg",
            r#"{"architecture": "efficientnet_b0"}"#,
            Flavour::Plain,
        ),
        // These do not tell.
        ("arch", "efficientnet", Flavour::Tensorflow),
        ("arch", "efficientnet-b0", Flavour::Tensorflow),
        ("comment", "efficientnet_b0", Flavour::Tensorflow),
        (
            "teacher",
            r#"{"arch": "efficientnet_b0"}"#,
            Flavour::Tensorflow,
        ),
        ("teacher_model", "efficientnet_b0", Flavour::Tensorflow),
    ] {
        let import = saying(&[(key, text)], "").unwrap();
        assert_eq!(flavour(&import), expected, "{key} {text}");
        let beside = match text.starts_with('{') {
            true => format!("{{\"{key}\": {text}}}"),
            false => format!("{{\"{key}\": \"{text}\"}}"),
        };
        let import = saying(&[], &beside).unwrap();
        assert_eq!(flavour(&import), expected, "{beside}");
    }
}

#[test]
fn nothing_said_is_said() {
    let import = saying(&[], "").unwrap();
    assert_eq!(flavour(&import), Flavour::Tensorflow);
    has(&import, &["does not tell its flavour", "--flavour"]);
    let plain = saying_as("efficientnet_b0.safetensors", &[], "", Default::default()).unwrap();
    assert_eq!(flavour(&plain), Flavour::Plain);
}

#[test]
fn a_contradiction_names_both_sides() {
    let (plain, tensorflow) = ("efficientnet_b0", "tf_efficientnet_b0");
    let beside = format!("{{\"architecture\": \"{tensorflow}\"}}");
    let import = saying(&[("arch", plain)], &beside).unwrap();
    assert_eq!(flavour(&import), Flavour::Plain);
    has(
        &import,
        &[
            "warning: ",
            "`arch` (efficientnet_b0)",
            "config.json",
            tensorflow,
        ],
    );

    let options = ImportOptions {
        flavour: Some(Flavour::Tensorflow),
        ..Default::default()
    };
    let import = saying_as("model.safetensors", &[("arch", plain)], "", options).unwrap();
    assert_eq!(flavour(&import), Flavour::Tensorflow);
    has(
        &import,
        &["warning: ", "--flavour", "`arch` (efficientnet_b0)"],
    );

    let name = "efficientnet_b0.safetensors";
    let import = saying_as(name, &[("arch", tensorflow)], "", Default::default()).unwrap();
    assert_eq!(flavour(&import), Flavour::Tensorflow);
    has(&import, &["warning: ", "the file's name"]);
}

#[test]
fn another_network_than_the_tensors_are_of_is_refused() {
    let error = saying(&[("arch", "efficientnet_b2")], "").unwrap_err();
    has(
        error,
        &["model.safetensors", "efficientnet_b2", "`arch`", "B0"],
    );
    // What training began with may have been another.
    let began = r#"{"architecture": "efficientnet_b2"}"#;
    let import = saying(&[("pretrained_cfg", began)], "").unwrap();
    has(import, &["warning: ", "efficientnet_b2", "B0"]);
    // Unless the right one is named too.
    let import = saying(
        &[("arch", "efficientnet_b0"), ("encoder", "efficientnet_b2")],
        "",
    );
    has(import.unwrap(), &["warning: ", "efficientnet_b2"]);
}

#[test]
fn input_size_mean_and_deviation_are_taken_and_stay_with_the_model() {
    let config = r#"{"architecture": "tf_efficientnet_b0", "pretrained_cfg": {
        "input_size": [3, 112, 112], "mean": [0.5, 0.25, 0.75], "std": [0.5, 0.5, 0.25]}}"#;
    let import = saying(&[], config).unwrap();
    let expected = Preprocessing::new(112)
        .with_mean([0.5, 0.25, 0.75])
        .with_std([0.5, 0.5, 0.25]);
    assert_eq!(input(&import), expected);
    has(&import, &["112x112", "[0.5, 0.25, 0.75]", "config.json"]);

    let folder = Folder::new();
    let path = folder.path("own.safetensors");
    import.model.save(&path).unwrap();
    let predictor = Predictor::load_on(&path, &Device::default()).unwrap();
    assert_eq!(
        predictor.members()[0].preprocessing(),
        Some(expected.clone())
    );
    let (_, backbone) = load_backbone(&path, &Device::default()).unwrap();
    assert_eq!(backbone.preprocessing(), expected);
}

#[test]
fn sizes_and_pixels_are_read_as_programs_write_them() {
    for (key, text, size) in [
        ("args", r#"{"img_size": 96, "input_size": null}"#, 96),
        (
            "args",
            r#"{"input_size": [3, 128, 128], "img_size": 96}"#,
            128,
        ),
        ("hyper_parameters", r#"{"image_size": [96, 96]}"#, 96),
        ("input_size", "[64, 64, 3]", 64),
        ("img_size", "160", 160),
        ("img_size", "0", 224),
        ("img_size", "null", 224),
        ("crop", "96", 224),
    ] {
        let import = saying(&[(key, text)], "").unwrap();
        assert_eq!(input(&import).size, size, "{key} {text}");
    }
    let import = saying(&[("img_size", "[96, 128]")], "").unwrap();
    assert_eq!(input(&import).size, 224);
    has(import, &["warning: ", "96x128", "not square"]);

    let pixels = r#"{"pixel_mean": [127.5, 127.5, 127.5], "pixel_std": [51, 51, 51]}"#;
    let found = input(&saying(&[("cfg", pixels)], "").unwrap());
    assert_eq!((found.mean, found.std), ([0.5; 3], [0.2; 3]));
    // Not of pixels.
    for text in [
        r#"{"mean": [-1, 0, 1], "std": [1, 1, 1]}"#,
        r#"{"mean": [0.5, 0.5, 0.5]}"#,
        r#"{"mean": 0.5, "std": 0.5}"#,
        r#"{"mean": [0.5, 0.5, 0.5], "std": [0.5, 0, 0.5]}"#,
    ] {
        let import = saying(&[("cfg", text)], "").unwrap();
        let config = classifier(&import).1.backbone.as_efficientnet().unwrap();
        assert!(config.preprocessing.is_none(), "{text}");
    }
    // Weights that timm normalises from -1 to 1.
    let found = input(&saying(&[("arch", "tf_efficientnet_b0_ap")], "").unwrap());
    assert_eq!((found.mean, found.std), ([0.5; 3], [0.5; 3]));
}

#[test]
fn what_training_ended_with_comes_before_what_it_began_with() {
    let pretrained =
        r#"{"input_size": [3, 224, 224], "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}"#;
    let ended = r#"{"img_size": 112, "mean": [0.25, 0.25, 0.25], "std": [0.5, 0.5, 0.5]}"#;
    let import = saying(&[("pretrained_cfg", pretrained), ("args", ended)], "").unwrap();
    let found = input(&import);
    assert_eq!((found.size, found.mean), (112, [0.25; 3]));
    assert!(
        import.warnings.iter().all(|line| !line.contains("size")),
        "{import}"
    );
    let beside = r#"{"pretrained_cfg": {"input_size": [3, 160, 160]}}"#;
    let import = saying(&[("args", ended)], beside).unwrap();
    assert_eq!(input(&import).size, 112);
    has(&import, &["warning: the input's size", "112", "160"]);
    let import = saying(&[("pretrained_cfg", pretrained)], beside).unwrap();
    assert_eq!(input(&import).size, 160);
}

#[test]
fn a_config_that_cannot_be_read_is_passed_over_and_that_is_said() {
    let import = saying(&[], "{\"architecture\": ").unwrap();
    has(&import, &["warning: ", "config.json", "EOF"]);
    assert_eq!(bias(&import), Some(1.0));
}

#[test]
fn what_is_said_is_harmless_when_it_is_printed() {
    let text = r#"{"a\u001b[31m": {"img_size": [96, 128]}}"#;
    let printed = saying(&[("cfg", text)], "").unwrap().to_string();
    has(&printed, &["not square"]);
    assert!(!printed.contains('\u{1b}'), "{printed}");
}

#[test]
fn numbers_and_names_of_classes_must_be_those_of_the_classifier() {
    let error = saying(
        &[],
        r#"{"architecture": "tf_efficientnet_b0", "num_classes": 4}"#,
    );
    has(
        error.unwrap_err(),
        &["3", "4 by `num_classes` in config.json"],
    );
    let error = saying(&[("class_names", r#"["a", "b"]"#)], "").unwrap_err();
    has(error, &["3 names", "2 (a, b) by `class_names`"]);
    let import = saying(&[("num_classes", "4")], "").unwrap();
    has(import, &["warning: ", "3 outputs", "4 by `num_classes`"]);
    // timm's description of weights for ImageNet is not one of these.
    let others = r#"{"num_classes": 2, "label_names": ["a", "b"]}"#;
    let import = saying(&[("pretrained_cfg", others)], "").unwrap();
    assert_eq!(names(&import), ["class_0", "class_1", "class_2"]);
}

/// A file from before models noted their input has no such key.
#[test]
fn a_model_from_before_there_was_such_a_field_is_read() {
    let folder = Folder::new();
    let device = Device::default();
    let tiny = EfficientNetConfig::new(Variant::Tiny);
    let config = ModelConfig::Classifier(ClassifierConfig::new(tiny.into(), Vec::new()));
    let path = folder.path("own.safetensors");
    config.init(&device).save(&path).unwrap();
    let mut file = native::read(&path).unwrap();
    let text = &file.metadata["config"];
    assert!(text.contains("\"preprocessing\":null,"), "{text}");
    let text = text.replace("\"preprocessing\":null,", "");
    file.metadata.insert("config".into(), text);
    let tensors: Vec<_> = file.tensors.into_iter().collect();
    native::write(&path, &tensors, &file.metadata).unwrap();
    let (_, config) = Model::load(&path, &device).unwrap();
    assert_eq!(config.backbone().unwrap().input_size(), 112);
}
