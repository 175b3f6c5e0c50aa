//! The settings of one stage.

use burn::config::Config;
use burn::module::ParamGroup;
use burn::optim::lr_scheduler::module_lr_scheduler::{ModuleLrScheduler, ModuleLrSchedulerConfig};
use serde::{Deserialize, Serialize};

use super::schedule::Schedule;
use crate::optim::{BaseAdamWConfig, BaseOptimizerConfig, EmaConfig, SamConfig};
use crate::{Error, Result};

/// Which rows an epoch shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sampling {
    /// Each once, in an order drawn anew; the paper's. Weights of rows count in the loss.
    Shuffled,
    /// As many, drawn with replacement so that every expression is as likely as any other: a row
    /// with probability inverse to the number of rows of its expression. Rows without an expression
    /// stay as likely, all together, as they are. The loss then weighs all expressions alike, or a
    /// rare one would count for its rarity twice. A row that an epoch shows twice looks the same both
    /// times. Weights of rows decide how often each is drawn among those of its expression, and a row
    /// that was drawn then counts as any other in the loss.
    Balanced,
}

/// How one stage trains.
#[derive(Config, Debug)]
pub struct StageConfig {
    /// Passes over the stage's labelled rows, at most; 1 to 1,000,000. Paper and program: up to
    /// 100.
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
    /// The share of the steps, of all `epochs`, over which the learning rate first rises to its
    /// initial value in equal parts, in [0, 1). Paper: none, 0.
    #[config(default = 0.0)]
    pub warm_up: f64,
    /// Epochs in a row without a better validation score after which the stage ends, 1 to
    /// 1,000,000; null: it always trains all epochs. Where the validation labels
    /// allow no score the validation loss takes its place, and where there are none the training loss. Paper: null.
    #[config(default = "None")]
    pub patience: Option<usize>,
    /// Which rows an epoch shows. `Balanced` is for stages that learn expressions. Paper:
    /// `Shuffled`.
    #[config(default = "Sampling::Shuffled")]
    pub sampling: Sampling,
    /// The optimizer that applies the gradients. Paper: SGD.
    #[config(default = "BaseOptimizerConfig::default()")]
    pub optimizer: BaseOptimizerConfig,
    /// Sharpness-aware minimisation around it; null for none. Paper: rho 0.05.
    #[config(default = "Some(SamConfig::new())")]
    pub sam: Option<SamConfig>,
    /// An exponential moving average of the weights, which is then what is judged and kept; null
    /// for none. Paper: none.
    #[config(default = "None")]
    pub ema: Option<EmaConfig>,
    /// The share of an expression's label that goes to all classes in equal parts, in [0, 1), where
    /// expressions are learnt. Paper: none, 0.
    #[config(default = 0.0)]
    pub label_smoothing: f64,
    /// The learning rate of each block of the backbone over that of the block behind it, in (0, 1];
    /// 1: all alike. As timm's `layer_decay`: the heads learn at the whole rate, the last block and
    /// the convolution behind it at this share of it, the block before at its square, and so on
    /// down to the stem. For stages on images. Paper: none, 1.
    #[config(default = 1.0)]
    pub layer_decay: f64,
    /// How many of the backbone's seven stages of blocks keep their weights and the statistics of
    /// their norms, from the first on, 0 to 7; the stem before them does too, and a network with
    /// fewer stages has them all frozen. Null: everything learns. For the stage of the whole
    /// network. Paper: null.
    #[config(default = "None")]
    pub frozen_stages: Option<usize>,
    /// The alpha of mixup (Zhang et al. 2018), above 0 and at most 10; null for none. Every image
    /// of a step is mixed with another one, `share` of it and the rest of the other, `share` drawn
    /// for the step, or each device's part of it, from Beta(alpha, alpha); the loss is `share` times that of the image's labels
    /// plus the rest times that of the other's, each over the rows that have a label: one that is
    /// missing on one side leaves the other its part. For stages on images. Paper: none.
    #[config(default = "None")]
    pub mixup: Option<f64>,
}

/// What a stage learns from, and so which of its settings mean anything.
#[derive(Clone, Copy)]
pub(super) struct Means {
    /// Images, through a backbone.
    pub(super) images: bool,
    /// Expressions.
    pub(super) expressions: bool,
    /// Weights that were trained before.
    pub(super) trained: bool,
}

/// Stages of the backbone that can be frozen.
const BACKBONE_STAGES: usize = 7;

impl StageConfig {
    /// The most epochs, and rows in a step: more are a slip of the finger.
    pub const MOST: usize = 1_000_000;

