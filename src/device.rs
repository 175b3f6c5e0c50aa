//! Devices by name: what this build can compute on, and what this machine has of it.
//!
//! The one place that names backends. Everything else takes a [`Device`], and `Device::default()`
//! is burn's: the environment variable `BURN_DEVICE`, or the fastest kind compiled in.
//!
//! # Example
//! ```
//! use burn::tensor::Tensor;
//! use countenance::device::DeviceName;
//!
//! let device = DeviceName::first()?.open()?;
//! assert_eq!(Tensor::<1>::ones([3], &device).sum().into_scalar::<f32>(), 3.0);
//!
//! let error = "abacus".parse::<DeviceName>().unwrap_err();
//! assert!(error.to_string().contains("abacus"));
//! # Ok::<(), countenance::Error>(())
//! ```

use burn::tensor::{Device, DeviceType};

use crate::precision::Precision;
use crate::{Error, Result};

/// A kind of device that is compiled in.
struct Kind {
    /// Its name: that of the cargo feature.
    name: &'static str,
    /// What a machine must have for it.
    needs: &'static str,
    filter: DeviceType,
    /// The one that is taken where none is numbered.
    default: fn() -> Device,
}

/// Every kind that is compiled in, CPUs first.
const KINDS: &[Kind] = &[
    #[cfg(feature = "flex")]
    Kind {
        name: "flex",
        needs: "a CPU",
        filter: DeviceType::Flex,
        default: Device::flex,
    },
    #[cfg(feature = "ndarray")]
    Kind {
        name: "ndarray",
        needs: "a CPU",
        filter: DeviceType::NdArray,
        #[allow(deprecated, reason = "burn still has it, and so it is still tested")]
        default: Device::ndarray,
    },
    #[cfg(feature = "wgpu")]
    Kind {
        name: "wgpu",
        needs: "a GPU with a Vulkan, Metal or DirectX 12 driver",
        filter: DeviceType::Wgpu,
        default: || Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
    },
    #[cfg(feature = "vulkan")]
    Kind {
        name: "vulkan",
        needs: "a GPU with a Vulkan driver",
        filter: DeviceType::Vulkan,
        default: || Device::vulkan(burn::tensor::DeviceKind::DefaultDevice),
    },
    #[cfg(feature = "metal")]
    Kind {
        name: "metal",
        needs: "an Apple GPU",
        filter: DeviceType::Metal,
        default: || Device::metal(burn::tensor::DeviceKind::DefaultDevice),
    },
    #[cfg(feature = "cuda")]
    Kind {
        name: "cuda",
        needs: "an NVIDIA GPU and its driver",
        filter: DeviceType::Cuda,
        default: || Device::cuda(0),
    },
    #[cfg(feature = "rocm")]
    Kind {
        name: "rocm",
        needs: "an AMD GPU and ROCm",
        filter: DeviceType::Rocm,
        default: || Device::rocm(0),
    },
];

/// The names of all kinds, compiled in or not.
const NAMES: [&str; 7] = ["flex", "ndarray", "wgpu", "vulkan", "metal", "cuda", "rocm"];

/// A device by name: a kind, such as `wgpu`, and perhaps which of several, such as `cuda:1`.
///
/// It says only that the kind is compiled in; whether the machine has the device is asked by
/// [`open`](Self::open).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceName {
    kind: &'static str,
    index: Option<usize>,
}

impl std::str::FromStr for DeviceName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, index) = match text.split_once(':') {
            None => (text, None),
            Some((name, index)) => {
                let index = index.parse().map_err(|_| {
                    Error::argument(
                        "device",
                        "a kind, or a kind and a number as in cuda:1",
                        text,
                    )
                })?;
                (name, Some(index))
            }
        };
        match KINDS.iter().find(|kind| kind.name == name) {
            Some(kind) => Ok(Self {
                kind: kind.name,
                index,
            }),
            None if NAMES.contains(&name) => Err(Error::argument(
                "device",
                format!("{}, or a build with `--features {name}`", compiled_in()),
                name,
            )),
            None => Err(Error::argument("device", compiled_in(), name)),
        }
    }
}

impl std::fmt::Display for DeviceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.index {
            None => f.write_str(self.kind),
            Some(index) => write!(f, "{}:{index}", self.kind),
        }
    }
}

fn compiled_in() -> String {
    match KINDS {
        [] => "a build with a backend, as `--features flex` gives".into(),
        kinds => {
            let names: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
            format!("one of {}", names.join(", "))
        }
    }
}

impl DeviceName {
    /// What `Device::default()` is: the environment variable `BURN_DEVICE`, or the kind compiled in
    /// that is fastest where it is there.
    ///
    /// # Errors
    /// [`Error::Argument`] in a build without any backend, or without the named one.
    pub fn preferred() -> Result<Self> {
        if let Ok(name) = std::env::var("BURN_DEVICE") {
            return name.to_lowercase().parse();
        }
        let order = ["cuda", "metal", "rocm", "vulkan", "wgpu"].into_iter();
        let mut compiled_in = order.flat_map(str::parse);
        compiled_in.next().map_or_else(Self::first, Ok)
    }

    /// The first kind compiled in, a CPU if there is one.
    ///
    /// # Errors
    /// [`Error::Argument`] in a build without any backend.
    pub fn first() -> Result<Self> {
        match KINDS.first() {
            Some(kind) => Ok(Self {
                kind: kind.name,
                index: None,
            }),
            None => Err(Error::argument("device", compiled_in(), "none compiled in")),
        }
    }

