//! What is to be read: images, and folders of them.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use countenance::Error;
use countenance::data::folder::row_name;

use crate::shared::folder::listed;
use crate::shared::report::{one_line, say};

/// Images in the order of their rows, and folders that stand among them with an error.
pub struct Inputs {
    pub images: Vec<PathBuf>,
    refused: VecDeque<Refused>,
}

/// A folder that has no image, or whose images cannot be listed.
pub struct Refused {
    /// How many images come before it.
    place: usize,
    pub name: String,
    pub error: Error,
}

impl Inputs {
    /// The images of `paths`, where folders stand for what is in them apart from `left_out`.
    pub fn of(paths: &[PathBuf], left_out: Option<&Path>) -> Self {
        let mut inputs = Self {
            images: Vec::new(),
            refused: VecDeque::new(),
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

    /// Takes the next folder whose row comes before that of the image at `place`.
    pub fn refused_before(&mut self, place: usize) -> Option<Refused> {
        self.refused.pop_front_if(|refused| refused.place <= place)
    }
}
