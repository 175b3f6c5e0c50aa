//! One network in a file, as named tensors.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{DType, TensorData};
use serde_json::Value;

use super::Family;
use super::content::{Content, Place, Source, broken};
use super::select::select;
use crate::backbone::Flavour;
use crate::network::{FORMAT, FORMAT_KEY};
use crate::{Error, Result};

/// Suffixes of tensors that a network has beside its parameters: what counts its batches, and what follows
/// from the sizes of its windows.
const COUNTERS: [&str; 3] = [
    "num_batches_tracked",
    ".relative_position_index",
    ".attn_mask",
];

/// Bytes of tensors that a network may have beyond twice its file's length. A view may stand for
/// more than is stored, but not for much more in an honest file.
const SLACK: u64 = 16 << 20;

/// The tensors of a network in a file by name, each read only when asked for.
///
/// The container is told by its content: safetensors, or one of those that `torch.save` has
/// written (state dicts and whole modules). Nothing in a pickle is executed. Where in the file the
/// network is, is told by the names of its first layers: the keys and prefixes before them are taken
/// off, and everything else is left aside. Of averaged weights (EMA) beside others the averaged are
/// taken, as timm does.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    content: Content,
    /// The network's tensors under its own names.
    tensors: BTreeMap<String, Source>,
    /// What stands before them in the file.
    prefix: String,
    /// Whose network it is, by its names.
    family: Option<Family>,
    ignored: Vec<String>,
    /// What people should know of the choice.
    remarks: Vec<String>,
}

impl Checkpoint {
    /// Opens a file; its tensors are not read yet.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, [`Error::File`] if it is of no known container, is
    /// broken, was made to do harm, or holds several networks.
    pub fn open(path: &Path) -> Result<Self> {
        Self::choose(path, None, None)
    }

    /// Opens a file for a network of one family, or the one under a key, such as `model_ema`.
    ///
    /// # Errors
    /// See [`open`](Self::open), and [`Error::Argument`] if there is no network under the key.
    pub(super) fn choose(path: &Path, kind: Option<Family>, key: Option<&str>) -> Result<Self> {
        let content = Content::open(path)?;
        let mut checkpoint = Self {
            path: path.to_path_buf(),
            content,
            tensors: BTreeMap::new(),
            prefix: String::new(),
            family: None,
            ignored: Vec::new(),
            remarks: Vec::new(),
        };
        if checkpoint
            .metadata()
            .get(FORMAT_KEY)
            .is_some_and(|format| format == FORMAT)
        {
            if let Some(key) = key {
                let expected = "another program's file; this crate's own hold one network";
                return Err(Error::argument("--weights", expected, format!("\"{key}\"")));
            }
            checkpoint.family = Some(Family::Countenance);
        } else if let Some(selected) = select(path, &checkpoint.content, kind, key)? {
            checkpoint.prefix = selected.root.prefix;
            checkpoint.family = Some(selected.root.family);
            checkpoint.remarks = selected.remarks;
        }
        checkpoint.take();
        checkpoint.bound()?;
        Ok(checkpoint)
    }

    /// Takes the network's tensors out of the file's.
    fn take(&mut self) {
        let counts = |name: &str| COUNTERS.iter().any(|counter| name.ends_with(counter));
        for (name, source) in &self.content.tensors {
            match name.strip_prefix(&self.prefix) {
                Some(own) if !counts(own) => {
                    self.tensors.insert(own.to_string(), source.clone());
                }
                Some(own) => self.ignored.push(own.to_string()),
                None => self.ignored.push(name.clone()),
            }
        }
    }

