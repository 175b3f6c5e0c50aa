//! From a photograph to the scores of each face in it.

use std::path::{Path, PathBuf};

use image::RgbImage;

use super::crop::Crop;
use super::detection::Detection;
use super::detector::Detector;
use super::photograph::{self, Photograph};
use crate::data::image::{ImageLimits, read};
use crate::predict::{Prediction, Predictor};
use crate::{Error, Result, weights};

/// Finds the faces in photographs, cuts each as the model expects it, and reads it.
///
/// It holds no lock while it works, so that one reader serves many threads.
///
/// A photograph is turned first as its file says (EXIF, XMP), and all places are in pixels of the turned
/// picture. Faces are looked for as they then stand, and in no other direction: one that lies on its side
/// or upside down is missed, or found with less confidence and with its eyes taken for its mouth, and what
/// is read from it is worth nothing.
///
/// ```no_run
/// use countenance::face::FaceReader;
///
/// # fn main() -> countenance::Result<()> {
/// let reader = FaceReader::load("model.safetensors", "yunet_n.pth")?;
/// for face in reader.read_file("family.jpg")? {
///     let bounds = face.detection.bounds;
///     match face.prediction {
///         Ok(prediction) => println!("{bounds:?}: {:?}", prediction.expression()),
///         Err(error) => println!("{bounds:?}: {error}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FaceReader {
    detector: Detector,
    predictor: Predictor,
    batch_size: usize,
}

/// A face in a photograph.
#[derive(Debug)]
pub struct Face {
    /// Where it is, and how certainly.
    pub detection: Detection,
    /// What the model reads from it, or why nothing: [`Error::Argument`] if it cannot be cut out,
    /// [`Error::NotFiniteScore`] if what the model computes is not finite.
    pub prediction: Result<Prediction>,
}

impl FaceReader {
    /// Faces in a batch, unless [`with_batch_size`](Self::with_batch_size) says otherwise.
    const BATCH: usize = 32;

    /// A reader with a model and a detector on the default device; each is a file, or the name of
    /// published weights in a build that fetches them.
    ///
    /// # Errors
    /// See [`weights::locate`], [`Predictor::load`], [`Detector::load`] and [`new`](Self::new).
    pub fn load(model: impl AsRef<Path>, detector: impl AsRef<Path>) -> Result<Self> {
        let predictor = Predictor::load(located(model.as_ref())?)?;
        Self::new(predictor, Detector::load(located(detector.as_ref())?)?)
    }

    /// A reader of these two, which may be on different devices.
    ///
    /// # Errors
    /// [`Error::Argument`] if the model has no backbone to read images with.
    pub fn new(predictor: Predictor, detector: Detector) -> Result<Self> {
        // A model that reads no images says so, without any.
        predictor.predict_batch(&[])?;
        Ok(Self {
            detector,
            predictor,
            batch_size: Self::BATCH,
        })
    }

    /// The same reader with another number of faces in a batch, at least 1: only speed and memory
    /// depend on it.
    ///
    /// # Errors
    /// [`Error::Argument`] if it is 0.
    pub fn with_batch_size(self, batch_size: usize) -> Result<Self> {
        match batch_size {
            0 => Err(Error::argument("the batch size", "at least 1", batch_size)),
            _ => Ok(Self { batch_size, ..self }),
        }
    }

    /// Faces in a batch.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// The detector.
    pub fn detector(&self) -> &Detector {
        &self.detector
    }

    /// The model behind it.
    pub fn predictor(&self) -> &Predictor {
        &self.predictor
    }

    /// Which parts of a photograph the model reads, as [`Predictor::crops`] says: most read one.
    pub fn crops(&self) -> Vec<Crop> {
        self.predictor.crops()
    }

    /// What of `picture`, in which a face was detected, the model reads: an image for each of
    /// [`crops`](Self::crops).
    ///
    /// # Errors
    /// See [`Crop::cut`].
    pub fn cut(&self, picture: &RgbImage, detection: &Detection) -> Result<Vec<RgbImage>> {
        let crops = self.crops().into_iter();
        crops.map(|crop| crop.cut(picture, detection)).collect()
    }

    /// The faces in a picture, the most certain first; a picture without one has none, which is no error.
    ///
    /// # Errors
    /// None of a reader as [`new`](Self::new) makes it: what is wrong with one face stands in its place.
    pub fn read(&self, picture: &RgbImage) -> Result<Vec<Face>> {
        self.read_named(picture, &|face| format!("face {face}"))
    }

    /// Decodes and reads one photograph.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Image`] if the file cannot be read or is larger than
    /// [`ImageLimits`] allow.
    pub fn read_file(&self, path: impl AsRef<Path>) -> Result<Vec<Face>> {
        let path = path.as_ref();
        self.read_of_file(&read(path, &ImageLimits::default())?, path)
    }

