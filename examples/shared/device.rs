//! `--device`: the backends that are compiled in, by name.

use burn::tensor::Device;
use countenance::Result;
use countenance::device::{self, DeviceName};

use super::report::print;

/// `#[command(flatten)] device: DeviceArgument` gives an example its `--device`.
#[derive(Clone, Debug, clap::Args)]
pub struct DeviceArgument {
    /// Where to compute: a kind of device, with a number where there are several, such as cuda:1;
    /// the first kind compiled in unless given. `list` prints what is compiled in and what is found
    #[arg(long, value_name = "DEVICE", value_parser = named)]
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
        self.name()?.open_several(count)
    }

    fn name(&self) -> Result<DeviceName> {
        device::keep_kernels();
        match &self.device {
            Some(name) => Ok(name.clone()),
            None => DeviceName::first(),
        }
    }
}

/// The name's device; `list` is answered at once, as `--version` is, whatever else is missing.
fn named(text: &str) -> Result<DeviceName> {
    if text == "list" {
        std::process::exit(i32::from(list().is_err()));
    }
    text.parse()
}

fn list() -> Result<()> {
    for found in device::list() {
        if found.devices.is_empty() {
            print(format_args!(
                "{:<10} compiled in, none on this machine",
                found.kind
            ))?;
        }
        for (number, device) in found.devices.iter().enumerate() {
            let name = device.name.as_deref().unwrap_or("this processor");
            let halves: Vec<_> = device.halves.iter().map(ToString::to_string).collect();
            let precisions = match halves.as_slice() {
                [] => "f32".to_string(),
                halves => format!("f32, {}", halves.join(", ")),
            };
            let kind = format!("{}:{number}", found.kind);
            print(format_args!("{kind:<10} {name} ({precisions})"))?;
        }
    }
    Ok(())
}
