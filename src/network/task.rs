//! The tasks that a network was trained for.

use burn::config::Config;

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
