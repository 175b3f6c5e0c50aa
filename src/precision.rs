//! The floating-point format that a backbone computes in at inference.
//!
//! # Example
//! ```
//! use countenance::device::DeviceName;
//! use countenance::precision::Precision;
//!
//! // A CPU widens every half to 32 bits: there it is refused and not made slower.
//! let device = DeviceName::first()?.open()?;
//! assert!("f32".parse::<Precision>()?.check(&device).is_ok());
//! # if cfg!(feature = "flex") {
//! assert!(Precision::F16.check(&device).is_err());
//! # }
//! # Ok::<(), countenance::Error>(())
//! ```

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, FloatDType, Tensor};

use crate::backbone::Backbone;
use crate::device::is_processor;
use crate::{Error, Result};

/// The floating-point format that a backbone computes in at inference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats.
    #[default]
    F32,
    /// 16-bit floats with 10 bits of mantissa, up to 65504.
    F16,
    /// 16-bit floats with 7 bits of mantissa and the range of 32-bit ones.
    Bf16,
}

impl Precision {
    /// Checks that `device` computes in this format itself. A CPU can store 16-bit floats, but widens
    /// each to 32 bits to compute with it, which is slower and no more exact than 32 bits throughout.
    ///
    /// # Errors
    /// [`Error::Argument`] if it does not.
    pub fn check(self, device: &Device) -> Result<()> {
        let is_native = self == Self::F32 || !is_processor(device);
        match is_native && device.supports_dtype(self.dtype()) {
            true => Ok(()),
            false => Err(Error::argument(
                "precision",
                "f32, or a device that computes with others itself",
                self,
            )),
        }
    }

    /// `network` for inference in this format: its weights are rounded once, its sums are as
    /// exact as the device's are. Images still go in, and features come out, as 32-bit floats.
    ///
    /// # Errors
    /// See [`check`](Self::check).
    pub fn of(self, network: Backbone, device: &Device) -> Result<Backbone> {
        self.check(device)?;
        Ok(self.rounded(network))
    }

    fn rounded(self, network: Backbone) -> Backbone {
        match self {
            Self::F32 => network,
            // Running statistics are shared by clones; crossing to inference parts them.
            Self::F16 | Self::Bf16 => network.valid().map(&mut Round(self.dtype())),
        }
    }

    fn dtype(self) -> FloatDType {
        match self {
            Self::F32 => FloatDType::F32,
            Self::F16 => FloatDType::F16,
            Self::Bf16 => FloatDType::BF16,
        }
    }
}

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        })
    }
}

impl std::str::FromStr for Precision {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::F32, Self::F16, Self::Bf16]
            .into_iter()
            .find(|precision| precision.to_string() == text)
            .ok_or_else(|| Error::argument("precision", "f32, f16 or bf16", text))
    }
}

struct Round(FloatDType);

impl ModuleMapper for Round {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|weight| weight.cast(self.0))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;
    use crate::backbone::{EfficientNetConfig, Variant};

    fn network(device: &Device) -> Backbone {
        device.seed(3);
        EfficientNetConfig::new(Variant::Tiny)
            .with_classes(Some(4))
            .init(device)
            .valid()
            .into()
    }

    #[test]
    fn half_precision_changes_a_feature_a_little_and_the_given_network_not_at_all() {
        let device = Device::default();
        let network = network(&device);
        let images = Tensor::<4>::random([2, 3, 64, 64], Distribution::Normal(0.0, 1.0), &device);
        let exact = network.forward_features(images.clone());
        let scale = exact.clone().abs().max().into_scalar::<f32>();
        for (precision, least, most) in
            [(Precision::F16, 1e-6, 1e-2), (Precision::Bf16, 1e-5, 1e-1)]
        {
            if !device.supports_dtype(precision.dtype()) {
                eprintln!("passed over: {device:?} has no {precision}");
                continue;
            }
            // Also on a CPU, which can, if it is not asked to by a user.
            let rounded = precision.rounded(network.clone());
            let features = rounded.forward_features(images.clone());
            let logits = rounded.forward_head(features.clone());
            assert_eq!(features.dtype(), exact.dtype());
            assert_eq!((logits.dims(), logits.dtype()), ([2, 4], exact.dtype()));
            let difference = (features - exact.clone()).abs().max().into_scalar::<f32>() / scale;
            println!("parity | precision | {precision} | {difference:.2e} of the largest feature");
            assert!(
                (least..most).contains(&difference),
                "{precision}: {difference}"
            );
        }
        let again = network.forward_features(images);
        again.into_data().assert_eq(&exact.into_data(), true);
    }

    #[cfg(feature = "flex")]
    #[test]
    fn a_processor_computes_with_32_bits_alone() {
        let device = Device::flex();
        Precision::F32.check(&device).unwrap();
        for half in [Precision::F16, Precision::Bf16] {
            let error = half.of(network(&device), &device).unwrap_err().to_string();
            assert!(error.starts_with("precision: expected f32"), "{error}");
        }
    }

    #[test]
    fn names_are_read_back_and_others_are_refused() {
        for precision in [Precision::F32, Precision::F16, Precision::Bf16] {
            assert_eq!(
                precision.to_string().parse::<Precision>().unwrap(),
                precision
            );
        }
        let error = "f8".parse::<Precision>().unwrap_err().to_string();
        assert_eq!(error, "precision: expected f32, f16 or bf16, found f8");
    }
}
