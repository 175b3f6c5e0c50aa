//! NumPy's `.npz` files: zip archives of `.npy` arrays, stored or deflated.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::bytes::Bytes;
use super::matrix::Matrix;
use super::name::NAMES;
use super::npy::{Array, Dtype, Head};
use super::place::Place;
use crate::data::cache::TENSOR;
use crate::{Error, Result};

/// What a zip archive begins with.
pub(super) const MAGIC: &[u8] = b"PK\x03\x04";
/// Bytes of a deflated array that are unpacked to see what it is.
const HEADER: usize = 1 << 16;

/// Reads the features and the names in the archive in `bytes`; those of its arrays that are neither
/// are passed over, whatever they are. What is stored is read where it lies, what is deflated is
/// unpacked into memory.
///
/// # Errors
/// [`Error::File`](crate::Error::File) if it is broken, or what of it are the features cannot be told,
/// or its names are none.
pub(super) fn read(place: Place, bytes: &Bytes) -> Result<(Matrix, Option<Vec<String>>)> {
    let mut archive = Archive::open(place, bytes)?;
    let Members {
        arrays: members,
        mut broken,
    } = archive.members()?;
    if let Some(error) = broken.remove(TENSOR) {
        return Err(error);
    }
    let features = match features(place, &members) {
        // One of those that could not be read may have been the one.
        Err(error) if !members.iter().any(|member| member.head.is_features()) => {
            return Err(broken.into_values().next().unwrap_or(error));
        }
        found => found?,
    };
    let matrix = archive.whole(features)?.features(features.place(place))?;
    for name in NAMES {
        let is_called = |called: &str| called.eq_ignore_ascii_case(name);
        if let Some(called) = broken.keys().find(|called| is_called(called)).cloned() {
            return Err(broken.remove(&called).expect("it was found"));
        }
        // Pictures may be called `images`, and numbers `ids`.
        let mut texts = members.iter().filter(|member| member.head.may_be_names());
        if let Some(member) = texts.find(|member| is_called(&member.name)) {
            let names = archive.whole(member)?.names(member.place(place))?;
            return Ok((matrix, Some(names)));
        }
    }
    Ok((matrix, None))
}

/// The array of features among `members`.
fn features<'a>(place: Place, members: &'a [Member]) -> Result<&'a Member> {
    let fitting = |member: &&Member| member.head.is_features();
    let mut all = members.iter().filter(fitting);
    let called = members.iter().find(|member| member.name == TENSOR);
    match (called, all.next(), all.next()) {
        // What is called so is meant, and is told what is wrong with it.
        (Some(called), ..) => Ok(called),
        (None, Some(only), None) => Ok(only),
        (None, first, _) => {
            let mut found: Vec<String> = members
                .iter()
                .filter(|member| first.is_none() || member.head.is_features())
                .map(Member::describe)
                .collect();
            found.sort();
            let found = match found.is_empty() {
                true => "no .npy array in the archive".to_string(),
                false => some(&found),
            };
            let expected =
                format!("one array of floats of shape [rows, width], or one called `{TENSOR}`");
            Err(place.refuse(expected, found))
        }
    }
}

/// The first few of `items`.
fn some(items: &[String]) -> String {
    const SHOWN: usize = 4;
    let first = items
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match items.len() {
        count if count > SHOWN => format!("{first} and {} more", count - SHOWN),
        _ => first,
    }
}

/// An array of the archive whose header has been read.
struct Member {
    /// Its number in the archive.
    index: usize,
    /// Its name without `.npy`.
    name: String,
    head: Head,
}

impl Member {
    fn place<'a>(&'a self, archive: Place<'a>) -> Place<'a> {
        Place {
            member: Some(&self.name),
            ..archive
        }
    }

    fn describe(&self) -> String {
        let Head { dtype, shape, .. } = &self.head;
        let name: String = self.name.chars().take(40).collect();
        match dtype {
            Dtype::Object => format!("{name:?} of pickled Python objects"),
            dtype => format!("{name:?} of {} and shape {shape:?}", dtype.describe()),
        }
    }
}

