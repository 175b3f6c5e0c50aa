//! Settings that follow from the data.

use std::path::Path;

use super::config::{BackboneStageConfig, BaselineStageConfig, TrainConfig};
use super::data::Data;
use super::supervision::Supervision;
use crate::{Error, Result};

impl TrainConfig {
    /// These settings with the stages as the [`recipe`](Self::recipe) has them for the rows of the
    /// data, and without the recipe; the same settings where there is none. A run does so when it
    /// is created; who wants to change something of what comes out asks here first.
    ///
    /// # Errors
    /// As [`check`](Self::check); [`Error::Argument`] for a recipe without data, whose rows it is for;
    /// whatever keeps the labels from being read.
    pub fn fitted(self) -> Result<Self> {
        self.check()?;
        match (self.recipe, &self.data) {
            (Some(_), Some(root)) => {
                let supervision = Data::open(Path::new(root), &self)?.supervision();
                Ok(self.for_rows(&labelled(&supervision)))
            }
            (Some(recipe), None) => Err(Error::argument(
                "recipe",
                "null, or data whose rows it is for",
                recipe,
            )),
            (None, _) => Ok(self),
        }
    }

    /// These settings with the recipe's in their place, for data with as many labelled `rows`, and
    /// no recipe any more.
    fn for_rows(self, rows: &LabelledRows) -> Self {
        let Some(recipe) = self.recipe else {
            return self;
        };
        let most = rows.most();
        Self {
            recipe: None,
            action_unit: recipe.units(&self.action_unit, rows.action_unit),
            expression: recipe.head(&self.expression, rows.expression),
            valence_arousal: recipe.head(&self.valence_arousal, rows.valence_arousal),
            joint: recipe.head(&self.joint, most),
            whole: recipe.whole(&self.whole, most),
            backbone: BackboneStageConfig {
                stage: recipe.backbone(&self.backbone.stage, most),
                ..self.backbone
            },
            baseline: self.baseline.map(|baseline| BaselineStageConfig {
                stage: recipe.head(&baseline.stage, most),
                ..baseline
            }),
            ..self
        }
    }
}

/// Labelled training rows of each task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LabelledRows {
    pub(super) action_unit: usize,
    pub(super) expression: usize,
    pub(super) valence_arousal: usize,
}

impl LabelledRows {
    /// Of the task that has the most.
    pub(super) fn most(&self) -> usize {
        let Self {
            action_unit,
            expression,
            valence_arousal,
        } = *self;
        action_unit.max(expression).max(valence_arousal)
    }
}

/// The training rows that each task learns from.
pub(super) fn labelled(supervision: &Supervision) -> LabelledRows {
    let training = &supervision.training;
    LabelledRows {
        action_unit: training.action_unit_rows,
        expression: training.expression_rows(),
        // One of the two alone is not learnt.
        valence_arousal: match supervision.tasks().valence_arousal {
            true => training.valence_arousal_rows,
            false => 0,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::SamConfig;
    use crate::train::config::{Recipe, Schedule, StageConfig};

    fn rows(expression: usize) -> LabelledRows {
        LabelledRows {
            action_unit: 2_400,
            expression,
            valence_arousal: 0,
        }
    }

    fn recipe(recipe: Recipe, rows: &LabelledRows) -> TrainConfig {
        let config = TrainConfig::new().with_data(Some("set".into()));
        config.with_recipe(Some(recipe)).for_rows(rows)
    }

    #[test]
    fn what_a_recipe_makes_is_valid_and_stays_as_it_is() {
        for name in [Recipe::Auto, Recipe::Paper, Recipe::Small] {
            for count in [0, 1, 300, 2_400, 49_999, 50_000, 10_000_000] {
                let made = recipe(name, &rows(count));
                made.check().unwrap();
                assert_eq!(made.recipe, None);
                let again = made.clone().for_rows(&rows(7));
                assert_eq!(again.to_string(), made.to_string());
            }
        }
    }

    #[test]
    fn a_recipe_without_data_has_no_rows_to_be_for() {
        let config = TrainConfig::new().with_recipe(Some(Recipe::Small));
        let error = config.fitted().unwrap_err().to_string();
        assert!(
            error.starts_with("recipe: expected null, or data"),
            "{error}"
        );
    }

    #[test]
    fn the_papers_recipe_leaves_another_optimizers_schedule() {
        let mut config = TrainConfig::new().with_data(Some("set".into()));
        config.expression = config.expression.adamw();
        let made = config.with_recipe(Some(Recipe::Paper)).for_rows(&rows(300));
        assert_eq!(made.expression.schedule, Schedule::Cosine);
        assert_eq!(made.action_unit.schedule, Schedule::Constant);
    }

    #[test]
    fn each_task_has_the_schedule_of_its_own_rows() {
        let paper = StageConfig::new().to_string();
        let made = recipe(Recipe::Auto, &rows(Recipe::LARGE));
        assert_eq!(made.expression.to_string(), paper);
        assert_eq!(made.joint.to_string(), paper);
        assert_eq!(made.whole.to_string(), TrainConfig::new().whole.to_string());
        assert_eq!(made.action_unit.learning_rate, 0.05);
        let made = recipe(Recipe::Auto, &rows(Recipe::LARGE - 1));
        assert_eq!(made.expression.learning_rate, 0.05);
        assert!(made.expression.patience.is_some() && made.whole.mixup.is_some());
        let made = recipe(Recipe::Small, &rows(Recipe::LARGE));
        assert_eq!(made.expression.learning_rate, 0.05);
    }

    #[test]
    fn the_papers_recipe_is_the_papers_whatever_the_rows() {
        let made = recipe(Recipe::Paper, &rows(300));
        let expected = TrainConfig::new().with_data(Some("set".into()));
        assert_eq!(made.to_string(), expected.to_string());
    }

    #[test]
    fn fewer_rows_have_more_epochs() {
        let epochs = [300, 2_400, 10_000, 49_999].map(|count| {
            let made = recipe(Recipe::Small, &rows(count)).expression;
            (made.epochs, made.patience.unwrap())
        });
        let units = |count| recipe(Recipe::Small, &rows(count)).action_unit.epochs;
        assert_eq!(units(300), 150);
        assert_eq!(epochs, [(400, 80), (400, 80), (100, 20), (30, 6)]);
    }

    #[test]
    fn a_recipe_leaves_the_optimizer_and_all_that_it_does_not_name() {
        let mut config = TrainConfig::new().with_data(Some("set".into()));
        config.expression = config.expression.adamw().with_batch_size(64);
        config.action_unit.sam = Some(SamConfig::new().with_rho(0.1));
        let made = config.clone().with_recipe(Some(Recipe::Small));
        let made = made.for_rows(&rows(2_400));
        let (before, after) = (&config.expression, &made.expression);
        assert_eq!(after.optimizer.to_string(), before.optimizer.to_string());
        assert_eq!((after.batch_size, after.learning_rate), (64, 1e-3));
        assert_eq!(made.action_unit.sam.unwrap().rho, 0.1);
    }
}
