//! What the outputs of a classifier are called, and on what evidence.

use burn::tensor::{Device, TensorData};
use countenance::Expression;
use countenance::model::Model;
use countenance::predict::Predictor;
use countenance::weights::{ClassNames, Family, Import, ImportOptions};

use crate::file::{
    Folder, WIDTH, bias, fixture, has, import_at, import_of, labelled, names, network,
};

fn unnamed(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("class_{index}")).collect()
}

fn words(classes: &[Expression]) -> Vec<String> {
    classes.iter().map(|class| class.to_string()).collect()
}

fn saved_as(name: &str, outputs: usize) -> Import {
    let folder = Folder::new();
    let path = folder.weights(name, &network(outputs, 1.0), &[]);
    import_at(&path, Default::default()).unwrap()
}

#[test]
fn classes_that_nothing_names_are_numbered_and_that_is_said() {
    for outputs in [2, 3, 7, 8, 10, 100] {
        let import = saved_as("model.safetensors", outputs);
        assert_eq!(names(&import), unnamed(outputs));
        assert!(!import.config.valence_arousal() && !import.config.classes_are_named());
        has(&import, &["order of its classes is not known", "--labels"]);
    }
    for outputs in [1, 101, 1000] {
        let import = saved_as("model.safetensors", outputs);
        assert!(names(&import).is_empty() && bias(&import) == Some(1.0));
        has(&import, &["for its features"]);
    }
    // A whole module of timm's does not tell either, nor does HSEmotion's way of wrapping.
    for (name, outputs) in [
        ("hsemotion_8_timm_0_4_5.pt", 8),
        ("hsemotion_7.pt", 7),
        ("hsemotion_va_mtl.pt", 10),
    ] {
        let import = import_at(&fixture(name), Default::default()).unwrap();
        assert_eq!(names(&import), unnamed(outputs), "{name}");
        assert_eq!(import.family, Family::Timm);
    }
}

#[test]
fn a_published_name_or_the_kind_tells_hsemotions_order() {
    for (name, outputs, expected) in [
        (
            "enet_b0_8_best_vgaf.safetensors",
            8,
            &Expression::HSEMOTION_8[..],
        ),
        ("my-enet_b0_7 (1).safetensors", 7, &Expression::HSEMOTION_7),
        ("enet_b0_8_va_mtl.safetensors", 10, &Expression::HSEMOTION_8),
    ] {
        let import = saved_as(name, outputs);
        assert_eq!(names(&import), words(expected), "{name}");
        assert_eq!(import.config.valence_arousal(), outputs == 10);
        assert_eq!(import.family, Family::Hsemotion);
        has(&import, &["the file's name"]);
    }
    // A name of a network with another number of outputs tells nothing.
    let import = saved_as("enet_b0_7.safetensors", 8);
    assert_eq!(names(&import), unnamed(8));

    let options = || ImportOptions {
        kind: Some(Family::Hsemotion),
        ..Default::default()
    };
    let import = import_of(&network(10, 1.0), options()).unwrap();
    assert_eq!(names(&import), words(&Expression::HSEMOTION_8));
    assert!(import.config.valence_arousal());
    let error = import_of(&network(5, 1.0), options()).unwrap_err();
    has(error, &["hsemotion", "8 or 7 or 10", "5"]);
}

