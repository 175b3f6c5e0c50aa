//! The base optimizers, with no hyper-parameter left to a library's default.

use burn::config::Config;
use burn::optim::{self, ModuleOptimizer};

use super::sgd::{BaseSgdConfig, assert_decay};

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), with PyTorch's defaults.
///
/// burn's own config of it has other ones: an epsilon of 1e-5 and a decay of 1e-4.
#[derive(Config, Debug)]
pub struct BaseAdamWConfig {
    /// Decay of the first moment, in [0, 1). Default: 0.9.
    #[config(default = 0.9)]
    pub beta_1: f32,
    /// Decay of the second moment, in [0, 1). Default: 0.999.
    #[config(default = 0.999)]
    pub beta_2: f32,
    /// Added to the root of the second moment; positive. Default: 1e-8.
    #[config(default = 1e-8)]
    pub epsilon: f32,
    /// The share of a weight that a step at rate 1 takes off; at least 0. Default: 0.01.
    #[config(default = 0.01)]
    pub weight_decay: f32,
}

/// The optimizer that applies the gradients, alone or those of [`Sam`](super::Sam).
#[derive(Config, Debug)]
pub enum BaseOptimizerConfig {
    /// The paper's, in SAM or alone.
    Sgd(BaseSgdConfig),
    /// The common alternative.
    AdamW(BaseAdamWConfig),
}

impl Default for BaseOptimizerConfig {
    /// The paper's: SGD.
    fn default() -> Self {
        Self::Sgd(BaseSgdConfig::new())
    }
}

impl BaseOptimizerConfig {
    /// Builds the optimizer for a whole module.
    ///
    /// # Panics
    /// If a hyper-parameter is outside its range.
    pub fn init(&self) -> ModuleOptimizer {
        match self {
            Self::Sgd(config) => config.init(),
            Self::AdamW(config) => config.init(),
        }
    }
}

impl BaseAdamWConfig {
    /// Builds the optimizer for a whole module.
    ///
    /// # Panics
    /// If a hyper-parameter is outside its range.
    pub fn init(&self) -> ModuleOptimizer {
        for (name, beta) in [("beta_1", self.beta_1), ("beta_2", self.beta_2)] {
            assert!(
                (0.0..1.0).contains(&beta),
                "{name} must be in [0, 1), got {beta}"
            );
        }
        assert!(
            self.epsilon.is_finite() && self.epsilon > 0.0,
            "epsilon must be finite and positive, got {}",
            self.epsilon
        );
        assert_decay(self.weight_decay);
        optim::AdamWConfig::new()
            .with_beta_1(self.beta_1)
            .with_beta_2(self.beta_2)
            .with_epsilon(self.epsilon)
            .with_weight_decay(self.weight_decay)
            .with_cautious_weight_decay(false)
            .with_amsgrad(false)
            .init()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configs_survive_json_and_a_misspelt_key_is_an_error() {
        for config in [
            BaseOptimizerConfig::default(),
            BaseOptimizerConfig::AdamW(BaseAdamWConfig::new().with_beta_1(0.8)),
        ] {
            let json = config.to_string();
            let again: BaseOptimizerConfig = crate::config::parse(&json).unwrap();
            assert_eq!(again.to_string(), json);
        }
        let misspelt = BaseOptimizerConfig::default()
            .to_string()
            .replace("nesterov\"", "nestorov\": false, \"nesterov\"");
        let error = crate::config::parse::<BaseOptimizerConfig>(&misspelt).unwrap_err();
        assert!(error.contains("nestorov"), "{error}");
    }

    #[test]
    fn what_runs_have_written_is_still_read() {
        let sgd = r#"{"Sgd": {"momentum": 0.8, "dampening": 0.0, "weight_decay": 0.0, "nesterov": true}}"#;
        match crate::config::parse(sgd) {
            Ok(BaseOptimizerConfig::Sgd(sgd)) => {
                assert_eq!((sgd.momentum, sgd.nesterov), (0.8, true))
            }
            other => panic!("{other:?}"),
        }
        let adamw =
            r#"{"AdamW": {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-6, "weight_decay": 0.1}}"#;
        match crate::config::parse(adamw) {
            Ok(BaseOptimizerConfig::AdamW(adamw)) => assert_eq!(adamw.weight_decay, 0.1),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sgd_defaults_to_the_papers_values() {
        let config = BaseSgdConfig::new();
        assert_eq!((config.momentum, config.dampening), (0.9, 0.0));
        assert_eq!(config.weight_decay, 1.0 / 256.0);
        assert!(!config.nesterov);
    }

    #[test]
    #[should_panic(expected = "momentum must be in [0, 1)")]
    fn an_impossible_momentum_is_refused() {
        BaseSgdConfig::new().with_momentum(1.0).init();
    }
}
