//! Settings by name, for the number of labelled rows that there are.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::schedule::Schedule;
use super::stage::StageConfig;
use crate::optim::BaseOptimizerConfig;

/// Settings of the stages by name; see [`TrainConfig::recipe`](super::TrainConfig::recipe).
///
/// | stage | `Paper` | `Small` |
/// |---|---|---|
/// | heads | 100 epochs at 1e-3, constant (AdamW by its own schedule) | SGD at 0.05 (AdamW at its own rate), warmed up over the first twentieth of the steps, then a cosine to 0; epochs for 4,000 steps, 1,500 for action units alone, 30 to 400; patience of a fifth of them |
/// | backbone, from nothing | as it is written | likewise, at its own rate; epochs for 8,000 steps, 20 to 60 |
/// | whole network | as it is written | 20 epochs at 3e-4, warmed up over the first tenth; patience 6; layer-wise decay 0.8, label smoothing 0.1, mixup with an alpha of 0.2 |
///
/// The optimizer, SAM, the average, the rows in a step and all that is not named stay as they are
/// written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recipe {
    /// `Paper` for the tasks with [`LARGE`](Self::LARGE) labelled rows or more, `Small` for the others; a
    /// stage of several tasks counts the rows of the one that has the most.
    Auto,
    /// The paper's schedule, to the letter: a rate of 1e-3 that stays, for 100 epochs.
    Paper,
    /// What suits a small set: a larger rate, warmed up and decayed, epochs by the number of rows until
    /// none is better any more, and a fine-tuning that keeps what the backbone knows.
    Small,
}

impl Recipe {
    /// The labelled rows of a task from which on the paper's schedule serves: it was made for 400
    /// steps an epoch, and here an epoch has half as many.
    pub const LARGE: usize = 50_000;

    fn is_small(self, rows: usize) -> bool {
        match self {
            Self::Auto => rows < Self::LARGE,
            Self::Paper => false,
            Self::Small => true,
        }
    }

    /// A stage of the heads on `rows`.
    pub(in crate::train) fn head(self, stage: &StageConfig, rows: usize) -> StageConfig {
        self.learnt_in(HEAD_STEPS, stage, rows)
    }

    /// The stage of the action units on `rows`.
    pub(in crate::train) fn units(self, stage: &StageConfig, rows: usize) -> StageConfig {
        self.learnt_in(UNIT_STEPS, stage, rows)
    }

    fn learnt_in(self, steps: usize, stage: &StageConfig, rows: usize) -> StageConfig {
        match self.is_small(rows) {
            true => small_head(stage, rows, steps),
            false => {
                let paper = StageConfig::new();
                StageConfig {
                    epochs: paper.epochs,
                    learning_rate: paper.learning_rate,
                    schedule: match stage.optimizer {
                        BaseOptimizerConfig::Sgd(_) => paper.schedule,
                        BaseOptimizerConfig::AdamW(_) => stage.schedule,
                    },
                    warm_up: paper.warm_up,
                    patience: paper.patience,
                    ..stage.clone()
                }
            }
        }
    }

    /// The backbone's own training on `rows`.
    pub(in crate::train) fn backbone(self, stage: &StageConfig, rows: usize) -> StageConfig {
        match self.is_small(rows) {
            true => course(stage, rows, BACKBONE_STEPS, 20, 60),
            false => stage.clone(),
        }
    }

    /// The fine-tuning of the whole network on `rows`: of few, more epochs, the deeper the slower,
    /// and labels that are not learnt by heart.
    pub(in crate::train) fn whole(self, stage: &StageConfig, rows: usize) -> StageConfig {
        match self.is_small(rows) {
            true => StageConfig {
                epochs: 20,
                learning_rate: 3e-4,
                schedule: Schedule::Cosine,
                warm_up: 0.1,
                patience: Some(6),
                label_smoothing: 0.1,
                layer_decay: 0.8,
                mixup: Some(0.2),
                ..stage.clone()
            },
            false => stage.clone(),
        }
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Chosen: steps of a head on cached features at the rate below; the paper's 100 epochs have 40,000 at a
/// fiftieth of it.
const HEAD_STEPS: usize = 4_000;

/// The same of the action units' head, which has a thousand times the weights of the others: it
/// takes fewer steps, each of which takes longer.
const UNIT_STEPS: usize = 1_500;

/// Chosen: steps of a small network that learns from nothing.
const BACKBONE_STEPS: usize = 8_000;

/// Epochs of a stage on `rows`: so many that they have `steps` in all, between `least` and `most`;
/// and the patience that goes with them, a fifth.
fn course(
    stage: &StageConfig,
    rows: usize,
    steps: usize,
    least: usize,
    most: usize,
) -> StageConfig {
    let epochs = (steps / rows.div_ceil(stage.batch_size).max(1)).clamp(least, most);
    StageConfig {
        epochs,
        schedule: Schedule::Cosine,
        warm_up: 0.05,
        patience: Some(epochs.div_ceil(5)),
        ..stage.clone()
    }
}

/// A stage of the heads for a set of `rows`. AdamW keeps its rate, which does not depend on how
/// many steps there are as that of SGD does.
fn small_head(stage: &StageConfig, rows: usize, steps: usize) -> StageConfig {
    let stage = course(stage, rows, steps, 30, 400);
    match stage.optimizer {
        BaseOptimizerConfig::Sgd(_) => stage.with_learning_rate(0.05),
        BaseOptimizerConfig::AdamW(_) => stage,
    }
}
