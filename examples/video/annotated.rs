//! The video with boxes, numbers and scores drawn into it.

use std::path::Path;

use countenance::face::Detection;
use countenance::picture::{FrameArtist, FrameFace};
use countenance::video::{ReadFrame, VideoWriter};
use countenance::{Error, Result};

use crate::input::Input;
use crate::shared::argument::of_flag;
use crate::shared::drawn::of_frame;

/// A video that is drawn and written frame by frame.
pub struct Annotated {
    artist: FrameArtist,
    writer: VideoWriter,
}

impl Annotated {
    /// At `path`, of what is read.
    ///
    /// # Errors
    /// As [`VideoWriter::create`], and if it is the very file that is read.
    pub fn create(path: &Path, input: &Input) -> Result<Self> {
        if input.is_at(path) {
            return Err(Error::Argument {
                what: format!("--annotate {}", path.display()),
                expected: "another file than the input".into(),
                found: "the input".into(),
            });
        }
        Ok(Self {
            artist: FrameArtist::new(),
            // A video says a rate that is one; that of a folder is the user's.
            writer: VideoWriter::create(path, input.rate())
                .map_err(of_flag("--frame-rate with --annotate"))?,
        })
    }

    /// Draws and writes the next frame.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add(&mut self, mut frame: ReadFrame) -> Result<()> {
        let Some(mut still) = frame.still.take() else {
            return Ok(());
        };
        let places: Vec<Detection> = frame
            .faces
            .iter()
            .map(|face| face.detection.scaled(still.scale))
            .collect();
        let read = of_frame(&frame);
        let faces: Vec<_> = frame
            .faces
            .iter()
            .zip(places.iter().zip(&read))
            .map(|(face, (detection, read))| FrameFace {
                id: face.id,
                detection,
                scores: match read {
                    Some(drawn) => drawn.scores(),
                    None => Default::default(),
                },
            })
            .collect();
        self.artist.draw(&mut still.picture, &faces);
        self.writer.push(frame.time, still.picture)
    }

    /// Closes the video.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(self) -> Result<()> {
        self.writer.finish()
    }
}
