//! `--device`: the backends that are compiled in, by name.

use burn::tensor::Device;
use countenance::Result;
use countenance::device::{self, DeviceName};

use super::argument::of_flag;
use super::report::{ended, print};

/// `#[command(flatten)] device: DeviceArgument` gives an example its `--device`.
#[derive(Clone, Debug, clap::Args)]
pub struct DeviceArgument {
    #[arg(long, value_name = "DEVICE", value_parser = named, help = format!(
        "Where to compute: a backend, with a number where there are several, such as cuda:1; \
         `list` prints what is compiled in and what is found{}",
        default()
    ))]
    device: Option<DeviceName>,
}

impl DeviceArgument {
    /// The chosen device, or the first one compiled in.
    ///
    /// # Errors
    /// If this machine does not have it, or the example was built without any backend.
    pub fn open(&self) -> Result<Device> {
        self.name()?.open()
    }

    /// As many devices as asked for, beginning with the chosen one.
    ///
    /// # Errors
    /// If this machine does not have so many.
    pub fn open_several(&self, count: usize) -> Result<Vec<Device>> {
        let devices = self.name()?.open_several(count);
        devices.map_err(of_flag("--devices"))
    }

    fn name(&self) -> Result<DeviceName> {
        device::keep_kernels();
        match &self.device {
            Some(name) => Ok(name.clone()),
            None => DeviceName::first(),
        }
    }
}

/// The flag with its value, to be put behind a command; nothing if it was not given.
impl std::fmt::Display for DeviceArgument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.device {
            Some(name) => write!(f, " --device {name}"),
            None => Ok(()),
        }
    }
}

/// The first backend compiled in, as the help tells it.
fn default() -> String {
    DeviceName::first().map_or_else(|_| String::new(), |name| format!(" [default: {name}]"))
}

/// The name's device; `list` is answered at once, as `--version` is, whatever else is missing.
fn named(text: &str) -> Result<DeviceName, String> {
    if text == "list" {
        std::process::exit(ended(list(), |_| None).into());
    }
    let name: Result<DeviceName> = text.parse();
    name.map_err(|error| format!("{error}; `--device list` prints what this machine has"))
}

fn list() -> Result<()> {
    for found in device::list() {
        if found.devices.is_empty() {
            print(format_args!(
                "{:<10} compiled in, none on this machine",
                found.backend
            ))?;
        }
        for (number, device) in found.devices.iter().enumerate() {
            let name = device.name.as_deref().unwrap_or("this processor");
            let halves = device.half_precisions.iter();
            let halves: Vec<_> = halves.map(ToString::to_string).collect();
            let precisions = match halves.as_slice() {
                [] => "f32".to_string(),
                halves => format!("f32, {}", halves.join(", ")),
            };
            let device = format!("{}:{number}", found.backend);
            print(format_args!("{device:<10} {name} ({precisions})"))?;
        }
    }
    Ok(())
}
