//! The settings of a run, with the paper's values as defaults.

use std::path::Path;

use burn::config::Config;
use burn::optim::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use serde::{Deserialize, Serialize};

use crate::attention::Attention;
use crate::backbone::Variant;
use crate::data::division::DivisionConfig;
use crate::data::synthetic::SyntheticConfig;
use crate::data::table::LabelConfig;
use crate::network::{FeatureKind, NetworkConfig};
use crate::optim::{BaseAdamWConfig, BaseOptimizerConfig, EmaConfig, SamConfig};
use crate::{Error, Result};

fn positive(value: f64) -> bool {
    value.is_finite() && value > 0.0
}

/// How the learning rate goes on from its initial value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Schedule {
    /// It stays; the paper's.
    Constant,
    /// It falls to zero along a cosine over the stage's steps.
    Cosine,
}

/// What of the network a run trains, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// The heads on cached features, one task after another; the paper's.
    Staged,
    /// The heads on cached features, all tasks at once: the losses of whatever labels a row has
    /// are summed, and expressions also train the action units that they attend to.
    Joint,
    /// As `Joint`, and then the backbone together with the heads, on images.
    Whole,
}

/// How one stage trains.
#[derive(Config, Debug)]
pub struct StageConfig {
    /// Passes over the stage's labelled rows; 1 to 1,000,000. Paper and program: up to 100.
    #[config(default = 100)]
    pub epochs: usize,
    /// Rows in a step; 1 to 1,000,000. Paper: 256.
    #[config(default = 256)]
    pub batch_size: usize,
    /// Initial learning rate, in (0, 1]. Paper: 1e-3.
    #[config(default = 1e-3)]
    pub learning_rate: f64,
    /// How the learning rate changes. Program: not at all.
    #[config(default = "Schedule::Constant")]
    pub schedule: Schedule,
    /// The optimizer that applies the gradients. Paper: SGD.
    #[config(default = "BaseOptimizerConfig::default()")]
    pub optimizer: BaseOptimizerConfig,
    /// Sharpness-aware minimisation around it; null for none. Paper: rho 0.05.
    #[config(default = "Some(SamConfig::new())")]
    pub sam: Option<SamConfig>,
    /// An exponential moving average of the weights, which is then what is judged and kept; null for
    /// none. Paper: none.
    #[config(default = "None")]
    pub ema: Option<EmaConfig>,
}

impl StageConfig {
    /// The most epochs, and rows in a step: more are a slip of the finger.
    pub const MOST: usize = 1_000_000;

    fn check(&self, stage: &str) -> Result<()> {
        let fail = |field: &str, expected: &str, found: &dyn std::fmt::Display| {
            Err(Error::argument(format!("{stage}.{field}"), expected, found))
        };
        for (field, value) in [("epochs", &self.epochs), ("batch_size", &self.batch_size)] {
            if !(1..=Self::MOST).contains(value) {
                return fail(field, &format!("1 to {}", Self::MOST), value);
            }
        }
        if !(self.learning_rate > 0.0 && self.learning_rate <= 1.0) {
            return fail(
                "learning_rate",
                "above 0 and at most 1",
                &self.learning_rate,
            );
        }
        if let Some(sam) = &self.sam
            && !(sam.rho.is_finite() && sam.rho >= 0.0 && positive(sam.epsilon))
        {
            return fail("sam", "rho of at least 0 and epsilon above 0", sam);
        }
        if let Some(ema) = &self.ema
            && !ema.is_valid()
        {
            let expected = "decay of at least 0 and below 1, and warm_up above 0 or null";
            return fail("ema", expected, ema);
        }
        let valid = match &self.optimizer {
            BaseOptimizerConfig::Sgd(sgd) => {
                (0.0..1.0).contains(&sgd.momentum)
                    && (0.0..=1.0).contains(&sgd.dampening)
                    && sgd.weight_decay.is_finite()
                    && sgd.weight_decay >= 0.0
            }
            BaseOptimizerConfig::AdamW(adam) => {
                (0.0..1.0).contains(&adam.beta_1)
                    && (0.0..1.0).contains(&adam.beta_2)
                    && positive(adam.epsilon.into())
                    && adam.weight_decay.is_finite()
                    && adam.weight_decay >= 0.0
            }
        };
        match valid {
            true => Ok(()),
            false => fail(
                "optimizer",
                "hyper-parameters within their ranges",
                &self.optimizer,
            ),
        }
    }

    /// The learning rate over a stage of `steps` steps.
    pub(super) fn learning_rate(&self, steps: usize) -> Result<ModuleLrScheduler> {
        match self.schedule {
            Schedule::Constant => Ok(self.learning_rate.into()),
            Schedule::Cosine => {
                CosineAnnealingLrSchedulerConfig::new(self.learning_rate, steps.max(1))
                    .init()
                    .map_err(|found| Error::argument("learning_rate", "a valid schedule", found))
            }
        }
    }

