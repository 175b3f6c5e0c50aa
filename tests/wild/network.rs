//! Where in a file the network is.

use burn::tensor::TensorData;
use countenance::model::ModelConfig;
use countenance::weights::{Family, ImportOptions, load_backbone};

use crate::file::{
    Folder, Tensors, WIDTH, bias, chosen, classifier, has, headless, import_of, join, linear,
    network, one, tensors_of, under,
};

fn plainly(tensors: &Tensors) -> Result<countenance::weights::Import, String> {
    import_of(tensors, ImportOptions::default())
}

#[test]
fn what_stands_before_the_first_layer_is_taken_off_and_said() {
    for prefix in [
        "model.",
        "net.",
        "module.",
        "model._orig_mod.",
        "_orig_mod.module.",
        "a.b.c.d.e.",
    ] {
        let tensors = under(prefix, network(5, 1.0));
        let import = plainly(&tensors).unwrap();
        assert_eq!(bias(&import), Some(1.0));
        has(&import, &[&format!("stripped the prefix \"{prefix}\"")]);
        let folder = Folder::new();
        let path = folder.weights("model.safetensors", &tensors, &[]);
        load_backbone(&path, &Default::default()).unwrap();
    }
    let import = plainly(&network(5, 1.0)).unwrap();
    assert!(!import.to_string().contains("stripped"), "{import}");
}

/// The networks of other programs, which have timm's inside.
#[test]
fn a_network_of_any_family_is_found_behind_a_prefix() {
    for (name, family) in [
        ("mtl_attention.pth", Family::MtlAbaw4),
        ("mtl_extractor.pth", Family::MtlAbaw4),
        ("openface3.pth", Family::Openface3),
    ] {
        let tensors = under("state.model.", tensors_of(name));
        let import = plainly(&tensors).unwrap();
        assert_eq!(import.family, family, "{name}");
        has(&import, &["stripped the prefix \"state.model.\""]);
        let twice = join([tensors, under("state.ema.", tensors_of(name))]);
        has(plainly(&twice).unwrap(), &["EMA", "state.ema"]);
        // What does not belong to it is beside it, what would is not known.
        let stray = |stray: &str| join([tensors_of(name), one(stray, [1f32])]);
        has(plainly(&stray("metric.total")).unwrap(), &["metric.total"]);
        let part = match family {
            Family::Openface3 => "fc_gaze.extra",
            _ => "attention.extra",
        };
        has(plainly(&stray(part)).unwrap_err(), &[part]);
    }
}

#[test]
fn the_authors_classifier_may_be_in_a_sequence_too() {
    let tensors = tensors_of("mtl_extractor.pth").into_iter();
    let wrapped: Tensors = tensors
        .map(|(name, data)| {
            let name = name.replace("extractor.classifier.", "extractor.classifier.1.");
            (name, data)
        })
        .collect();
    assert!(wrapped.contains_key("extractor.classifier.1.weight"));
    let import = plainly(&wrapped).unwrap();
    let ModelConfig::Network(config) = &import.config else {
        panic!("{:?}", import.config)
    };
    assert_eq!(config.backbone.as_ref().unwrap().classes(), Some(8));
}

#[test]
fn of_two_networks_both_are_named_and_a_key_chooses() {
    let both = join([
        under("a.student.", network(5, 1.0)),
        under("a.teacher.net.", network(5, 2.0)),
    ]);
    let error = plainly(&both).unwrap_err();
    has(
        error,
        &["2: ", "\"a.student\"", "\"a.teacher.net\"", "--weights"],
    );
    for (key, expected) in [
        ("a.student", 1.0),
        ("student", 1.0),
        ("a.teacher.net.", 2.0),
        ("a.teacher", 2.0),
        ("net", 2.0),
    ] {
        let import = import_of(&both, chosen(key)).unwrap();
        assert_eq!(bias(&import), Some(expected), "{key}");
    }
    for key in ["b", "stud", "a", "student.conv_stem"] {
        let error = import_of(&both, chosen(key)).unwrap_err();
        has(
            error,
            &["--weights", "\"a.student\"", "\"a.teacher.net\"", key],
        );
    }
    let folder = Folder::new();
    let path = folder.weights("model.safetensors", &both, &[]);
    let error = load_backbone(&path, &Default::default()).unwrap_err();
    has(error, &["a.student", "a.teacher.net", "convert --weights"]);
}

#[test]
fn a_network_at_the_top_is_chosen_by_a_dot() {
    let both = join([network(5, 1.0), under("other.", network(5, 2.0))]);
    has(plainly(&both).unwrap_err(), &["\".\"", "\"other\""]);
    assert_eq!(bias(&import_of(&both, chosen(".")).unwrap()), Some(1.0));
    assert_eq!(bias(&import_of(&both, chosen("other")).unwrap()), Some(2.0));
}

