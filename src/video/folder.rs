//! A folder of numbered frames.

use std::iter::Zip;
use std::path::{Path, PathBuf};
use std::vec::IntoIter;

use super::frame::Frame;
use crate::data::folder::ImageFolder;
use crate::data::image::{ImageLimits, read};
use crate::{Error, Result};

/// A folder of numbered frames, such as `frame_0001.png`, in natural order: `frame_2` before `frame_10`.
///
/// # Times
/// Where the images' names differ in one number alone, which rises, that number over the rate is the
/// time, counted from the first: a gap in the numbers is a gap in time, so frames that somebody took out
/// leave the others where they were, and numbers that are milliseconds are read at a rate of 1000.
/// Otherwise (several folders, names without numbers) frames follow one another without gaps.
///
/// # Example
/// ```
/// # let root = tempfile::tempdir().unwrap();
/// # let root = root.path();
/// # for name in ["frame_10.png", "frame_2.png", "frame_3.png"] {
/// #     countenance::data::image::RgbImage::new(4, 4).save(root.join(name)).unwrap();
/// # }
/// use countenance::video::FrameFolder;
///
/// let folder = FrameFolder::open(root, 10.0)?;
/// assert_eq!(folder.times(), [0.0, 0.1, 0.8]);
/// for frame in folder.frames() {
///     println!("{:.3}", frame?.time);
/// }
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Debug)]
pub struct FrameFolder {
    images: ImageFolder,
    times: Vec<f64>,
}

impl FrameFolder {
    /// Frames a second unless somebody knows better.
    pub const RATE: f64 = 30.0;

    /// Lists the images of `folder`, of which there are `rate` a second.
    ///
    /// # Errors
    /// As [`ImageFolder::list`]; [`Error::Argument`] for a rate that is no finite number above 0.
    pub fn open(folder: &Path, rate: f64) -> Result<Self> {
        if !(rate.is_finite() && rate > 0.0) {
            let expected = "a finite number above 0";
            return Err(Error::argument("frames a second", expected, rate));
        }
        let images = ImageFolder::list(folder)?;
        let times = match numbers(&images.images) {
            Some(numbers) => {
                let first = numbers[0];
                let since = |number: &u64| (number - first) as f64 / rate;
                numbers.iter().map(since).collect()
            }
            None => (0..images.images.len())
                .map(|place| place as f64 / rate)
                .collect(),
        };
        Ok(Self { images, times })
    }

    /// The images, in order, and what else is in the folder.
    pub fn images(&self) -> &ImageFolder {
        &self.images
    }

    /// The time of each frame in seconds, as many as there are images.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The frames, turned as each image says, with a place for each: one that cannot be read is an error
    /// there, and the rest goes on.
    /// Each is decoded when it is asked for; a [`VideoReader`](super::VideoReader) asks while it works on
    /// those before.
    pub fn frames(self) -> FolderFrames {
        FolderFrames(self.images.images.into_iter().zip(self.times))
    }
}

/// The frames of a [`FrameFolder`]; an error is in the place of a frame that cannot be read.
#[derive(Debug)]
pub struct FolderFrames(Zip<IntoIter<PathBuf>, IntoIter<f64>>);

impl Iterator for FolderFrames {
    type Item = Result<Frame>;

    fn next(&mut self) -> Option<Self::Item> {
        let (file, time) = self.0.next()?;
        let picture = read(&file, &ImageLimits::default());
        Some(picture.map(|picture| Frame { time, picture }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

/// The numbers of images whose names differ in one number alone, if it rises.
fn numbers(images: &[PathBuf]) -> Option<Vec<u64>> {
    let mut around = None;
    let mut numbers: Vec<u64> = Vec::with_capacity(images.len());
    for image in images {
        let (before, number, after) = parts(image)?;
        let folder = image.parent()?;
        if *around.get_or_insert((folder, before, after)) != (folder, before, after) {
            return None;
        }
        if numbers.last().is_some_and(|&last| last >= number) {
            return None;
        }
        numbers.push(number);
    }
    (!numbers.is_empty()).then_some(numbers)
}

/// The last number in a name before its ending, with what stands before and behind it.
fn parts(image: &Path) -> Option<(&str, u64, &str)> {
    let name = image.file_stem()?.to_str()?;
    let is_digit = |letter: char| letter.is_ascii_digit();
    let end = name.rfind(is_digit)? + 1;
    let start = name[..end].trim_end_matches(is_digit).len();
    let number = name[start..end].parse().ok()?;
    Some((&name[..start], number, &name[end..]))
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (number, name) in names.iter().enumerate() {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let picture = RgbImage::from_pixel(3, 2, Rgb([number as u8; 3]));
            picture.save(path).unwrap();
        }
        folder
    }

    fn times(names: &[&str]) -> Vec<f64> {
        let folder = folder(names);
        FrameFolder::open(folder.path(), 10.0)
            .unwrap()
            .times()
            .to_vec()
    }

    #[test]
    fn frames_come_in_the_order_that_people_count_in_and_gaps_are_kept() {
        let folder = folder(&["frame_10.png", "frame_2.png", "frame_5.png"]);
        let frames = FrameFolder::open(folder.path(), 10.0).unwrap().frames();
        assert_eq!(frames.size_hint(), (3, Some(3)));
        let seen: Vec<_> = frames
            .map(|frame| frame.unwrap())
            .map(|frame| (frame.time, frame.picture.get_pixel(0, 0)[0]))
            .collect();
        assert_eq!(seen, [(0.0, 1), (0.3, 2), (0.8, 0)]);
    }

    #[test]
    fn names_without_one_number_of_their_own_follow_one_another() {
        assert_eq!(times(&["v7_008_left.png", "v7_010_left.png"]), [0.0, 0.2]);
        assert_eq!(times(&["a/1.png", "b/9.png"]), [0.0, 0.1]);
        assert_eq!(times(&["eve.png", "ann.png", "tom.png"]), [0.0, 0.1, 0.2]);
        // Two kinds of names are two kinds of numbers.
        assert_eq!(times(&["left_1.png", "right_90.png"]), [0.0, 0.1]);
        // Not rising: the same number in two ways.
        assert_eq!(times(&["1.png", "01.png"]), [0.0, 0.1]);
        assert_eq!(times(&["99999999999999999999999.png"]), [0.0]);
    }

    #[test]
    fn a_frame_that_cannot_be_read_is_an_error_in_its_place() {
        let folder = folder(&["1.png", "2.png", "3.png"]);
        std::fs::write(folder.path().join("2.png"), "no picture").unwrap();
        let mut frames = FrameFolder::open(folder.path(), 1.0).unwrap().frames();
        assert_eq!(frames.next().unwrap().unwrap().time, 0.0);
        assert!(matches!(frames.next().unwrap(), Err(Error::Image { .. })));
        assert_eq!(frames.next().unwrap().unwrap().time, 2.0);
        assert!(frames.next().is_none() && frames.next().is_none());
    }

    #[test]
    fn a_rate_that_is_none_is_refused() {
        let folder = folder(&["1.png"]);
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = FrameFolder::open(folder.path(), rate).unwrap_err();
            assert!(matches!(error, Error::Argument { .. }));
        }
    }
}
