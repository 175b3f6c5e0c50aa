//! How units and expressions are matched, and what is known of both.

use burn::config::Config;
use serde::{Deserialize, Serialize};

use crate::loss::Learns;

/// Where it is known from how often an action unit comes with an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RateSource {
    /// The table of Du, Tao and Martinez (2014): see
    /// [`UnitRates::published`](crate::label::UnitRates::published).
    Published,
    /// The training labels: see [`UnitRates::estimated`](crate::label::UnitRates::estimated).
    Estimated,
}

/// Settings of [`MatchingLoss`](crate::loss::MatchingLoss) in a run.
#[derive(Config, Debug)]
pub struct MatchingConfig {
    /// Where the rates come from. Default: the published table.
    #[config(default = "RateSource::Published")]
    pub source: RateSource,
    /// What the loss is multiplied by beside those of the tasks, above 0 and at most 1000. Default: 1.
    #[config(default = 1.0)]
    pub weight: f64,
    /// Who learns from whom. Default: both.
    #[config(default = "Learns::Both")]
    pub learns: Learns,
}
