//! Checkpoints that the real writers made: converted, and predicting what PyTorch predicts.

use std::path::{Path, PathBuf};

use burn::tensor::Tensor;
use countenance::backbone::{Flavour, Variant};
use countenance::face::Crop;
use countenance::model::{Model, ModelConfig, ModelOutput};
use countenance::network::FeatureKind;
use countenance::weights::{
    Checkpoint, ExportTarget, Family, Import, ImportOptions, export, import, import_backbone,
    load_backbone,
};
use countenance::{ActionUnit, Error, Expression};

use crate::fixture::{Fixture, device};
use crate::full_size;

/// Of logits and features, at this size.
const TOLERANCE: f64 = 1e-5;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/weights")
        .join(name)
}

fn imported(name: &str) -> Import {
    import(&path(name), &ImportOptions::default(), &device())
        .unwrap_or_else(|error| panic!("{error}"))
}

fn hsemotion(name: &str) -> Import {
    let options = ImportOptions {
        kind: Some(Family::Hsemotion),
        ..Default::default()
    };
    import(&path(name), &options, &device()).unwrap_or_else(|error| panic!("{error}"))
}

/// The model after a round through the crate's own file.
fn converted(import: &Import) -> (Model, ModelConfig) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    import.model.save(&path).unwrap();
    Model::load(&path, &device()).unwrap()
}

/// Runs a converted model on the fixture's inputs, features or images.
fn run(expected: &Fixture, import: &Import) -> ModelOutput {
    let (model, config) = converted(import);
    let features = match config.backbone() {
        Some(_) => model.features(expected.float::<4>("inputs", &device())),
        None => expected.float::<2>("inputs", &device()),
    };
    assert_eq!(features.dims()[1], config.feature_width());
    model.forward(features)
}

fn check(expected: &Fixture, output: ModelOutput) {
    for (name, tensor) in [
        ("action_units", output.action_units),
        ("logits", output.expression_logits),
        ("valence_arousal", output.valence_arousal),
        ("gaze", output.gaze),
    ] {
        if let Some(tensor) = tensor {
            expected.check(name, tensor, TOLERANCE);
        }
    }
}

fn classifier_of(import: &Import) -> &countenance::model::ClassifierConfig {
    match &import.config {
        ModelConfig::Classifier(config) => config,
        other => panic!("{other:?}"),
    }
}

#[test]
fn whole_modules_of_three_versions_of_timm_predict_expressions_by_name() {
    for (name, expected) in [
        (
            "hsemotion_8_timm_0_4_5.pt",
            "weights/hsemotion_8_timm_0_4_5.expected",
        ),
        (
            "hsemotion_8_timm_0_9_16.pt",
            "weights/hsemotion_8_timm_0_9_16.expected",
        ),
        (
            "hsemotion_8_timm_1_0_31.pt",
            "weights/hsemotion_8_timm_1_0_31.expected",
        ),
        ("hsemotion_7.pt", "weights/hsemotion_7.expected"),
    ] {
        let import = hsemotion(name);
        assert_eq!(import.family, Family::Hsemotion);
        let config = classifier_of(&import).backbone.as_efficientnet().unwrap();
        assert_eq!(config.flavour, Flavour::Tensorflow);
        assert_eq!(config.variant, Variant::B0);
        assert!(import.config.action_units().is_empty());
        assert!(!import.config.valence_arousal());
        let order: &[Expression] = match name.contains("_7") {
            true => &Expression::HSEMOTION_7,
            false => &Expression::HSEMOTION_8,
        };
        assert_eq!(import.config.expressions(), order);
        let expected = Fixture::open(expected);
        let output = run(&expected, &import);
        assert!(output.action_units.is_none() && output.valence_arousal.is_none());
        check(&expected, output);
    }
}

