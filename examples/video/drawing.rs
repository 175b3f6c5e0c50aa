//! The annotated video and the timeline.

use std::path::{Path, PathBuf};

use countenance::picture::{Timeline, save_png};
use countenance::video::ReadFrame;
use countenance::{Error, Result};

use crate::annotated::Annotated;
use crate::input::Input;
use crate::shared::drawn::{Drawn, of_frame};

/// The longest side of an annotated video, in pixels.
pub const LONGEST: u32 = 1920;

/// What is drawn while a video is read.
pub struct Drawings {
    annotated: Option<Annotated>,
    /// Why a drawing goes no further.
    failed: Option<Error>,
    timeline: Option<(Timeline, PathBuf)>,
}

impl Drawings {
    /// Of those that are asked for.
    ///
    /// # Errors
    /// If the annotated video cannot be written there.
    pub fn prepare(
        annotate: Option<&Path>,
        timeline: Option<&Path>,
        input: &Input,
    ) -> Result<Self> {
        let create = |path| Annotated::create(path, input);
        Ok(Self {
            annotated: annotate.map(create).transpose()?,
            failed: None,
            timeline: timeline.map(|path| (Timeline::new(), path.to_path_buf())),
        })
    }

    /// Whether frames are to keep their pictures.
    pub fn need_stills(&self) -> bool {
        self.annotated.is_some()
    }

    /// Adds the next frame. What cannot be drawn ends its drawing, and is told at the end: the rows go on.
    pub fn add(&mut self, frame: ReadFrame) {
        if let Some((timeline, _)) = &mut self.timeline {
            let read = of_frame(&frame);
            let faces: Vec<_> = frame
                .faces
                .iter()
                .zip(&read)
                .map(|(face, read)| {
                    let read = read.as_ref();
                    (face.id, read.map(Drawn::scores))
                })
                .collect();
            if let Err(error) = timeline.add(frame.time, &faces) {
                self.failed.get_or_insert(error);
            }
        }
        if let Some(mut annotated) = self.annotated.take() {
            match annotated.add(frame) {
                Ok(()) => self.annotated = Some(annotated),
                Err(error) => {
                    self.failed.get_or_insert(error);
                }
            }
        }
    }

    /// Closes the video and draws the timeline.
    ///
    /// # Errors
    /// If either cannot be written.
    pub fn finish(self) -> Result<()> {
        let closed = self.annotated.map_or(Ok(()), Annotated::finish);
        let drawn = self
            .timeline
            .map_or(Ok(()), |(timeline, path)| save_png(&timeline.draw(), &path));
        self.failed.map_or(closed, Err).and(drawn)
    }
}
