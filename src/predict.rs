//! Images in, named scores out.
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("model.safetensors");
//! use burn::tensor::Device;
//! use countenance::Expression;
//! use countenance::backbone::{EfficientNetConfig, Variant};
//! use countenance::data::image::RgbImage;
//! use countenance::model::{ClassifierConfig, ModelConfig};
//! use countenance::predict::Predictor;
//!
//! // Any model file; this one is of a network that was never trained.
//! let classes = vec![Expression::Happiness, Expression::Sadness];
//! let backbone = EfficientNetConfig::new(Variant::Tiny).with_classes(Some(2));
//! let config = ModelConfig::Classifier(ClassifierConfig::new(backbone, classes));
//! let device = Device::default();
//! config.init(&device).save(&path)?;
//!
//! let predictor = Predictor::load_on(&path, &device)?;
//! let prediction = predictor.predict(&RgbImage::new(200, 160))?;
//! let probability = |class| prediction.probability(class).unwrap();
//! let sum = probability(Expression::Happiness) + probability(Expression::Sadness);
//! assert!((sum - 1.0).abs() < 1e-6);
//! assert_eq!(prediction.valence(), None);
//! # Ok::<(), countenance::Error>(())
//! ```

mod challenge;
mod decode;
mod feature;
mod prediction;

use std::borrow::Borrow;
use std::path::{Path, PathBuf};

use ::image::RgbImage;
use burn::tensor::Device;

use crate::data::image::{self, ImageLimits, ImageStream, Preprocessing};
use crate::device::DeviceName;
use crate::model::{Model, ModelConfig};
use crate::precision::Precision;
use crate::weights::{Import, ImportOptions};
use crate::{Error, Result, weights};

pub use self::prediction::{ExpressionScore, Prediction};

/// Reads facial behaviour from images with a trained network.
///
/// It holds no lock while it works, so that one predictor serves many threads.
///
/// ```no_run
/// use countenance::{ActionUnit, predict::Predictor};
///
/// # fn main() -> countenance::Result<()> {
/// let predictor = Predictor::load("model.safetensors")?;
/// let prediction = predictor.predict_file("face.jpg")?;
/// if let Some(expression) = prediction.expression() {
///     println!("{expression}");
/// }
/// println!("smile: {:?}", prediction.action_unit(ActionUnit::AU12));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Predictor {
    model: Model,
    config: ModelConfig,
    warnings: Vec<String>,
    device: Device,
    precision: Precision,
}

