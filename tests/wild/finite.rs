//! Weights that would make every output meaningless are refused at every door.

use burn::tensor::{DType, Device, TensorData};
use countenance::Error;
use countenance::backbone::{EfficientNetConfig, Variant};
use countenance::model::{ClassifierConfig, Model, ModelConfig};
use countenance::network::{Network, NetworkConfig};
use countenance::weights::{ImportOptions, load_backbone, native};

use crate::file::{Folder, has, import_of, join, network, one, under};

const NAME: &str = "blocks.3.0.conv_dw.weight";

/// The tensor with `value` as its fourth element, in the kind `dtype`.
fn spoilt(data: &TensorData, value: f64, dtype: DType) -> TensorData {
    let mut values: Vec<f64> = data.clone().convert::<f32>().iter().collect();
    values[3] = value;
    TensorData::new(values, data.shape().to_vec()).convert_dtype(dtype)
}

#[test]
fn a_value_that_is_not_finite_is_named_with_its_tensor_and_place() {
    for (value, dtype, word) in [
        (f64::NAN, DType::F32, "NaN"),
        (f64::INFINITY, DType::F32, "inf"),
        (f64::NEG_INFINITY, DType::F16, "-inf"),
        (f64::NAN, DType::BF16, "NaN"),
        (1e300, DType::F64, "inf"),
    ] {
        for prefix in ["", "model."] {
            let mut tensors = network(5, 1.0);
            let data = spoilt(&tensors[NAME], value, dtype);
            tensors.insert(NAME.into(), data);
            let tensors = under(prefix, tensors);
            for allow_partial in [false, true] {
                let options = ImportOptions {
                    allow_partial,
                    ..Default::default()
                };
                let error = import_of(&tensors, options).unwrap_err();
                let place = format!("{NAME}: {word} at [0, 0, 1, 0], 1 of ");
                has(&error, &["model.safetensors", &place, "earlier checkpoint"]);
            }
        }
    }
    let mut tensors = network(5, 1.0);
    let data = spoilt(&tensors[NAME], 1e30, DType::F64);
    tensors.insert(NAME.into(), data);
    import_of(&tensors, ImportOptions::default()).unwrap();
}

#[test]
fn what_is_left_aside_may_hold_anything() {
    let tensors = join([network(5, 1.0), one("loss", [f32::NAN])]);
    import_of(&tensors, ImportOptions::default()).unwrap();
}

#[test]
fn backbones_and_models_of_this_crate_are_refused_alike() {
    let folder = Folder::new();
    let device = Device::default();
    let refused = |error: Error, name: &str| {
        assert!(matches!(error, Error::Weights { .. }), "{error:?}");
        has(error, &["spoilt.safetensors", name, "1 of "]);
    };
    let spoil = |from: &str, name: &str| {
        let mut file = native::read(&folder.path(from)).unwrap();
        let data = spoilt(&file.tensors[name], f64::NAN, DType::F32);
        file.tensors.insert(name.into(), data);
        let tensors: Vec<_> = file.tensors.into_iter().collect();
        let path = folder.path("spoilt.safetensors");
        native::write(&path, &tensors, &file.metadata).unwrap();
        path
    };

    let tiny = EfficientNetConfig::new(Variant::Tiny).with_classes(Some(3));
    let config = ModelConfig::Classifier(ClassifierConfig::new(
        tiny.clone().into(),
        ["a", "b", "c"].map(|name| name.parse().unwrap()).to_vec(),
    ));
    let model = config.init(&device);
    model.save(&folder.path("own.safetensors")).unwrap();
    let path = spoil("own.safetensors", "backbone.conv_stem.weight");
    refused(
        Model::load(&path, &device).unwrap_err(),
        "backbone.conv_stem.weight",
    );
    refused(
        load_backbone(&path, &device).unwrap_err(),
        "backbone.conv_stem.weight",
    );

    let heads = NetworkConfig::paper(10);
    let path = folder.path("own.safetensors");
    heads.init(&device).save(&path).unwrap();
    let path = spoil("own.safetensors", "expression.linear.weight");
    refused(
        Network::load(&path, &device).unwrap_err(),
        "expression.linear.weight",
    );
    refused(
        Model::load(&path, &device).unwrap_err(),
        "expression.linear.weight",
    );
}