#[test]
fn averaged_weights_come_before_the_others_and_that_is_said() {
    for (raw, averaged) in [
        ("state_dict.", "state_dict_ema."),
        ("model.", "model_ema."),
        ("model.", "model_ema.module."),
        ("state_dict.module.", "state_dict_ema.module."),
        ("net.", "ema."),
        ("model.", "ema_state_dict."),
        ("state_dict.model.", "state_dict.ema.module."),
    ] {
        let both = join([
            under(raw, network(5, 1.0)),
            under(averaged, network(5, 2.0)),
        ]);
        let import = plainly(&both).unwrap();
        assert_eq!(bias(&import), Some(2.0), "{raw} {averaged}");
        let key = raw.trim_end_matches('.');
        has(&import, &["EMA", &format!("--weights {key}")]);
        let import = import_of(&both, chosen(key)).unwrap();
        assert_eq!(bias(&import), Some(1.0), "{raw} {averaged}");

        let alone = plainly(&under(averaged, network(5, 3.0))).unwrap();
        assert_eq!(bias(&alone), Some(3.0), "{averaged}");
    }
    let several = join(["model.", "other.", "model_ema."].map(|p| under(p, network(5, 1.0))));
    has(
        plainly(&several).unwrap_err(),
        &["model", "other", "model_ema"],
    );
}

#[test]
fn the_best_weights_are_taken_by_name_alone() {
    let both = join([
        under("model.", network(5, 1.0)),
        under("best_model.", network(5, 2.0)),
    ]);
    let import = plainly(&both).unwrap();
    assert_eq!(bias(&import), Some(1.0));
    has(&import, &["--weights best_model"]);
    let import = import_of(&both, chosen("best_model")).unwrap();
    assert_eq!(bias(&import), Some(2.0));
    let averaged = join([both, under("model_ema.", network(5, 3.0))]);
    assert_eq!(bias(&plainly(&averaged).unwrap()), Some(3.0));
    let mut without = averaged;
    without.retain(|name, _| !name.starts_with("model."));
    assert_eq!(bias(&plainly(&without).unwrap()), Some(3.0));
}

#[test]
fn tensors_beside_the_network_are_named_and_left_aside() {
    for prefix in ["", "model."] {
        let tensors = join([
            under(prefix, network(5, 1.0)),
            one(&format!("{prefix}loss"), [1.25f32]),
            one(&format!("{prefix}criterion.weight"), [1f32, 2.]),
            one("confusion_matrix", [[1f32, 2.], [3., 4.]]),
        ]);
        let import = plainly(&tensors).unwrap();
        assert_eq!(bias(&import), Some(1.0));
        has(&import, &["loss", "criterion.weight", "confusion_matrix"]);
        assert_eq!(import.ignored.len(), 3, "{:?}", import.ignored);
    }
}

#[test]
fn tensors_of_the_networks_own_parts_that_it_lacks_are_refused() {
    for stray in [
        "blocks.7.0.conv_pw.weight",
        "blocks.0.0.attention.weight",
        "classifier.3.weight",
        "conv_stem.bias",
    ] {
        let tensors = join([network(5, 1.0), one(stray, [1f32])]);
        let error = plainly(&tensors).unwrap_err();
        has(&error, &[stray, "another network"]);
        assert!(!error.contains("config"), "{error}");
    }
}

#[test]
fn what_is_missing_is_no_matter_of_a_config() {
    let mut tensors = network(5, 1.0);
    tensors.remove("blocks.3.0.bn2.bias");
    let error = plainly(&tensors).unwrap_err();
    has(&error, &["blocks.3.0.bn2.bias", "--allow-partial"]);
    assert!(!error.contains("config"), "{error}");
}

#[test]
fn the_one_linear_layer_of_a_sequence_is_the_classifier() {
    for name in [
        "classifier",
        "classifier.0",
        "classifier.1",
        "classifier.fc.2",
    ] {
        let import = plainly(&join([headless(), linear(name, 4, 1.0)])).unwrap();
        assert_eq!(bias(&import), Some(1.0), "{name}");
        assert_eq!(classifier(&import).1.expressions.len(), 4);
    }
}

#[test]
fn several_layers_are_no_classifier() {
    let between = TensorData::new(vec![0f32; 7 * WIDTH], [7, WIDTH]);
    let tensors = join([
        headless(),
        one("classifier.0.weight", between),
        one("classifier.0.bias", [0f32; 7]),
        linear("classifier.2", 4, 1.0),
    ]);
    let error = plainly(&tensors).unwrap_err();
    let expected = [
        "one linear layer",
        "classifier.0.weight",
        "classifier.2.weight",
    ];
    has(error, &expected);
    // A norm in it changes what the layer is given.
    let tensors = join([
        headless(),
        one("classifier.0.weight", [1f32; WIDTH]),
        linear("classifier.1", 4, 1.0),
    ]);
    has(plainly(&tensors).unwrap_err(), &["classifier.0.weight"]);
}

#[test]
fn a_linear_layer_beside_the_network_is_its_classifier_and_anything_else_is_not() {
    for (backbone, head) in [
        ("", "fc"),
        ("", "head"),
        ("model.backbone.", "model.head"),
        ("model.backbone.", "classifier.1"),
    ] {
        let tensors = join([under(backbone, headless()), linear(head, 4, 1.0)]);
        let import = plainly(&tensors).unwrap();
        assert_eq!(bias(&import), Some(1.0), "{head}");
        has(&import, &["its classifier is"]);
        assert!(import.ignored.is_empty(), "{:?}", import.ignored);
    }
    for head in [
        join([linear("head.0", 4, 1.0), linear("head.2", 4, 1.0)]),
        one("head.weight", [[0f32; WIDTH]; 4]),
        join([
            one("head.weight", [[0f32; 3]; 4]),
            one("head.bias", [0f32; 4]),
        ]),
    ] {
        let count = head.len();
        let import = plainly(&join([under("backbone.", headless()), head])).unwrap();
        assert_eq!(bias(&import), None);
        has(&import, &["features alone", "head."]);
        assert_eq!(import.ignored.len(), count);
    }
}
