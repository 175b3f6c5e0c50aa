//! VGGs, ResNets and Swins as other programs save them: what each is taken for, that it says what PyTorch
//! said of it, and what is refused.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use countenance::backbone::BackboneConfig;
use countenance::network::NetworkConfig;
use countenance::weights::{Family, ImportOptions, import_backbone, native};

use crate::file::{Folder, Tensors, has, import_at, import_of, labelled, one, under};

/// The tensors that torchvision's network had in the fixture, and its images, feature and logits on an
/// even size.
fn made(network: &str) -> (Tensors, [TensorData; 3]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/trunk.safetensors");
    let file = native::read(&path).unwrap().tensors;
    let weight = format!("{network}.weight.");
    let weights = file
        .iter()
        .filter_map(|(name, data)| Some((name.strip_prefix(&weight)?.to_string(), data.clone())));
    let said = ["images", "feature", "logits"];
    let said = said.map(|what| file[&format!("{network}.eval.{what}")].clone());
    (weights.collect(), said)
}

/// `tensors` with parts of their names replaced, each by the first rule that fits.
fn renamed(tensors: Tensors, rules: &[(&str, &str)]) -> Tensors {
    let name = |name: String| {
        rules.iter().fold(name, |name, (before, after)| {
            match name.strip_prefix(before) {
                Some(rest) => format!("{after}{rest}"),
                None if before.starts_with('.') => name.replace(before, after),
                None => name,
            }
        })
    };
    let tensors = tensors.into_iter();
    tensors.map(|(old, data)| (name(old), data)).collect()
}

fn assert_says(tensors: &Tensors, said: &[TensorData; 3], family: Family) -> BackboneConfig {
    let device = Device::default();
    let folder = Folder::new();
    let path = folder.weights("model.safetensors", tensors, &[]);
    let found = import_backbone(&path, &device).unwrap_or_else(|error| panic!("{error}"));
    let images = Tensor::<4>::from_data(said[0].clone(), &device);
    let features = found.network.forward_features(images);
    let close = |found: Tensor<2>, expected: &TensorData| {
        let expected = Tensor::from_data(expected.clone(), &device);
        let difference = (found - expected).abs().max().into_scalar::<f32>();
        assert!(difference < 1e-5, "{difference}");
    };
    close(found.network.forward_head(features.clone()), &said[2]);
    close(features, &said[1]);
    // Converted it is the same backbone, and says the same.
    let import = import_at(&path, ImportOptions::default()).unwrap();
    assert_eq!(import.family, family);
    let own = folder.path("own.safetensors");
    import.model.save(&own).unwrap();
    let again = import_backbone(&own, &device).unwrap();
    assert_eq!(again.config.to_string(), found.config.to_string());
    let images = Tensor::<4>::from_data(said[0].clone(), &device);
    close(again.network.forward_features(images), &said[1]);
    found.config
}

/// Torchvision's Swin under the names of its authors' program.
fn original(tensors: Tensors) -> Tensors {
    renamed(
        tensors,
        &[
            ("features.0.0.", "patch_embed.proj."),
            ("features.0.2.", "patch_embed.norm."),
            ("features.1.", "layers.0.blocks."),
            ("features.2.", "layers.0.downsample."),
            ("features.3.", "layers.1.blocks."),
            (".mlp.0.", ".mlp.fc1."),
            (".mlp.3.", ".mlp.fc2."),
        ],
    )
}

/// Torchvision's VGG under VGGFACE's names.
fn vggface(tensors: Tensors) -> Tensors {
    renamed(
        tensors,
        &[
            ("features.0.", "conv1_1."),
            ("features.2.", "conv1_2."),
            ("features.5.", "conv2_1."),
            ("features.8.", "conv3_1."),
            ("classifier.0.", "fc6."),
            ("classifier.3.", "fc7."),
            ("classifier.6.", "fc8."),
        ],
    )
}

