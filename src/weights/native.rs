//! The crate's own weights file: safetensors with a little metadata, written whole or not at all.
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("weights.safetensors");
//! use std::collections::BTreeMap;
//! use burn::tensor::TensorData;
//! use countenance::weights::native;
//!
//! let tensors = [("scale".to_string(), TensorData::from([0.5f32, 1.5]))];
//! let metadata = BTreeMap::from([("made by".to_string(), "an example".to_string())]);
//! native::write(&path, &tensors, &metadata)?;
//! let file = native::read(&path)?;
//! assert_eq!(file.tensors["scale"], tensors[0].1);
//! assert_eq!(file.metadata, metadata);
//! # Ok::<(), countenance::Error>(())
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, Write};
use std::path::Path;

use burn::tensor::{DType, TensorData};
use safetensors::Dtype;
use safetensors::tensor::TensorInfo;
use serde_json::{Map, Value, json};

use super::safetensors::{Index, LENGTH};
use crate::data::file::write_whole;
use crate::{Error, Result};

/// Tensors and text, each by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightsFile {
    /// The tensors.
    pub tensors: BTreeMap<String, TensorData>,
    /// The metadata.
    pub metadata: BTreeMap<String, String>,
}

/// The key of the metadata in a safetensors header.
const METADATA: &str = "__metadata__";

/// Writes a safetensors file; the same contents give the same bytes.
///
/// The file appears whole or not at all: it is written beside its place, flushed to the disk and
/// then renamed. An existing file is replaced.
///
/// # Errors
/// [`Error::Io`] if the system refuses, [`Error::Argument`] if a tensor is not of a float kind or
/// is named `__metadata__`.
pub fn write(
    path: &Path,
    tensors: &[(String, TensorData)],
    metadata: &BTreeMap<String, String>,
) -> Result<()> {
    let header = header(tensors, metadata)?;
    write_whole(path, |out| {
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        tensors
            .iter()
            .try_for_each(|(_, data)| out.write_all(data.as_bytes()))
    })
}

/// The header, padded so that the tensors start at a multiple of eight bytes.
fn header(
    tensors: &[(String, TensorData)],
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    let mut entries = Map::new();
    entries.insert(METADATA.into(), json!(metadata));
    let mut start = 0;
    for (name, data) in tensors {
        let end = start + data.as_bytes().len();
        let dtype = file_dtype(data.dtype()).ok_or_else(|| {
            let what = format!("tensor {name}");
            Error::argument(
                what,
                "floating-point numbers",
                format!("{:?}", data.dtype()),
            )
        })?;
        let info = TensorInfo {
            dtype,
            shape: data.shape().to_vec(),
            data_offsets: (start, end),
        };
        let twice = entries.insert(name.clone(), json!(info));
        if twice.is_some() {
            return Err(Error::argument("tensor name", "a name used once", name));
        }
        start = end;
    }
    let mut header = Value::Object(entries).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(LENGTH), b' ');
    Ok(header)
}

fn file_dtype(dtype: DType) -> Option<Dtype> {
    match dtype {
        DType::F64 => Some(Dtype::F64),
        DType::F32 => Some(Dtype::F32),
        DType::F16 => Some(Dtype::F16),
        DType::BF16 => Some(Dtype::BF16),
        _ => None,
    }
}

/// Reads a safetensors file, this crate's or another program's.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read, [`Error::File`] if it is not a whole, consistent
/// safetensors file or has a tensor of a kind that this crate does not know.
pub fn read(path: &Path) -> Result<WeightsFile> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let metadata = file.metadata().map_err(Error::io("read", path))?;
    if metadata.is_dir() {
        return Err(Error::file(path, "a file", "a folder"));
    }
    let length = metadata.len();
    parse(BufReader::new(file), length)
        .map_err(|found| Error::file(path, "a whole safetensors file", found))
}

