//! One detector in front of both networks.

use std::fmt;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use image::RgbImage;

use super::detection::{Bounds, Detection};
use super::mtcnn::{Mtcnn, MtcnnThresholds};
use super::photograph::{self, Photograph};
use super::refinement::shared_out;
use super::yunet::{YuNet, YuNetThresholds};
use crate::device::DeviceName;
use crate::{Error, Result, weights};

/// Finds faces in photographs.
///
/// It holds no lock while it works, so that one detector serves many threads.
///
/// ```no_run
/// use countenance::data::image::{ImageLimits, read};
/// use countenance::face::{Crop, Detector};
///
/// # fn main() -> countenance::Result<()> {
/// let detector = Detector::load("yunet_n.pth")?;
/// let picture = read("family.jpg".as_ref(), &ImageLimits::default())?;
/// for face in detector.detect(&picture) {
///     println!("{:?}, {:.2}", face.bounds, face.confidence);
///     let crop = Crop::Aligned.cut(&picture, &face);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Detector {
    network: DetectorNetwork,
    device: Device,
    confidence: f32,
    min_face: usize,
}

/// The network of a [`Detector`].
#[derive(Clone, Debug)]
pub enum DetectorNetwork {
    /// Fast, and the more accurate one on small and turned faces.
    YuNet(Box<YuNet>),
    /// The one that HSEmotion's faces were cut with.
    Mtcnn(Box<Mtcnn>),
}

