//! Files that PyTorch has written, read without running anything in them.
//!
//! A pickle is a program that makes objects. [`machine`] notes what it would make, [`walk`] finds the
//! tensors in that, and [`plain`] what else it says. Readers of weights alone refuse a file for an
//! object beside them that they do not know, and cannot say what a program noted of its network.

mod archive;
mod bytes;
mod entry;
mod harm;
mod input;
mod invalid;
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
use self::invalid::invalid;
use self::object::{Heap, Id, Object};
pub(super) use self::tensor::Tensor;
pub(super) use self::walk::NamedTensor;
use crate::backbone::Flavour;

/// What a PyTorch file holds.
#[derive(Debug)]
pub(super) struct PytorchFile {
    /// Its tensors.
    pub tensors: Vec<NamedTensor>,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A plain pickle, which needs no archive around it.
    fn opened(pickle: &[u8]) -> Result<PytorchFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.pt");
        std::fs::write(&path, pickle).unwrap();
        PytorchFile::open(&path).map_err(|error| error.to_string())
    }

    fn said(pickle: &[u8]) -> Value {
        opened(pickle).unwrap().said
    }

    /// `{"n": -3, "f": 2.5, "t": True, "l": [1, "é"], "b": 1 << 80}` in the protocols of Python 1 to 3.
    const SPELLINGS: [&[u8]; 3] = [
        b"(dp0\nVn\np1\nI-3\nsVf\np2\nF2.5\nsVt\np3\nI01\nsVl\np4\n(lp5\nI1\naV\xc3\xa9\np6\nasVb\np7\n\
          L1208925819614629174706176L\ns.",
        b"\x80\x02}q\x00(X\x01\x00\x00\x00nq\x01J\xfd\xff\xff\xffX\x01\x00\x00\x00fq\x02G@\x04\x00\x00\
          \x00\x00\x00\x00X\x01\x00\x00\x00tq\x03\x88X\x01\x00\x00\x00lq\x04]q\x05(K\x01X\x02\x00\x00\
          \x00\xc3\xa9q\x06eX\x01\x00\x00\x00bq\x07\x8a\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
          \x01u.",
        b"\x80\x04\x95B\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01n\x94J\xfd\xff\xff\xff\x8c\x01f\x94G@\
          \x04\x00\x00\x00\x00\x00\x00\x8c\x01t\x94\x88\x8c\x01l\x94]\x94(K\x01\x8c\x02\xc3\xa9\x94e\
          \x8c\x01b\x94\x8a\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01u.",
    ];

    #[test]
    fn every_protocol_says_the_same() {
        for pickle in SPELLINGS {
            let expected = json!({"n": -3, "f": 2.5, "t": true, "l": [1, "é"], "b": null});
            assert_eq!(said(pickle), expected);
        }
    }

    #[test]
    fn a_pickle_cut_or_changed_anywhere_is_read_or_refused() {
        for pickle in SPELLINGS {
            for length in 0..pickle.len() {
                opened(&pickle[..length]).unwrap_err();
            }
            for position in 0..pickle.len() {
                for byte in [
                    0x00, b'.', b'0', b'2', b'(', b'R', b'b', b'Q', b'h', 0x93, 0xff,
                ] {
                    let mut pickle = pickle.to_vec();
                    pickle[position] = byte;
                    let _ = opened(&pickle);
                }
            }
        }
    }

    #[test]
    fn attributes_of_objects_and_entries_of_a_programs_own_dictionaries_are_said() {
        // A namespace, made by `NEWOBJ` and filled by `BUILD`.
        let namespace = b"\x80\x02cargparse\nNamespace\n)\x81}U\x05modelU\x01bsb.";
        assert_eq!(said(namespace), json!({"model": "b"}));
        // A class derived from a dictionary, with an entry and an attribute.
        let derived = b"\x80\x02cyacs\nCfgNode\n)\x81U\x04archU\x01as}U\x03newU\x01csb.";
        assert_eq!(said(derived), json!({"arch": "a", "new": "c"}));
        let ordered = b"\x80\x02ccollections\nOrderedDict\n)R(U\x01aK\x01U\x01bK\x02u.";
        assert_eq!(said(ordered), json!({"a": 1, "b": 2}));
        let pairs = b"\x80\x02ccollections\nOrderedDict\n](U\x01aK\x01\x86U\x01bK\x02\x86e\x85R.";
        assert_eq!(said(pairs), json!({"a": 1, "b": 2}));
        let set = b"\x80\x02c__builtin__\nset\n](U\x01aU\x01be\x85R.";
        assert_eq!(said(set), json!(["a", "b"]));
        let numbered = b"\x80\x02}(K\x01U\x01bK\x00U\x01aN\x88u.";
        assert_eq!(said(numbered), json!({"0": "a", "1": "b"}));
    }

    #[test]
    fn what_refers_to_itself_or_nests_without_end_is_read() {
        let circle = said(b"\x80\x02]q\x00h\x00a.");
        assert_eq!(circle.pointer("/0/0/0/0/0/0/0"), Some(&json!([null])));
        opened(b"\x80\x02}q\x00U\x01ah\x00s.").unwrap();
        let nested = [
            b"\x80\x02".to_vec(),
            b"]".repeat(100_000),
            b"a".repeat(99_999),
        ];
        opened(&[nested.concat(), b".".to_vec()].concat()).unwrap();
        let sets = [
            b"\x80\x02".to_vec(),
            b"c__builtin__\nset\n".repeat(50_000),
            b")".to_vec(),
        ];
        let sets = [sets.concat(), b"R".repeat(50_000), b".".to_vec()].concat();
        opened(&sets).unwrap();
    }

    /// Each level holds the one before ten times.
    #[test]
    fn a_pickle_that_unfolds_to_billions_of_objects_is_refused() {
        let mut pickle = b"\x80\x02]q\x00".to_vec();
        for level in 0..9u8 {
            pickle.extend(b"](");
            pickle.extend([b'h', level].repeat(10));
            pickle.extend([b'e', b'q', level + 1]);
        }
        pickle.push(b'.');
        let error = opened(&pickle).unwrap_err();
        assert!(error.contains("others in it"), "{error}");
    }

    #[test]
    fn more_objects_than_any_checkpoint_has_are_refused() {
        let error = opened(&[b"\x80\x02".to_vec(), b"N".repeat(3 << 20)].concat()).unwrap_err();
        assert!(error.contains("objects"), "{error}");
    }
}
