//! The learning rate over the steps of a stage.

use burn::optim::lr_scheduler::LrSchedulerConfig;
use burn::optim::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::optim::lr_scheduler::linear::LinearLrSchedulerConfig;
use burn::optim::lr_scheduler::sequential::SequentialLrSchedulerConfig;
use serde::{Deserialize, Serialize};

/// How the learning rate goes on from its initial value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Schedule {
    /// It stays; the paper's.
    Constant,
    /// It falls to zero along a cosine over the stage's steps.
    Cosine,
}

impl Schedule {
    /// The rate of each of `steps` steps: up to `rate` over the first `warm_up` of them, in equal
    /// parts, and on from there.
    pub(in crate::train) fn over(
        self,
        steps: usize,
        warm_up: usize,
        rate: f64,
    ) -> LrSchedulerConfig {
        let warm_up = warm_up.min(steps.saturating_sub(1));
        let rest = match self {
            Self::Constant => rate.into(),
            Self::Cosine => {
                let steps = (steps - warm_up).max(1);
                CosineAnnealingLrSchedulerConfig::new(rate, steps).into()
            }
        };
        if warm_up == 0 {
            return rest;
        }
        let first = rate / (warm_up + 1) as f64;
        let rise = LinearLrSchedulerConfig::new(first, rate, warm_up).into();
        SequentialLrSchedulerConfig::new(vec![rise, rest], vec![warm_up]).into()
    }
}

#[cfg(test)]
mod tests {
    use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLrSchedulerConfig;

    use super::*;

    fn rates(schedule: Schedule, steps: usize, warm_up: usize) -> Vec<f64> {
        let config = ModuleLrSchedulerConfig::new(schedule.over(steps, warm_up, 0.5));
        let mut scheduler = config.init().unwrap();
        (0..steps).map(|_| scheduler.step().base()).collect()
    }

    fn assert_near(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} not {expected}");
        }
    }

    #[test]
    fn the_rate_rises_in_equal_parts_and_then_goes_its_own_way() {
        let constant = rates(Schedule::Constant, 6, 3);
        assert_near(&constant, &[0.125, 0.25, 0.375, 0.5, 0.5, 0.5]);
        let cosine = rates(Schedule::Cosine, 5, 1);
        let fall = |step: f64| 0.25 * (1.0 + (std::f64::consts::PI * step / 4.0).cos());
        assert_near(&cosine, &[0.25, 0.5, fall(1.0), fall(2.0), fall(3.0)]);
    }

    #[test]
    fn without_a_warm_up_the_first_rate_is_the_whole() {
        assert_near(&rates(Schedule::Constant, 2, 0), &[0.5, 0.5]);
        assert_near(&rates(Schedule::Cosine, 2, 0), &[0.5, 0.25]);
    }

    #[test]
    fn a_warm_up_of_every_step_leaves_one_at_the_whole_rate() {
        assert_near(
            &rates(Schedule::Constant, 3, 9),
            &[1.0 / 6.0, 1.0 / 3.0, 0.5],
        );
        assert_near(&rates(Schedule::Cosine, 1, 9), &[0.5]);
    }
}