/// The arrays of an archive.
#[derive(Default)]
struct Members {
    arrays: Vec<Member>,
    /// Those whose header says nothing that is understood, by name, with what is wrong.
    broken: BTreeMap<String, Error>,
}

struct Archive<'a> {
    place: Place<'a>,
    bytes: &'a Bytes,
    entries: ZipArchive<Cursor<&'a [u8]>>,
}

impl<'a> Archive<'a> {
    fn open(place: Place<'a>, bytes: &'a Bytes) -> Result<Self> {
        // It is an archive from its first byte on: the place of the list of entries need not be
        // guessed.
        let config = Config {
            archive_offset: ArchiveOffset::Known(0),
        };
        let entries = ZipArchive::with_config(config, Cursor::new(&bytes[..]));
        Ok(Self {
            place,
            bytes,
            entries: entries.map_err(broken(place))?,
        })
    }

    /// The arrays, with as much of their bytes as tells what they are.
    fn members(&mut self) -> Result<Members> {
        let mut members = Members::default();
        let mut is_pytorch = false;
        for index in 0..self.entries.len() {
            let entry = self.entries.by_index_raw(index);
            let entry = entry.map_err(broken(self.place))?;
            let name = entry.name().map_err(broken(self.place))?.into_owned();
            drop(entry);
            is_pytorch |= name == "data.pkl" || name.ends_with("/data.pkl");
            let Some(name) = name.strip_suffix(".npy") else {
                continue;
            };
            let place = Place {
                member: Some(name),
                ..self.place
            };
            let name = name.to_string();
            // What is damaged may be the features, and another array would be taken for them.
            let bytes = self.unpacked(place, index, HEADER)?;
            match Array::read(place, &bytes) {
                Ok(Array { head, .. }) => members.arrays.push(Member { index, name, head }),
                Err(error) => {
                    members.broken.insert(name, error);
                }
            }
        }
        match is_pytorch && members.arrays.is_empty() {
            true => Err(self.place.refuse(
                "an .npz archive of arrays",
                "a PyTorch file; save the features from Python as .npy or safetensors",
            )),
            false => Ok(members),
        }
    }

    /// An array with all its bytes.
    fn whole(&mut self, member: &Member) -> Result<Array> {
        let place = member.place(self.place);
        // One byte more than the array needs tells that there is more, however much that is.
        let length = member.head.whole().unwrap_or(HEADER);
        let bytes = self.unpacked(place, member.index, length.saturating_add(1))?;
        let checksum = self.entries.by_index_raw(member.index);
        let checksum = checksum.map_err(broken(place))?.crc32();
        match bytes.len() > length || crc32fast::hash(&bytes) == checksum {
            true => Array::read(place, &bytes),
            false => Err(place.refuse("whole data", "damaged ones (their checksum differs)")),
        }
    }

    /// The first bytes of an entry that is deflated, at most `most`, or all of one that is stored.
    fn unpacked(&mut self, place: Place, index: usize, most: usize) -> Result<Bytes> {
        let mut entry = self.entries.by_index(index).map_err(broken(place))?;
        if entry.compression() != CompressionMethod::Stored {
            let mut unpacked = Vec::new();
            let read = entry.by_ref().take(most as u64).read_to_end(&mut unpacked);
            read.map_err(|error| place.refuse("whole data", error.to_string()))?;
            return Ok(Bytes::unpacked(unpacked));
        }
        let start = entry
            .data_start()
            .and_then(|start| usize::try_from(start).ok());
        let stored = start.and_then(|start| {
            let length = usize::try_from(entry.size()).ok()?;
            self.bytes.part(start..start.checked_add(length)?)
        });
        stored.ok_or_else(|| place.refuse("whole data", "an archive cut short"))
    }
}

fn broken(place: Place<'_>) -> impl Fn(ZipError) -> Error {
    move |error| place.refuse("a whole .npz archive", error.to_string())
}