    /// Decodes and reads photographs of any number, in memory that does not grow with it: the next one is
    /// decoded while one is read. `take` is given each file's place in `paths` and the photograph with
    /// its faces, or why it cannot be read, in order.
    ///
    /// ```no_run
    /// # fn main() -> countenance::Result<()> {
    /// # let reader = countenance::face::FaceReader::load("model.safetensors", "yunet_n.pth")?;
    /// let paths = ["1.jpg".into(), "2.jpg".into()];
    /// reader.read_files(&paths, |place, photograph| {
    ///     match photograph {
    ///         Ok(photograph) => println!("{:?}: {} faces", paths[place], photograph.faces.len()),
    ///         Err(error) => eprintln!("{error}"),
    ///     }
    ///     Ok(())
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    /// What `take` returns.
    pub fn read_files(
        &self,
        paths: &[PathBuf],
        mut take: impl FnMut(usize, Result<Photograph<Face>>) -> Result<()>,
    ) -> Result<()> {
        photograph::each(paths, |place, picture| {
            let photograph = picture.and_then(|picture| {
                let faces = self.read_of_file(&picture, &paths[place])?;
                Ok(Photograph { picture, faces })
            });
            take(place, photograph)
        })
    }

    fn read_of_file(&self, picture: &RgbImage, path: &Path) -> Result<Vec<Face>> {
        self.read_named(picture, &|face| format!("{}, face {face}", path.display()))
    }

    /// The faces in a picture; errors call a face by its number as `name` says.
    fn read_named(&self, picture: &RgbImage, name: &dyn Fn(usize) -> String) -> Result<Vec<Face>> {
        let detections = self.detector.detect(picture);
        let mut faces = Vec::with_capacity(detections.len());
        for detections in detections.chunks(self.batch_size) {
            let cut = |face| self.cut(picture, face);
            let crops = detections.iter().map(cut).collect();
            let before = faces.len();
            let predictions = self.read_crops(crops, &|place| name(before + place))?;
            let decided = |one: Result<Prediction>| one.map(|one| self.predictor.decided(one));
            let predictions = predictions.into_iter().map(decided);
            faces.extend(
                detections
                    .iter()
                    .zip(predictions)
                    .map(|(&detection, prediction)| Face {
                        detection,
                        prediction,
                    }),
            );
        }
        Ok(faces)
    }

    /// The scores, before the model's tuning is obeyed, of faces that are cut out, each as [`cut`](Self::cut) does, in their order; what could not
    /// be cut stays its error. Errors call a face by its place as `name` says.
    pub(crate) fn read_crops(
        &self,
        crops: Vec<Result<Vec<RgbImage>>>,
        name: &dyn Fn(usize) -> String,
    ) -> Result<Vec<Result<Prediction>>> {
        self.of_crops(crops, |cut, places| {
            self.predictor.read_cut(cut, &|place| name(places[place]))
        })
    }

    /// As [`read_crops`](Self::read_crops), the features of each network.
    pub(crate) fn features_of_crops(
        &self,
        crops: Vec<Result<Vec<RgbImage>>>,
        name: &dyn Fn(usize) -> String,
    ) -> Result<Vec<Result<Vec<Vec<f32>>>>> {
        self.of_crops(crops, |cut, places| {
            self.predictor.see_cut(cut, &|place| name(places[place]))
        })
    }

    /// What `read` makes of the crops that there are, some at a time, whose places it is told.
    fn of_crops<T>(
        &self,
        crops: Vec<Result<Vec<RgbImage>>>,
        mut read: impl FnMut(&[Vec<&RgbImage>], &[usize]) -> Result<Vec<Result<T>>>,
    ) -> Result<Vec<Result<T>>> {
        let (whole, places): (Vec<&Vec<RgbImage>>, Vec<usize>) = crops
            .iter()
            .enumerate()
            .filter_map(|(place, crop)| Some((crop.as_ref().ok()?, place)))
            .unzip();
        let mut found = Vec::with_capacity(whole.len());
        let size = self.batch_size;
        let ways = self.crops().len();
        for (faces, places) in whole.chunks(size).zip(places.chunks(size)) {
            let way = |way| faces.iter().map(|face| &face[way]).collect();
            let cut: Vec<Vec<&RgbImage>> = (0..ways).map(way).collect();
            found.extend(read(&cut, places)?);
        }
        let mut found = found.into_iter();
        let mut next = |_| found.next().expect("one for every face");
        Ok(crops
            .into_iter()
            .map(|crop| crop.and_then(&mut next))
            .collect())
    }
}

fn located(weights: &Path) -> Result<PathBuf> {
    match weights.to_str() {
        Some(text) => weights::locate(text, &mut |_| ()),
        // No name of published weights.
        None => Ok(weights.to_path_buf()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<FaceReader>();
    }
}
