//! A tensor as a pickle describes it: a view of a storage.

use std::io;

use burn::tensor::{BoolStore, DType};

use super::bytes::Bytes;
use super::invalid::invalid;
use super::object::{Heap, Id, Object};

/// A tensor whose numbers are read when they are asked for.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::weights) struct Tensor {
    /// The kind of its elements.
    pub dtype: DType,
    /// Its shape.
    pub shape: Vec<usize>,
    storage: String,
    /// How many elements of the storage come before its first, and lie between neighbours.
    offset: usize,
    strides: Vec<usize>,
}

/// A storage that tensors are views of.
pub(super) struct Storage {
    pub key: String,
    /// Bytes of an element.
    pub width: usize,
    dtype: Option<DType>,
    /// Elements before the first, in the views that old files have.
    offset: usize,
}

/// What of a pickle is a tensor.
pub(super) enum Described {
    Tensor(Tensor),
    /// One that is not read, and why.
    Unreadable(String),
    /// No tensor.
    Other,
}

impl Storage {
    /// Every storage of a pickle.
    pub fn all(heap: &Heap) -> impl Iterator<Item = Self> {
        heap.outside().filter_map(|by| Self::of(heap, by))
    }

    /// The storage that is found with `by`: a list of "storage", its kind, its key, its device, its
    /// length, and perhaps a view of it.
    fn of(heap: &Heap, by: Id) -> Option<Self> {
        let [tag, kind, key, _device, _length, view @ ..] = heap.list(by)? else {
            return None;
        };
        if !matches!(heap.get(*tag), Object::Text(text) if text == "storage") {
            return None;
        }
        let Object::Global(kind) = heap.get(*kind) else {
            return None;
        };
        let (_, kind) = kind.rsplit_once('.')?;
        let dtype = storage_dtype(kind);
        let view = view.first().and_then(|&view| heap.list(view));
        let offset = view.and_then(|view| heap.int(*view.get(1)?));
        Some(Self {
            key: heap.key(*key)?,
            width: dtype.map_or(1, |dtype| dtype.size()),
            dtype,
            offset: usize::try_from(offset.unwrap_or(0)).ok()?,
        })
    }
}

impl Described {
    /// What the object `id` is.
    pub fn of(heap: &Heap, id: Id) -> Self {
        let Some((mut function, mut arguments)) = heap.call(id) else {
            return Self::Other;
        };
        // A parameter is a call with a tensor in it; nothing is wrapped more often than this.
        for _ in 0..4 {
            let given = match heap.get(arguments) {
                Object::List(given) => given.as_slice(),
                _ => return Self::Other,
            };
            match function {
                "torch._utils._rebuild_tensor"
                | "torch._utils._rebuild_tensor_v2"
                | "torch._utils._rebuild_tensor_v3" => {
                    let described = view(heap, given);
                    return match described {
                        Some(tensor) => Self::Tensor(tensor),
                        None => Self::Unreadable(function.to_string()),
                    };
                }
                "torch._utils._rebuild_parameter"
                | "torch._utils._rebuild_parameter_with_state"
                    if !given.is_empty() =>
                {
                    match heap.call(given[0]) {
                        Some(inner) => (function, arguments) = inner,
                        None => return Self::Other,
                    }
                }
                "torch._tensor._rebuild_from_type_v2" if given.len() > 2 => {
                    match heap.get(given[0]) {
                        Object::Global(name) => (function, arguments) = (name, given[2]),
                        _ => return Self::Other,
                    }
                }
                other if other.starts_with("torch._utils._rebuild") => {
                    return Self::Unreadable(other.to_string());
                }
                _ => return Self::Other,
            }
        }
        Self::Other
    }
}

