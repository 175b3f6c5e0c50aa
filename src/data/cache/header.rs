//! The safetensors header of a feature file.
//!
//! Read and written here rather than by a library: a cache's header must be known before its data
//! and must not depend on a hash map's order, and a refused file deserves to be told why.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::TENSOR;
use crate::{Error, Result};

/// The header's length comes first, in this many bytes.
const PREFIX: usize = size_of::<u64>();
/// Longest header in bytes: the format's own bound.
const LONGEST: usize = 100_000_000;
/// The key under which the format keeps metadata, beside the tensors.
const METADATA: &str = "__metadata__";

/// The shape, the place and the metadata of the one tensor of a feature file.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    pub rows: usize,
    pub width: usize,
    pub data: Range<usize>,
    pub metadata: BTreeMap<String, String>,
}

/// A tensor's entry in the header.
#[derive(Deserialize)]
pub(in crate::data) struct TensorInfo {
    pub dtype: String,
    pub shape: Vec<usize>,
    pub data_offsets: [usize; 2],
}

/// The bytes before the data. The data start at a multiple of 8 bytes, so a mapped file's floats
/// are aligned.
///
/// # Errors
/// [`Error::File`] on `path` if the names or the data are too many for the format.
pub(super) fn encode(
    path: &Path,
    rows: usize,
    width: usize,
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    let refuse =
        |found: &str| Error::file(path, "a feature file within its format's bounds", found);
    let length =
        data_length(rows, width).ok_or_else(|| refuse("more data than can be addressed"))?;
    let header = json!({
        METADATA: metadata,
        TENSOR: {"dtype": "F32", "shape": [rows, width], "data_offsets": [0, length]},
    });
    let mut text = header.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(PREFIX), b' ');
    if text.len() > LONGEST {
        return Err(refuse("names of more than 100 MB"));
    }
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.append(&mut text);
    Ok(bytes)
}

/// What a safetensors file holds, by its header; nothing of a tensor's own entry is checked yet.
#[derive(Debug)]
pub(in crate::data) struct Contents {
    /// The tensors' entries by name.
    pub tensors: BTreeMap<String, Value>,
    pub metadata: BTreeMap<String, String>,
    /// Where the tensors' bytes are.
    pub data: Range<usize>,
}

/// Reads the header of a whole safetensors file's `bytes`.
///
/// # Errors
/// [`Error::File`] on `path` for anything that does not begin with one.
pub(in crate::data) fn contents(path: &Path, bytes: &[u8]) -> Result<Contents> {
    let refuse = |expected: &str, found: String| Error::file(path, expected, found);
    let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX>() else {
        return Err(refuse(
            "a safetensors file",
            format!("{} bytes", bytes.len()),
        ));
    };
    let length = u64::from_le_bytes(*prefix);
    if length > LONGEST as u64 {
        let found = format!("a header of {length} bytes");
        return Err(refuse("a safetensors file", found));
    }
    // The bound above makes the conversion exact.
    let length = length as usize;
    let Some((text, _)) = rest.split_at_checked(length) else {
        let found = format!("{} of them", rest.len());
        return Err(refuse(&format!("a header of {length} bytes"), found));
    };
    let mut tensors: BTreeMap<String, Value> = serde_json::from_slice(text)
        .map_err(|error| refuse("a safetensors header", error.to_string()))?;
    let metadata = match tensors.remove(METADATA) {
        None => BTreeMap::new(),
        Some(value) => serde_json::from_value(value)
            .map_err(|error| refuse("metadata of texts", error.to_string()))?,
    };
    Ok(Contents {
        tensors,
        metadata,
        data: PREFIX + length..bytes.len(),
    })
}

/// Reads and checks the header of a whole file's `bytes`.
///
/// # Errors
/// [`Error::File`] on `path` for anything but a complete file with the one tensor `features`,
/// float32, `[rows, width]`.
pub(super) fn decode(path: &Path, bytes: &[u8]) -> Result<Header> {
    let Contents {
        tensors,
        metadata,
        data,
    } = contents(path, bytes)?;
    let (rows, width) = decode_tensor(path, tensors, data.len())?;
    Ok(Header {
        rows,
        width,
        data,
        metadata,
    })
}

fn decode_tensor(
    path: &Path,
    mut entries: BTreeMap<String, Value>,
    available: usize,
) -> Result<(usize, usize)> {
    let refuse = |expected: &str, found: String| Error::file(path, expected, found);
    let one = "one tensor `features`";
    let Some(entry) = entries.remove(TENSOR) else {
        return Err(refuse(one, name_some(&entries)));
    };
    if !entries.is_empty() {
        return Err(refuse(one, format!("besides it {}", name_some(&entries))));
    }
    let info: TensorInfo = serde_json::from_value(entry).map_err(|error| {
        refuse(
            "a type, a shape and offsets of `features`",
            error.to_string(),
        )
    })?;
    if info.dtype != "F32" {
        return Err(refuse(
            "`features` of type F32",
            format!("{:?}", info.dtype),
        ));
    }
    let (rows, width) = match info.shape[..] {
        [rows, width] if width > 0 => (rows, width),
        _ => {
            return Err(refuse(
                "`features` of shape [rows, width]",
                format!("{:?}", info.shape),
            ));
        }
    };
    let shape = format!("data of shape [{rows}, {width}]");
    let [start, end] = info.data_offsets;
    if start != 0 || Some(end) != data_length(rows, width) {
        return Err(refuse(&shape, format!("offsets {start} to {end}")));
    }
    if end != available {
        return Err(refuse(
            &format!("{shape}: {end} bytes"),
            format!("{available}"),
        ));
    }
    Ok((rows, width))
}

