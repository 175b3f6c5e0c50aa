//! `--batch-size`, `--precision` and `--device` of whatever runs images through a network.

use std::path::Path;

use burn::tensor::Device;
use countenance::Result;
use countenance::precision::Precision;
use countenance::predict::Predictor;

use super::argument::{at_least_one, of_flag};
use super::device::DeviceArgument;
use super::report::say;
use super::weights::located;

/// `#[command(flatten)] inference: InferenceArguments` gives an example these three.
#[derive(Clone, Debug, clap::Args)]
pub struct InferenceArguments {
    /// Images in a batch, at least 1
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = at_least_one)]
    pub batch_size: usize,
    /// What the backbone computes with: f32, and on a GPU that has them f16 or bf16
    #[arg(long, value_name = "P", default_value_t)]
    pub precision: Precision,
    #[command(flatten)]
    device: DeviceArgument,
}

impl InferenceArguments {
    /// The chosen device.
    ///
    /// # Errors
    /// As [`DeviceArgument::open`].
    pub fn device(&self) -> Result<Device> {
        self.device.open()
    }

    /// The model in the file or of the name `model`, on `device` and with the chosen precision.
    ///
    /// # Errors
    /// As [`predictor`], and if the device lacks the precision.
    pub fn predictor(&self, model: &Path, device: &Device) -> Result<Predictor> {
        let predictor = predictor(model, device)?.with_precision(self.precision);
        predictor.map_err(of_flag("--precision"))
    }
}

/// The model in the file or of the name `model`, on `device`; what was guessed of it is said.
///
/// # Errors
/// If it cannot be fetched or read.
pub fn predictor(model: &Path, device: &Device) -> Result<Predictor> {
    let predictor = Predictor::load_on(located(model)?, device)?;
    for warning in predictor.warnings() {
        say(format_args!("warning: {warning}"));
    }
    Ok(predictor)
}
