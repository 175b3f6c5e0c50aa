//! Files under the names of ME-GraphAU and OpenGraphAU: converted, and predicting what PyTorch predicts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::TensorData;
use countenance::backbone::BackboneConfig;
use countenance::data::image::RgbImage;
use countenance::graph::NodeUpdate;
use countenance::head::Relation;
use countenance::label::{UnitSet, Vocabulary};
use countenance::model::{MeGraphAuConfig, Model, ModelConfig};
use countenance::predict::Predictor;
use countenance::weights::native::{self, WeightsFile};
use countenance::weights::{
    Checkpoint, ClassNames, Family, Import, ImportOptions, import, import_backbone,
};
use countenance::{ActionUnit, Error, Result};

use crate::fixture::{Fixture, device};
use crate::full_size;

const TOLERANCE: f64 = 1e-5;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/weights")
        .join(name)
}

fn imported(path: &Path) -> Result<Import> {
    import(path, &ImportOptions::default(), &device())
}

fn config(import: &Import) -> &MeGraphAuConfig {
    match &import.config {
        ModelConfig::MeGraphAu(config) => config,
        other => panic!("{other:?}"),
    }
}

/// The file read, written as this crate's own, read again, and run on the images of the fixture.
fn check(file: &Path, expected: &'static str) -> Import {
    let import = imported(file).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(import.family, Family::MeGraphAu);
    assert!(import.report.is_complete(), "{import}");
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("model.safetensors");
    import.model.save(&own).unwrap();
    let (model, config) = Model::load(&own, &device()).unwrap();
    assert_eq!(config.action_units(), import.config.action_units());
    let expected = Fixture::open(expected);
    let output = model.forward(model.features(expected.float::<4>("inputs", &device())));
    let units = output.action_units.unwrap();
    assert!(output.expression_logits.is_none() && output.valence_arousal.is_none());
    expected.check("action_units", units, TOLERANCE);
    import
}

fn small(name: &str) -> Import {
    let expected = format!("weights/{name}.expected");
    check(&path(&format!("{name}.pth")), expected.leak())
}