/// The file's contents, or what is wrong with it.
fn parse(mut bytes: impl Read + Seek, length: u64) -> Result<WeightsFile, String> {
    let index = Index::read(&mut bytes, length)?;
    let mut file = WeightsFile {
        metadata: index.metadata,
        ..Default::default()
    };
    for (name, slot) in index.slots {
        let tensor = slot
            .read(&mut bytes)
            .map_err(|error| format!("tensor {name:?}: {error}"))?;
        file.tensors.insert(name, tensor);
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Result<WeightsFile, String> {
        super::parse(std::io::Cursor::new(bytes), bytes.len() as u64)
    }

    fn contents() -> (Vec<(String, TensorData)>, BTreeMap<String, String>) {
        let tensors = vec![
            (
                "b.weight".to_string(),
                TensorData::from([[1f32, -0.0], [f32::MIN_POSITIVE, 3.]]),
            ),
            ("a".to_string(), TensorData::from([f32::NAN, f32::INFINITY])),
            ("empty".to_string(), TensorData::zeros::<f32, _>([0, 3])),
        ];
        let metadata = [
            ("config", "{\"a\": \"\\u00e9\"}"),
            ("format", "countenance"),
        ];
        let metadata = metadata.map(|(k, v)| (k.to_string(), v.to_string())).into();
        (tensors, metadata)
    }

    fn encoded() -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("weights.safetensors");
        let (tensors, metadata) = contents();
        write(&path, &tensors, &metadata).expect("a file");
        std::fs::read(path).expect("bytes")
    }

    fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
        let length = (header.len() as u64).to_le_bytes();
        [&length, header.as_bytes(), data].concat()
    }

    #[test]
    fn what_is_written_is_read_back_bit_for_bit() {
        let (tensors, metadata) = contents();
        let file = parse(&encoded()).expect("the file just written");
        assert_eq!(file.metadata, metadata);
        assert_eq!(file.tensors.len(), tensors.len());
        for (name, data) in tensors {
            let found = &file.tensors[&name];
            assert_eq!(found.shape(), data.shape());
            assert_eq!(found.as_bytes(), data.as_bytes());
        }
    }

    #[test]
    fn the_same_contents_give_the_same_bytes_in_the_format_of_the_safetensors_crate() {
        let bytes = encoded();
        assert_eq!(encoded(), bytes);
        let read = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
        assert_eq!(read.tensor("b.weight").expect("there").shape(), [2, 2]);
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let bytes = encoded();
        for length in 0..bytes.len() {
            parse(&bytes[..length]).expect_err("a cut file");
        }
        parse(&[&bytes[..], b"x"].concat()).expect_err("a longer file");
    }

    #[test]
    fn a_file_with_any_byte_changed_is_read_or_refused_but_never_a_panic() {
        let bytes = encoded();
        let header = LENGTH + u64::from_le_bytes(bytes[..LENGTH].try_into().unwrap()) as usize;
        for position in 0..header {
            for change in [0x00, 0x22, 0x39, 0x7d, 0xff] {
                let mut bytes = bytes.clone();
                bytes[position] = change;
                let _ = parse(&bytes);
            }
        }
    }

    #[test]
    fn headers_that_lie_are_refused() {
        let huge = u64::MAX - 7;
        for header in [
            "not json".to_string(),
            "[]".into(),
            r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#.into(),
            r#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#.into(),
            r#"{"a":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}}"#.into(),
            r#"{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}"#.into(),
            r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#.into(),
            r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#.into(),
            r#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#.into(),
            format!(r#"{{"a":{{"dtype":"U8","shape":[{huge}],"data_offsets":[0,{huge}]}}}}"#),
            format!(r#"{{"a":{{"dtype":"F32","shape":[0,{huge},9],"data_offsets":[0,0]}}}}"#),
        ] {
            let bytes = with_header(&header, &[0; 8]);
            assert!(parse(&bytes).is_err(), "{header}");
        }
        parse(&[0xff; 64]).expect_err("a header longer than memory");
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("weights.safetensors");
        std::fs::write(&path, b"old").expect("a file");
        let integers = vec![("a".to_string(), TensorData::from([1i64]))];
        write(&path, &integers, &BTreeMap::new()).expect_err("integers");
        assert_eq!(std::fs::read(&path).expect("the old file"), b"old");
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("a folder").count(),
            1
        );

        let lost = folder.path().join("no such folder").join("file");
        let (tensors, metadata) = contents();
        let error = write(&lost, &tensors, &metadata).expect_err("no folder");
        assert!(matches!(error, Error::Io { .. }), "{error}");
    }
}