/// The tensor that is rebuilt from a storage, an offset, a shape, strides, and further on its kind.
fn view(heap: &Heap, given: &[Id]) -> Option<Tensor> {
    let [storage, offset, shape, strides, rest @ ..] = given else {
        return None;
    };
    let Object::Outside(by) = heap.get(*storage) else {
        return None;
    };
    let storage = Storage::of(heap, *by)?;
    let size = |id: &Id| usize::try_from(heap.int(*id)?).ok();
    let sizes = |id: &Id| heap.list(*id)?.iter().map(size).collect::<Option<Vec<_>>>();
    let named = rest.get(2).and_then(|&kind| match heap.get(kind) {
        Object::Global(kind) => tensor_dtype(kind.strip_prefix("torch.")?),
        _ => None,
    });
    let (shape, strides) = (sizes(shape)?, sizes(strides)?);
    (shape.len() == strides.len()).then_some(Tensor {
        dtype: storage.dtype.or(named)?,
        shape,
        storage: storage.key,
        offset: size(offset)?.checked_add(storage.offset)?,
        strides,
    })
}

impl Tensor {
    /// Reads the numbers, row after row.
    pub fn read(&self, bytes: &Bytes) -> io::Result<Vec<u8>> {
        let width = self.dtype.size();
        let sizes = self.extent().zip(self.length());
        let (extent, length) = sizes.ok_or_else(|| invalid("a tensor beyond all memory"))?;
        if length == 0 {
            return Ok(Vec::new());
        }
        let place = |elements: usize| (elements as u64).saturating_mul(width as u64);
        let window = bytes.read(&self.storage, place(self.offset), place(extent))?;
        if extent == length && self.is_in_order() {
            return Ok(window);
        }
        let mut out = Vec::with_capacity(length * width);
        let mut position = vec![0; self.shape.len()];
        for _ in 0..length {
            let steps = position.iter().zip(&self.strides);
            let start = steps.map(|(at, stride)| at * stride).sum::<usize>() * width;
            out.extend_from_slice(&window[start..start + width]);
            for (at, size) in position.iter_mut().zip(&self.shape).rev() {
                *at += 1;
                if *at < *size {
                    break;
                }
                *at = 0;
            }
        }
        Ok(out)
    }

    /// How many elements it has.
    fn length(&self) -> Option<usize> {
        let mut sizes = self.shape.iter();
        sizes.try_fold(1usize, |all, &size| all.checked_mul(size))
    }

    /// How many elements of the storage lie from its first to its last.
    fn extent(&self) -> Option<usize> {
        let mut axes = self.shape.iter().zip(&self.strides);
        axes.try_fold(1usize, |extent, (&size, &stride)| {
            extent.checked_add(size.saturating_sub(1).checked_mul(stride)?)
        })
    }

    /// Whether the elements follow each other in the storage as they do in the tensor.
    fn is_in_order(&self) -> bool {
        let mut expected = 1;
        let axes = self.shape.iter().zip(&self.strides).rev();
        axes.filter(|&(&size, _)| size != 1)
            .all(|(&size, &stride)| {
                std::mem::replace(&mut expected, stride.wrapping_mul(size)) == stride
            })
    }
}

/// The kind of the elements of a storage's class; none where the class leaves it to its tensors.
fn storage_dtype(class: &str) -> Option<DType> {
    tensor_dtype(match class.strip_suffix("Storage")? {
        "Float" => "float32",
        "Double" => "float64",
        "Half" => "float16",
        "BFloat16" => "bfloat16",
        "Long" => "int64",
        "Int" => "int32",
        "Short" => "int16",
        "Char" => "int8",
        "Byte" => "uint8",
        "Bool" => "bool",
        _ => return None,
    })
}

/// The kind of the elements by PyTorch's name for it.
fn tensor_dtype(name: &str) -> Option<DType> {
    Some(match name {
        "float32" => DType::F32,
        "float64" => DType::F64,
        "float16" => DType::F16,
        "bfloat16" => DType::BF16,
        "int64" => DType::I64,
        "int32" => DType::I32,
        "int16" => DType::I16,
        "int8" => DType::I8,
        "uint64" => DType::U64,
        "uint32" => DType::U32,
        "uint16" => DType::U16,
        "uint8" => DType::U8,
        "bool" => DType::Bool(BoolStore::Native),
        _ => return None,
    })
}