impl Predictor {
    /// Opens a model file on the default device, [`DeviceName::preferred`].
    ///
    /// # Errors
    /// See [`load_on`](Self::load_on); [`Error::Argument`] if the device is compiled in but not there.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_on(path, &DeviceName::preferred()?.open()?)
    }

    /// Opens a model file on `device`: this crate's, or any other that [`weights::import()`] reads, as it
    /// does without being told anything of it.
    ///
    /// # Errors
    /// See [`weights::import()`]; [`Error::File`] also if the file is a backbone alone.
    pub fn load_on(path: impl AsRef<Path>, device: &Device) -> Result<Self> {
        let options = ImportOptions::default();
        let Import {
            model,
            config,
            warnings,
            ..
        } = weights::import(path.as_ref(), &options, device)?;
        let reads = !config.action_units().is_empty() || !config.expressions().is_empty();
        if !reads && !config.valence_arousal() {
            let expected = "a model that reads faces";
            let found = "a backbone alone, which is for training";
            return Err(Error::file(path, expected, found));
        }
        Ok(Self {
            model,
            config,
            warnings,
            device: device.clone(),
            precision: Precision::F32,
        })
    }

    /// The same predictor with a backbone that computes in `precision`: faster on a GPU that does so
    /// itself, slower on a CPU, which has a fused path for 32-bit floats alone.
    ///
    /// # Errors
    /// [`Error::Argument`] if the device does not compute in it.
    pub fn with_precision(self, precision: Precision) -> Result<Self> {
        Ok(Self {
            model: self.model.with_precision(precision, &self.device)?,
            precision,
            ..self
        })
    }

    /// The model's config, which names what it reads.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// A line on each thing that the file contradicts itself on or leaves open, such as the names of its
    /// classes.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// How images are resized and normalised for the backbone; `None` if the network has no backbone.
    pub fn preprocessing(&self) -> Option<Preprocessing> {
        Some(self.config.backbone()?.preprocessing())
    }

    /// Reads one face, cut out as [`ModelConfig::crop`] says; a
    /// [`FaceReader`](crate::face::FaceReader) does so of a whole photograph.
    ///
    /// # Errors
    /// [`Error::Argument`] if the network has no backbone to read images with;
    /// [`Error::NotFiniteScore`] if what it computes is not finite, which is no score.
    pub fn predict(&self, image: &RgbImage) -> Result<Prediction> {
        self.predict_one(image, "the image".into())
    }

    fn predict_one(&self, image: &RgbImage, name: String) -> Result<Prediction> {
        let mut predictions = self.predict_named(&[image], &|_| name.clone())?;
        predictions.swap_remove(0)
    }

    /// Decodes and reads one image file.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Image`] if the file cannot be read, and see
    /// [`predict`](Self::predict).
    pub fn predict_file(&self, path: impl AsRef<Path>) -> Result<Prediction> {
        let path = path.as_ref();
        let image = image::read(path, &ImageLimits::default())?;
        self.predict_one(&image, path.display().to_string())
    }

    /// Reads several face crops at once. Each has its prediction, or the [`Error::NotFiniteScore`]
    /// that it has none, in their order; errors count the images from 0.
    ///
    /// # Errors
    /// [`Error::Argument`] if the network has no backbone to read images with.
    pub fn predict_batch(&self, images: &[RgbImage]) -> Result<Vec<Result<Prediction>>> {
        self.predict_named(images, &|place| format!("image {place}"))
    }

    /// As [`predict_batch`](Self::predict_batch); errors call an image by its place as `name` says.
    pub(crate) fn predict_named<I: Borrow<RgbImage> + Sync>(
        &self,
        images: &[I],
        name: &dyn Fn(usize) -> String,
    ) -> Result<Vec<Result<Prediction>>> {
        let preprocessing = self.preprocessing_or_error()?;
        if images.is_empty() {
            return Ok(Vec::new());
        }
        let features = self
            .model
            .features(preprocessing.batch(images, &self.device));
        let predictions = self.decode(features).into_iter().enumerate();
        Ok(predictions
            .map(|(place, one)| one.map_err(|found| found.of(name(place))))
            .collect())
    }

    /// Decodes and reads image files of any number, `batch_size` (at least 1) of them at a time, in
    /// memory that does not grow with their number. `take` is given each file's place in `images`
    /// and its prediction, or why it cannot be read or scored, in order.
    ///
    /// ```no_run
    /// # fn main() -> countenance::Result<()> {
    /// # let predictor = countenance::predict::Predictor::load("model.safetensors")?;
    /// let images = ["1.jpg".into(), "2.jpg".into()];
    /// predictor.predict_files(&images, 32, |place, prediction| {
    ///     match prediction {
    ///         Ok(prediction) => println!("{}: {:?}", images[place].display(), prediction.valence()),
    ///         Err(error) => eprintln!("{error}"),
    ///     }
    ///     Ok(())
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    /// What `take` returns; [`Error::Argument`] if the network has no backbone to read images with.
    ///
    /// # Panics
    /// If `batch_size` is 0.
    pub fn predict_files(
        &self,
        images: &[PathBuf],
        batch_size: usize,
        mut take: impl FnMut(usize, Result<Prediction>) -> Result<()>,
    ) -> Result<()> {
        let stream = ImageStream {
            batch_size,
            ..ImageStream::new(images, self.preprocessing_or_error()?)
        };
        let mut place = 0;
        stream.for_each(|mut batch| {
            let predictions = match batch.take_input(&self.device) {
                Some(input) => self.decode(self.model.features(input)),
                None => Vec::new(),
            };
            batch.join(predictions).try_for_each(|prediction| {
                let image = || images[place].display().to_string();
                let prediction = prediction.and_then(|one| one.map_err(|found| found.of(image())));
                place += 1;
                take(place - 1, prediction)
            })
        })
    }

    fn preprocessing_or_error(&self) -> Result<Preprocessing> {
        self.preprocessing().ok_or_else(|| {
            Error::argument(
                "the model",
                "one with a backbone, to read images",
                "heads alone, which read cached features",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictors_are_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Predictor>();
    }
}