#[test]
fn the_first_half_on_a_resnet_reads_disfas_units() {
    let import = small("me_graph_au_disfa");
    let config = config(&import);
    assert!(matches!(config.backbone, BackboneConfig::ResNet(_)));
    assert_eq!(config.head.relation, Relation::nearest(3));
    let disfa: UnitSet = ActionUnit::DISFA.into_iter().collect();
    assert_eq!(import.config.action_units(), disfa);
    let text = import.to_string();
    for part in [
        "taken for me-graphau, ResNet",
        "taken for DISFA's",
        "taken for 3",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn the_second_half_on_a_swin_reads_bp4ds_units() {
    let import = small("me_graph_au_bp4d");
    let config = config(&import);
    assert!(matches!(config.backbone, BackboneConfig::Swin(_)));
    assert_eq!(config.head.relation, Relation::edges());
    assert_eq!(
        import.config.action_units(),
        Vocabulary::bp4d().action_units
    );
}

#[test]
fn open_graph_aus_files_read_units_and_halves_in_both_forms() {
    let nearest = small("open_graph_au_nearest");
    assert_eq!(config(&nearest).head.relation, Relation::nearest(4));
    let edges = small("open_graph_au_edges");
    let expected = Relation::Edges {
        update: NodeUpdate::BeforeSum,
        classified: false,
    };
    assert_eq!(config(&edges).head.relation, expected);
    for import in [nearest, edges] {
        let units = import.config.action_units();
        assert_eq!(units, Vocabulary::open_graph_au().action_units);
    }
}

#[test]
fn a_converted_file_predicts_units_by_name() {
    let import = imported(&path("me_graph_au_disfa.pth")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("model.safetensors");
    import.model.save(&own).unwrap();
    let predictor = Predictor::load_on(&own, &device()).unwrap();
    let image = RgbImage::from_fn(64, 64, |x, y| {
        [(4 * x) as u8, (4 * y) as u8, (x * y) as u8].into()
    });
    let prediction = predictor.predict(&image).unwrap();
    assert!(prediction.expressions.is_empty());
    let units = prediction.action_units;
    let names: Vec<_> = units.iter().map(|(unit, _)| *unit).collect();
    assert_eq!(names, ActionUnit::DISFA);
}

#[test]
fn its_backbone_alone_can_be_read() {
    let backbone = import_backbone(&path("me_graph_au_bp4d.pth"), &device()).unwrap();
    assert_eq!(backbone.config.kind(), "Swin");
    assert_eq!(backbone.config.feature_width(), 16);
}

#[test]
fn units_are_named_by_the_caller_where_he_knows_better() {
    let read = |labels: &str| {
        let options = ImportOptions {
            labels: Some(labels.parse::<ClassNames>()?),
            ..Default::default()
        };
        import(&path("me_graph_au_disfa.pth"), &options, &device())
    };
    let units = read("AU1,AU2,AU4,AU5,AU6,AU7,AU9,AU10").unwrap();
    assert_eq!(units.config.action_units()[3].to_string(), "AU5");
    for (labels, expected) in [
        ("AU1,AU2", "8, one for each unit"),
        (
            "AU1,AU2,AU4,AU5,AU6,AU7,AU9,happy",
            "names of action units, such as AU1",
        ),
        ("AU1,AU2,AU4,AU5,AU6,AU7,AU9,AU9", "AU9 twice"),
        ("hsemotion", "names of action units"),
    ] {
        let error = read(labels).unwrap_err().to_string();
        assert!(error.contains(expected), "{labels}: {error}");
    }
}

/// The tensors of a file, changed and written as safetensors.
fn changed(name: &str, change: impl FnOnce(&mut BTreeMap<String, TensorData>)) -> Error {
    let checkpoint = Checkpoint::open(&path(name)).unwrap();
    let names: Vec<String> = checkpoint.names().map(str::to_string).collect();
    let tensors = names.into_iter().map(|name| {
        let data = checkpoint.read(&name).unwrap();
        (name, data)
    });
    let mut file = WeightsFile {
        tensors: tensors.collect(),
        metadata: BTreeMap::new(),
    };
    change(&mut file.tensors);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.safetensors");
    let tensors: Vec<_> = file.tensors.into_iter().collect();
    native::write(&path, &tensors, &file.metadata).unwrap();
    imported(&path).unwrap_err()
}

#[test]
fn what_does_not_fit_is_named_with_what_was_expected() {
    let error = changed("me_graph_au_bp4d.pth", |tensors| {
        tensors
            .remove("head.edge_extractor.ARM.linear_k.bias")
            .unwrap();
        let odd = TensorData::from([1f32, 2.0]);
        tensors.insert("head.gnn.bne2.weight".into(), odd.clone());
        tensors.insert("head.gnn.W3.weight".into(), odd);
    });
    let Error::Weights { report, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(report.missing, ["head.edge_extractor.ARM.linear_k.bias"]);
    assert_eq!(report.unexpected, ["head.gnn.W3.weight"]);
    assert_eq!(report.wrong_shape[0].name, "head.gnn.bne2.weight");
    assert_eq!(report.wrong_shape[0].expected, [144]);

    let error = changed("me_graph_au_disfa.pth", |tensors| {
        tensors.retain(|name, _| !name.starts_with("backbone."));
        let vit = TensorData::from([[1f32]]);
        tensors.insert("backbone.blocks.0.attn.qkv.weight".into(), vit);
    });
    let text = error.to_string();
    let expected = "a ResNet of bottlenecks or a Swin as the backbone";
    assert!(
        text.contains(expected) && text.contains("backbone.blocks.0"),
        "{text}"
    );

    let error = changed("me_graph_au_disfa.pth", |tensors| {
        let anchors = TensorData::new(vec![0f32; 7 * 8], [7, 8]);
        tensors.insert("head.sc".into(), anchors);
    });
    let text = error.to_string();
    assert!(text.contains("7 units without names"), "{text}");
    assert!(text.contains("convert --labels"), "{text}");
}

/// Both halves at full size, on ResNet-50 and on Swin-B; needs Python with torch, torchvision, timm and
/// safetensors, as `python3` or as `PYTHON` says.
#[test]
#[ignore = "writes checkpoints of full size"]
fn files_of_full_size_predict_what_pytorch_predicts() {
    let folder = full_size::made("me_graph_au.py");
    for name in ["me_graph_au_resnet50", "open_graph_au_swin_b"] {
        let file = folder.path().join(format!("{name}.pth"));
        let import = imported(&file).unwrap_or_else(|error| panic!("{error}"));
        let expected = file.with_extension("expected").display().to_string();
        let expected = Fixture::open(expected.leak());
        let inputs = expected.float::<4>("inputs", &device());
        let output = import.model.forward(import.model.features(inputs));
        let wanted = expected.float::<2>("action_units", &device());
        let difference = (output.action_units.unwrap() - wanted).abs().max();
        let difference = difference.into_scalar::<f32>();
        println!("parity | weights/{name} | action_units | {difference:.2e} |");
        assert!(difference < 1e-4, "{name}: {difference}");
        std::fs::remove_file(file).unwrap();
    }
}