fn data_length(rows: usize, width: usize) -> Option<usize> {
    rows.checked_mul(width)?
        .checked_mul(size_of::<f32>())
        .filter(|&length| length <= isize::MAX as usize)
}

/// The first few names of tensors, for errors.
pub(in crate::data) fn name_some(entries: &BTreeMap<String, Value>) -> String {
    const SHOWN: usize = 3;
    let names: Vec<_> = entries
        .keys()
        .take(SHOWN)
        .map(|name| format!("{:?}", name.chars().take(40).collect::<String>()))
        .collect();
    match entries.len() {
        0 => "no tensor".into(),
        count if count > SHOWN => format!("{} and {} more", names.join(", "), count - SHOWN),
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: usize) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        bytes
    }

    fn refusal(bytes: &[u8]) -> String {
        let error = decode(Path::new("some/features.safetensors"), bytes)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("some/features.safetensors: expected"),
            "{error}"
        );
        error
    }

    #[test]
    fn what_is_encoded_is_read_back_and_is_safetensors() {
        let metadata = BTreeMap::from([("rows".to_string(), r#"["a\"b","c"]"#.to_string())]);
        let mut bytes = encode(Path::new("x"), 2, 3, &metadata).unwrap();
        let start = bytes.len();
        assert_eq!(start % 8, 0);
        bytes.resize(start + 24, 0);
        let header = decode(Path::new("x"), &bytes).unwrap();
        assert_eq!((header.rows, header.width), (2, 3));
        assert_eq!(
            (header.data, header.metadata),
            (start..start + 24, metadata.clone())
        );

        let library = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(library.tensor("features").unwrap().shape(), [2, 3]);
        let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        let read: BTreeMap<_, _> = header.metadata().clone().unwrap().into_iter().collect();
        assert_eq!(read, metadata);
    }

    #[test]
    fn hostile_headers_are_refused_with_a_reason() {
        let tensor = |shape: &str, offsets: &str| {
            format!(r#"{{"features":{{"dtype":"F32","shape":{shape},"data_offsets":{offsets}}}}}"#)
        };
        let good = tensor("[2,3]", "[0,24]");
        assert!(decode(Path::new("x"), &file(&good, 24)).is_ok());
        let max = u64::MAX;
        for (bytes, reason) in [
            (vec![], "found 0 bytes"),
            (vec![1, 2, 3], "found 3 bytes"),
            (
                max.to_le_bytes().to_vec(),
                "a header of 18446744073709551615 bytes",
            ),
            (
                100_000_001u64.to_le_bytes().to_vec(),
                "a header of 100000001 bytes",
            ),
            (
                1000u64.to_le_bytes().to_vec(),
                "a header of 1000 bytes, found 0",
            ),
            (file("", 0), "a safetensors header"),
            (file("[]", 0), "a safetensors header"),
            (file("{", 0), "a safetensors header"),
            (file("{}", 0), "one tensor `features`, found no tensor"),
            (file(&"[".repeat(100_000), 0), "a safetensors header"),
            (
                file(&format!("{{\"features\":{}", "[".repeat(100_000)), 0),
                "a safetensors header",
            ),
            (
                file(r#"{"__metadata__":{"rows":3}}"#, 0),
                "metadata of texts",
            ),
            (file(r#"{"weight":{}}"#, 0), "found \"weight\""),
            (
                file(&good.replace("}}", r#"},"b":{}}"#), 24),
                "besides it \"b\"",
            ),
            (file(r#"{"features":7}"#, 0), "a type, a shape and offsets"),
            (
                file(&good.replace("F32", "F16"), 24),
                "type F32, found \"F16\"",
            ),
            (
                file(&tensor("[6]", "[0,24]"), 24),
                "shape [rows, width], found [6]",
            ),
            (
                file(&tensor("[2,0]", "[0,0]"), 0),
                "shape [rows, width], found [2, 0]",
            ),
            (
                file(&tensor("[-2,3]", "[0,24]"), 24),
                "a type, a shape and offsets",
            ),
            (file(&tensor("[2,3]", "[8,32]"), 32), "offsets 8 to 32"),
            (file(&tensor("[2,3]", "[0,20]"), 20), "offsets 0 to 20"),
            (
                file(&tensor(&format!("[{max},{max}]"), "[0,24]"), 24),
                "offsets 0 to 24",
            ),
            (
                file(&tensor(&format!("[{},4]", max / 16 + 1), "[0,0]"), 0),
                "offsets 0 to 0",
            ),
            (file(&good, 23), "24 bytes, found 23"),
            (file(&good, 25), "24 bytes, found 25"),
        ] {
            let error = refusal(&bytes);
            assert!(error.contains(reason), "{reason}: {error}");
        }
    }

    #[test]
    fn a_header_that_is_not_utf_8_is_refused() {
        let mut bytes = file(r#"{"features":{"dtype":"x"}}"#, 0);
        bytes[12] = 0xff;
        refusal(&bytes);
    }

    #[test]
    fn damaged_headers_never_panic() {
        let metadata = BTreeMap::from([("rows".to_string(), "[]".to_string())]);
        let mut bytes = encode(Path::new("x"), 1, 2, &metadata).unwrap();
        bytes.resize(bytes.len() + 8, 0);
        for place in 0..bytes.len() {
            for value in 0..=255 {
                let mut damaged = bytes.clone();
                damaged[place] = value;
                let _ = decode(Path::new("x"), &damaged);
            }
            let _ = decode(Path::new("x"), &bytes[..place]);
        }
    }
}
