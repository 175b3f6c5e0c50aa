//! The video with boxes, numbers and scores drawn into it.

use std::path::Path;

use countenance::Result;
use countenance::face::Detection;
use countenance::picture::{FrameArtist, FrameFace};
use countenance::video::{ReadFrame, VideoWriter};

use crate::shared::drawn::{expressions, scores};

/// A video that is drawn and written frame by frame.
pub struct Annotated {
    artist: FrameArtist,
    writer: VideoWriter,
}

impl Annotated {
    /// At `path`, with so many frames a second.
    ///
    /// # Errors
    /// As [`VideoWriter::create`].
    pub fn create(path: &Path, rate: f64) -> Result<Self> {
        Ok(Self {
            artist: FrameArtist::new(),
            writer: VideoWriter::create(path, rate)?,
        })
    }

    /// Draws and writes the next frame.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add(&mut self, frame: ReadFrame) -> Result<()> {
        let Some(mut still) = frame.still else {
            return Ok(());
        };
        let places: Vec<Detection> = frame
            .faces
            .iter()
            .map(|face| face.detection.scaled(still.scale))
            .collect();
        let read: Vec<_> = frame
            .faces
            .iter()
            .map(|face| face.prediction().map(|found| (found, expressions(found))))
            .collect();
        let faces: Vec<_> = frame
            .faces
            .iter()
            .zip(places.iter().zip(&read))
            .map(|(face, (detection, read))| FrameFace {
                id: face.id,
                detection,
                scores: match read {
                    Ok((found, classes)) => scores(found, classes),
                    Err(_) => Default::default(),
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