    /// AdamW with a cosine schedule, without SAM.
    pub fn adamw(self) -> Self {
        self.with_schedule(Schedule::Cosine)
            .with_optimizer(BaseOptimizerConfig::AdamW(BaseAdamWConfig::new()))
            .with_sam(None)
    }
}

/// How a backbone is trained when none is given: on the training images' own labels, all three
/// tasks at once, missing labels masked.
#[derive(Config, Debug)]
pub struct BackboneStageConfig {
    /// The network.
    #[config(default = "Variant::Tiny")]
    pub variant: Variant,
    /// Largest probability with which a residual block is skipped in training, in [0, 1).
    #[config(default = 0.0)]
    pub drop_path: f64,
    /// The training itself.
    #[config(default = "StageConfig::backbone()")]
    pub stage: StageConfig,
}

impl StageConfig {
    /// What a network learns quickly with from nothing: AdamW, in small batches.
    fn backbone() -> Self {
        Self::new()
            .with_epochs(15)
            .with_batch_size(32)
            .with_learning_rate(3e-3)
            .adamw()
    }
}

impl StageConfig {
    /// For fine-tuning: AdamW with a small rate, so that what was learnt is not lost, and few epochs,
    /// each of which costs a hundred times one of the heads alone.
    fn whole() -> Self {
        Self::new()
            .with_epochs(5)
            .with_batch_size(32)
            .with_learning_rate(1e-4)
            .adamw()
    }
}

/// A whole run: the backbone if it is to be trained, then AU, EX and VA.
#[derive(Config, Debug)]
pub struct TrainConfig {
    /// The data: the folder of an s-Aff-Wild2 data set, a table of labels, or a folder with one for each
    /// class; null renders the synthetic set.
    #[config(default = "None")]
    pub data: Option<String>,
    /// The weights of the backbone; null trains a small one on the training images.
    #[config(default = "None")]
    pub weights: Option<String>,
    /// The synthetic set, where there is no data.
    #[config(default = "SyntheticConfig::new()")]
    pub synthetic: SyntheticConfig,
    /// Seeds the initial weights, the order of the rows, dropout and augmentation.
    #[config(default = 0)]
    pub seed: u64,
    /// How expression logits attend to action units; the default is the paper's Eq. 6-7.
    #[config(default = "Attention::Elementwise")]
    pub attention: Attention,
    /// What a backbone with a classifier hands to the heads.
    #[config(default = "FeatureKind::Pooled")]
    pub feature: FeatureKind,
    /// Random horizontal flips: each epoch shows a row's features or its mirror image's.
    #[config(default = true)]
    pub flip: bool,
    /// Whether a row that lacks some action units keeps the others.
    #[config(default = false)]
    pub keep_partial_action_units: bool,
    /// Whether annotation files must keep to the challenge's own form, to the letter.
    #[config(default = false)]
    pub strict: bool,
    /// What the labels of a table or of folders mean.
    #[config(default = "LabelConfig::new()")]
    pub labels: LabelConfig,
    /// How rows are divided, where the data does not say.
    #[config(default = "DivisionConfig::new()")]
    pub division: DivisionConfig,
    /// The largest share of images that may be unreadable, in [0, 1]; each is reported and left out.
    #[config(default = 0.01)]
    pub max_unreadable: f64,
    /// The backbone's own training; unused where weights are given.
    #[config(default = "BackboneStageConfig::new()")]
    pub backbone: BackboneStageConfig,
    /// What is trained, and in which order; `joint` and `whole` below are unused where it does not
    /// ask for them, as are the three stages of the heads.
    #[config(default = "Order::Staged")]
    pub order: Order,
    /// The action-unit stage.
    #[config(default = "StageConfig::new()")]
    pub action_unit: StageConfig,
    /// The expression stage, with the cross attention.
    #[config(default = "StageConfig::new()")]
    pub expression: StageConfig,
    /// The valence-arousal stage.
    #[config(default = "StageConfig::new()")]
    pub valence_arousal: StageConfig,
    /// All heads at once.
    #[config(default = "StageConfig::new()")]
    pub joint: StageConfig,
    /// The whole network on images.
    #[config(default = "StageConfig::whole()")]
    pub whole: StageConfig,
}

