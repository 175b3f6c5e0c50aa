//! Any supported file as named tensors, whatever container it is.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use burn::store::pytorch_reader::{self, PytorchError, PytorchReader};
use burn::tensor::{DType, TensorData};
use tempfile::NamedTempFile;

use super::archive;
use super::pickle::Pickle;
use super::safetensors::{Index, LONGEST_HEADER, Slot};
use crate::backbone::Flavour;
use crate::{Error, Result};

/// Keys under which programs keep the network's tensors, beside other things.
const WRAPPERS: [&str; 6] = [
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "network",
    "net",
];

/// Prefixes that wrappers of a module add to every name: of data parallelism, of compilation.
const PREFIXES: [&str; 2] = ["module.", "_orig_mod."];

/// What training keeps beside the network's tensors: dropped, and listed in [`Checkpoint::ignored`].
const BESIDE: [&str; 9] = [
    "optimizer",
    "optim",
    "optimizer_state_dict",
    "scheduler",
    "lr_scheduler",
    "scaler",
    "amp_scaler",
    "state_dict_ema",
    "ema",
];

/// Suffixes of tensors that count and do not compute.
const COUNTERS: [&str; 1] = ["num_batches_tracked"];

/// Bytes of tensors that a file may hold beyond twice its own length. A view may stand for more
/// than is stored, but not for much more in an honest file.
const SLACK: u64 = 16 << 20;

/// The tensors of a file by name, each read only when asked for.
///
/// The container is told by its content: safetensors, or one of those that `torch.save` has
/// written (state dicts and whole modules). Nothing in a pickle is executed. The network's tensors
/// are taken out of a wrapping `state_dict`, prefixes such as `module.` are taken off, and what
/// training keeps beside them is dropped.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    tensors: BTreeMap<String, Source>,
    metadata: BTreeMap<String, String>,
    ignored: Vec<String>,
    flavour: Option<Flavour>,
    /// What is read in the file's place, if it is not the file itself.
    copy: Option<NamedTempFile>,
}

#[derive(Clone, Debug)]
enum Source {
    Safetensors(Slot),
    // Its shape and kind stand inside.
    Pytorch(pytorch_reader::Tensor, DType),
}

impl Checkpoint {
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
        let mut checkpoint = Self {
            path: path.to_path_buf(),
            tensors: BTreeMap::new(),
            metadata: BTreeMap::new(),
            ignored: Vec::new(),
            flavour: None,
            copy: None,
        };
        match container(&start) {
            Ok(Container::Safetensors) => checkpoint.index_safetensors(length)?,
            Ok(Container::Pytorch) => checkpoint.index_pytorch()?,
            Err(found) => return Err(checkpoint.broken(found)),
        }
        checkpoint.bound(length)?;
        checkpoint.strip();
        match checkpoint.tensors.is_empty() {
            true => Err(checkpoint.broken("no tensor in it".into())),
            false => Ok(checkpoint),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the tensors, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The shape of a tensor, if there is one of that name.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(Source::shape)
    }

    /// The kind of a tensor's elements, if there is one of that name.
    pub fn dtype(&self, name: &str) -> Option<DType> {
        self.tensors.get(name).map(Source::dtype)
    }

    /// The metadata of a safetensors file; empty for other containers.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The names that were dropped: counters, and what training keeps beside the network.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// The flavour of the EfficientNet in the file, if the file tells.
    ///
    /// A whole module does, by the class of its convolutions; bare tensors are the same in both.
    pub fn flavour(&self) -> Option<Flavour> {
        self.flavour
    }

    /// Reads one tensor.
    ///
    /// # Errors
    /// [`Error::File`] if there is none of that name or its bytes are broken, [`Error::Io`] if the
    /// file cannot be read.
    pub fn read(&self, name: &str) -> Result<TensorData> {
        let missing = || self.broken(format!("no tensor {name:?}"));
        let data = match self.tensors.get(name).ok_or_else(missing)? {
            Source::Safetensors(slot) => File::open(&self.path).and_then(|mut f| slot.read(&mut f)),
            Source::Pytorch(tensor, dtype) => tensor.read().and_then(|bytes| {
                TensorData::try_from_bytes_vec(bytes, tensor.shape().to_vec(), *dtype)
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
            }),
        };
        data.map_err(|error| self.failed(error))
    }

    /// Every tensor's name, shape and kind, as [`ImportReport`](super::ImportReport) compares them.
    pub(super) fn shapes(&self) -> BTreeMap<&str, (&[usize], DType)> {
        self.tensors
            .iter()
            .map(|(name, source)| (name.as_str(), (source.shape(), source.dtype())))
            .collect()
    }

    /// Drops a tensor, and remembers that it was there.
    pub(super) fn ignore(&mut self, name: &str) {
        if self.tensors.remove(name).is_some() {
            self.ignored.push(name.to_string());
        }
    }

    /// An [`Error::File`] on this file.
    pub(super) fn broken(&self, found: String) -> Error {
        Error::file(
            &self.path,
            "a file of weights (safetensors, or PyTorch's .pt)",
            found,
        )
    }

    fn failed(&self, error: io::Error) -> Error {
        use io::ErrorKind::{InvalidData, UnexpectedEof};
        match error.kind() {
            InvalidData | UnexpectedEof => self.broken(error.to_string()),
            _ => Error::io("read", &self.path)(error),
        }
    }

    fn index_safetensors(&mut self, length: u64) -> Result<()> {
        let file = File::open(&self.path).map_err(Error::io("open", &self.path))?;
        let index =
            Index::read(&mut BufReader::new(file), length).map_err(|found| self.broken(found))?;
        self.metadata = index.metadata;
        let slots = index.slots.into_iter();
        self.tensors = slots
            .map(|(name, slot)| (name, Source::Safetensors(slot)))
            .collect();
        Ok(())
    }