#[test]
fn every_programs_names_give_the_same_features() {
    let (tensors, said) = made("vgg");
    for tensors in [
        tensors.clone(),
        under("module.", tensors.clone()),
        vggface(tensors),
    ] {
        let config = assert_says(&tensors, &said, Family::Vgg);
        let BackboneConfig::Vgg(config) = config else {
            panic!("{config}")
        };
        assert_eq!(config.blocks, [vec![4, 4], vec![6], vec![8]]);
        assert_eq!((config.grid, config.hidden), (2, vec![12, 10]));
    }
    let (tensors, said) = made("resnet");
    let config = assert_says(&under("model.backbone.", tensors), &said, Family::ResNet);
    assert_eq!(config.feature_width(), 32);

    let (tensors, said) = made("swin");
    let original = original(tensors.clone());
    let timm = renamed(
        original.clone(),
        &[
            ("layers.0.downsample.", "layers.1.downsample."),
            ("head.", "head.fc."),
        ],
    );
    // What follows from the sizes stands beside the weights.
    let mut buffers = original.clone();
    buffers.extend(one(
        "layers.0.blocks.0.attn.relative_position_index",
        [0f32, 1.0, 2.0, 3.0],
    ));
    buffers.extend(one("layers.0.blocks.1.attn_mask", [0f32, -100.0]));
    for tensors in [tensors, original, timm, buffers] {
        let config = assert_says(&tensors, &said, Family::Swin);
        let BackboneConfig::Swin(config) = config else {
            panic!("{config}")
        };
        assert_eq!((config.window, config.patch), (3, 2));
        assert_eq!((config.stages, config.heads), (vec![2, 2], vec![2, 4]));
    }
}

#[test]
fn only_vggface_has_its_own_pixels_and_they_are_called_a_guess() {
    let device = Device::default();
    let folder = Folder::new();
    let (tensors, _) = made("vgg");
    let usual = folder.weights("usual.safetensors", &tensors, &[]);
    let usual = import_backbone(&usual, &device).unwrap();
    assert!(usual.warnings.is_empty());
    assert_eq!(usual.config.preprocessing().mean, [0.485, 0.456, 0.406]);
    let path = folder.weights("face.safetensors", &vggface(tensors.clone()), &[]);
    let face = import_backbone(&path, &device).unwrap();
    has(face.warnings.join("\n"), &["VGGFACE", "blue first"]);
    let input = face.config.preprocessing();
    // A pixel of the mean is 0, and the next brighter one is 1.
    let at = |pixel: f32| (pixel / 255.0 - input.mean[0]) / input.std[0];
    assert!(at(129.186_28).abs() < 1e-4 && (at(130.186_28) - 1.0).abs() < 1e-4);
    // What the file says of itself is none.
    let said = [("mean", "[0.5, 0.5, 0.5]"), ("std", "[0.5, 0.5, 0.5]")];
    let path = folder.weights("said.safetensors", &vggface(tensors), &said);
    let told = import_backbone(&path, &device).unwrap();
    assert_eq!(told.config.preprocessing().mean, [0.5; 3]);
    assert!(told.warnings.is_empty(), "{:?}", told.warnings);
}

#[test]
fn vggface_cut_off_before_its_classifier_gives_what_its_last_layer_says() {
    let device = Device::default();
    let folder = Folder::new();
    let mut cut = vggface(made("vgg").0);
    cut.retain(|name, _| !name.starts_with("fc8."));
    let path = folder.weights("cut.safetensors", &cut, &[]);
    let found = import_backbone(&path, &device).unwrap();
    assert_eq!(found.config.feature_width(), 10);
    let BackboneConfig::Vgg(config) = found.config else {
        panic!("{}", found.config)
    };
    assert_eq!((config.hidden, config.classes), (vec![12, 10], None));
}

#[test]
fn as_many_classes_as_vggface2_has_people_are_warned_of() {
    let device = Device::default();
    let folder = Folder::new();
    let (mut tensors, _) = made("resnet");
    let weight = TensorData::zeros::<f32, _>([8_631, 32]);
    tensors.insert("fc.weight".into(), weight);
    tensors.insert("fc.bias".into(), TensorData::zeros::<f32, _>([8_631]));
    let said = [("mean", "[0.5, 0.5, 0.5]"), ("std", "[0.5, 0.5, 0.5]")];
    for metadata in [&[][..], &said] {
        let path = folder.weights("people.safetensors", &tensors, metadata);
        let found = import_backbone(&path, &device).unwrap();
        has(found.warnings.join("\n"), &["VGGFace2", "Caffe"]);
    }
}

