//! NumPy's `.npy` files: an array's header, and its rows or texts.
//!
//! Read here rather than by a library: the one that is kept up sets memory aside as the header says,
//! and brings a parser of all of Python's literals, with a C compiler to build it, for a header of
//! three entries.

use super::bytes::Bytes;
use super::element::{Element, Kind};
use super::literal::{self, Literal};
use super::matrix::Matrix;
use super::place::Place;
use crate::Result;

/// What an `.npy` file begins with.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// What the header of an array says.
#[derive(Debug)]
pub(super) struct Head {
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    by_column: bool,
    /// Bytes of the header itself.
    length: usize,
}

/// An array.
#[derive(Debug)]
pub(super) struct Array {
    pub head: Head,
    /// All that follows the header.
    data: Bytes,
}

/// The type of an array's elements.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Dtype {
    Float(Element),
    /// Texts of so many characters of four bytes.
    Unicode {
        length: usize,
        big_endian: bool,
    },
    /// Texts of so many bytes.
    Text {
        length: usize,
    },
    /// Pickled Python objects.
    Object,
    /// Anything else, as it is written.
    Other(String),
}

impl Dtype {
    fn of(literal: &Literal) -> Self {
        let other = || Self::Other(literal.descr.clone());
        if literal.is_structured {
            return other();
        }
        let descr = literal.descr.as_str();
        let (big_endian, kind) = match descr.split_at_checked(1) {
            Some((">", kind)) => (true, kind),
            Some(("<" | "|" | "=", kind)) => (false, kind),
            _ => (false, descr),
        };
        let float = |kind| Self::Float(Element { kind, big_endian });
        let length = |text: &str| text.parse().ok().filter(|&length: &usize| length > 0);
        match kind {
            "f2" => float(Kind::F16),
            "f4" => float(Kind::F32),
            "f8" => float(Kind::F64),
            "O" => Self::Object,
            _ => match (kind.strip_prefix('U'), kind.strip_prefix('S')) {
                (Some(text), _) => {
                    length(text).map_or_else(other, |length| Self::Unicode { length, big_endian })
                }
                (_, Some(text)) => length(text).map_or_else(other, |length| Self::Text { length }),
                _ => other(),
            },
        }
    }

    /// Bytes of an element, where it is a number or a text.
    fn size(&self) -> Option<usize> {
        match self {
            Self::Float(element) => Some(element.size()),
            Self::Unicode { length, .. } => length.checked_mul(4),
            Self::Text { length } => Some(*length),
            Self::Object | Self::Other(_) => None,
        }
    }

    /// In words, for errors.
    pub fn describe(&self) -> String {
        match self {
            Self::Float(Element { kind, .. }) => match kind {
                Kind::F16 => "float16".into(),
                Kind::Bf16 => "bfloat16".into(),
                Kind::F32 => "float32".into(),
                Kind::F64 => "float64".into(),
            },
            Self::Unicode { .. } | Self::Text { .. } => "texts".into(),
            Self::Object => {
                "pickled Python objects, which are not read: a pickle may run any program".into()
            }
            Self::Other(descr) if descr.starts_with("|V") => {
                format!("raw bytes ({descr}), as NumPy writes bfloat16; save it as float32")
            }
            Self::Other(descr) => format!("elements of type {descr}"),
        }
    }
}

impl Head {
    /// The bytes of the header and of all the elements; nothing where they cannot be counted.
    pub fn whole(&self) -> Option<usize> {
        let size = self.dtype.size()?;
        let count = |all: usize, &side: &usize| all.checked_mul(side);
        let length = self.shape.iter().try_fold(size, count)?;
        length.checked_add(self.length)
    }

    /// Whether it may be that of features.
    pub fn is_features(&self) -> bool {
        matches!(self.dtype, Dtype::Float(_)) && self.shape.len() == 2
    }

    /// Whether it may be that of names; of texts in pickled objects it cannot be told.
    pub fn may_be_names(&self) -> bool {
        matches!(
            self.dtype,
            Dtype::Unicode { .. } | Dtype::Text { .. } | Dtype::Object
        )
    }
}

