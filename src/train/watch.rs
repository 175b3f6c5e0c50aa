//! Stops a stage at the first step whose loss or gradient is not finite.

use std::sync::{Arc, Mutex, PoisonError};

use burn::tensor::{Tensor, TensorReadError};
use burn::train::Interrupter;
use burn::train::checkpoint::CheckpointerError;
use burn::train::metric::{Adaptor, Metric, MetricMetadata, MetricName, SerializedEntry};

use super::batch::StepOutput;

/// What was not finite, and in which step of its epoch, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) what: &'static str,
    pub(super) step: usize,
    pub(super) validating: bool,
}

/// Looks at every step as a metric does, which is where burn's training reads tensors anyway.
#[derive(Clone)]
pub(super) struct Watch {
    interrupter: Interrupter,
    validating: bool,
    found: Arc<Mutex<Option<Fault>>>,
}

impl Watch {
    /// One that looks at training steps and stops through `interrupter`.
    pub(super) fn new(interrupter: Interrupter) -> Self {
        Self {
            interrupter,
            validating: false,
            found: Arc::default(),
        }
    }

    /// The same for validation steps.
    pub(super) fn validating(&self) -> Self {
        Self {
            validating: true,
            ..self.clone()
        }
    }

    /// The first fault, if there was one.
    pub(super) fn found(&self) -> Option<Fault> {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The numbers of a step that must be finite.
pub(super) struct WatchInput {
    loss: Tensor<1>,
    gradient: Option<Tensor<1>>,
}

impl Adaptor<WatchInput> for StepOutput {
    fn adapt(&self) -> WatchInput {
        WatchInput {
            loss: self.loss.clone(),
            gradient: self.gradient.clone(),
        }
    }
}

impl Metric for Watch {
    type Input = WatchInput;

    fn name(&self) -> MetricName {
        Arc::new("Finite".to_string())
    }

    fn update(
        &mut self,
        input: &WatchInput,
        metadata: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        let finite = |value: &Tensor<1>| -> Result<bool, TensorReadError> {
            let data = value.clone().try_into_data()?;
            Ok(data.iter::<f32>().all(f32::is_finite))
        };
        let gradient = input.gradient.as_ref();
        let what = match (finite(&input.loss)?, gradient.map(finite).transpose()?) {
            (false, _) => "loss",
            (true, Some(false)) => "gradient",
            (true, _) => return Ok(SerializedEntry::not_available(None)),
        };
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.get_or_insert(Fault {
            what,
            step: metadata.iteration.unwrap_or(0),
            validating: self.validating,
        });
        let reason = CheckpointerError::Unknown(format!("the {what} is not finite"));
        self.interrupter.fail(reason);
        Ok(SerializedEntry::not_available(None))
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        Ok(SerializedEntry::not_available(None))
    }

    fn clear(&mut self) {}
}

#[cfg(test)]
mod tests {
    use burn::data::dataloader::Progress;
    use burn::tensor::Device;

    use super::*;

    fn look(watch: &mut Watch, step: usize, loss: f32, gradient: Option<f32>) {
        let device = Device::default();
        let number = |value: f32| Tensor::<1>::from_floats([value], &device);
        let output = StepOutput {
            gradient: gradient.map(number),
            ..StepOutput::new(number(loss), Vec::new())
        };
        let metadata = MetricMetadata {
            progress: Progress::new(1, 1, None),
            iteration: Some(step),
            lr: None,
        };
        watch.update(&output.adapt(), &metadata).unwrap();
    }

    #[test]
    fn the_first_fault_stops_the_training_and_is_the_one_told() {
        for (what, loss, gradient) in [
            ("loss", f32::NAN, Some(1.0)),
            ("loss", f32::NEG_INFINITY, None),
            ("gradient", 0.5, Some(f32::NAN)),
            ("gradient", 0.5, Some(f32::INFINITY)),
        ] {
            let interrupter = Interrupter::new();
            let mut watch = Watch::new(interrupter.clone());
            look(&mut watch, 1, 0.5, Some(-3.0));
            look(&mut watch.validating(), 2, 1e30, None);
            assert!(watch.found().is_none() && !interrupter.should_stop());
            look(&mut watch, 3, loss, gradient);
            look(&mut watch, 4, f32::NAN, None);
            let expected = Fault {
                what,
                step: 3,
                validating: false,
            };
            assert_eq!(watch.found(), Some(expected));
            assert!(interrupter.should_stop());
        }
    }
}
