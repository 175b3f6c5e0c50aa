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
//! let config = ModelConfig::Classifier(ClassifierConfig::new(backbone.into(), classes));
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

mod blended;
mod challenge;
mod decode;
mod feature;
mod file;
mod filling;
mod frame;
mod glimpse;
mod input;
mod member;
mod memory;
mod prediction;
mod scored;
mod scores;
mod sequence;
mod table;
mod timed;
mod tuned;

use std::path::{Path, PathBuf};

use ::image::RgbImage;
use burn::tensor::Device;

use crate::Result;
use crate::calibrate::{BlendPlan, BlendWeights, Decider, Tuning};
use crate::data::image::{self, ImageLimits};
use crate::face::Crop;
use crate::label::Vocabulary;
use crate::model::ModelConfig;
use crate::network::Tasks;
use crate::precision::Precision;

pub(crate) use self::filling::Filling;
pub(crate) use self::frame::Frames;
pub(crate) use self::glimpse::Glimpse;
pub use self::member::Member;
pub use self::prediction::{ExpressionScore, Prediction};
pub use self::scored::ScoredImages;

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
    /// At least one.
    members: Vec<Member>,
    /// How several become one; nothing of one alone.
    plan: Option<BlendPlan>,
    weights: BlendWeights,
    vocabulary: Vocabulary,
    tuning: Tuning,
    /// The tuning at work; none where it changes nothing.
    decider: Option<Decider>,
    warnings: Vec<String>,
    device: Device,
}

impl Predictor {
    /// The same predictor with backbones that compute in `precision`: faster on a GPU that does so
    /// itself, slower on a CPU, which has a fused path for 32-bit floats alone.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) if the device does not compute in it.
    pub fn with_precision(mut self, precision: Precision) -> Result<Self> {
        let members = std::mem::take(&mut self.members).into_iter();
        let members = members.map(|member| member.with_precision(precision, &self.device));
        self.members = members.collect::<Result<_>>()?;
        Ok(self)
    }

    /// The networks that it reads with: most have one alone.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// What each of the [`members`](Self::members) weighs.
    pub fn weights(&self) -> &BlendWeights {
        &self.weights
    }

    /// What it reads, in the order of a [`Prediction`]'s scores; the gaze aside.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The order of labels that its scores are judged by: that of what it reads, and of one network of the
    /// crate's own, or a baseline, also that of what this one could have been trained for.
    pub fn label_vocabulary(&self) -> Vocabulary {
        match self.configs()[..] {
            [config] => config.label_vocabulary(),
            _ => self.vocabulary.clone(),
        }
    }

    /// The tasks that it was trained for.
    pub fn tasks(&self) -> Tasks {
        match self.configs()[..] {
            [ModelConfig::Network(config)] => config.tasks,
            [ModelConfig::Baseline(config)] => config.tasks,
            _ => Tasks {
                action_unit: !self.vocabulary.action_units.is_empty(),
                expression: !self.vocabulary.expressions.is_empty(),
                valence_arousal: self.vocabulary.valence_arousal.is_some(),
            },
        }
    }

    /// Whether any of its networks reads the frames of a video together.
    pub fn is_temporal(&self) -> bool {
        self.members
            .iter()
            .any(|member| member.model().temporal().is_some())
    }

    /// Whether it reads the gaze: as the first of its members that does.
    pub fn gaze(&self) -> bool {
        self.members.iter().any(|member| member.config().gaze())
    }

    /// Which parts of a photograph it reads: one, or of members that differ one and the other, the first
    /// member's first.
    pub fn crops(&self) -> Vec<Crop> {
        let mut crops = Vec::new();
        for member in &self.members {
            let crop = member.config().crop();
            if !crops.contains(&crop) {
                crops.push(crop);
            }
        }
        crops
    }

    fn configs(&self) -> Vec<&ModelConfig> {
        self.members.iter().map(Member::config).collect()
    }

    /// A line on each thing that the file contradicts itself on or leaves open, such as the names of its
    /// classes.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Reads one face, cut out as [`crops`](Self::crops) says; a
    /// [`FaceReader`](crate::face::FaceReader) does so of a whole photograph.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) if the network has no backbone to read images with;
    /// [`Error::NotFiniteScore`](crate::Error::NotFiniteScore) if what it computes is not finite, which is no score.
    pub fn predict(&self, image: &RgbImage) -> Result<Prediction> {
        self.predict_one(image, "the image".into())
    }

    fn predict_one(&self, image: &RgbImage, name: String) -> Result<Prediction> {
        let mut predictions = self.predict_named(vec![image], &|_| name.clone())?;
        predictions.swap_remove(0)
    }

    /// Decodes and reads one image file.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) or [`Error::Image`](crate::Error::Image) if the file cannot be read, and see
    /// [`predict`](Self::predict).
    pub fn predict_file(&self, path: impl AsRef<Path>) -> Result<Prediction> {
        let path = path.as_ref();
        let image = image::read(path, &ImageLimits::default())?;
        self.predict_one(&image, path.display().to_string())
    }

    /// Reads several face crops at once. Each has its prediction, or the [`Error::NotFiniteScore`](crate::Error::NotFiniteScore)
    /// that it has none, in their order; errors count the images from 0.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) if the network has no backbone to read images with.
    pub fn predict_batch(&self, images: &[RgbImage]) -> Result<Vec<Result<Prediction>>> {
        self.predict_named(images.iter().collect(), &|place| format!("image {place}"))
    }

    /// As [`predict_batch`](Self::predict_batch); errors call an image by its place as `name` says.
    fn predict_named(
        &self,
        images: Vec<&RgbImage>,
        name: &dyn Fn(usize) -> String,
    ) -> Result<Vec<Result<Prediction>>> {
        let predictions = self.read_cut(&[images], name)?.into_iter();
        let decided = |one: Result<Prediction>| one.map(|one| self.decided(one));
        Ok(predictions.map(decided).collect())
    }

    /// The scores, before the tuning is obeyed, of faces that were cut out in each of the ways of
    /// [`crops`](Self::crops): `cut` has all faces for each of them, or once, for all. Errors call a face by
    /// its place as `name` says.
    pub(crate) fn read_cut(
        &self,
        cut: &[Vec<&RgbImage>],
        name: &dyn Fn(usize) -> String,
    ) -> Result<Vec<Result<Prediction>>> {
        let predictions = self.decode(&self.features_of(cut)?).into_iter().enumerate();
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
    /// What `take` returns; [`Error::Argument`](crate::Error::Argument) if the network has no backbone to read images with.
    ///
    /// # Panics
    /// If `batch_size` is 0.
    pub fn predict_files(
        &self,
        images: &[PathBuf],
        batch_size: usize,
        mut take: impl FnMut(usize, Result<Prediction>) -> Result<()>,
    ) -> Result<()> {
        self.read_files(images, batch_size, |place, prediction| {
            take(place, prediction.map(|one| self.decided(one)))
        })
    }

    /// As [`predict_files`](Self::predict_files), before the tuning is obeyed: for scores that are smoothed
    /// first. [`decided_frames`](Self::decided_frames) then does both.
    ///
    /// # Errors
    /// As [`predict_files`](Self::predict_files).
    ///
    /// # Panics
    /// If `batch_size` is 0.
    pub fn read_files(
        &self,
        images: &[PathBuf],
        batch_size: usize,
        mut take: impl FnMut(usize, Result<Prediction>) -> Result<()>,
    ) -> Result<()> {
        let mut place = 0;
        self.each_batch(images, batch_size, &mut |features, batch| {
            let predictions = match features {
                Some(features) => self.decode(&features),
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
