//! The backends of burn that a build may have: the only code outside the CPU engine that names them.

use burn::tensor::{Device, DeviceType};

/// A backend of burn that is compiled in.
pub(super) struct Backend {
    /// Its name: that of the cargo feature.
    pub name: &'static str,
    /// What a machine must have for it.
    pub needs: &'static str,
    filter: DeviceType,
    /// The device that is taken where none is numbered.
    pub default: fn() -> Device,
}

/// Every backend that is compiled in, CPUs first.
pub(super) const BACKENDS: &[Backend] = &[
    #[cfg(feature = "flex")]
    Backend {
        name: "flex",
        needs: "a CPU",
        filter: DeviceType::Flex,
        default: Device::flex,
    },
    #[cfg(feature = "ndarray")]
    Backend {
        name: "ndarray",
        needs: "a CPU",
        filter: DeviceType::NdArray,
        #[allow(deprecated, reason = "burn still has it, and so it is still tested")]
        default: Device::ndarray,
    },
    #[cfg(feature = "wgpu")]
    Backend {
        name: "wgpu",
        needs: "a GPU with a Vulkan, Metal or DirectX 12 driver",
        filter: DeviceType::Wgpu,
        default: || Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
    },
    #[cfg(feature = "vulkan")]
    Backend {
        name: "vulkan",
        needs: "a GPU with a Vulkan driver",
        filter: DeviceType::Vulkan,
        default: || Device::vulkan(burn::tensor::DeviceKind::DefaultDevice),
    },
    #[cfg(feature = "metal")]
    Backend {
        name: "metal",
        needs: "an Apple GPU",
        filter: DeviceType::Metal,
        default: || Device::metal(burn::tensor::DeviceKind::DefaultDevice),
    },
    #[cfg(feature = "cuda")]
    Backend {
        name: "cuda",
        needs: "an NVIDIA GPU and its driver",
        filter: DeviceType::Cuda,
        default: || Device::cuda(0),
    },
    #[cfg(feature = "rocm")]
    Backend {
        name: "rocm",
        needs: "an AMD GPU and ROCm",
        filter: DeviceType::Rocm,
        default: || Device::rocm(0),
    },
];

/// The names of all backends, compiled in or not.
pub(super) const NAMES: [&str; 7] = ["flex", "ndarray", "wgpu", "vulkan", "metal", "cuda", "rocm"];

impl Backend {
    /// The devices of this backend that the machine has, in the order of their numbers.
    #[allow(
        unreachable_code,
        reason = "a build without a backend has none to ask for"
    )]
    pub(super) fn devices(&self) -> Vec<Device> {
        Device::enumerate(self.filter.clone()).into_vec()
    }
}

/// Whether `device` computes on this machine's processor.
pub(crate) fn is_processor(device: &Device) -> bool {
    match device.as_dispatch() {
        #[cfg(feature = "flex")]
        burn::backend::DispatchDevice::Flex(_) => true,
        #[cfg(feature = "ndarray")]
        burn::backend::DispatchDevice::NdArray(_) => true,
        #[allow(unreachable_patterns, reason = "in a build with processors alone")]
        _ => false,
    }
}
