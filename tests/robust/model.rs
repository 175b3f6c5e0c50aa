//! Small models, images and feature files for tests to go wrong with.

use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use countenance::Expression;
use countenance::backbone::{EfficientNetConfig, Variant};
use countenance::data::annotation::{self, AnnotationConfig, Row};
use countenance::data::split::SplitName;
use countenance::data::synthetic::SyntheticConfig;
use countenance::model::{ClassifierConfig, Model, ModelConfig, OpenFace3Config};
use countenance::network::{Network, NetworkConfig, Tasks};
use countenance::temporal::TemporalConfig;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// `module` with numbers that `seed` alone decides, and not the device's generator, which tests share.
pub fn drawn<M: Module>(module: M, seed: u64) -> M {
    module.map(&mut Draw(ChaCha8Rng::seed_from_u64(seed)))
}

struct Draw(ChaCha8Rng);

impl ModuleMapper for Draw {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape: [usize; D] = param.lazy_shape().dims();
        let count: usize = shape.iter().product();
        let inputs = if D == 2 { shape[0] } else { count / shape[0] };
        let scale = (3.0 / inputs as f32).sqrt();
        let values: Vec<f32> = (0..count)
            .map(|_| self.0.random_range(-1.0f32..1.0))
            // Variances are among the vectors.
            .map(|value| {
                if D == 1 {
                    0.75 + 0.25 * value
                } else {
                    scale * value
                }
            })
            .collect();
        let tensor = Tensor::from_data(TensorData::new(values, shape), &Device::default());
        Param::initialized(param.id, tensor)
    }
}

/// A folder with a rendered set and models beside it.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    /// A rendered set of 8 training rows and `rows` others.
    pub fn set(&self, rows: usize) -> PathBuf {
        let root = self.path("data");
        SyntheticConfig::new()
            .with_train(8)
            .with_validation(rows)
            .generate(&root, &|_, _| true)
            .unwrap();
        root
    }

    pub fn rows(&self, split: SplitName) -> Vec<Row> {
        let path = self.path("data").join(split.file_name());
        annotation::read(&path, &AnnotationConfig::new()).unwrap()
    }

    /// A network of `tasks` with a small backbone, drawn with `seed`, which `change` may spoil.
    pub fn network(
        &self,
        name: &str,
        seed: u64,
        tasks: Tasks,
        change: impl Fn(Network) -> Network,
    ) -> PathBuf {
        let backbone = EfficientNetConfig::new(Variant::Tiny);
        let config = NetworkConfig::paper(backbone.feature_width())
            .with_backbone(Some(backbone.into()))
            .with_tasks(tasks);
        self.save(name, seed, &config, change)
    }

    /// A network with a small backbone that reads the frames of a video together as `temporal` says.
    pub fn timed(&self, name: &str, temporal: TemporalConfig) -> PathBuf {
        let backbone = EfficientNetConfig::new(Variant::Tiny);
        let config = NetworkConfig::paper(backbone.feature_width())
            .with_backbone(Some(backbone.into()))
            .with_temporal(Some(temporal));
        self.save(name, 3, &config, |network| network)
    }

    /// The heads alone, for features of the same width.
    pub fn heads(&self, name: &str) -> PathBuf {
        let width = EfficientNetConfig::new(Variant::Tiny).feature_width();
        self.save(name, 1, &NetworkConfig::paper(width), |network| network)
    }

    fn save(
        &self,
        name: &str,
        seed: u64,
        config: &NetworkConfig,
        change: impl Fn(Network) -> Network,
    ) -> PathBuf {
        let network = change(drawn(config.init(&Device::default()), seed));
        network.save(&self.path(name)).unwrap();
        self.path(name)
    }

    pub fn model(&self, name: &str, config: &ModelConfig) -> PathBuf {
        let model = match config.init(&Device::default()) {
            Model::Network(network) => Model::Network(Box::new(drawn(*network, 1))),
            Model::Classifier(network) => Model::Classifier(Box::new(drawn(*network, 1))),
            Model::OpenFace3(network) => Model::OpenFace3(Box::new(drawn(*network, 1))),
            Model::MeGraphAu(network) => Model::MeGraphAu(Box::new(drawn(*network, 1))),
            Model::Baseline(network) => Model::Baseline(Box::new(drawn(*network, 1))),
        };
        model.save(&self.path(name)).unwrap();
        self.path(name)
    }

    /// A classifier of `classes`, with valence and arousal, as HSEmotion's.
    pub fn classifier(&self, name: &str, classes: &[Expression]) -> PathBuf {
        let backbone = EfficientNetConfig::new(Variant::Tiny).with_classes(Some(classes.len() + 2));
        let config =
            ClassifierConfig::new(backbone.into(), classes.to_vec()).with_valence_arousal(true);
        self.model(name, &ModelConfig::Classifier(config))
    }

    pub fn openface(&self, name: &str) -> PathBuf {
        let backbone = EfficientNetConfig::new(Variant::Tiny);
        self.model(
            name,
            &ModelConfig::OpenFace3(OpenFace3Config::new(backbone.into())),
        )
    }
}