    /// The device. Without a number it is the one that the driver prefers.
    ///
    /// # Errors
    /// [`Error::Argument`] if this machine does not have it.
    pub fn open(&self) -> Result<Device> {
        let kind = self.kind();
        let found = found(kind);
        match self.index {
            None if !found.is_empty() => Ok((kind.default)()),
            Some(index) if index < found.len() => Ok(found[index].clone()),
            _ => Err(self.absent(found.len())),
        }
    }

    /// `count` devices of this kind, beginning with this one. A CPU is one device, whatever its
    /// threads.
    ///
    /// # Errors
    /// [`Error::Argument`] if this machine does not have so many.
    pub fn open_several(&self, count: usize) -> Result<Vec<Device>> {
        if count <= 1 {
            return Ok(vec![self.open()?]);
        }
        let found = found(self.kind());
        let first = self.index.unwrap_or(0);
        match found.get(first..first.saturating_add(count)) {
            Some(devices) => Ok(devices.to_vec()),
            None => Err(Error::argument(
                "devices",
                format!("{count} of {}, from number {first} on", self.kind),
                format!("{} on this machine", found.len()),
            )),
        }
    }

    fn absent(&self, found: usize) -> Error {
        let found = match (found, self.index) {
            (0, _) | (_, None) => "none on this machine".into(),
            (count, Some(_)) => format!("{count} on this machine, counted from 0"),
        };
        Error::argument(format!("device {self}"), self.kind().needs, found)
    }

    fn kind(&self) -> &'static Kind {
        let mut kinds = KINDS.iter();
        kinds
            .find(|kind| kind.name == self.kind)
            .expect("a name is only made of a kind that is compiled in")
    }
}

/// A kind that is compiled in, and what this machine has of it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The kind: that of the cargo feature.
    pub kind: &'static str,
    /// The devices, in the order of their numbers.
    pub devices: Vec<Description>,
}

/// What a device says of itself.
#[derive(Clone, Debug)]
pub struct Description {
    /// What the device calls itself, if it does.
    pub name: Option<String>,
    /// Which halved numbers it computes with.
    pub halves: Vec<Precision>,
}

/// Everything that is compiled in, and what this machine has of it. Opens every device.
pub fn list() -> Vec<Found> {
    KINDS
        .iter()
        .map(|kind| Found {
            kind: kind.name,
            devices: found(kind).iter().map(describe).collect(),
        })
        .collect()
}

fn describe(device: &Device) -> Description {
    #[cfg(feature = "gpu")]
    let name = device.identity().map(|identity| identity.name);
    #[cfg(not(feature = "gpu"))]
    let name = None;
    let halves = [Precision::F16, Precision::Bf16].into_iter();
    Description {
        name,
        halves: halves.filter(|half| half.check(device).is_ok()).collect(),
    }
}

#[allow(
    unreachable_code,
    reason = "a build without a backend has no kind to ask for"
)]
fn found(kind: &Kind) -> Vec<Device> {
    Device::enumerate(kind.filter.clone()).into_vec()
}

/// Keeps what kernels were tuned to and compiled to in the user's cache folder, for the next run.
///
/// For a program, which calls it before it opens a device. By itself a GPU's backend keeps only what
/// was tuned, below the folder of the cargo project that it runs in. A folder named in `cubecl.toml`
/// or `burn.toml` is respected. Does nothing in a build without a GPU's backend.
pub fn keep_kernels() {
    #[cfg(feature = "gpu")]
    {
        use burn::cubecl::config::cache::CacheConfig;
        use burn::cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};

        let mut config = CubeClRuntimeConfig::from_current_dir().override_from_env();
        config.compilation.cache = true;
        if matches!(config.environment.path, CacheConfig::Target) {
            config.environment.path = CacheConfig::Global;
        }
        CubeClRuntimeConfig::try_set(config);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str) -> String {
        name.parse::<DeviceName>()
            .and_then(|name| name.open())
            .expect_err(name)
            .to_string()
    }

    #[test]
    fn a_name_that_is_no_device_says_which_there_are() {
        assert!(refused("gpu").starts_with("device: expected one of "));
        assert!(refused("flex:one").contains("a kind and a number as in cuda:1"));
        for kind in NAMES {
            if KINDS.iter().all(|known| known.name != kind) {
                let error = refused(kind);
                assert!(error.contains(&format!("`--features {kind}`")), "{error}");
            }
        }
    }

    #[cfg(feature = "flex")]
    #[test]
    fn a_number_beyond_those_found_is_refused() {
        let name: DeviceName = "flex:0".parse().unwrap();
        assert_eq!(
            (name.open().unwrap(), name.to_string()),
            (Device::flex(), "flex:0".into())
        );
        let error = refused("flex:1");
        assert_eq!(
            error,
            "device flex:1: expected a CPU, found 1 on this machine, counted from 0"
        );
    }

    #[cfg(feature = "flex")]
    #[test]
    fn more_devices_than_there_are_are_refused_however_many() {
        for name in ["flex", "flex:0", "flex:7"] {
            let name: DeviceName = name.parse().unwrap();
            for count in [2, 100_000_000, usize::MAX] {
                let error = name.open_several(count).unwrap_err().to_string();
                let expected = format!("devices: expected {count} of flex, from number");
                assert!(error.starts_with(&expected), "{error}");
                assert!(error.ends_with("found 1 on this machine"), "{error}");
            }
        }
        let name: DeviceName = "flex".parse().unwrap();
        assert_eq!(name.open_several(1).unwrap(), [Device::flex()]);
    }

    #[test]
    fn everything_compiled_in_is_listed() {
        let kinds: Vec<_> = list().into_iter().map(|found| found.kind).collect();
        let expected: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
        assert_eq!(kinds, expected);
    }
}
