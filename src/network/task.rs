//! The tasks that a network was trained for.

use burn::config::Config;

use crate::Labels;

/// Which tasks a network was trained for; it has no scores for the others.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
pub struct Tasks {
    /// Action units.
    #[config(default = true)]
    pub action_unit: bool,
    /// Expressions.
    #[config(default = true)]
    pub expression: bool,
    /// Valence and arousal.
    #[config(default = true)]
    pub valence_arousal: bool,
}

impl Tasks {
    /// All three.
    pub const ALL: Self = Self {
        action_unit: true,
        expression: true,
        valence_arousal: true,
    };
    /// None of them.
    pub const NONE: Self = Self {
        action_unit: false,
        expression: false,
        valence_arousal: false,
    };
    /// Action units alone.
    pub const ACTION_UNIT: Self = Self {
        action_unit: true,
        ..Self::NONE
    };
    /// Expressions alone.
    pub const EXPRESSION: Self = Self {
        expression: true,
        ..Self::NONE
    };
    /// Valence and arousal alone.
    pub const VALENCE_AROUSAL: Self = Self {
        valence_arousal: true,
        ..Self::NONE
    };

    /// The tasks that are in both.
    pub const fn and(self, other: Self) -> Self {
        Self {
            action_unit: self.action_unit && other.action_unit,
            expression: self.expression && other.expression,
            valence_arousal: self.valence_arousal && other.valence_arousal,
        }
    }

    /// How many they are.
    pub fn count(self) -> usize {
        let Self {
            action_unit,
            expression,
            valence_arousal,
        } = self;
        let all = [action_unit, expression, valence_arousal];
        all.into_iter().filter(|is_one| *is_one).count()
    }

    /// `labels` without those of other tasks.
    pub fn labels(&self, labels: &Labels) -> Labels {
        Labels {
            action_units: match self.action_unit {
                true => labels.action_units.clone(),
                false => Vec::new(),
            },
            expression: labels.expression.filter(|_| self.expression),
            shares: match self.expression {
                true => labels.shares.clone(),
                false => Vec::new(),
            },
            valence_arousal: match self.valence_arousal {
                true => labels.valence_arousal,
                false => [None; 2],
            },
        }
    }

    /// Whether `labels` has any label of these tasks.
    pub fn are_labelled(&self, labels: &Labels) -> bool {
        self.action_unit && labels.has_action_units()
            || self.expression && labels.expression.is_some()
            || self.valence_arousal && labels.has_valence_arousal()
    }
}