#[test]
fn valence_and_arousal_follow_the_expressions_and_are_clipped() {
    let import = hsemotion("hsemotion_va_mtl.pt");
    assert_eq!(import.config.expressions(), Expression::HSEMOTION_8);
    assert!(import.config.valence_arousal());
    let expected = Fixture::open("weights/hsemotion_va_mtl.expected");
    let output = run(&expected, &import);
    let all: Tensor<2> = expected.float("logits", &device());
    let unclipped = all.clone().narrow(1, 8, 2);
    assert!(
        unclipped.clone().abs().max().into_scalar::<f32>() > 1.0,
        "nothing to clip"
    );
    let close = |found: Tensor<2>, expected: Tensor<2>| {
        let difference = (found - expected).abs().max().into_scalar::<f32>();
        assert!(difference < 2e-5, "{difference}");
    };
    close(output.expression_logits.unwrap(), all.narrow(1, 0, 8));
    close(output.valence_arousal.unwrap(), unclipped.clamp(-1.0, 1.0));
}

#[test]
fn backbones_of_both_flavours_load_from_every_container() {
    for (name, expected, flavour) in [
        (
            "efficientnet_b0_plain.pth",
            "weights/efficientnet_b0_plain.expected",
            Flavour::Plain,
        ),
        (
            "efficientnet_b0_legacy.pth",
            "weights/efficientnet_b0_legacy.expected",
            Flavour::Plain,
        ),
        (
            "timm_tensorflow.safetensors",
            "weights/timm_tensorflow.expected",
            Flavour::Tensorflow,
        ),
        (
            "hsemotion_8_timm_0_4_5.pt",
            "weights/hsemotion_8_timm_0_4_5.expected",
            Flavour::Tensorflow,
        ),
    ] {
        let expected = Fixture::open(expected);
        let images = || expected.float::<4>("inputs", &device());
        let check = |path: &Path| {
            let (network, config) = load_backbone(path, &device()).unwrap();
            let config = config.as_efficientnet().unwrap();
            assert_eq!(config.flavour, flavour, "{name}");
            let features = network.forward_features(images());
            expected.check("logits", network.forward_head(features.clone()), TOLERANCE);
            expected.check("features", features, TOLERANCE);
        };
        check(&path(name));
        // Once more from the crate's own file.
        let import = imported(name);
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("own.safetensors");
        import.model.save(&own).unwrap();
        check(&own);
    }
}

/// What stands around the weights in these is told in `tests/fixtures/make/wild.py`.
#[test]
fn files_of_training_programs_predict_what_pytorch_predicts_under_the_names_in_them() {
    let names = |names: &[&str]| -> Vec<Expression> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    };
    let named = names(&["Happiness", "Sadness", "bored"]);
    for (name, expected, flavour, classes) in [
        (
            "wild_training.pth.tar",
            "weights/wild_training.expected",
            Flavour::Plain,
            names(&["class_0", "class_1", "class_2"]),
        ),
        (
            "wild_lightning.ckpt",
            "weights/wild_lightning.expected",
            Flavour::Plain,
            named.clone(),
        ),
        (
            "wild_module.pt",
            "weights/wild_module.expected",
            Flavour::Tensorflow,
            named.clone(),
        ),
        (
            "wild_objects.pt",
            "weights/wild_objects.expected",
            Flavour::Plain,
            named,
        ),
    ] {
        let import = imported(name);
        assert_eq!(import.family, Family::Timm, "{name}");
        let config = classifier_of(&import).backbone.as_efficientnet().unwrap();
        assert_eq!(config.flavour, flavour, "{name}");
        assert_eq!(import.config.expressions(), classes, "{name}");
        let expected = Fixture::open(expected);
        check(&expected, run(&expected, &import));
        let (network, _) = load_backbone(&path(name), &device()).unwrap();
        let features = network.forward_features(expected.float("inputs", &device()));
        expected.check("features", features, TOLERANCE);
    }
}

#[test]
fn what_a_training_program_noted_of_the_input_is_kept() {
    let import = imported("wild_training.pth.tar");
    let (_, config) = converted(&import);
    let input = config.backbone().unwrap().preprocessing();
    assert_eq!(input.size, 48);
    assert_eq!((input.mean, input.std), ([0.5; 3], [0.25; 3]));
    // Timm's own, where it is what the network's published weights have.
    let import = imported("wild_module.pt");
    let config = classifier_of(&import).backbone.as_efficientnet().unwrap();
    assert!(config.preprocessing.is_none());
}

