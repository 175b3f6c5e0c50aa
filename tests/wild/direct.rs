//! Checkpoints that predict as they are, without being converted first.

use burn::tensor::Device;
use countenance::data::image::RgbImage;
use countenance::predict::{Prediction, Predictor};
use countenance::weights::{ImportOptions, import, import_backbone};

use crate::file::{Folder, fixture, has};

fn predicted(predictor: &Predictor) -> Prediction {
    let face = RgbImage::from_fn(70, 70, |x, y| image::Rgb([3 * x as u8, 2 * y as u8, 90]));
    predictor.predict(&face).unwrap()
}

#[test]
fn a_checkpoint_predicts_as_the_file_that_it_is_converted_to() {
    let device = Device::default();
    let folder = Folder::new();
    for name in ["hsemotion_8_timm_0_9_16.pt", "openface3.pth"] {
        let path = fixture(name);
        let imported = import(&path, &ImportOptions::default(), &device).unwrap();
        let converted = folder.path("model.safetensors");
        imported.model.save(&converted).unwrap();
        let direct = Predictor::load_on(&path, &device).unwrap();
        assert_eq!(direct.warnings(), imported.warnings, "{name}");
        let converted = Predictor::load_on(&converted, &device).unwrap();
        assert_eq!(predicted(&direct), predicted(&converted), "{name}");
    }
}

#[test]
fn what_is_open_is_told_with_the_option_that_settles_it() {
    let device = Device::default();
    let folder = Folder::new();
    let path = folder.path("anything.pt");
    std::fs::copy(fixture("hsemotion_8_timm_0_9_16.pt"), &path).unwrap();
    let foreign = Predictor::load_on(&path, &device).unwrap();
    has(
        foreign.warnings().join("\n"),
        &["class_0 to class_7", "convert --labels"],
    );
    let own = folder.path("model.safetensors");
    foreign.members()[0].model().save(&own).unwrap();
    let own = Predictor::load_on(&own, &device).unwrap();
    has(
        own.warnings().join("\n"),
        &["class_0 to class_7", "convert --labels"],
    );
}

#[test]
fn the_backbone_of_any_network_extracts_features() {
    let device = Device::default();
    for name in ["mtl_extractor.pth", "openface3.pth"] {
        let found = import_backbone(&fixture(name), &device).unwrap();
        let whole = import(&fixture(name), &ImportOptions::default(), &device).unwrap();
        let expected = whole.config.backbone().unwrap();
        assert_eq!(found.config.to_string(), expected.to_string(), "{name}");
    }
    let error = import_backbone(&fixture("mtl_attention.pth"), &device).unwrap_err();
    has(error, &["heads alone"]);
}