impl Array {
    /// Reads the header of the array in `bytes`.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File) if there is none, or of an unknown version.
    pub fn read(place: Place, bytes: &Bytes) -> Result<Self> {
        let cut = || place.refuse("a whole .npy header", format!("{} bytes", bytes.len()));
        let rest = bytes.strip_prefix(MAGIC);
        let rest = rest.ok_or_else(|| place.refuse("an .npy array", "something else"))?;
        let (&[major, minor], rest) = rest.split_first_chunk().ok_or_else(cut)?;
        let (length, rest) = match major {
            1 => {
                let (length, rest) = rest.split_first_chunk().ok_or_else(cut)?;
                (usize::from(u16::from_le_bytes(*length)), rest)
            }
            2 | 3 => {
                let (length, rest) = rest.split_first_chunk().ok_or_else(cut)?;
                (u32::from_le_bytes(*length) as usize, rest)
            }
            _ => {
                let expected = "version 1, 2 or 3 of the .npy format";
                return Err(place.refuse(expected, format!("version {major}.{minor}")));
            }
        };
        let (text, data) = rest.split_at_checked(length).ok_or_else(cut)?;
        let literal = std::str::from_utf8(text).ok().and_then(literal::parse);
        let literal = literal.ok_or_else(|| {
            let start: String = String::from_utf8_lossy(text).chars().take(60).collect();
            place.refuse(
                "an .npy header of a type, an order and a shape",
                format!("{start:?}"),
            )
        })?;
        let header = bytes.len() - data.len();
        let data = bytes.part(header..bytes.len());
        Ok(Self {
            head: Head {
                dtype: Dtype::of(&literal),
                by_column: literal.fortran_order,
                shape: literal.shape,
                length: header,
            },
            data: data.expect("it is the end of the same bytes"),
        })
    }

    /// The array as rows of features.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File) if it is none of those, or has other bytes than its shape
    /// needs.
    pub fn features(self, place: Place) -> Result<Matrix> {
        let Head {
            dtype,
            shape,
            by_column,
            ..
        } = self.head;
        let Dtype::Float(element) = dtype else {
            let expected = "features of float16, float32 or float64";
            return Err(place.refuse(expected, dtype.describe()));
        };
        let &[rows, width] = &shape[..] else {
            let expected = "features of shape [rows, width]";
            return Err(place.refuse(expected, format!("shape {shape:?}")));
        };
        let found = self.data.len();
        Matrix::new(self.data, element, [rows, width], by_column).ok_or_else(|| {
            place.refuse(
                format!("the numbers of a matrix of {rows} rows and {width} columns"),
                format!("{found} bytes"),
            )
        })
    }

    /// The array as a list of texts.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File) if it is not one, has other bytes than its shape needs, or
    /// a text that is none.
    pub fn names(&self, place: Place) -> Result<Vec<String>> {
        let Head { dtype, shape, .. } = &self.head;
        if !matches!(dtype, Dtype::Unicode { .. } | Dtype::Text { .. }) {
            return Err(place.refuse("names, as texts", dtype.describe()));
        }
        let &[rows] = &shape[..] else {
            let expected = "names, one for each row";
            return Err(place.refuse(expected, format!("shape {shape:?}")));
        };
        let size = dtype.size();
        let size = size.filter(|size| rows.checked_mul(*size) == Some(self.data.len()));
        let size = size.ok_or_else(|| {
            let found = format!("{} bytes", self.data.len());
            place.refuse(format!("the characters of {rows} names"), found)
        })?;
        let texts = self.data.chunks_exact(size).enumerate();
        let texts = texts.map(|(row, bytes)| {
            let text = match *dtype {
                Dtype::Unicode { big_endian, .. } => unicode(bytes, big_endian),
                _ => utf_8(bytes),
            };
            text.ok_or_else(|| place.refuse("names, as texts", format!("none for row {row}")))
        });
        texts.collect()
    }
}

/// A text that zeros may follow.
fn utf_8(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().rposition(|&byte| byte != 0);
    let text = std::str::from_utf8(&bytes[..end.map_or(0, |end| end + 1)]);
    text.ok().map(str::to_string)
}

/// A text of four bytes a character, which zeros may follow.
fn unicode(bytes: &[u8], big_endian: bool) -> Option<String> {
    let code = |word: [u8; 4]| match big_endian {
        true => u32::from_be_bytes(word),
        false => u32::from_le_bytes(word),
    };
    let letters = bytes
        .as_chunks()
        .0
        .iter()
        .map(|&word| char::from_u32(code(word)));
    let text: String = letters.collect::<Option<_>>()?;
    Some(text.trim_end_matches('\0').to_string())
}