#[test]
fn what_is_beside_the_weights_is_named() {
    let printed = imported("wild_objects.pt").to_string();
    for name in ["model.loss", "confusion_matrix", "quantised", "rng_state"] {
        assert!(printed.contains(name), "{printed}");
    }
    let printed = imported("wild_lightning.ckpt").to_string();
    for part in [
        "stripped the prefix \"model._orig_mod.\"",
        "state_dict.criterion.weight",
        "`hyper_parameters.cfg.model.name` (efficientnet_b0)",
    ] {
        assert!(printed.contains(part), "{printed}");
    }
    let printed = imported("wild_training.pth.tar").to_string();
    assert!(printed.contains("EMA"), "{printed}");
}

#[test]
fn the_authors_networks_load_with_and_without_attention_and_backbone() {
    for (name, expected) in [
        ("mtl_attention.pth", "weights/mtl_attention.expected"),
        ("mtl_plain.pth", "weights/mtl_plain.expected"),
        ("mtl_extractor.pth", "weights/mtl_extractor.expected"),
    ] {
        let import = imported(name);
        assert_eq!(import.family, Family::MtlAbaw4);
        let units = import.config.action_units();
        assert!(units.units().eq(ActionUnit::AFF_WILD2));
        let ModelConfig::Network(config) = &import.config else {
            panic!("{:?}", import.config)
        };
        assert_eq!(config.feature, FeatureKind::PooledAndLogits);
        let expected = Fixture::open(expected);
        check(&expected, run(&expected, &import));
    }
    let kept = imported("mtl_attention.pth").ignored;
    assert!(
        kept.iter().any(|name| name.starts_with("optimizer.")),
        "{kept:?}"
    );
    let kept = imported("mtl_plain.pth").ignored;
    assert!(
        kept.iter().any(|name| name == "global_linear.fc.weight"),
        "{kept:?}"
    );
}

#[test]
fn openface_predicts_expressions_eight_units_and_gaze() {
    let import = imported("openface3.pth");
    assert_eq!(import.family, Family::Openface3);
    assert_eq!(import.config.expressions(), Expression::OPENFACE3);
    let units = import.config.action_units();
    assert!(units.units().eq(ActionUnit::OPENFACE3));
    let expected = Fixture::open("weights/openface3.expected");
    let output = run(&expected, &import);
    assert!(output.gaze.is_some() && output.valence_arousal.is_none());
    check(&expected, output);
}

#[test]
fn each_family_reads_the_crop_that_its_faces_were_cut_to() {
    for (name, crop) in [
        ("hsemotion_8_timm_0_4_5.pt", Crop::Box),
        ("timm_tensorflow.safetensors", Crop::Box),
        ("openface3.pth", Crop::Box),
        ("mtl_attention.pth", Crop::Aligned),
        ("mtl_extractor.pth", Crop::Aligned),
    ] {
        let import = imported(name);
        assert_eq!(import.config.crop(), crop, "{name}");
        assert!(
            import
                .to_string()
                .contains(&format!("\ncrop of a face: {crop}\n"))
        );
        assert_eq!(converted(&import).1.crop(), crop, "{name}");
        // What is asked for a backbone's features is told by its network's file.
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("own.safetensors");
        import.model.save(&own).unwrap();
        if import.config.backbone().is_some() {
            assert_eq!(
                import_backbone(&own, &device()).unwrap().crop,
                crop,
                "{name}"
            );
        }
    }
    let foreign = import_backbone(&path("timm_tensorflow.safetensors"), &device()).unwrap();
    assert_eq!(foreign.crop, Crop::Box);
}

/// The tensors of a file as bits, without what needs no place.
fn bits(path: &Path) -> Vec<(String, Vec<usize>, Vec<u8>)> {
    let checkpoint = Checkpoint::open(path).unwrap();
    checkpoint
        .names()
        .filter(|name| !name.starts_with("global_linear."))
        .map(|name| {
            let data = checkpoint.read(name).unwrap();
            (
                name.to_string(),
                data.shape().to_vec(),
                data.as_bytes().to_vec(),
            )
        })
        .collect()
}

