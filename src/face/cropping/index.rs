//! `index.csv`: which crop is of which face.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::cropped::CroppedFace;
use crate::data::file::write_whole;
use crate::{Error, Result};

/// The index in a folder of crops.
pub(super) const INDEX: &str = "index.csv";
const HEADER: [&str; 8] = [
    "crop",
    "image",
    "face",
    "confidence",
    "x",
    "y",
    "width",
    "height",
];

/// Writes the index of `faces`, whole or not at all.
pub(super) fn write(folder: &Path, faces: &[CroppedFace], names: &[String]) -> Result<()> {
    write_whole(&folder.join(INDEX), |out| {
        let mut index = csv::Writer::from_writer(out);
        index.write_record(HEADER)?;
        for face in faces {
            let crop = face.path.file_name().unwrap_or_default();
            let head = [
                crop.to_string_lossy().into_owned(),
                names[face.photograph].clone(),
                face.number.to_string(),
            ];
            let bounds: [f32; 4] = face.detection.bounds.into();
            let numbers = [face.detection.confidence].into_iter().chain(bounds);
            index.write_record(head.into_iter().chain(numbers.map(|one| one.to_string())))?;
        }
        index.flush()
    })
}

/// Removes the index, if there is one.
pub(super) fn remove(folder: &Path) -> Result<()> {
    remove_file(&folder.join(INDEX))
}

/// Removes a file, if there is one.
pub(super) fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}
