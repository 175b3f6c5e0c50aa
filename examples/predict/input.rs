//! What is to be read: images, and folders of them; and where the picture of each goes.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use countenance::data::folder::row_name;
use countenance::data::image::RgbImage;
use countenance::picture::{OverlayFolder, save_png};
use countenance::{Error, Result};

use crate::output::{Output, Row};
use crate::shared::folder::listed;
use crate::shared::report::{one_line, say};

/// Images in the order of their rows, and folders that stand among them with an error.
pub struct Inputs {
    pub images: Vec<PathBuf>,
    refused: VecDeque<Refused>,
    overlays: Option<OverlayFolder>,
}

/// A folder that has no image, or whose images cannot be listed.
struct Refused {
    /// How many images come before it.
    place: usize,
    name: String,
    error: Error,
}

impl Inputs {
    /// The images of `paths`, where folders stand for what is in them apart from the one for `overlays`.
    /// If there is no image at all, only the rows of the folders are written.
    pub fn of(
        paths: &[PathBuf],
        overlays: Option<&Path>,
        output: &mut Output,
    ) -> Result<Option<Self>> {
        let mut inputs = Self::listed(paths, overlays);
        if inputs.images.is_empty() {
            inputs.write_refused_before(0, output)?;
            return Ok(None);
        }
        if let Some(folder) = overlays {
            inputs.overlays = Some(OverlayFolder::open(folder, &inputs.images)?);
        }
        Ok(Some(inputs))
    }

    fn listed(paths: &[PathBuf], left_out: Option<&Path>) -> Self {
        let mut inputs = Self {
            images: Vec::new(),
            refused: VecDeque::new(),
            overlays: None,
        };
        for path in paths {
            // Whatever is no folder is an image as far as we know yet.
            if !path.is_dir() {
                inputs.images.push(path.clone());
                continue;
            }
            match listed(path, left_out) {
                Ok(listed) => {
                    inputs.images.extend(listed.images);
                    for (subfolder, error) in listed.unlisted {
                        inputs.refuse(&subfolder, error);
                    }
                }
                Err(error) => inputs.refuse(path, error),
            }
        }
        inputs
    }

    fn refuse(&mut self, folder: &Path, error: Error) {
        say(one_line(&error));
        self.refused.push_back(Refused {
            place: self.images.len(),
            name: row_name(folder),
            error,
        });
    }

    /// Writes the rows of folders that come before the image at `place`.
    pub fn write_refused_before(&mut self, place: usize, output: &mut Output) -> Result<()> {
        while let Some(refused) = self.refused.pop_front_if(|refused| refused.place <= place) {
            output.write(&Row::without(&refused.name, &refused.error))?;
        }
        Ok(())
    }

    /// Draws the picture of the image at `place`, if pictures are wanted; why there is none.
    pub fn draw(&self, place: usize, drawn: impl FnOnce() -> Result<RgbImage>) -> Option<String> {
        let path = self.overlays.as_ref()?.path(place);
        let saved = drawn().and_then(|picture| save_png(&picture, &path));
        saved.err().map(|error| one_line(&error))
    }
}
