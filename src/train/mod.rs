//! Training: the stages of the paper, one run directory, and the report at its end.
//!
//! [`Run`] is the whole job. Its order is in `execute`; a stage goes through burn-train in `stage`;
//! what each stage trains is in `model`; batches come from `source` through `loader`.
//!
//! # Example
//! ```
//! use burn::tensor::Device;
//! use countenance::train::{Order, Run, TrainConfig};
//!
//! let mut config = TrainConfig::synthetic().with_order(Order::Joint).with_seed(7);
//! config.joint = config.joint.with_epochs(5).adamw();
//! // Nothing is written yet; `Run::create` and `execute` do the work.
//! Run::check(&config, &Device::default())?;
//!
//! config.joint.batch_size = 0;
//! let error = Run::check(&config, &Device::default()).unwrap_err();
//! assert!(error.to_string().starts_with("joint.batch_size"));
//! # Ok::<(), countenance::Error>(())
//! ```

mod average;
mod balance;
mod baseline;
mod batch;
mod begin;
mod branch;
mod check;
mod checkpoint;
mod co_annotation;
mod config;
mod data;
mod difference;
mod event;
mod execute;
mod features;
mod fit;
mod folder;
mod given;
mod heads;
mod history;
mod layer;
mod loader;
mod map;
mod mass;
mod metric;
mod mixup;
mod model;
mod notice;
mod outcome;
mod patience;
mod plan;
mod progress;
mod record;
mod run;
mod source;
mod stage;
mod supervision;
mod temporal;
mod tie;
mod watch;
mod weighting;
mod window;

pub use average::Averaged;
pub use batch::{FeatureBatch, ImageBatch, LabelBatch, Mixture, StepOutput};
pub use config::{
    BackboneStageConfig, BaselineStageConfig, MapHalf, MapTrainingConfig, MatchingConfig, Order,
    RateSource, Recipe, Sampling, Schedule, StageConfig, TemporalStageConfig, TrainConfig,
};
pub use event::Event;
pub use given::GivenFeatures;
pub use history::{EpochRecord, History};
pub use loader::{EpochLoader, Source};
pub use metric::{ScoreInput, TaskScore};
pub use outcome::Outcome;
pub use run::Run;
pub use source::FeatureSource;
