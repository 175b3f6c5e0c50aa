//! Features in safetensors files of other programs.

use super::bytes::Bytes;
use super::element::{Element, Kind};
use super::matrix::Matrix;
use super::place::Place;
use crate::Result;
use crate::data::cache::header::{Contents, TensorInfo, contents, name_some};
use crate::data::cache::reader::decode_names;
use crate::data::cache::{ROWS_KEY, TENSOR};

/// Reads the features in the safetensors file in `bytes`, and their names where its metadata hold
/// them; other tensors are passed over.
///
/// # Errors
/// [`Error::File`](crate::Error::File) if it is broken, or what of it are the features cannot be told.
pub(super) fn read(place: Place, bytes: &Bytes) -> Result<(Matrix, Option<Vec<String>>)> {
    let Contents {
        mut tensors,
        metadata,
        data,
    } = contents(place.path, bytes)?;
    let end_of = |entry: &serde_json::Value| entry.get("data_offsets")?.get(1)?.as_u64();
    let last = tensors.values().filter_map(end_of).max().unwrap_or(0);
    let held = bytes.len().saturating_sub(data.start) as u64;
    if last != held {
        let expected = format!("{last} bytes of numbers, as its header says");
        return Err(place.refuse(expected, held.to_string()));
    }
    let name = match tensors.len() {
        _ if tensors.contains_key(TENSOR) => Some(TENSOR.to_string()),
        1 => tensors.keys().next().cloned(),
        _ => None,
    };
    let entry = name.and_then(|name| Some((tensors.remove(&name)?, name)));
    let Some((entry, name)) = entry else {
        let expected = format!("one tensor, or one called `{TENSOR}`");
        return Err(place.refuse(expected, name_some(&tensors)));
    };
    let place = Place {
        member: Some(&name),
        ..place
    };
    let info: TensorInfo = serde_json::from_value(entry)
        .map_err(|error| place.refuse("a type, a shape and offsets", error.to_string()))?;
    let kind = match info.dtype.as_str() {
        "F16" => Kind::F16,
        "BF16" => Kind::Bf16,
        "F32" => Kind::F32,
        "F64" => Kind::F64,
        other => {
            let expected = "features of F16, BF16, F32 or F64";
            return Err(place.refuse(expected, format!("{other:?}")));
        }
    };
    let element = Element {
        kind,
        big_endian: false,
    };
    let &[rows, width] = &info.shape[..] else {
        let expected = "features of shape [rows, width]";
        return Err(place.refuse(expected, format!("shape {:?}", info.shape)));
    };
    let [start, end] = info.data_offsets;
    let numbers = bytes.part(data).and_then(|data| data.part(start..end));
    let matrix = numbers.and_then(|bytes| Matrix::new(bytes, element, [rows, width], false));
    let matrix = matrix.ok_or_else(|| {
        place.refuse(
            format!("the numbers of a matrix of {rows} rows and {width} columns"),
            format!(
                "offsets {start} to {end} in a file of {} bytes",
                bytes.len()
            ),
        )
    })?;
    let names = metadata.get(ROWS_KEY);
    let names = names.map(|text| decode_names(place.path, text, rows));
    Ok((matrix, names.transpose()?))
}

/// Whether the file in `bytes` begins as a safetensors file does.
pub(super) fn may_be(bytes: &Bytes) -> bool {
    bytes.get(size_of::<u64>()) == Some(&b'{')
}

/// Whether the file in `bytes` is a cache as this crate writes it, by its one tensor's name and type.
///
/// # Errors
/// [`Error::File`](crate::Error::File) if it is no safetensors file.
pub(super) fn is_cache(place: Place, bytes: &Bytes) -> Result<bool> {
    let tensors = contents(place.path, bytes)?.tensors;
    let only = tensors.get(TENSOR).filter(|_| tensors.len() == 1);
    Ok(only.is_some_and(|entry| entry.get("dtype").is_some_and(|dtype| dtype == "F32")))
}
