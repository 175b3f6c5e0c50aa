//! Everything that a file of weights holds, whatever container it is.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use burn::tensor::{DType, TensorData};
use serde_json::{Map, Value};

use super::pytorch::{Bytes, PytorchFile, Tensor};
use super::safetensors::{Index, LONGEST_HEADER, Slot};
use crate::backbone::Flavour;
use crate::{Error, Result};

/// The tensors of a file and what it says besides.
#[derive(Debug)]
pub(super) struct Content {
    /// The tensors, by their whole names.
    pub tensors: BTreeMap<String, Source>,
    /// The metadata of a safetensors file.
    pub metadata: BTreeMap<String, String>,
    /// What the file says in texts and numbers.
    pub said: Value,
    /// The flavour of the EfficientNet, if a whole module tells it.
    pub flavour: Option<Flavour>,
    /// Where the numbers of a PyTorch file are.
    bytes: Option<Bytes>,
}

/// A tensor that is not read yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Source {
    /// How much of its name are the keys of dictionaries around its own.
    pub container: usize,
    /// Where it is.
    pub place: Place,
}

/// Where a tensor is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    Safetensors(Slot),
    Pytorch(Tensor),
    /// In a form that is not read, and which.
    Unreadable(String),
}

impl Content {
    /// Opens a file; its tensors are not read yet.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, [`Error::File`] if it is of no known container, is
    /// broken, or was made to do harm.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        let length = file.metadata().map_err(Error::io("read", path))?.len();
        let mut file = BufReader::new(file);
        let start = beginning(&mut file).map_err(Error::io("read", path))?;
        let content = match container(&start).map_err(|found| broken(path, found))? {
            Container::Safetensors => Self::safetensors(path, length)?,
            Container::Pytorch => Self::pytorch(path)?,
        };
        match content.tensors.is_empty() {
            true => Err(broken(path, "no tensor in it".into())),
            false => Ok(content),
        }
    }

    fn safetensors(path: &Path, length: u64) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        let index = Index::read(&mut BufReader::new(file), length);
        let index = index.map_err(|found| broken(path, found))?;
        let slots = index.slots.into_iter().map(|(name, slot)| {
            let place = Place::Safetensors(slot);
            let container = 0;
            (name, Source { container, place })
        });
        Ok(Self {
            tensors: slots.collect(),
            said: said(&index.metadata),
            metadata: index.metadata,
            flavour: None,
            bytes: None,
        })
    }

    fn pytorch(path: &Path) -> Result<Self> {
        let file = PytorchFile::open(path).map_err(|error| failed(path, error))?;
        let tensors = file.tensors.into_iter().map(|found| {
            let place = match found.tensor {
                Ok(tensor) => Place::Pytorch(tensor),
                Err(form) => Place::Unreadable(form),
            };
            let container = found.container;
            (found.name, Source { container, place })
        });
        Ok(Self {
            tensors: tensors.collect(),
            metadata: BTreeMap::new(),
            said: file.said,
            flavour: file.flavour,
            bytes: Some(file.bytes),
        })
    }

    /// Reads a tensor of the file at `path`, whose name is `name`.
    pub fn read(&self, path: &Path, name: &str, source: &Source) -> Result<TensorData> {
        let data = match &source.place {
            Place::Safetensors(slot) => File::open(path).and_then(|mut file| slot.read(&mut file)),
            Place::Pytorch(tensor) => self
                .bytes
                .as_ref()
                .ok_or_else(|| io::Error::other("the tensors of another file"))
                .and_then(|bytes| tensor.read(bytes))
                .and_then(|bytes| {
                    TensorData::try_from_bytes_vec(bytes, tensor.shape.clone(), tensor.dtype)
                        .map_err(|error| {
                            io::Error::new(io::ErrorKind::InvalidData, error.to_string())
                        })
                }),
            Place::Unreadable(form) => {
                let found = format!("tensor {name:?} in a form that is not read ({form})");
                return Err(broken(path, found));
            }
        };
        data.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                broken(path, format!("tensor {name:?}: {error}"))
            }
            _ => failed(path, error),
        })
    }
}

impl Source {
    /// Its shape; nothing if it is in a form that is not read.
    pub fn shape(&self) -> &[usize] {
        match &self.place {
            Place::Safetensors(slot) => &slot.shape,
            Place::Pytorch(tensor) => &tensor.shape,
            Place::Unreadable(_) => &[],
        }
    }

    /// The kind of its elements.
    pub fn dtype(&self) -> DType {
        match &self.place {
            Place::Safetensors(slot) => slot.dtype,
            Place::Pytorch(tensor) => tensor.dtype,
            Place::Unreadable(_) => DType::U8,
        }
    }

    /// How much memory it takes.
    pub fn bytes(&self) -> u64 {
        let elements = self
            .shape()
            .iter()
            .fold(1u64, |product, &size| product.saturating_mul(size as u64));
        elements.saturating_mul(self.dtype().size() as u64)
    }
}

/// An [`Error::File`] on a file of weights.
pub(super) fn broken(path: &Path, found: String) -> Error {
    let expected = "a file of weights (safetensors, or PyTorch's .pt)";
    Error::file(path, expected, found)
}

fn failed(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            broken(path, error.to_string())
        }
        _ => Error::io("read", path)(error),
    }
}

/// What metadata say, with JSON in them read.
fn said(metadata: &BTreeMap<String, String>) -> Value {
    let value = |text: &String| {
        let json = text.starts_with(['{', '[']) || text.parse::<f64>().is_ok();
        let parsed = json.then(|| serde_json::from_str(text).ok()).flatten();
        parsed.unwrap_or_else(|| Value::String(text.clone()))
    };
    let entries = metadata
        .iter()
        .map(|(key, text)| (key.clone(), value(text)));
    entries.collect::<Map<_, _>>().into()
}

enum Container {
    Safetensors,
    Pytorch,
}

/// How many bytes tell the container: as far as the mark of a tar archive.
const BEGINNING: u64 = 262;

fn beginning(file: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    file.take(BEGINNING).read_to_end(&mut start)?;
    Ok(start)
}

/// The container that a file beginning like this is, or what it is instead.
fn container(start: &[u8]) -> Result<Container, String> {
    let announced = start.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    if announced.is_some_and(|length| length <= LONGEST_HEADER) && start.get(8) == Some(&b'{') {
        return Ok(Container::Safetensors);
    }
    let found = match start {
        [] => "an empty file",
        _ if start.get(257..262) == Some(b"ustar") => {
            "a tar archive, as PyTorch wrote them before 2017: open it in PyTorch and save it again"
        }
        [b'P', b'K', ..] | [0x80 | b'(' | b'}' | b']' | b'c', ..] => return Ok(Container::Pytorch),
        _ if start.starts_with(b"version https://git-lfs") => {
            "a Git LFS pointer: fetch the file that it stands for (git lfs pull)"
        }
        [b'<', ..] => "a web page: the download went wrong",
        // The version of the format, then whoever wrote it, the graph or the operators.
        [
            0x08,
            1..=32,
            0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42,
            ..,
        ] => {
            "an ONNX file, which is not read: take the checkpoint that it was exported from (YuNet's is \
             yunet_n.pth)"
        }
        _ if start.starts_with(b"\x89HDF") => "an HDF5 file (Keras), which is not supported",
        _ => "neither's beginning",
    };
    Err(found.to_string())
}
