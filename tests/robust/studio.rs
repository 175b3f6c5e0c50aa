//! What reading photographs and videos needs: a network that scores faces, and a detector of lamps.

use std::path::{Path, PathBuf};
use std::process::Command;

use countenance::face::FaceReader;
use countenance::network::Tasks;

use crate::lamp;
use crate::model::Place;
use crate::program::example;

/// What the rows of every video and every recording begin with.
pub const COLUMNS: &str =
    "frame,face_id,timestamp,confidence,success,x,y,width,height,valence,arousal,expression,";

pub struct Studio {
    pub place: Place,
    /// A network of this crate, which reads aligned faces.
    pub network: PathBuf,
    pub detector: PathBuf,
}

impl Studio {
    pub fn new() -> Self {
        let place = Place::new();
        let detector = place.path("lamps.safetensors");
        lamp::write(&detector);
        Self {
            network: place.network("network", 3, Tasks::new(), |network| network),
            detector,
            place,
        }
    }

    pub fn reader(&self) -> FaceReader {
        self.reader_with(&self.network)
    }

    /// A reader whose faces `model` scores.
    pub fn reader_with(&self, model: &Path) -> FaceReader {
        FaceReader::load(model, &self.detector).unwrap()
    }

    /// The example `name` with the network and the detector, to be given more arguments.
    pub fn program(&self, name: &str) -> Command {
        self.program_with(name, &self.network)
    }

    /// The same with another `model`.
    pub fn program_with(&self, name: &str, model: &Path) -> Command {
        let mut command = example(name);
        command.arg("--model").arg(model);
        command.arg("--detector").arg(&self.detector);
        command
    }
}
