//! A rendered set whose labels are not what they were, and runs on it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use burn::tensor::Device;
use countenance::Result;
use countenance::backbone::{EfficientNetConfig, Variant};
use countenance::data::annotation::{self, AnnotationConfig, Row};
use countenance::data::split::{IMAGE_FOLDER, SplitName};
use countenance::data::synthetic::SyntheticConfig;
use countenance::network::NetworkConfig;
use countenance::train::{Outcome, Run, TrainConfig};

/// Runs in one process draw from the device's one generator, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

/// A rendered set of `train` rows whose labels `change` may change, in a folder of its own, with a
/// backbone's weights beside it.
pub struct Set {
    folder: tempfile::TempDir,
}

impl Set {
    pub fn new(train: usize, change: impl Fn(SplitName, usize, &mut Row)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let set = Self { folder };
        SyntheticConfig::new()
            .with_train(train)
            .with_validation(24)
            .generate(&set.path("data"), &|_, _| true)
            .unwrap();
        for split in [SplitName::Training, SplitName::Validation] {
            let mut rows = set.rows(split);
            rows.iter_mut()
                .enumerate()
                .for_each(|(place, row)| change(split, place, row));
            annotation::write(&set.path("data").join(split.file_name()), &rows).unwrap();
        }
        set.save_backbone("backbone.safetensors", 1);
        set
    }

    /// Writes weights drawn with `seed`.
    pub fn save_backbone(&self, name: &str, seed: u64) {
        let tiny = EfficientNetConfig::new(Variant::Tiny);
        let config = NetworkConfig::paper(tiny.feature_width()).with_backbone(Some(tiny.into()));
        let device = Device::default();
        device.seed(seed);
        config.init(&device).save(&self.path(name)).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn rows(&self, split: SplitName) -> Vec<Row> {
        let path = self.path("data").join(split.file_name());
        annotation::read(&path, &AnnotationConfig::new()).unwrap()
    }

    pub fn image(&self, split: SplitName, place: usize) -> PathBuf {
        let image = &self.rows(split)[place].image;
        self.path("data").join(IMAGE_FOLDER).join(image)
    }

    /// A short run with the given weights.
    pub fn config(&self) -> TrainConfig {
        let text = |path: PathBuf| Some(path.to_string_lossy().into_owned());
        let mut config = TrainConfig::synthetic();
        config.data = text(self.path("data"));
        config.weights = text(self.path("backbone.safetensors"));
        for stage in config.heads_mut() {
            stage.epochs = 3;
            stage.batch_size = 16;
        }
        config
    }

    pub fn config_of_one_epoch(&self) -> TrainConfig {
        let mut config = self.config();
        for stage in config.heads_mut() {
            stage.epochs = 1;
        }
        config
    }

    pub fn start(&self, name: &str, config: TrainConfig) -> Result<Run> {
        Run::create(&self.path(name), config, &Device::default())
    }

    pub fn run(&self, name: &str, config: TrainConfig) -> Result<Outcome> {
        self.start(name, config)?.execute()
    }

    pub fn resume(&self, name: &str) -> Result<Outcome> {
        Run::resume(&self.path(name), &Device::default())?.execute()
    }
}

pub fn turn() -> std::sync::MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Every file below `folder`, by its path from there.
pub fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(inner) = folders.pop() {
        for entry in std::fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(folder).unwrap().to_path_buf();
                    files.insert(name, std::fs::read(path).unwrap());
                }
            }
        }
    }
    files
}

pub fn assert_same(left: &Path, right: &Path) {
    let (left, right) = (tree(left), tree(right));
    assert_eq!(
        left.keys().collect::<Vec<_>>(),
        right.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &left {
        assert!(right[name] == *bytes, "{} differs", name.display());
    }
}

/// A run that ends where `stage` begins, because a file is where that stage's folder belongs.
pub fn stopped_before(set: &Set, name: &str, stage: &str, config: TrainConfig) {
    let run = set.start(name, config).unwrap();
    let checkpoints = set.path(name).join("checkpoints");
    std::fs::create_dir_all(&checkpoints).unwrap();
    let obstacle = checkpoints.join(stage);
    std::fs::write(&obstacle, b"in the way").unwrap();
    let error = run.execute().unwrap_err().to_string();
    assert!(error.contains(&*obstacle.to_string_lossy()), "{error}");
    std::fs::remove_file(&obstacle).unwrap();
}