    pub(super) fn check(&self, stage: &str, means: Means) -> Result<()> {
        let fail = |field: &str, expected: &str, found: &dyn std::fmt::Display| {
            Err(Error::argument(format!("{stage}.{field}"), expected, found))
        };
        let patience = self.patience.as_ref().unwrap_or(&1);
        for (field, value) in [
            ("epochs", &self.epochs),
            ("batch_size", &self.batch_size),
            ("patience", patience),
        ] {
            if !(1..=Self::MOST).contains(value) {
                return fail(field, &format!("1 to {}", Self::MOST), value);
            }
        }
        for (field, value) in [
            ("learning_rate", &self.learning_rate),
            ("layer_decay", &self.layer_decay),
        ] {
            if !(*value > 0.0 && *value <= 1.0) {
                return fail(field, "above 0 and at most 1", value);
            }
        }
        for (field, value) in [
            ("warm_up", &self.warm_up),
            ("label_smoothing", &self.label_smoothing),
        ] {
            if !(0.0..1.0).contains(value) {
                return fail(field, "at least 0 and below 1", value);
            }
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
        if let Some(stages) = &self.frozen_stages
            && *stages > BACKBONE_STAGES
        {
            let expected = format!("0 to {BACKBONE_STAGES}, or null");
            return fail("frozen_stages", &expected, stages);
        }
        if let Some(alpha) = &self.mixup
            && !(*alpha > 0.0 && *alpha <= 10.0)
        {
            return fail("mixup", "above 0 and at most 10, or null", alpha);
        }
        if !has_valid_ranges(&self.optimizer) {
            let expected = "hyper-parameters within their ranges";
            return fail("optimizer", expected, &self.optimizer);
        }
        self.check_meaning(stage, means)
    }

    /// Refuses settings that would change nothing in this stage.
    fn check_meaning(&self, stage: &str, means: Means) -> Result<()> {
        let images = "nothing, as this stage learns from features and not from images";
        let classes = "nothing, as this stage learns no expressions";
        for (is_idle, field, expected) in [
            (
                !means.images && self.layer_decay != 1.0,
                "layer_decay",
                images,
            ),
            (
                !means.images && self.frozen_stages.is_some(),
                "frozen_stages",
                images,
            ),
            (
                !means.trained && self.frozen_stages.is_some(),
                "frozen_stages",
                "null, as this stage begins with weights that were never trained",
            ),
            (!means.images && self.mixup.is_some(), "mixup", images),
            (
                !means.expressions && self.sampling == Sampling::Balanced,
                "sampling",
                classes,
            ),
            (
                !means.expressions && self.label_smoothing != 0.0,
                "label_smoothing",
                classes,
            ),
        ] {
            if is_idle {
                let found = "a setting that would change nothing";
                return Err(Error::argument(format!("{stage}.{field}"), expected, found));
            }
        }
        Ok(())
    }

    /// The learning rate over `steps` steps. Of `groups`, from the image on, each learns at
    /// [`layer_decay`](Self::layer_decay) times the rate of the next, the last one at that share of
    /// the whole rate, and what is in none of them at the whole.
    ///
    /// # Errors
    /// [`Error::Argument`] if the rate is out of range.
    pub fn scheduler(&self, steps: usize, groups: &[ParamGroup]) -> Result<ModuleLrScheduler> {
        let warm_up = (steps as f64 * self.warm_up).round() as usize;
        let of = |share: f64| {
            let rate = self.learning_rate * share;
            self.schedule.over(steps, warm_up, rate)
        };
        let mut config = ModuleLrSchedulerConfig::new(of(1.0));
        if self.layer_decay != 1.0 {
            for (place, group) in groups.iter().enumerate() {
                let depth = (groups.len() - place) as i32;
                config = config.with_group(group.clone(), of(self.layer_decay.powi(depth)));
            }
        }
        config
            .init()
            .map_err(|found| Error::argument("learning_rate", "a valid schedule", found))
    }

    /// AdamW with a cosine schedule, without SAM.
    pub fn adamw(self) -> Self {
        self.with_schedule(Schedule::Cosine)
            .with_optimizer(BaseOptimizerConfig::AdamW(BaseAdamWConfig::new()))
            .with_sam(None)
    }

    /// What a network learns quickly with from nothing: AdamW, in small batches.
    pub(super) fn backbone() -> Self {
        Self::new()
            .with_epochs(15)
            .with_batch_size(32)
            .with_learning_rate(3e-3)
            .adamw()
    }

    /// For fine-tuning: AdamW with a small rate, so that what was learnt is not lost, and few
    /// epochs, each of which costs a hundred times one of the heads alone.
    pub(super) fn whole() -> Self {
        Self::new()
            .with_epochs(5)
            .with_batch_size(32)
            .with_learning_rate(1e-4)
            .adamw()
    }

    /// For a temporal head and the heads that were trained before: AdamW, in small batches of windows.
    pub(super) fn temporal() -> Self {
        Self::new().with_epochs(30).with_batch_size(16).adamw()
    }
}

fn positive(value: f64) -> bool {
    value.is_finite() && value > 0.0
}

fn has_valid_ranges(optimizer: &BaseOptimizerConfig) -> bool {
    match optimizer {
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
    }
}