impl Detector {
    /// Opens a detector on the default device, [`DeviceName::preferred`].
    ///
    /// # Errors
    /// See [`load_on`](Self::load_on); [`Error::Argument`] if the device is compiled in but not there.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_on(path, &DeviceName::preferred()?.open()?)
    }

    /// Opens a detector on `device`: YuNet's training checkpoint, a folder with MTCNN's three files, or
    /// facenet-pytorch's package with them in it.
    ///
    /// # Errors
    /// See [`weights::import_detector`].
    pub fn load_on(path: impl AsRef<Path>, device: &Device) -> Result<Self> {
        let network = weights::import_detector(path.as_ref(), device)?;
        Ok(Self::new(network, device))
    }

    /// A detector of this network, which is on `device`, with its usual thresholds.
    pub fn new(network: DetectorNetwork, device: &Device) -> Self {
        let (confidence, min_face) = match &network {
            DetectorNetwork::YuNet(_) => (YuNetThresholds::new().confidence, 0),
            DetectorNetwork::Mtcnn(_) => {
                let usual = MtcnnThresholds::new();
                (usual.confidence, usual.min_face)
            }
        };
        Self {
            network,
            device: device.clone(),
            confidence,
            min_face,
        }
    }

    /// The same detector with another least confidence, in [0, 1]: 0.6 for YuNet and 0.9 for MTCNN
    /// otherwise.
    ///
    /// # Errors
    /// [`Error::Argument`] if it is outside its range.
    pub fn with_confidence(self, confidence: f32) -> Result<Self> {
        match (0.0..=1.0).contains(&confidence) {
            true => Ok(Self { confidence, ..self }),
            false => Err(Error::argument("confidence", "0 to 1", confidence)),
        }
    }

    /// The same detector for faces of at least so many `pixels`. YuNet finds all of them, and those whose
    /// shorter side is less are left out; otherwise none is. MTCNN looks for none whose side is less, and
    /// its time grows with the square of the inverse; otherwise 40, and never less than 12.
    pub fn with_min_face(self, pixels: usize) -> Self {
        Self {
            min_face: pixels,
            ..self
        }
    }

    /// The network.
    pub fn network(&self) -> &DetectorNetwork {
        &self.network
    }

    /// Decodes photographs of any number and finds the faces in each, in memory that does not grow with
    /// their number: the next one is decoded while one is searched. `take` is given each file's place
    /// in `paths` and the photograph, or why it cannot be read, in order.
    ///
    /// # Errors
    /// What `take` returns.
    pub fn detect_files(
        &self,
        paths: &[PathBuf],
        mut take: impl FnMut(usize, Result<Photograph<Detection>>) -> Result<()>,
    ) -> Result<()> {
        photograph::each(paths, |place, picture| {
            let photograph = picture.map(|picture| Photograph {
                faces: self.detect(&picture),
                picture,
            });
            take(place, photograph)
        })
    }

    /// The least confidence of a face.
    pub fn confidence(&self) -> f32 {
        self.confidence
    }

    /// The faces in a picture, the most certain first; none in an empty picture.
    ///
    /// Of any size: YuNet searches large pictures, and those with a large face, in smaller copies too
    /// ([`YuNet::detect`]), MTCNN all of them.
    pub fn detect(&self, picture: &RgbImage) -> Vec<Detection> {
        self.detect_from(picture, self.confidence)
    }

    /// The same for faces of another least confidence, in [0, 1]. MTCNN finds none below 0.7, the least
    /// that its networks let through.
    pub fn detect_from(&self, picture: &RgbImage, confidence: f32) -> Vec<Detection> {
        match &self.network {
            DetectorNetwork::YuNet(network) => {
                let thresholds = YuNetThresholds::new().with_confidence(confidence);
                let mut faces = network.detect(picture, &thresholds, &self.device);
                faces.retain(|face| self.is_large(face));
                faces
            }
            DetectorNetwork::Mtcnn(network) => {
                network.detect(picture, &self.mtcnn(confidence), &self.device)
            }
        }
    }

    /// A second look at places where faces are expected: for each the face that is there, or nothing. Far
    /// cheaper than searching the picture where faces are few and small.
    ///
    /// YuNet looks at the surroundings of each place ([`YuNet::refine`]), and finds what a search finds
    /// within 4 hundredths of a face's side, 0.4 in the mean. MTCNN's second and third network look at the
    /// places themselves ([`Mtcnn::refine`]), and their boxes follow these: 4 hundredths in the mean, and
    /// one face in 70 is not found again (`tests/face.rs`, places a twelfth of a side off). A face belongs to
    /// the place that it overlaps most, by a tenth at least, and no two places have the same one.
    pub fn refine(&self, picture: &RgbImage, places: &[Bounds]) -> Vec<Option<Detection>> {
        self.refine_from(picture, places, self.confidence)
    }

    /// The same for faces of another least confidence, as [`detect_from`](Self::detect_from).
    pub fn refine_from(
        &self,
        picture: &RgbImage,
        places: &[Bounds],
        confidence: f32,
    ) -> Vec<Option<Detection>> {
        let found = match &self.network {
            DetectorNetwork::YuNet(network) => {
                let thresholds = YuNetThresholds::new().with_confidence(confidence);
                let mut found = network.refine(picture, places, &thresholds, &self.device);
                for faces in &mut found {
                    faces.retain(|face| self.is_large(face));
                }
                found
            }
            DetectorNetwork::Mtcnn(network) => {
                network.refine(picture, places, &self.mtcnn(confidence), &self.device)
            }
        };
        shared_out(places, &found)
    }

    /// Whether a face that YuNet found is one that is looked for.
    fn is_large(&self, face: &Detection) -> bool {
        face.bounds.width.min(face.bounds.height) >= self.min_face as f32
    }

    fn mtcnn(&self, confidence: f32) -> MtcnnThresholds {
        MtcnnThresholds::new()
            .with_confidence(confidence)
            .with_min_face(self.min_face.max(MtcnnThresholds::SMALLEST))
    }
}

/// All that decides which faces are found: the network, its weights by the beginning of their digest, and
/// the thresholds.
impl fmt::Display for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Bytes of a digest that tell weights apart.
        const SHOWN: usize = 8;
        let (name, digest) = match &self.network {
            DetectorNetwork::YuNet(network) => ("YuNet", weights::digest(network.as_ref())),
            DetectorNetwork::Mtcnn(network) => ("MTCNN", weights::digest(network.as_ref())),
        };
        write!(f, "{name} ")?;
        for byte in &digest[..SHOWN] {
            write!(f, "{byte:02x}")?;
        }
        write!(
            f,
            ", confidence {}, faces from {} pixels on",
            self.confidence, self.min_face
        )
    }
}
