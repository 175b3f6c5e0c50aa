//! What was cut out of photographs.

use std::path::PathBuf;

use crate::Error;
use crate::face::detection::Detection;

/// What a cropping left.
#[derive(Debug)]
pub struct Cropped {
    /// Every crop, in the order of the photographs, and of one photograph the most certain face first.
    pub faces: Vec<CroppedFace>,
    /// How many photographs have no face.
    pub faceless: usize,
    /// Each photograph that could not be read, with its place and the reason.
    pub unreadable: Vec<(usize, Error)>,
    /// Each face that could not be cut out, by its row's name, and the reason.
    pub uncut: Vec<(String, String)>,
}

/// A face that was cut out.
#[derive(Clone, Debug, PartialEq)]
pub struct CroppedFace {
    /// The file of the crop.
    pub path: PathBuf,
    /// The place of the photograph.
    pub photograph: usize,
    /// Which of its faces it is: 0 is the most certain.
    pub number: usize,
    /// Where it is in the photograph.
    pub detection: Detection,
}

impl Cropped {
    /// How many photographs gave no crop, and why, in words.
    pub fn remark(&self) -> String {
        let (faceless, unreadable) = (self.faceless, self.unreadable.len());
        format!("{faceless} photographs without a face, {unreadable} unreadable")
    }
}

impl CroppedFace {
    /// The name of the face's row: that of the photograph, `#` and the number of the face.
    pub fn row(&self, names: &[String]) -> String {
        row(&names[self.photograph], self.number)
    }
}

/// The name of a photograph's face.
pub(super) fn row(photograph: &str, number: usize) -> String {
    format!("{photograph}#{number}")
}