    /// Refuses a small file that stands for a large one.
    fn bound(&self) -> Result<()> {
        let length = self
            .path
            .metadata()
            .map_err(Error::io("read", &self.path))?;
        let bytes = self
            .tensors
            .values()
            .map(Source::bytes)
            .fold(0u64, u64::saturating_add);
        match bytes > length.len().saturating_mul(2).saturating_add(SLACK) {
            true => Err(self.broken(format!(
                "{bytes} bytes of tensors in a file of {}",
                length.len()
            ))),
            false => Ok(()),
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
        &self.content.metadata
    }

    /// The names of what is left aside: counters, and what is beside the network. Those inside the
    /// network are without its prefix.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// The flavour of the EfficientNet in the file, if a whole module tells it by the class of its
    /// convolutions; bare tensors are the same in both.
    pub fn flavour(&self) -> Option<Flavour> {
        self.content.flavour
    }

    /// What the file says in texts and numbers.
    pub(super) fn said(&self) -> &Value {
        &self.content.said
    }

    /// Whose network it is, by the names of its tensors.
    pub(super) fn family(&self) -> Option<Family> {
        self.family
    }

    /// What people should know of where the network was found.
    pub(super) fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// Reads one tensor.
    ///
    /// # Errors
    /// [`Error::File`] if there is none of that name or its bytes are broken, [`Error::Io`] if the
    /// file cannot be read.
    pub fn read(&self, name: &str) -> Result<TensorData> {
        let missing = || self.broken(format!("no tensor {name:?}"));
        let source = self.tensors.get(name).ok_or_else(missing)?;
        self.content.read(&self.path, name, source)
    }

    /// Every tensor's name, shape and kind, as [`ImportReport`](super::ImportReport) compares them.
    pub(super) fn shapes(&self) -> BTreeMap<&str, (&[usize], DType)> {
        self.tensors
            .iter()
            .map(|(name, source)| (name.as_str(), (source.shape(), source.dtype())))
            .collect()
    }

    /// Whether a tensor is in a form that is not read.
    pub(super) fn is_unreadable(&self, name: &str) -> bool {
        let source = self.tensors.get(name);
        source.is_some_and(|source| matches!(source.place, Place::Unreadable(_)))
    }

    /// Leaves aside what is of none of these parts.
    pub(super) fn keep(&mut self, parts: &[&str]) {
        let first = |name: &str| parts.contains(&name.split('.').next().unwrap_or_default());
        let aside = self.tensors.extract_if(.., |name, _| !first(name));
        self.ignored.extend(aside.map(|(name, _)| name));
    }

    /// The tensors in and around the network, up to the dictionary that they are in: each one's
    /// whole name, and what of it is behind the module's that it belongs to; one list for each module,
    /// the network's own first.
    pub(super) fn around(&self) -> Vec<Vec<(&str, &str)>> {
        let container = self.tensors.values().next().map_or(0, |own| own.container);
        let names = || self.content.tensors.keys().map(String::as_str);
        let below = |prefix: &str, inner: Option<&str>| -> Vec<(&str, &str)> {
            names()
                .filter(|name| inner.is_none_or(|inner| !name.starts_with(inner)))
                .filter_map(|name| Some((name, name.strip_prefix(prefix)?)))
                .collect()
        };
        let mut prefix = self.prefix.as_str();
        let mut levels = vec![below(prefix, None)];
        while prefix.len() > container {
            let inner = prefix;
            prefix = &inner[..inner
                .trim_end_matches('.')
                .rfind('.')
                .map_or(0, |dot| dot + 1)];
            levels.push(below(prefix, Some(inner)));
        }
        levels
    }

    /// The shape of a tensor anywhere in the file, by its whole name.
    pub(super) fn shape_in_file(&self, whole: &str) -> Option<&[usize]> {
        self.content.tensors.get(whole).map(Source::shape)
    }

    /// Takes a tensor from around the network into it.
    pub(super) fn adopt(&mut self, whole: &str, own: &str) {
        if let Some(source) = self.content.tensors.get(whole) {
            self.tensors.insert(own.to_string(), source.clone());
            self.ignored.retain(|name| name != whole);
            if let Some(inside) = whole.strip_prefix(&self.prefix).filter(|name| *name != own) {
                self.tensors.remove(inside);
            }
        }
    }

    /// An [`Error::File`] on this file.
    pub(super) fn broken(&self, found: String) -> Error {
        broken(&self.path, found)
    }
}
