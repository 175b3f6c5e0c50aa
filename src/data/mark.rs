//! What rows say of themselves beside their image and labels: whose face, in which video, how much.
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("labels.csv");
//! use countenance::data::table::{self, LabelConfig};
//!
//! std::fs::write(&path, "image,AU1,video,frame,weight\na.jpg,1,walk,12,\nb.jpg,0,,,2\n").unwrap();
//! let marks = table::read(&path, &LabelConfig::new())?.marks;
//! assert_eq!((marks.videos.get(0), marks.frame(0), marks.weight(0)), (Some("walk"), Some(12), 1.0));
//! assert_eq!((marks.videos.get(1), marks.frame(1), marks.weight(1)), (None, None, 2.0));
//! assert!(marks.subjects.is_empty());
//! # Ok::<(), countenance::Error>(())
//! ```

use std::collections::HashMap;
use std::sync::Arc;

use super::annotation::Row;
use crate::Result;
use crate::smoothing::Sequences;

/// The names of the videos or the subjects of rows. A name stands in memory once.
#[derive(Clone, Debug, Default)]
pub struct Names {
    names: Arc<[String]>,
    /// For each row the place of its name, or none; empty where no row has one.
    of_row: Vec<u32>,
}

/// Stands for a row without a name or a frame.
const NONE: u32 = u32::MAX;

impl Names {
    /// The name of `row`.
    pub fn get(&self, row: usize) -> Option<&str> {
        let place = *self.of_row.get(row)?;
        self.names.get(place as usize).map(String::as_str)
    }

    /// Whether no row has one.
    pub fn is_empty(&self) -> bool {
        self.of_row.iter().all(|&place| place == NONE)
    }

    fn select(&self, rows: &[usize]) -> Self {
        Self {
            names: self.names.clone(),
            of_row: select(&self.of_row, rows),
        }
    }
}

/// Gathers names, row by row.
#[derive(Default)]
pub(super) struct NamesBuilder {
    places: HashMap<String, u32>,
    of_row: Vec<u32>,
}

impl NamesBuilder {
    pub(super) fn push(&mut self, name: Option<&str>) {
        let place = match name {
            None => NONE,
            Some(name) => match self.places.get(name) {
                Some(&place) => place,
                None => {
                    let place = self.places.len() as u32;
                    self.places.insert(name.to_string(), place);
                    place
                }
            },
        };
        self.of_row.push(place);
    }

    pub(super) fn build(self) -> Names {
        let mut names = vec![String::new(); self.places.len()];
        for (name, place) in self.places {
            names[place as usize] = name;
        }
        Names {
            names: names.into(),
            of_row: self.of_row,
        }
    }
}

/// What each row of a part says beside its image and labels.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// The video that the image is a frame of.
    pub videos: Names,
    /// Whose face it is.
    pub subjects: Names,
    frames: Vec<u32>,
    weights: Vec<f32>,
}

impl Marks {
    pub(super) fn new(videos: Names, subjects: Names, frames: Vec<u32>, weights: Vec<f32>) -> Self {
        Self {
            videos,
            subjects,
            frames,
            weights,
        }
    }

    /// Of images that are called `<video>/<frame>.jpg`.
    pub(super) fn of_frames(rows: &[Row]) -> Self {
        Self::of_names(rows.iter().map(|row| &row.image))
    }

    /// Of images that are called `<video>/<frame>.jpg`, where a video may be a path. One of another name
    /// has no frame.
    ///
    /// ```
    /// use countenance::data::mark::Marks;
    ///
    /// let marks = Marks::of_names(["walk/00012.jpg", "walk/cover.jpg"]);
    /// assert_eq!((marks.videos.get(0), marks.frame(0)), (Some("walk"), Some(12)));
    /// assert_eq!(marks.frame(1), None);
    /// ```
    pub fn of_names(names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut videos = NamesBuilder::default();
        let mut frames = Vec::new();
        for name in names {
            let name = name.as_ref();
            let (video, file) = match name.rsplit_once('/') {
                Some((video, file)) => (Some(video), file),
                None => (None, name),
            };
            videos.push(video);
            let frame = file.split('.').next().and_then(|frame| frame.parse().ok());
            frames.push(stored(frame));
        }
        Self {
            videos: videos.build(),
            frames,
            ..Self::default()
        }
    }

    /// Which of `rows` rows are frames of which video, and when; where subjects are named, each person of
    /// a video for itself.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) unless the frame rate is finite and above 0.
    pub fn sequences(&self, rows: usize, frame_rate: f64) -> Result<Sequences> {
        let person = |row| Some((self.videos.get(row)?, self.subjects.get(row)));
        let people: Vec<_> = (0..rows).map(person).collect();
        let frames: Vec<_> = (0..rows).map(|row| self.frame(row)).collect();
        Sequences::of(&people, &frames, frame_rate)
    }

    /// The number of `row`'s frame in its video.
    pub fn frame(&self, row: usize) -> Option<u32> {
        self.frames.get(row).copied().filter(|&frame| frame != NONE)
    }

    /// The weight that `row` was given, above 0; 1 where nothing is said. Training counts a row of weight
    /// 2 as two; scores count every row alike.
    pub fn weight(&self, row: usize) -> f32 {
        self.weights.get(row).copied().unwrap_or(1.0)
    }

    /// Whether any row weighs something else than 1.
    pub fn has_weights(&self) -> bool {
        self.weights.iter().any(|&weight| weight != 1.0)
    }

    /// Those of `rows`, in their order.
    pub(super) fn select(&self, rows: &[usize]) -> Self {
        Self {
            videos: self.videos.select(rows),
            subjects: self.subjects.select(rows),
            frames: select(&self.frames, rows),
            weights: select(&self.weights, rows),
        }
    }
}

/// As a frame's number stands in memory.
pub(super) fn stored(frame: Option<u32>) -> u32 {
    frame.unwrap_or(NONE)
}

fn select<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
    match values.is_empty() {
        true => Vec::new(),
        false => rows.iter().map(|&row| values[row]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoothing::Smoothing;

    #[test]
    fn people_of_one_video_are_not_smoothed_into_each_other() {
        let named = |names: &[&str]| {
            let mut builder = NamesBuilder::default();
            names.iter().for_each(|name| builder.push(Some(name)));
            builder.build()
        };
        let videos = named(&["a"; 6]);
        let subjects = named(&["anna", "ben", "anna", "ben", "anna", "ben"]);
        let frames = vec![0, 0, 1, 1, 2, 2];
        let marks = Marks::new(videos.clone(), subjects, frames.clone(), vec![]);
        let smooth = |marks: &Marks| {
            let sequences = marks.sequences(6, 30.0).unwrap();
            let values = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
            sequences.smooth(Smoothing::Box(1.0), &values, 1).unwrap()
        };
        assert_eq!(smooth(&marks), [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
        // Of nobody in particular they are one face.
        let nobody = Marks::new(videos, Names::default(), frames, vec![]);
        assert_eq!(smooth(&nobody), [0.5; 6]);
    }
}
