//! In place of the annotated video in a build that writes none.

use std::path::Path;

use countenance::video::ReadFrame;
use countenance::{Error, Result};

use crate::input::Input;

/// No video.
pub enum Annotated {}

impl Annotated {
    /// Refused.
    ///
    /// # Errors
    /// Always.
    pub fn create(path: &Path, _input: &Input) -> Result<Self> {
        Err(Error::Argument {
            what: format!("--annotate {}", path.display()),
            expected: "a build with the feature `video`".into(),
            found: "one without".into(),
        })
    }

    pub fn add(&mut self, _frame: ReadFrame) -> Result<()> {
        match *self {}
    }

    pub fn finish(self) -> Result<()> {
        match self {}
    }
}
