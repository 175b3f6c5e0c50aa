//! Files made of the tensors of one small network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, TensorData};
use countenance::model::{Classifier, ClassifierConfig, Model, ModelConfig};
use countenance::weights::{Checkpoint, Import, ImportOptions, import, native};
use tempfile::TempDir;

pub type Tensors = BTreeMap<String, TensorData>;

/// Width of the network's feature.
pub const WIDTH: usize = 64;

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/weights")
        .join(name)
}

/// The tensors of the network in a fixture.
pub fn tensors_of(name: &str) -> Tensors {
    let checkpoint = Checkpoint::open(&fixture(name)).unwrap();
    let names = checkpoint.names();
    names
        .map(|name| (name.to_string(), checkpoint.read(name).unwrap()))
        .collect()
}

/// A small EfficientNet under timm's names, without a classifier.
pub fn headless() -> Tensors {
    let mut all = tensors_of("timm_tensorflow.safetensors");
    all.retain(|name, _| !name.starts_with("classifier."));
    all
}

/// A linear layer whose biases are all `bias`, by which it is known again.
pub fn linear(name: &str, outputs: usize, bias: f32) -> Tensors {
    let weight = TensorData::new(vec![0.125f32; outputs * WIDTH], [outputs, WIDTH]);
    [
        (format!("{name}.weight"), weight),
        (
            format!("{name}.bias"),
            TensorData::new(vec![bias; outputs], [outputs]),
        ),
    ]
    .into()
}

/// The same network with a classifier.
pub fn network(outputs: usize, bias: f32) -> Tensors {
    let mut all = headless();
    all.extend(linear("classifier", outputs, bias));
    all
}

/// The tensors with `prefix` before their names.
pub fn under(prefix: &str, tensors: Tensors) -> Tensors {
    let tensors = tensors.into_iter();
    tensors
        .map(|(name, data)| (format!("{prefix}{name}"), data))
        .collect()
}

pub fn join(parts: impl IntoIterator<Item = Tensors>) -> Tensors {
    parts.into_iter().flatten().collect()
}

pub fn one(name: &str, data: impl Into<TensorData>) -> Tensors {
    [(name.to_string(), data.into())].into()
}

/// A folder for a file, and what is beside it.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn text(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    pub fn weights(&self, name: &str, tensors: &Tensors, metadata: &[(&str, &str)]) -> PathBuf {
        let tensors: Vec<_> = tensors.clone().into_iter().collect();
        let metadata = metadata.iter();
        let metadata = metadata.map(|(key, value)| (key.to_string(), value.to_string()));
        native::write(&self.path(name), &tensors, &metadata.collect()).unwrap();
        self.path(name)
    }
}

/// Imports a file that has these tensors and a name that tells nothing.
pub fn import_of(tensors: &Tensors, options: ImportOptions) -> Result<Import, String> {
    let folder = Folder::new();
    let path = folder.weights("model.safetensors", tensors, &[]);
    import_at(&path, options)
}

pub fn import_at(path: &Path, options: ImportOptions) -> Result<Import, String> {
    import(path, &options, &Device::default()).map_err(|error| error.to_string())
}

pub fn chosen(key: &str) -> ImportOptions {
    ImportOptions {
        weights: Some(key.to_string()),
        ..Default::default()
    }
}

pub fn labelled(labels: &str) -> ImportOptions {
    ImportOptions {
        labels: Some(labels.parse().unwrap()),
        ..Default::default()
    }
}

pub fn classifier(import: &Import) -> (&Classifier, &ClassifierConfig) {
    match (&import.model, &import.config) {
        (Model::Classifier(network), ModelConfig::Classifier(config)) => (network, config),
        other => panic!("{other:?}"),
    }
}

/// The bias by which a classifier is known again, if there is one.
pub fn bias(import: &Import) -> Option<f32> {
    let classifier = classifier(import).0.backbone.classifier()?;
    let bias = classifier.bias.as_ref().unwrap().val();
    Some(bias.into_data().as_slice::<f32>().unwrap()[0])
}

pub fn names(import: &Import) -> Vec<String> {
    let classes = import.config.expressions().iter();
    classes.map(|class| class.to_string()).collect()
}

/// That a text has all these parts.
pub fn has(text: impl ToString, parts: &[&str]) {
    let text = text.to_string();
    for part in parts {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
}
