//! Where a safetensors file holds what, checked before anything is read.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use burn::tensor::{DType, TensorData};
use safetensors::Dtype;
use safetensors::tensor::Metadata;

/// The length of the number that a safetensors file starts with, the header's length.
pub(super) const LENGTH: usize = 8;
/// The longest header that the format allows, in bytes.
pub(super) const LONGEST_HEADER: u64 = 100_000_000;

/// The places of the tensors of a file, by name.
#[derive(Debug)]
pub(super) struct Index {
    /// The tensors.
    pub slots: BTreeMap<String, Slot>,
    /// The metadata.
    pub metadata: BTreeMap<String, String>,
}

/// The place of one tensor.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slot {
    /// The kind of its elements.
    pub dtype: DType,
    /// Its shape.
    pub shape: Vec<usize>,
    start: u64,
    length: usize,
}

impl Index {
    /// Reads the header of a file of `length` bytes; the error says what is wrong with it.
    ///
    /// # Deviation
    /// The header's numbers are checked here rather than by `SafeTensors::deserialize`, whose sum
    /// of lengths can overflow on a file made for it.
    pub fn read(file: &mut impl Read, length: u64) -> Result<Self, String> {
        let mut announced = [0; LENGTH];
        file.read_exact(&mut announced)
            .map_err(|_| format!("{length} bytes in all"))?;
        let announced = u64::from_le_bytes(announced);
        let rest = length.saturating_sub(LENGTH as u64);
        if announced > rest || announced > LONGEST_HEADER {
            return Err(format!(
                "a header of {announced} bytes in a file with {rest} left (cut short, or another \
                 format)"
            ));
        }
        let mut header = vec![0; announced as usize];
        file.read_exact(&mut header)
            .map_err(|error| format!("a header that cannot be read: {error}"))?;
        let header: Metadata =
            serde_json::from_slice(&header).map_err(|error| format!("a broken header: {error}"))?;
        let data = rest - announced;
        if header.data_len() as u64 != data {
            let expected = header.data_len();
            return Err(format!(
                "{data} bytes of tensors where the header announces {expected}"
            ));
        }

        let mut slots = BTreeMap::new();
        for (name, info) in header.tensors() {
            let (start, end) = info.data_offsets;
            let length = end
                .checked_sub(start)
                .filter(|_| end as u64 <= data)
                .ok_or_else(|| format!("tensor {name:?} outside the file"))?;
            let dtype = tensor_dtype(info.dtype)
                .ok_or_else(|| format!("tensor {name:?} of kind {:?}", info.dtype))?;
            let slot = Slot {
                dtype,
                shape: info.shape.clone(),
                start: LENGTH as u64 + announced + start as u64,
                length,
            };
            slots.insert(name, slot);
        }
        let metadata = header.metadata().iter().flatten();
        Ok(Self {
            slots,
            metadata: metadata.map(|(k, v)| (k.clone(), v.clone())).collect(),
        })
    }
}

impl Slot {
    /// Reads the tensor from the file that the index is of.
    pub fn read(&self, file: &mut (impl Read + Seek)) -> io::Result<TensorData> {
        file.seek(SeekFrom::Start(self.start))?;
        let count = self
            .shape
            .iter()
            .try_fold(1, |a: usize, &b| a.checked_mul(b));
        if self.dtype == DType::F32 && count == Some(self.length / size_of::<f32>()) {
            // Read where they stay: bytes would be copied once more, into memory that is aligned
            // for numbers.
            let mut values = vec![0f32; self.length / size_of::<f32>()];
            file.read_exact(bytemuck::cast_slice_mut(&mut values))?;
            return Ok(TensorData::new(values, self.shape.clone()));
        }
        let mut bytes = vec![0; self.length];
        file.read_exact(&mut bytes)?;
        TensorData::try_from_bytes_vec(bytes, self.shape.clone(), self.dtype)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
    }
}

fn tensor_dtype(dtype: Dtype) -> Option<DType> {
    Some(match dtype {
        Dtype::F64 => DType::F64,
        Dtype::F32 => DType::F32,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::I64 => DType::I64,
        Dtype::I32 => DType::I32,
        Dtype::I16 => DType::I16,
        Dtype::I8 => DType::I8,
        Dtype::U64 => DType::U64,
        Dtype::U32 => DType::U32,
        Dtype::U16 => DType::U16,
        Dtype::U8 => DType::U8,
        _ => return None,
    })
}
