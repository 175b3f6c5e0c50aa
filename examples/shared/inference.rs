//! `--batch-size`, `--precision` and `--device` of whatever runs images through a network.

use std::path::Path;

use burn::tensor::Device;
use countenance::Result;
use countenance::precision::Precision;
use countenance::predict::Predictor;

use super::argument::{at_least_one, of_flag};
use super::device::DeviceArgument;

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

    /// The model in `path`, on `device` and with the chosen precision.
    ///
    /// # Errors
    /// If it cannot be read, or the device lacks the precision.
    pub fn predictor(&self, path: &Path, device: &Device) -> Result<Predictor> {
        let predictor = Predictor::load_on(path, device)?;
        let predictor = predictor.with_precision(self.precision);
        predictor.map_err(of_flag("--precision"))
    }
}