#[test]
fn a_classifier_of_expressions_reads_faces_under_the_names_that_are_given() {
    let (tensors, _) = made("resnet");
    let import = import_of(&tensors, labelled("fear,anger,joy,calm,pride")).unwrap();
    assert_eq!(import.config.expressions().len(), 5);
    has(
        import,
        &["taken for resnet", "ResNet, stages of 2, 1 bottlenecks"],
    );
}

#[test]
fn networks_that_are_only_like_them_are_refused_by_what_is_there() {
    let refused = |tensors: &Tensors, parts: &[&str]| {
        let error = import_of(tensors, ImportOptions::default()).unwrap_err();
        has(error, parts);
    };
    let (vgg, _) = made("vgg");
    let mut normed = vgg.clone();
    normed.extend(one("features.1.running_mean", [0f32; 4]));
    refused(
        &normed,
        &["without batch norm", "`features.1.running_mean`"],
    );
    let apart = renamed(vgg.clone(), &[("features.2.", "features.4.")]);
    refused(&apart, &["without batch norm", "the layer 4"]);
    let mut oblong = vgg.clone();
    oblong.insert(
        "classifier.0.weight".into(),
        TensorData::zeros::<f32, _>([12, 40]),
    );
    refused(
        &oblong,
        &[
            "`classifier.0.weight`",
            "square map of 8 channels",
            "40 inputs",
        ],
    );
    let mut short = vgg;
    short.remove("features.5.bias");
    refused(&short, &["missing", "features.5.bias"]);

    // A basic block has two convolutions.
    let (mut resnet, _) = made("resnet");
    resnet.retain(|name, _| !name.starts_with("layer1.0.conv3"));
    refused(&resnet, &["a ResNet of bottlenecks", "[2, 1]"]);
    let (swin, _) = made("swin");
    let mut swin = original(swin);
    swin.extend(one(
        "absolute_pos_embed",
        TensorData::zeros::<f32, _>([1, 144, 8]),
    ));
    refused(&swin, &["absolute_pos_embed"]);
    swin.remove("absolute_pos_embed");
    let table = "layers.1.blocks.1.attn.relative_position_bias_table";
    swin.insert(table.into(), TensorData::zeros::<f32, _>([49, 4]));
    refused(&swin, &[table, "[25, 4]", "[49, 4]"]);
    let flavour = ImportOptions {
        flavour: Some(countenance::backbone::Flavour::Plain),
        ..Default::default()
    };
    let (resnet, _) = made("resnet");
    has(
        import_of(&resnet, flavour).unwrap_err(),
        &["the flavour", "an EfficientNet"],
    );
}

#[test]
fn heads_on_another_backbone_are_one_file_that_comes_back() {
    let device = Device::default();
    let folder = Folder::new();
    for name in ["vgg", "resnet", "swin"] {
        let (tensors, _) = made(name);
        let path = folder.weights("backbone.safetensors", &tensors, &[]);
        let found = import_backbone(&path, &device).unwrap();
        let config = NetworkConfig::paper(found.config.feature_width())
            .with_backbone(Some(found.config.clone()));
        let mut network = config.init(&device);
        network.backbone = Some(found.network);
        let path = folder.path("network.safetensors");
        network.save(&path).unwrap();
        let (again, read) = countenance::network::Network::load(&path, &device).unwrap();
        assert_eq!(read.to_string(), config.to_string());
        let kind = read.backbone.as_ref().unwrap().kind();
        assert_eq!(kind.to_lowercase(), name);
        let images = Tensor::zeros([1, 3, 32, 32], &device);
        let [before, after] = [network, again].map(|network| network.features(images.clone()));
        after.into_data().assert_eq(&before.into_data(), true);
    }
}
