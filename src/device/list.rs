//! What this machine has.

use burn::tensor::Device;

use super::backend::BACKENDS;
use crate::precision::Precision;

/// A backend that is compiled in, and what this machine has for it.
#[derive(Clone, Debug)]
pub struct BackendDevices {
    /// The backend: the name of the cargo feature.
    pub backend: &'static str,
    /// The devices, in the order of their numbers.
    pub devices: Vec<Description>,
}

/// What a device says of itself.
#[derive(Clone, Debug)]
pub struct Description {
    /// What the device calls itself, if it does.
    pub name: Option<String>,
    /// The 16-bit floats that it computes with.
    pub half_precisions: Vec<Precision>,
}

/// Every backend that is compiled in, and what this machine has for it. Opens every device.
pub fn list() -> Vec<BackendDevices> {
    BACKENDS
        .iter()
        .map(|backend| BackendDevices {
            backend: backend.name,
            devices: backend.devices().iter().map(describe).collect(),
        })
        .collect()
}

fn describe(device: &Device) -> Description {
    #[cfg(feature = "gpu")]
    let name = device.identity().map(|identity| identity.name);
    #[cfg(not(feature = "gpu"))]
    let name = None;
    let mut half_precisions = vec![Precision::F16, Precision::Bf16];
    half_precisions.retain(|precision| precision.check(device).is_ok());
    Description {
        name,
        half_precisions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_compiled_in_is_listed() {
        let listed: Vec<_> = list().into_iter().map(|found| found.backend).collect();
        let expected: Vec<_> = BACKENDS.iter().map(|backend| backend.name).collect();
        assert_eq!(listed, expected);
    }
}
