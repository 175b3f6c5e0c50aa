//! `--model`, and `--batch-size`, `--precision` and `--device` of whatever runs images through a network.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use countenance::Result;
use countenance::calibrate::BlendWeights;
use countenance::precision::Precision;
use countenance::predict::Predictor;

use super::argument::{at_least_one, of_flag};
use super::device::DeviceArgument;
use super::report::say;
use super::weights::located;

/// `#[command(flatten)] model: ModelArguments` gives an example the flag.
#[derive(Clone, Debug, clap::Args)]
pub struct ModelArguments {
    /// The model: a file that `train` or `convert` writes, any other that `convert` reads, or, in a
    /// build with the feature `download`, a name such as hsemotion:enet_b0_8_best_vgaf. Given several
    /// times, the mean of what they read
    #[arg(long = "model", value_name = "FILE", required = true)]
    pub models: Vec<PathBuf>,
}

impl ModelArguments {
    /// The model, or the blend of several, on `device`; what was guessed is said.
    ///
    /// # Errors
    /// If one cannot be fetched or read, or they cannot be blended.
    pub fn load(&self, device: &Device) -> Result<Predictor> {
        let models = self.models.iter();
        let predictors: Vec<_> = models
            .map(|model| load(model, device))
            .collect::<Result<_>>()?;
        let predictor = Predictor::blend(predictors, &BlendWeights::equal(self.models.len()))?;
        for warning in predictor.warnings() {
            say(format_args!("warning: {warning}"));
        }
        Ok(predictor)
    }

    /// The files that runs may have written, which gave `predictor`: none where one is a blend, as whatever
    /// its networks have learnt from, it is not what one run did.
    pub fn of_runs(&self, predictor: &Predictor) -> &[PathBuf] {
        match predictor.members().len() == self.models.len() {
            true => &self.models,
            false => &[],
        }
    }
}

fn load(model: &Path, device: &Device) -> Result<Predictor> {
    Predictor::load_on(located(model)?, device)
}

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

    /// The model on `device` and with the chosen precision.
    ///
    /// # Errors
    /// As [`ModelArguments::load`], and if the device lacks the precision.
    pub fn predictor(&self, model: &ModelArguments, device: &Device) -> Result<Predictor> {
        let predictor = model.load(device)?.with_precision(self.precision);
        predictor.map_err(of_flag("--precision"))
    }
}
