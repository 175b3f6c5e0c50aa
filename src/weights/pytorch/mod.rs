//! Files that PyTorch has written, read without running anything in them.
//!
//! A pickle is a program that makes objects. [`machine`] notes what it would make, [`walk`] finds the
//! tensors in that, and [`plain`] what else it says. Readers of weights alone refuse a file for an
//! object beside them that they do not know, and cannot say what a program noted of its network.

mod archive;
mod bytes;
mod harm;
mod input;
mod literal;
mod machine;
mod object;
mod plain;
mod stream;
mod tensor;
mod walk;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use serde_json::Value;

pub(super) use self::bytes::Bytes;
use self::bytes::invalid;
use self::object::{Heap, Id, Object};
pub(super) use self::tensor::Tensor;
pub(super) use self::walk::Found;
use crate::backbone::Flavour;

/// What a PyTorch file holds.
#[derive(Debug)]
pub(super) struct PytorchFile {
    /// Its tensors.
    pub tensors: Vec<Found>,
    /// Where their numbers are.
    pub bytes: Bytes,
    /// What it says besides, in texts and numbers.
    pub said: Value,
    /// The flavour of the EfficientNet whose whole module it holds; `None` if it holds tensors
    /// alone, which do not tell.
    pub flavour: Option<Flavour>,
}

impl PytorchFile {
    /// Opens a file; the tensors' numbers are not read yet.
    ///
    /// # Errors
    /// Of the kind [`io::ErrorKind::InvalidData`] if the file is broken or was made to do harm.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut heap = Heap::default();
        let opened = open(path, &mut heap);
        if let Some(function) = heap.globals().find(|name| harm::is_harmful(name)) {
            return Err(invalid(format!(
                "a call of {function}: the file is made to run commands when Python opens it \
                 (nothing was run here; delete it)"
            )));
        }
        let (root, bytes) = opened?;
        if has_outside_class(&heap) {
            return Err(invalid(
                "a whole module as PyTorch before 1.6 saved it: open it in PyTorch and save its \
                 state_dict",
            ));
        }
        Ok(Self {
            tensors: walk::tensors(&heap, root).map_err(invalid)?,
            bytes,
            said: plain::plain(&heap, root),
            flavour: flavour(&heap),
        })
    }
}

/// Runs the pickles of a file; the object that was saved, and where the tensors' numbers are.
fn open(path: &Path, heap: &mut Heap) -> io::Result<(Id, Bytes)> {
    let mut file = File::open(path)?;
    let mut start = [0; 2];
    let archived = file.read_exact(&mut start).is_ok() && &start == b"PK";
    file.rewind()?;
    if !archived {
        return stream::open(path, file, heap);
    }
    let (pickle, bytes) = archive::open(path, file)?;
    let root = machine::run(&pickle, &mut 0, heap).map_err(invalid)?;
    Ok((root, bytes))
}

/// Only TensorFlow's padding needs timm's own convolution.
fn flavour(heap: &Heap) -> Option<Flavour> {
    let network = |name: &str| name.starts_with("timm.") && name.ends_with(".EfficientNet");
    if heap.globals().any(|name| name.ends_with(".Conv2dSame")) {
        Some(Flavour::Tensorflow)
    } else if heap.globals().any(network) {
        Some(Flavour::Plain)
    } else {
        None
    }
}

/// Whether a class is kept outside the pickle, as only PyTorch before 1.6 did with a module's.
fn has_outside_class(heap: &Heap) -> bool {
    let tag = |by: Id| heap.list(by)?.first().map(|&tag| heap.get(tag));
    heap.outside()
        .any(|by| matches!(tag(by), Some(Object::Text(text)) if text == "module"))
}
