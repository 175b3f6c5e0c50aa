//! Devices by name.

use burn::tensor::Device;

use super::backend::{BACKENDS, Backend, NAMES};
use crate::{Error, Result};

/// A device by name: a backend, such as `wgpu`, and perhaps which of several, such as `cuda:1`.
///
/// It says only that the backend is compiled in; whether the machine has the device is asked by
/// [`open`](Self::open).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceName {
    backend: &'static str,
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
                        "a backend, or a backend and a number as in cuda:1",
                        text,
                    )
                })?;
                (name, Some(index))
            }
        };
        match BACKENDS.iter().find(|backend| backend.name == name) {
            Some(backend) => Ok(Self {
                backend: backend.name,
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
            None => f.write_str(self.backend),
            Some(index) => write!(f, "{}:{index}", self.backend),
        }
    }
}

fn compiled_in() -> String {
    match BACKENDS {
        [] => "a build with a backend, as `--features flex` gives".into(),
        backends => {
            let names: Vec<_> = backends.iter().map(|backend| backend.name).collect();
            format!("one of {}", names.join(", "))
        }
    }
}

impl DeviceName {
    /// What `Device::default()` is: the environment variable `BURN_DEVICE`, or the backend
    /// compiled in that is fastest where it is there.
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

    /// The first backend compiled in, a CPU if there is one.
    ///
    /// # Errors
    /// [`Error::Argument`] in a build without any backend.
    pub fn first() -> Result<Self> {
        match BACKENDS.first() {
            Some(backend) => Ok(Self {
                backend: backend.name,
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
        let backend = self.backend();
        let found = backend.devices();
        match self.index {
            None if !found.is_empty() => Ok((backend.default)()),
            Some(index) if index < found.len() => Ok(found[index].clone()),
            _ => Err(self.absent(found.len())),
        }
    }

    /// `count` devices of this backend, beginning with this one. A CPU is one device, whatever its
    /// threads.
    ///
    /// # Errors
    /// [`Error::Argument`] if this machine does not have so many.
    pub fn open_several(&self, count: usize) -> Result<Vec<Device>> {
        if count <= 1 {
            return Ok(vec![self.open()?]);
        }
        let found = self.backend().devices();
        let first = self.index.unwrap_or(0);
        match found.get(first..first.saturating_add(count)) {
            Some(devices) => Ok(devices.to_vec()),
            None => Err(Error::argument(
                "devices",
                format!("{count} of {}, from number {first} on", self.backend),
                format!("{} on this machine", found.len()),
            )),
        }
    }

    fn absent(&self, found: usize) -> Error {
        let found = match (found, self.index) {
            (0, _) | (_, None) => "none on this machine".into(),
            (count, Some(_)) => format!("{count} on this machine, counted from 0"),
        };
        Error::argument(format!("device {self}"), self.backend().needs, found)
    }

    fn backend(&self) -> &'static Backend {
        let mut backends = BACKENDS.iter();
        backends
            .find(|backend| backend.name == self.backend)
            .expect("a name is only made of a backend that is compiled in")
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
        assert!(refused("flex:one").contains("a backend and a number as in cuda:1"));
        for backend in NAMES {
            if BACKENDS.iter().all(|known| known.name != backend) {
                let error = refused(backend);
                assert!(
                    error.contains(&format!("`--features {backend}`")),
                    "{error}"
                );
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
}
