//! `--device`: the backends that are compiled in, by name.

use burn::tensor::Device;
use clap::ValueEnum;

/// A backend of this build. cargo features decide which exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeviceName {
    /// CPU, burn's own kernels
    #[cfg(feature = "flex")]
    Flex,
    /// CPU, through ndarray
    #[cfg(feature = "ndarray")]
    Ndarray,
    /// GPU, through WebGPU
    #[cfg(feature = "wgpu")]
    Wgpu,
    /// GPU, through Vulkan
    #[cfg(feature = "vulkan")]
    Vulkan,
    /// GPU, through Metal
    #[cfg(feature = "metal")]
    Metal,
    /// NVIDIA GPU
    #[cfg(feature = "cuda")]
    Cuda,
    /// AMD GPU
    #[cfg(feature = "rocm")]
    Rocm,
}

/// `#[command(flatten)] device: DeviceArgument` gives an example its `--device`.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct DeviceArgument {
    /// Where to compute; the first one compiled in unless given
    #[arg(long, value_enum)]
    device: Option<DeviceName>,
}

impl DeviceArgument {
    /// The chosen device, or the first one compiled in.
    ///
    /// # Errors
    /// If the example was built without any backend.
    pub fn open(self) -> countenance::Result<Device> {
        self.device
            .or_else(|| DeviceName::value_variants().first().copied())
            .map(DeviceName::open)
            .ok_or_else(|| countenance::Error::Argument {
                what: "--device".into(),
                expected: "a build with a backend, as `--features flex` gives".into(),
                found: "none compiled in".into(),
            })
    }
}

impl DeviceName {
    fn open(self) -> Device {
        match self {
            #[cfg(feature = "flex")]
            Self::Flex => Device::flex(),
            #[cfg(feature = "ndarray")]
            Self::Ndarray => Device::ndarray(),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
            #[cfg(feature = "vulkan")]
            Self::Vulkan => Device::vulkan(burn::tensor::DeviceKind::DefaultDevice),
            #[cfg(feature = "metal")]
            Self::Metal => Device::metal(burn::tensor::DeviceKind::DefaultDevice),
            #[cfg(feature = "cuda")]
            Self::Cuda => Device::cuda(0),
            #[cfg(feature = "rocm")]
            Self::Rocm => Device::rocm(0),
        }
    }
}
