//! Photographs one after another.

use std::path::PathBuf;
use std::sync::mpsc::sync_channel;

use image::RgbImage;

use crate::Result;
use crate::data::image::{ImageLimits, read};

/// A photograph and what was found in it.
#[derive(Clone, Debug)]
pub struct Photograph<F> {
    /// The picture, turned as its file says.
    pub picture: RgbImage,
    /// Its faces, the most certain first; a photograph may have none.
    pub faces: Vec<F>,
}

/// Calls `work` with the place in `files` of each picture and the picture, or why it cannot be read, in
/// their order, until there are no more or it fails.
///
/// The next picture is decoded while `work` is at one: there are two at most, however many files.
pub(super) fn each(
    files: &[PathBuf],
    mut work: impl FnMut(usize, Result<RgbImage>) -> Result<()>,
) -> Result<()> {
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(0);
        scope.spawn(move || {
            let limits = ImageLimits::default();
            for file in files {
                // The receiver is gone once `work` has failed.
                if sender.send(read(file, &limits)).is_err() {
                    return;
                }
            }
        });
        let mut pictures = receiver.into_iter().enumerate();
        pictures.try_for_each(|(place, picture)| work(place, picture))
    })
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;
    use crate::Error;

    #[test]
    fn every_picture_comes_in_its_place_and_a_failure_stops_the_reading() {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<PathBuf> = (0..9)
            .map(|number| folder.path().join(format!("{number}.png")))
            .collect();
        for (number, file) in files.iter().enumerate() {
            match number % 4 {
                3 => std::fs::write(file, b"no image").unwrap(),
                _ => RgbImage::from_pixel(3, 2, Rgb([number as u8; 3]))
                    .save(file)
                    .unwrap(),
            }
        }
        let mut seen = Vec::new();
        each(&files, |place, picture| {
            seen.push((
                place,
                picture.ok().map(|picture| picture.get_pixel(0, 0)[0]),
            ));
            Ok(())
        })
        .unwrap();
        let expected: Vec<_> = (0..9)
            .map(|number| (number, (number % 4 != 3).then_some(number as u8)))
            .collect();
        assert_eq!(seen, expected);

        let mut seen = 0;
        let stopped = each(&files, |place, _| {
            seen += 1;
            match place {
                4 => Err(Error::Interrupted),
                _ => Ok(()),
            }
        });
        assert!(matches!(stopped, Err(Error::Interrupted)) && seen == 5);
        each(&[], |_, _| unreachable!("there is none")).unwrap();
    }
}