    fn index_pytorch(&mut self) -> Result<()> {
        let pickle = Pickle::read(&self.path).map_err(|error| self.failed(error))?;
        if let Some(function) = pickle.harmful() {
            return Err(self.broken(format!(
                "a call of {function}: the file is made to run commands when Python opens it \
                 (nothing was run here; delete it)"
            )));
        }
        self.flavour = pickle.flavour();
        drop(pickle);
        let reader = match PytorchReader::new(&self.path) {
            Err(PytorchError::Zip(error)) => {
                self.copy = archive::without_64_bit_records(&self.path)
                    .map_err(|error| self.failed(error))?;
                match &self.copy {
                    Some(copy) => PytorchReader::new(copy.path()),
                    None => Err(PytorchError::Zip(error)),
                }
            }
            read => read,
        };
        let reader = reader.map_err(|error| match error {
            PytorchError::Io(error) => self.failed(error),
            error => {
                let mut found = error.to_string();
                // How those files refer to a class's source.
                if found.contains("persistent id has 4 fields") {
                    found += " (a whole module as PyTorch before 1.6 saved it: open it in PyTorch \
                              and save its state_dict)";
                }
                self.broken(found)
            }
        })?;
        self.tensors = reader
            .into_tensors()
            .into_iter()
            .map(|(name, tensor)| {
                let dtype = tensor_dtype(tensor.dtype());
                (name, Source::Pytorch(tensor, dtype))
            })
            .collect();
        Ok(())
    }

    /// Refuses a small file that stands for a large one.
    fn bound(&self, length: u64) -> Result<()> {
        let bytes = self
            .tensors
            .values()
            .map(Source::bytes)
            .fold(0u64, u64::saturating_add);
        match bytes > length.saturating_mul(2).saturating_add(SLACK) {
            true => Err(self.broken(format!("{bytes} bytes of tensors in a file of {length}"))),
            false => Ok(()),
        }
    }

    /// Leaves the network's own tensors under their own names.
    fn strip(&mut self) {
        let wrapper = WRAPPERS
            .map(|key| format!("{key}."))
            .into_iter()
            .find(|prefix| self.tensors.keys().any(|name| name.starts_with(prefix)));
        if let Some(prefix) = wrapper {
            self.rename(|name| name.strip_prefix(&prefix));
        }
        let beside = |name: &str| {
            let (first, _) = name.split_once('.').unwrap_or((name, ""));
            BESIDE.contains(&first)
        };
        let counts = |name: &str| COUNTERS.iter().any(|counter| name.ends_with(counter));
        let dropped: Vec<String> = self
            .names()
            .filter(|name| beside(name) || counts(name))
            .map(str::to_string)
            .collect();
        for name in dropped {
            self.ignore(&name);
        }
        while let Some(prefix) = PREFIXES
            .into_iter()
            .find(|prefix| self.names().all(|name| name.starts_with(prefix)))
        {
            if self.tensors.is_empty() {
                break;
            }
            self.rename(|name| name.strip_prefix(prefix));
        }
    }

    /// Gives every tensor that `rename` knows its new name, unless it is taken.
    fn rename(&mut self, rename: impl Fn(&str) -> Option<&str>) {
        let (known, other): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut self.tensors)
            .into_iter()
            .partition(|(name, _)| rename(name).is_some());
        self.tensors = other;
        for (name, source) in known {
            let new = rename(&name).unwrap_or(&name);
            let free = !self.tensors.contains_key(new);
            let name = if free { new.to_string() } else { name };
            self.tensors.insert(name, source);
        }
    }
}

impl Source {
    fn shape(&self) -> &[usize] {
        match self {
            Self::Safetensors(slot) => &slot.shape,
            Self::Pytorch(tensor, _) => tensor.shape(),
        }
    }

    fn dtype(&self) -> DType {
        match self {
            Self::Safetensors(slot) => slot.dtype,
            Self::Pytorch(_, dtype) => *dtype,
        }
    }

    fn bytes(&self) -> u64 {
        let elements = self
            .shape()
            .iter()
            .fold(1u64, |product, &size| product.saturating_mul(size as u64));
        elements.saturating_mul(self.dtype().size() as u64)
    }
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
        [b'P', b'K', ..] | [0x80 | b'(' | b'}' | b']' | b'c', ..] => return Ok(Container::Pytorch),
        _ if start.get(257..262) == Some(b"ustar") => return Ok(Container::Pytorch),
        _ if start.starts_with(b"version https://git-lfs") => {
            "a Git LFS pointer: fetch the file that it stands for (git lfs pull)"
        }
        [b'<', ..] => "a web page: the download went wrong",
        _ if start.starts_with(b"\x89HDF") => "an HDF5 file (Keras), which is not supported",
        _ => "neither's beginning",
    };
    Err(found.to_string())
}

fn tensor_dtype(dtype: pytorch_reader::DType) -> DType {
    use burn::tensor::BoolStore;
    use pytorch_reader::DType as From;
    match dtype {
        From::F64 => DType::F64,
        From::F32 => DType::F32,
        From::F16 => DType::F16,
        From::BF16 => DType::BF16,
        From::I64 => DType::I64,
        From::I32 => DType::I32,
        From::I16 => DType::I16,
        From::I8 => DType::I8,
        From::U64 => DType::U64,
        From::U32 => DType::U32,
        From::U16 => DType::U16,
        From::U8 => DType::U8,
        From::Bool => DType::Bool(BoolStore::Native),
    }
}
