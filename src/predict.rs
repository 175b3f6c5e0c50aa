//! Images in, named scores out.

use std::path::Path;

use ::image::RgbImage;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, TensorData};
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use crate::data::image::{self, ImageLimits, Preprocessing};
use crate::network::{Network, NetworkConfig};
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
    network: Network,
    config: NetworkConfig,
    device: Device,
}

impl Predictor {
    /// Opens a model file on the default device.
    ///
    /// # Errors
    /// See [`Network::load`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_on(path, &Device::default())
    }

    /// Opens a model file on `device`.
    ///
    /// # Errors
    /// See [`Network::load`].
    pub fn load_on(path: impl AsRef<Path>, device: &Device) -> Result<Self> {
        let (network, config) = Network::load(path.as_ref(), device)?;
        Ok(Self {
            network,
            config,
            device: device.clone(),
        })
    }

    /// The network's config.
    pub fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// How images are brought to what the backbone reads; `None` if the network has no backbone.
    pub fn preprocessing(&self) -> Option<Preprocessing> {
        let backbone = self.config.backbone.as_ref()?;
        Some(Preprocessing::imagenet(backbone.input_size()))
    }

    /// Reads one aligned face crop.
    ///
    /// # Errors
    /// [`Error::Argument`] if the network has no backbone to read images with.
    pub fn predict(&self, image: &RgbImage) -> Result<Prediction> {
        let mut predictions = self.predict_batch(std::slice::from_ref(image))?;
        Ok(predictions.swap_remove(0))
    }

    /// Decodes and reads one image file.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Image`] if the file cannot be read, and see
    /// [`predict`](Self::predict).
    pub fn predict_file(&self, path: impl AsRef<Path>) -> Result<Prediction> {
        self.predict(&image::read(path.as_ref(), &ImageLimits::default())?)
    }

    /// Reads several face crops at once; one prediction each, in their order.
    ///
    /// # Errors
    /// See [`predict`](Self::predict).
    pub fn predict_batch(&self, images: &[RgbImage]) -> Result<Vec<Prediction>> {
        let Some(preprocessing) = self.preprocessing() else {
            return Err(Error::argument(
                "the model",
                "one with a backbone, to read images",
                "heads alone, which read cached features",
            ));
        };
        if images.is_empty() {
            return Ok(Vec::new());
        }
        let features = self
            .network
            .features(preprocessing.batch(images, &self.device));
        Ok(self.decode(features))
    }

    /// Reads cached features; one prediction per row.
    ///
    /// # Shapes
    /// - `features`: `rows` times the network's feature width, row after row.
    ///
    /// # Errors
    /// [`Error::Argument`] if the length is no multiple of the width.
    pub fn predict_features(&self, features: &[f32]) -> Result<Vec<Prediction>> {
        let width = self.config.feature_width;
        if !features.len().is_multiple_of(width) {
            return Err(Error::argument(
                "features",
                format!("rows of {width} values"),
                format!("{} values", features.len()),
            ));
        }
        if features.is_empty() {
            return Ok(Vec::new());
        }
        let data = TensorData::new(features.to_vec(), [features.len() / width, width]);
        Ok(self.decode(Tensor::from_data(data, &self.device)))
    }

    fn decode(&self, features: Tensor<2>) -> Vec<Prediction> {
        let tasks = &self.config.tasks;
        let output = self.network.forward(features);
        let [rows, classes] = output.expression_logits.dims();
        let probabilities = values(softmax(output.expression_logits.clone(), 1));
        let logits = values(output.expression_logits);
        let action_units = values(output.action_units);
        let valence_arousal = values(output.valence_arousal);
        let units = action_units.len() / rows;
        (0..rows)
            .map(|row| Prediction {
                action_units: if tasks.action_unit {
                    let scores = &action_units[row * units..(row + 1) * units];
                    ActionUnit::AFF_WILD2
                        .into_iter()
                        .zip(scores.iter().copied())
                        .collect()
                } else {
                    Vec::new()
                },
                expressions: if tasks.expression {
                    let range = row * classes..(row + 1) * classes;
                    Expression::AFF_WILD2
                        .into_iter()
                        .zip(&logits[range.clone()])
                        .zip(&probabilities[range])
                        .map(|((class, &logit), &probability)| ExpressionScore {
                            class,
                            logit,
                            probability,
                        })
                        .collect()
                } else {
                    Vec::new()
                },
                valence_arousal: tasks
                    .valence_arousal
                    .then(|| [valence_arousal[row * 2], valence_arousal[row * 2 + 1]]),
            })
            .collect()
    }
}

fn values(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// One expression class of a [`Prediction`].
#[derive(Clone, Copy, Debug, PartialEq)]
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
}

impl Prediction {
    /// The most probable expression.
    pub fn expression(&self) -> Option<Expression> {
        let top = self
            .expressions
            .iter()
            .max_by(|a, b| a.logit.total_cmp(&b.logit))?;
        Some(top.class)
    }

    /// The probability of one action unit.
    pub fn action_unit(&self, unit: ActionUnit) -> Option<f32> {
        self.action_units
            .iter()
            .find(|(known, _)| *known == unit)
            .map(|&(_, score)| score)
    }

    /// The probability of one expression.
    pub fn probability(&self, expression: Expression) -> Option<f32> {
        let score = self
            .expressions
            .iter()
            .find(|score| score.class == expression)?;
        Some(score.probability)
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
/// `expression_probabilities`, `action_units`; what is absent is null or empty.
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
        let mut out = serializer.serialize_struct("Prediction", 6)?;
        out.serialize_field("valence", &self.valence())?;
        out.serialize_field("arousal", &self.arousal())?;
        out.serialize_field("expression", &self.expression())?;
        out.serialize_field("expression_logits", &logits)?;
        out.serialize_field("expression_probabilities", &probabilities)?;
        out.serialize_field("action_units", &Units(&self.action_units))?;
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
        };
        assert_eq!(
            serde_json::to_string(&prediction).unwrap(),
            r#"{"valence":0.5,"arousal":-0.125,"expression":"Happiness","#.to_string()
                + r#""expression_logits":[-1.0,2.5],"expression_probabilities":[0.25,0.75],"#
                + r#""action_units":{"AU1":0.1,"AU12":0.75}}"#
        );
    }

    #[test]
    fn what_is_absent_is_null_or_empty() {
        let nothing = Prediction {
            action_units: vec![],
            expressions: vec![],
            valence_arousal: None,
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