impl TrainConfig {
    /// The settings for the synthetic set.
    ///
    /// # Deviation
    /// The paper's learning rate of 1e-3 serves 400 steps an epoch; a synthetic epoch has a dozen,
    /// so the heads learn with a larger one. An output of valence and arousal that begins with a
    /// correlation below zero first loses its scale, and may need fifty epochs to turn around.
    pub fn synthetic() -> Self {
        let head = |epochs, rate| {
            StageConfig::new()
                .with_epochs(epochs)
                .with_learning_rate(rate)
        };
        Self::new()
            .with_action_unit(head(25, 5e-2))
            .with_expression(head(100, 2e-2))
            .with_valence_arousal(head(100, 2e-2))
            .with_joint(head(30, 5e-2))
            .with_whole(StageConfig::whole().with_learning_rate(3e-4))
    }

    /// Reads settings from a JSON file; absent keys have their default.
    ///
    /// # Errors
    /// As [`config::load`](crate::config::load); [`Error::File`] that names the setting if one is out
    /// of range.
    pub fn load(path: &Path) -> Result<Self> {
        let config = crate::config::load(path, &Self::new())?;
        match config.check() {
            Err(Error::Argument {
                what,
                expected,
                found,
            }) => Err(Error::file(path, format!("`{what}` {expected}"), found)),
            checked => checked.map(|()| config),
        }
    }

    /// The stages of the heads, to set them all alike.
    pub fn heads_mut(&mut self) -> [&mut StageConfig; 4] {
        [
            &mut self.action_unit,
            &mut self.expression,
            &mut self.valence_arousal,
            &mut self.joint,
        ]
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Argument`] naming the field.
    pub fn check(&self) -> Result<()> {
        for (name, path) in [("data", &self.data), ("weights", &self.weights)] {
            if path.as_deref() == Some("") {
                return Err(Error::argument(name, "a path", "an empty one"));
            }
        }
        self.labels.check()?;
        self.division.check()?;
        if !(0.0..=1.0).contains(&self.max_unreadable) {
            return Err(Error::argument(
                "max_unreadable",
                "in [0, 1]",
                self.max_unreadable,
            ));
        }
        if !(0.0..1.0).contains(&self.backbone.drop_path) {
            return Err(Error::argument(
                "backbone.drop_path",
                "at least 0 and below 1",
                self.backbone.drop_path,
            ));
        }
        if self.weights.is_none() && self.feature == FeatureKind::PooledAndLogits {
            let expected = "Pooled, or weights of a backbone with a classifier";
            return Err(Error::argument("feature", expected, "PooledAndLogits"));
        }
        NetworkConfig::paper(1)
            .with_attention(self.attention.clone())
            .validate()?;
        self.backbone.stage.check("backbone.stage")?;
        self.action_unit.check("action_unit")?;
        self.expression.check("expression")?;
        self.valence_arousal.check("valence_arousal")?;
        self.joint.check("joint")?;
        self.whole.check("whole")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_survive_json() {
        let config = TrainConfig::new();
        config.check().unwrap();
        TrainConfig::synthetic().check().unwrap();
        let text = config.to_string();
        assert_eq!(
            crate::config::parse::<TrainConfig>(&text)
                .unwrap()
                .to_string(),
            text
        );
    }

    #[test]
    fn a_file_is_named_with_the_setting_that_is_out_of_range() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        std::fs::write(&path, r#"{"expression": {"batch_size": 0}}"#).unwrap();
        let error = TrainConfig::load(&path).unwrap_err().to_string();
        let expected = "settings.json: expected `expression.batch_size` 1 to 1000000, found 0";
        assert!(error.ends_with(expected), "{error}");
        std::fs::write(&path, r#"{"expression": {"batch_size": 7}}"#).unwrap();
        assert_eq!(TrainConfig::load(&path).unwrap().expression.batch_size, 7);
    }

    #[test]
    fn a_value_out_of_range_is_named() {
        let named = |change: fn(&mut TrainConfig), expected: &str| {
            let mut config = TrainConfig::new();
            change(&mut config);
            let error = config.check().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        named(
            |config| config.expression.batch_size = 0,
            "expression.batch_size",
        );
        named(
            |config| config.action_unit.epochs = usize::MAX,
            "action_unit.epochs",
        );
        named(|config| config.max_unreadable = f64::NAN, "max_unreadable");
        named(|config| config.weights = Some(String::new()), "weights");
        named(
            |config| config.attention = Attention::Additive { hidden: 0 },
            "attention",
        );
        named(
            |config| config.feature = FeatureKind::PooledAndLogits,
            "feature",
        );
        named(
            |config| config.whole.ema = Some(EmaConfig::new().with_decay(1.0)),
            "whole.ema",
        );
        named(
            |config| config.joint.ema = Some(EmaConfig::new().with_warm_up(Some(0.0))),
            "joint.ema",
        );
        named(
            |config| {
                let sam = SamConfig::new().with_epsilon(f64::INFINITY);
                config.valence_arousal.sam = Some(sam);
            },
            "valence_arousal.sam",
        );
    }
}
