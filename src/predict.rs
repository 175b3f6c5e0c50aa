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
//! config.init(&device).save(&config, &path)?;
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

use std::borrow::Borrow;
use std::path::{Path, PathBuf};

use ::image::RgbImage;
use burn::tensor::Device;
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use crate::data::image::{self, ImageLimits, ImageStream, Preprocessing};
use crate::device::DeviceName;
use crate::label::EXPRESSIONS;
use crate::model::{Model, ModelConfig};
use crate::precision::Precision;
use crate::{ActionUnit, Error, Expression, Result};

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
/// println!("smile: {:?}", prediction.action_unit(ActionUnit::Au12));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Predictor {
    model: Model,
    config: ModelConfig,
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

    /// Opens a model file on `device`.
    ///
    /// # Errors
    /// See [`Model::load`]; [`Error::File`] also if the file is a backbone alone, or a network of other
    /// outputs than s-Aff-Wild2's, which have no names.
    pub fn load_on(path: impl AsRef<Path>, device: &Device) -> Result<Self> {
        let (model, config) = Model::load(path.as_ref(), device)?;
        let reads = !config.action_units().is_empty() || !config.expressions().is_empty();
        if !reads && !config.valence_arousal() {
            let expected = "a model that reads faces";
            let found = "a backbone alone, which is for training";
            return Err(Error::file(path, expected, found));
        }
        if let ModelConfig::Network(network) = &config {
            let named = network.check_aff_wild2();
            named.map_err(|error| Error::file(&path, "outputs with names", error.to_string()))?;
        }
        Ok(Self {
            model,
            config,
            device: device.clone(),
            precision: Precision::F32,
        })
    }

    /// The same predictor with a backbone that computes with the numbers of `precision`: faster on a
    /// GPU that has them, slower on a CPU, which has a fused path for 32-bit floats alone.
    ///
    /// # Errors
    /// [`Error::Argument`] if the device does not compute with them.
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

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// How images are brought to what the backbone reads; `None` if the network has no backbone.
    pub fn preprocessing(&self) -> Option<Preprocessing> {
        Some(self.config.backbone()?.preprocessing())
    }

    /// Reads one aligned face crop.
    ///
    /// # Errors
    /// [`Error::Argument`] if the network has no backbone to read images with;
    /// [`Error::NotFiniteScore`] if what it computes is not finite, which is no score.
    pub fn predict(&self, image: &RgbImage) -> Result<Prediction> {
        self.predict_named(image, "the image".into())
    }

    fn predict_named(&self, image: &RgbImage, name: String) -> Result<Prediction> {
        let input = self
            .preprocessing_or_error()?
            .batch(std::slice::from_ref(image), &self.device);
        let mut predictions = self.decode(self.model.features(input));
        predictions.swap_remove(0).map_err(|found| found.of(name))
    }

    /// Decodes and reads one image file.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Image`] if the file cannot be read, and see
    /// [`predict`](Self::predict).
    pub fn predict_file(&self, path: impl AsRef<Path>) -> Result<Prediction> {
        let path = path.as_ref();
        let image = image::read(path, &ImageLimits::default())?;
        self.predict_named(&image, path.display().to_string())
    }

    /// Reads several face crops at once. Each has its prediction, or the [`Error::NotFiniteScore`]
    /// that it has none, in their order; errors count the images from 0.
    ///
    /// # Errors
    /// [`Error::Argument`] if the network has no backbone to read images with.
    pub fn predict_batch(&self, images: &[RgbImage]) -> Result<Vec<Result<Prediction>>> {
        let preprocessing = self.preprocessing_or_error()?;
        if images.is_empty() {
            return Ok(Vec::new());
        }
        let features = self
            .model
            .features(preprocessing.batch(images, &self.device));
        let predictions = self.decode(features).into_iter().enumerate();
        Ok(predictions
            .map(|(number, one)| one.map_err(|found| found.of(format!("image {number}"))))
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

/// One expression class of a [`Prediction`].
#[derive(Clone, Debug, PartialEq)]
pub struct ExpressionScore {
    /// The class.
    pub class: Expression,
    /// Its logit.
    pub logit: f32,
    /// Its probability: the softmax over all classes, in [0, 1].
    pub probability: f32,
}

/// What a network reads from one face; what it was not trained for is absent, never invented.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Each action unit's probability, in [0, 1]; empty if the network reads none.
    pub action_units: Vec<(ActionUnit, f32)>,
    /// Each expression class; empty if the network reads none.
    pub expressions: Vec<ExpressionScore>,
    /// Valence and arousal, each in [-1, 1].
    pub valence_arousal: Option<[f32; 2]>,
    /// The two numbers of the gaze, in the order and unit that OpenFace 3.0 was trained in.
    pub gaze: Option<[f32; 2]>,
}

impl Prediction {
    /// The most probable expression; none if a logit is not finite.
    pub fn expression(&self) -> Option<Expression> {
        let mut logits = self.expressions.iter().map(|score| score.logit);
        if !logits.all(f32::is_finite) {
            return None;
        }
        let top = self
            .expressions
            .iter()
            .max_by(|a, b| a.logit.total_cmp(&b.logit))?;
        Some(top.class.clone())
    }

    /// The probability of one action unit.
    pub fn action_unit(&self, unit: ActionUnit) -> Option<f32> {
        self.action_units
            .iter()
            .find(|(known, _)| *known == unit)
            .map(|&(_, score)| score)
    }

    /// The probability of one expression.
    pub fn probability(&self, expression: impl Borrow<Expression>) -> Option<f32> {
        let score = self
            .expressions
            .iter()
            .find(|score| score.class == *expression.borrow())?;
        Some(score.probability)
    }

    /// The logits in s-Aff-Wild2's order, whatever the network's own; `None` for a class that the
    /// network does not tell. [`Expression::Contempt`] has no place in that order.
    pub fn aff_wild2_logits(&self) -> [Option<f32>; EXPRESSIONS] {
        Expression::AFF_WILD2.map(|class| {
            let mut scores = self.expressions.iter();
            let score = scores.find(|score| score.class == class)?;
            Some(score.logit)
        })
    }

    /// Valence, from unpleasant (-1) to pleasant (1).
    pub fn valence(&self) -> Option<f32> {
        self.valence_arousal.map(|[valence, _]| valence)
    }

    /// Arousal, from calm (-1) to excited (1).
    pub fn arousal(&self) -> Option<f32> {
        self.valence_arousal.map(|[_, arousal]| arousal)
    }
}

/// The machine-readable shape: `valence`, `arousal`, `expression`, `expression_logits`,
/// `expression_probabilities`, `action_units`; what is absent is null or empty. Where the logits are
/// not in s-Aff-Wild2's order, `expression_classes` names theirs; where there is a gaze, `gaze` holds
/// it.
impl Serialize for Prediction {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        struct Units<'a>(&'a [(ActionUnit, f32)]);
        impl Serialize for Units<'_> {
            fn serialize<S: Serializer>(
                &self,
                serializer: S,
            ) -> std::result::Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(Some(self.0.len()))?;
                for (unit, score) in self.0 {
                    map.serialize_entry(unit, score)?;
                }
                map.end()
            }
        }
        let logits: Vec<_> = self.expressions.iter().map(|score| score.logit).collect();
        let probabilities: Vec<_> = self
            .expressions
            .iter()
            .map(|score| score.probability)
            .collect();
        let classes: Vec<_> = self.expressions.iter().map(|score| &score.class).collect();
        let others = !classes.is_empty() && !classes.iter().copied().eq(&Expression::AFF_WILD2);
        let length = 6 + usize::from(others) + usize::from(self.gaze.is_some());
        let mut out = serializer.serialize_struct("Prediction", length)?;
        out.serialize_field("valence", &self.valence())?;
        out.serialize_field("arousal", &self.arousal())?;
        out.serialize_field("expression", &self.expression())?;
        out.serialize_field("expression_logits", &logits)?;
        out.serialize_field("expression_probabilities", &probabilities)?;
        out.serialize_field("action_units", &Units(&self.action_units))?;
        if others {
            out.serialize_field("expression_classes", &classes)?;
        }
        if let Some(gaze) = self.gaze {
            out.serialize_field("gaze", &gaze)?;
        }
        out.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prediction_serialises_to_the_stable_shape() {
        let prediction = Prediction {
            action_units: vec![(ActionUnit::Au1, 0.1), (ActionUnit::Au12, 0.75)],
            expressions: vec![
                ExpressionScore {
                    class: Expression::Neutral,
                    logit: -1.0,
                    probability: 0.25,
                },
                ExpressionScore {
                    class: Expression::Happiness,
                    logit: 2.5,
                    probability: 0.75,
                },
            ],
            valence_arousal: Some([0.5, -0.125]),
            gaze: None,
        };
        assert_eq!(
            serde_json::to_string(&prediction).unwrap(),
            r#"{"valence":0.5,"arousal":-0.125,"expression":"Happiness","#.to_string()
                + r#""expression_logits":[-1.0,2.5],"expression_probabilities":[0.25,0.75],"#
                + r#""action_units":{"AU1":0.1,"AU12":0.75},"#
                + r#""expression_classes":["Neutral","Happiness"]}"#
        );
    }

    #[test]
    fn another_order_of_classes_becomes_that_of_s_aff_wild2() {
        let score = |class, logit| ExpressionScore {
            class,
            logit,
            probability: 0.5,
        };
        let prediction = Prediction {
            action_units: vec![],
            expressions: vec![
                score(Expression::Contempt, 4.0),
                score(Expression::Happiness, 3.0),
                score(Expression::Neutral, 2.0),
            ],
            valence_arousal: None,
            gaze: None,
        };
        let mut expected = [None; EXPRESSIONS];
        expected[0] = Some(2.0);
        expected[4] = Some(3.0);
        assert_eq!(prediction.aff_wild2_logits(), expected);
    }

    #[test]
    fn a_logit_that_is_not_finite_makes_no_expression_the_most_probable() {
        let prediction = |logit| Prediction {
            action_units: vec![],
            expressions: vec![ExpressionScore {
                class: Expression::Fear,
                logit,
                probability: 0.5,
            }],
            valence_arousal: None,
            gaze: None,
        };
        assert_eq!(prediction(-3.0).expression(), Some(Expression::Fear));
        for logit in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(prediction(logit).expression(), None);
        }
    }

    #[test]
    fn what_is_absent_is_null_or_empty() {
        let nothing = Prediction {
            action_units: vec![],
            expressions: vec![],
            valence_arousal: None,
            gaze: None,
        };
        let json = serde_json::to_value(&nothing).unwrap();
        assert!(json["valence"].is_null() && json["expression"].is_null());
        assert_eq!(json["action_units"], serde_json::json!({}));
    }

    #[test]
    fn predictors_are_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Predictor>();
    }
}