#[test]
fn exporting_gives_back_the_tensors_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.safetensors");
    for (name, target) in [
        ("mtl_attention.pth", ExportTarget::MtlAbaw4),
        ("mtl_plain.pth", ExportTarget::MtlAbaw4),
        ("mtl_extractor.pth", ExportTarget::MtlAbaw4),
        ("timm_tensorflow.safetensors", ExportTarget::Timm),
        ("efficientnet_b0_legacy.pth", ExportTarget::Timm),
        ("hsemotion_va_mtl.pt", ExportTarget::Timm),
    ] {
        let import = imported(name);
        let (model, config) = converted(&import);
        export(&model, &config, target, &out).unwrap();
        assert_eq!(bits(&out), bits(&path(name)), "{name}");
        // And in again.
        let again = import_at(&out);
        assert_eq!(again.report.fitting, import.report.fitting);
    }
}

fn import_at(path: &Path) -> Import {
    import(path, &ImportOptions::default(), &device()).unwrap()
}

#[test]
fn a_network_that_the_authors_program_lacks_is_not_exported_to_it() {
    let import = imported("openface3.pth");
    let out = Path::new("never written");
    let error = export(&import.model, &import.config, ExportTarget::MtlAbaw4, out).unwrap_err();
    assert!(matches!(error, Error::Argument { .. }), "{error}");
}

/// Every family at full size, each named as its file; needs Python with torch, timm and safetensors, as
/// `python3` or as `PYTHON` says, and passes without it.
#[test]
fn checkpoints_of_full_size_predict_what_pytorch_predicts() {
    if !full_size::has("torch, timm, safetensors") {
        eprintln!("passed over: no Python with torch, timm and safetensors");
        return;
    }
    let folder = full_size::made("weights.py");

    let check = |file: String, family: Family, variant: Variant, flavour: Flavour| {
        let path = folder.path().join(&file);
        let import = import_at(&path);
        let config = import.config.backbone().expect("a whole network");
        let config = config.as_efficientnet().unwrap();
        assert_eq!(
            (import.family, config.variant, config.flavour),
            (family, variant, flavour),
            "{file}"
        );
        let expected = path.with_extension("expected").display().to_string();
        let expected = Fixture::open(expected.leak());
        let features = import.model.features(expected.float("inputs", &device()));
        let output = match &import.model {
            Model::Classifier(network) => ModelOutput {
                // timm's classifier has classes of no name here; its logits are compared all the same.
                expression_logits: Some(network.backbone.forward_head(features.clone())),
                ..ModelOutput::default()
            },
            model => model.forward(features.clone()),
        };
        let features = matches!(import.model, Model::Classifier(_)).then_some(features);
        for (part, found) in [
            ("features", features),
            ("logits", output.expression_logits),
            ("action_units", output.action_units),
            ("valence_arousal", output.valence_arousal),
            ("gaze", output.gaze),
        ] {
            let Some(found) = found else { continue };
            let largest = |tensor: Tensor<2>| tensor.abs().max().into_scalar::<f32>();
            let wanted: Tensor<2> = expected.float(part, &device());
            let scale = largest(wanted.clone());
            let difference = largest(found - wanted);
            println!("parity | weights/{file} | {part} | {difference:.2e} of {scale:.1} |");
            assert!(
                difference <= 1e-4 * scale.max(1.0),
                "{file} {part}: {difference}"
            );
        }
        std::fs::remove_file(path).unwrap();
    };
    let tensorflow = Flavour::Tensorflow;
    for (name, variant) in [
        ("enet_b0_8_best_vgaf", Variant::B0),
        ("enet_b2_8", Variant::B2),
    ] {
        check(format!("{name}.pt"), Family::Hsemotion, variant, tensorflow);
    }
    let variants = [
        Variant::B0,
        Variant::B1,
        Variant::B2,
        Variant::B3,
        Variant::B4,
    ];
    for (number, variant) in variants.into_iter().enumerate() {
        for (prefix, flavour) in [("tf_", tensorflow), ("", Flavour::Plain)] {
            let file = format!("{prefix}efficientnet_b{number}.pth");
            check(file, Family::Timm, variant, flavour);
        }
    }
    for (name, family) in [
        ("mtl_abaw4", Family::MtlAbaw4),
        ("openface3", Family::Openface3),
    ] {
        check(format!("{name}.pth"), family, Variant::B0, tensorflow);
    }
}
