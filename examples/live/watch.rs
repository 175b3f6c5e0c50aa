//! Stands in for the library's session.

use std::sync::Arc;

use countenance::Result;
use countenance::data::image::RgbImage;
use countenance::face::FaceReader;
use countenance::video::{ReadFrame, TrackedFace};

pub struct VideoSession {
    reader: Arc<FaceReader>,
    number: usize,
}

impl VideoSession {
    pub fn new(reader: Arc<FaceReader>) -> Self {
        Self { reader, number: 0 }
    }

    pub fn push(&mut self, time: f64, picture: RgbImage) -> Result<ReadFrame> {
        let faces = self.reader.read(&picture)?;
        let number = self.number;
        self.number += 1;
        Ok(ReadFrame {
            number,
            time,
            picture: Arc::new(picture),
            faces: faces
                .into_iter()
                .enumerate()
                .map(|(id, face)| TrackedFace {
                    id,
                    detection: face.detection,
                    raw: face.prediction,
                    smoothed: None,
                })
                .collect(),
        })
    }
}
