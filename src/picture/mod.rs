//! Pictures for people: scores drawn beside a face, a photograph with its faces, the frames of a video
//! and its timeline, the curves of a training, a confusion matrix, reliability diagrams.
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("overlay.png");
//! use countenance::data::image::RgbImage;
//! use countenance::picture::{OverlayScores, overlay, save_png};
//! use countenance::{ActionUnit, Expression};
//!
//! let scores = OverlayScores {
//!     action_units: &[(ActionUnit::AU6, 0.8), (ActionUnit::AU12, 0.9)],
//!     expressions: &[(Expression::Happiness, 0.9), (Expression::Neutral, 0.1)],
//!     valence_arousal: Some([0.7, 0.3]),
//!     ..OverlayScores::default()
//! };
//! let picture = overlay(&RgbImage::new(112, 112), &scores);
//! save_png(&picture, &path)?;
//! # Ok::<(), countenance::Error>(())
//! ```

mod bar;
mod board;
mod caption;
mod chart;
mod colour;
mod confusion;
mod difference;
mod folder;
mod frame;
mod name;
mod overlay;
mod photograph;
mod plane;
mod plot;
mod range;
mod reliability;
mod scale;
mod space;
mod tag;
pub(crate) mod text;
mod timeline;

use std::io::{Cursor, Write};
use std::path::Path;

use image::{ImageFormat, RgbImage};

use crate::data::file::write_whole;
use crate::{Error, Result};

pub use chart::{Axis, Panel, Series, curves};
pub use confusion::confusion;
pub use difference::{Differences, differences};
pub use folder::OverlayFolder;
pub use frame::{FrameArtist, FrameFace};
pub(crate) use name::names;
pub use overlay::{OverlayScores, overlay};
pub use photograph::{MarkedFace, photograph};
pub use reliability::reliability;
pub use timeline::Timeline;

/// Writes `picture` to `path` as a PNG file, whole or not at all.
///
/// # Errors
/// [`Error::Io`] if the file cannot be written, [`Error::Image`] if the picture has no pixels.
pub fn save_png(picture: &RgbImage, path: &Path) -> Result<()> {
    let mut png = Cursor::new(Vec::new());
    picture
        .write_to(&mut png, ImageFormat::Png)
        .map_err(|error| Error::Image {
            path: path.to_path_buf(),
            reason: error.to_string(),
        })?;
    write_whole(path, |file| file.write_all(png.get_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_saved_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("face.png");
        let picture = RgbImage::from_fn(5, 3, |x, y| image::Rgb([x as u8, y as u8, 7]));
        save_png(&picture, &path).unwrap();
        assert_eq!(image::open(&path).unwrap().into_rgb8(), picture);
        let refused = save_png(&RgbImage::new(0, 0), &path);
        assert!(matches!(refused, Err(Error::Image { .. })), "{refused:?}");
        assert_eq!(image::open(&path).unwrap().into_rgb8(), picture);
        let nowhere = save_png(&picture, &folder.path().join("no/face.png"));
        assert!(matches!(nowhere, Err(Error::Io { .. })), "{nowhere:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