#[test]
fn labels_are_a_preset_a_list_or_a_file() {
    let folder = Folder::new();
    let preset = |text: &str, outputs, expected: &[Expression]| {
        let import = import_of(&network(outputs, 1.0), labelled(text)).unwrap();
        assert_eq!(names(&import), words(expected), "{text}");
    };
    preset("hsemotion", 8, &Expression::HSEMOTION_8);
    preset("hsemotion", 7, &Expression::HSEMOTION_7);
    preset("hsemotion", 10, &Expression::HSEMOTION_8);
    preset("affectnet", 8, &Expression::AFFECTNET_8);
    preset("AffectNet", 7, &Expression::AFFECTNET_7);
    preset("fer+", 8, &Expression::FER_PLUS);
    preset("FERPlus", 8, &Expression::FER_PLUS);
    preset("raf-db", 7, &Expression::RAF_DB);
    preset("rafdb", 7, &Expression::RAF_DB);
    preset("aff-wild2", 8, &Expression::AFF_WILD2);
    preset("s-Aff-Wild2", 8, &Expression::AFF_WILD2);

    let expected = ["Happiness", "bored", "Anger"];
    for text in [
        "happy, bored,ANGRY".to_string(),
        path(folder.text("lines", "\u{feff}happy\r\n\n  bored\nangry\n")),
        path(folder.text("list", r#"["happy", "bored", "angry"]"#)),
        path(folder.text("indices", r#"{"2": "angry", "0": "happy", "1": "bored"}"#)),
        path(folder.text("names", r#"{"angry": 2, "happy": 0, "bored": 1}"#)),
        path(folder.text(
            "config",
            r#"{"a": 1, "label_names": ["happy", "bored", "angry"]}"#,
        )),
    ] {
        let import = import_of(&network(3, 1.0), labelled(&text)).unwrap();
        assert_eq!(names(&import), expected, "{text}");
    }

    let import = import_of(&network(3, 1.0), labelled("happy,Valence,arousal")).unwrap();
    assert_eq!(names(&import), ["Happiness"]);
    assert!(import.config.valence_arousal());
}

fn path(path: std::path::PathBuf) -> String {
    path.display().to_string()
}

#[test]
fn labels_that_do_not_fit_name_both_counts() {
    for (text, outputs, parts) in [
        ("a,b", 3, &["3 names", "2 (a, b)"][..]),
        ("a,b,c,d", 3, &["3 names", "4 (a, b, c, d)"]),
        ("fer+", 7, &["fer+", "8 outputs", "7 outputs"]),
        (
            "happy,joy,sad",
            3,
            &["3 different", "happy and joy", "Happiness"],
        ),
        ("a,b,a", 3, &["3 different", "a and a"]),
        ("valence,arousal,a", 3, &["the last two"]),
        ("a,arousal,valence", 3, &["the last two"]),
        ("a,b,valence", 3, &["the last two"]),
        ("a,,b", 3, &["a name", "nothing"]),
        ("a,b\u{1b}[0m,c", 3, &["printable"]),
    ] {
        let error = import_of(&network(outputs, 1.0), labelled(text)).unwrap_err();
        has(error, parts);
    }
    let folder = Folder::new();
    let error = |text: &str| text.parse::<ClassNames>().unwrap_err();
    has(error("happy"), &["happy", "raf-db"]);
    for text in [r#"{"a": 1, "b": 2}"#, "[1, 2]", "[\"a\"", "{}"] {
        has(
            error(&path(folder.text("labels", text))),
            &["labels", "JSON"],
        );
    }
    let options = || labelled("a,b,c");
    let error = import_at(&fixture("openface3.pth"), options()).unwrap_err();
    has(error, &["labels", "openface3"]);
    let error = import_of(&crate::file::headless(), options()).unwrap_err();
    has(error, &["labels", "a classifier"]);
}

#[test]
fn names_in_the_file_or_beside_it_are_taken_and_flags_come_first() {
    let folder = Folder::new();
    let tensors = network(3, 1.0);
    for (key, text) in [
        ("label_names", r#"["happy", "sad", "bored"]"#),
        ("class_names", "happy, sad,bored"),
        ("classes", r#"["happy", "sad", "bored"]"#),
        ("class_to_idx", r#"{"bored": 2, "happy": 0, "sad": 1}"#),
        (
            "idx_to_class",
            r#"{"2": "bored", "0": "happy", "1": "sad"}"#,
        ),
        ("id2label", r#"{"2": "bored", "0": "happy", "1": "sad"}"#),
        (
            "hyper_parameters",
            r#"{"data": {"class_names": ["happy", "sad", "bored"]}}"#,
        ),
    ] {
        let path = folder.weights("model.safetensors", &tensors, &[(key, text)]);
        let import = import_at(&path, Default::default()).unwrap();
        assert_eq!(names(&import), ["Happiness", "Sadness", "bored"], "{key}");
        assert!(import.config.classes_are_named());

        let import = import_at(&path, labelled("a,b,c")).unwrap();
        assert_eq!(names(&import), ["a", "b", "c"]);
        has(&import, &["warning: ", "--labels", key]);
    }
    let others = [
        ("classes", "3"),
        ("class_to_idx", r#"{"happy": 1, "sad": 2, "bored": 3}"#),
    ];
    let path = folder.weights("model.safetensors", &tensors, &others);
    let import = import_at(&path, Default::default()).unwrap();
    assert_eq!(names(&import), unnamed(3));
    has(&import, &["warning: `class_to_idx`", "1, 2, 3"]);

    let path = folder.weights(
        "enet_b0_7.safetensors",
        &network(7, 1.0),
        &[("class_names", r#"["a", "b", "c", "d", "e", "f", "g"]"#)],
    );
    let import = import_at(&path, Default::default()).unwrap();
    assert_eq!(names(&import), ["a", "b", "c", "d", "e", "f", "g"]);
    has(&import, &["warning: ", "enet_b0_7"]);
}

#[test]
fn predictions_carry_the_names_and_a_converted_model_can_be_renamed() {
    let folder = Folder::new();
    let device = Device::default();
    let mut tensors = network(3, 1.0);
    tensors.insert("classifier.bias".into(), TensorData::from([1f32, 3., 2.]));
    let import = import_of(&tensors, Default::default()).unwrap();
    let path = folder.path("own.safetensors");
    import.model.save(&path).unwrap();
    let predict = |path: &std::path::Path| {
        let predictor = Predictor::load_on(path, &device).unwrap();
        let prediction = predictor
            .predict_features(&[0.0; WIDTH])
            .unwrap()
            .remove(0)
            .unwrap();
        assert_eq!(prediction.aff_wild2_logits()[0], None);
        serde_json::to_value(&prediction).unwrap()
    };
    let found = predict(&path);
    assert_eq!(found["expression"], "class_1");
    assert_eq!(found["expression_classes"], serde_json::json!(unnamed(3)));
    assert_eq!(
        found["expression_logits"],
        serde_json::json!([1.0, 3.0, 2.0])
    );

    let import = import_at(&path, labelled("bored,valence,arousal")).unwrap();
    let renamed = folder.path("renamed.safetensors");
    import.model.save(&renamed).unwrap();
    let found = predict(&renamed);
    assert_eq!(found["expression"], "bored");
    assert_eq!(found["valence"], 1.0);
    let (model, config) = Model::load(&renamed, &device).unwrap();
    assert!(matches!(model, Model::Classifier(_)) && config.classes_are_named());
    import_at(&path, labelled("a,b")).unwrap_err();
}
