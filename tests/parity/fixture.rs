//! Reads fixtures and compares tensors with them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use burn::tensor::{Device, Int, Tensor, TensorData};
use countenance::device::DeviceName;
use safetensors::{Dtype, SafeTensors};

/// By what factor a kind of device may exceed the tolerance of a check, which is that of a CPU. A GPU
/// adds up in an order of its own, and WGSL promises roots, exponentials and quotients to a few units
/// in the last place only.
const SLACK: [(&str, f64); 7] = [
    ("flex", 1.0),
    ("ndarray", 1.0),
    ("wgpu", 4.0),
    ("vulkan", 4.0),
    ("metal", 4.0),
    ("cuda", 4.0),
    ("rocm", 4.0),
];

/// The device that the suite runs on: what the environment variable `BURN_DEVICE` names, or the
/// fastest kind compiled in.
pub fn device() -> Device {
    let name = DeviceName::preferred().unwrap_or_else(|error| panic!("{error}"));
    name.open().unwrap_or_else(|error| panic!("{error}"))
}

/// The factor of [`SLACK`] that goes for the suite's device.
pub fn slack() -> f64 {
    let name = DeviceName::preferred().unwrap_or_else(|error| panic!("{error}"));
    let name = name.to_string();
    let kind = name.split(':').next();
    let found = SLACK.iter().find(|(known, _)| Some(*known) == kind);
    found.expect("every kind has its factor").1
}

/// One fixture file: named tensors that PyTorch made.
pub struct Fixture {
    part: &'static str,
    tensors: BTreeMap<String, TensorData>,
}

impl Fixture {
    /// Opens `tests/fixtures/<part>.safetensors`.
    pub fn open(part: &'static str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(format!("{part}.safetensors"));
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let tensors = file
            .iter()
            .map(|(name, view)| {
                let shape = view.shape().to_vec();
                let data = match view.dtype() {
                    Dtype::F32 => TensorData::new(
                        words(view.data())
                            .map(f32::from_le_bytes)
                            .collect::<Vec<_>>(),
                        shape,
                    ),
                    Dtype::I64 => TensorData::new(
                        words(view.data())
                            .map(i64::from_le_bytes)
                            .collect::<Vec<_>>(),
                        shape,
                    ),
                    Dtype::F64 => TensorData::new(
                        words(view.data())
                            .map(f64::from_le_bytes)
                            .collect::<Vec<_>>(),
                        shape,
                    ),
                    other => panic!("{name}: fixtures hold floats and int64, not {other:?}"),
                };
                (name.to_string(), data)
            })
            .collect();
        Self { part, tensors }
    }

    /// Every tensor whose name starts with `prefix`, the prefix taken off.
    pub fn under(&self, prefix: &str) -> BTreeMap<String, TensorData> {
        self.tensors
            .iter()
            .filter_map(|(name, data)| Some((name.strip_prefix(prefix)?.to_string(), data.clone())))
            .collect()
    }

    /// The bytes of a file that is kept under `name`, eight to a word behind their number.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let words = self.data(name).try_to_vec::<i64>().unwrap();
        let bytes = words[1..].iter().flat_map(|word| word.to_le_bytes());
        bytes.take(words[0] as usize).collect()
    }

    /// The raw data of `name`.
    pub fn data(&self, name: &str) -> TensorData {
        self.tensors
            .get(name)
            .unwrap_or_else(|| panic!("{}: no tensor {name}", self.part))
            .clone()
    }

    /// The float tensor `name`, on `device`.
    pub fn float<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        Tensor::from_data(self.data(name), device)
    }

    /// The integer tensor `name`, on `device`.
    pub fn int<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D, Int> {
        Tensor::from_data(self.data(name), device)
    }

    /// Asserts that `actual` is the fixture's `name` within `tolerance`, which is relative to the
    /// largest magnitude in the expected tensor (never below 1e-3 of a unit) and widened by the
    /// device's [`slack`], and prints the difference for the table.
    pub fn check<const D: usize>(&self, name: &str, actual: Tensor<D>, tolerance: f64) {
        let tolerance = tolerance * slack();
        let shape = actual.dims().to_vec();
        let actual = actual
            .into_data()
            .convert::<f32>()
            .try_to_vec::<f32>()
            .unwrap();
        let expected = self.data(name);
        assert_eq!(
            shape,
            expected.shape().to_vec(),
            "{}: shape of {name}",
            self.part
        );
        let expected = expected.try_to_vec::<f32>().unwrap();
        let scale = expected
            .iter()
            .fold(1e-3f64, |top, &v| top.max(f64::from(v.abs())));
        let largest = actual
            .iter()
            .zip(&expected)
            .map(|(&a, &e)| {
                let difference = (f64::from(a) - f64::from(e)).abs();
                if difference.is_nan() {
                    f64::INFINITY
                } else {
                    difference
                }
            })
            .fold(0.0, f64::max);
        println!(
            "parity | {} | {name} | {largest:.2e} | {:.2e}",
            self.part,
            largest / scale
        );
        assert!(
            largest / scale <= tolerance,
            "{}: {name} differs by {largest:e} at scale {scale:e}; tolerance {tolerance:e}",
            self.part
        );
    }
}

fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    bytes
        .chunks_exact(N)
        .map(|chunk| chunk.try_into().expect("chunks_exact gives N bytes"))
}
