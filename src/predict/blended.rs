//! Several networks as one predictor.

use burn::tensor::Device;

use super::{Member, Predictor};
use crate::calibrate::{BlendPlan, BlendWeights, Tuning};
use crate::{Error, Result};

impl Predictor {
    /// A predictor whose scores are the weighted mean of those of `predictors`, as
    /// [`BlendPlan`] says: their members are its members, and weigh what they weigh there times what
    /// `weights` say of their predictor. Of one predictor alone it is that one. What each was tuned to
    /// alone is left out, as that is of other scores, and [`warnings`](Self::warnings) say so.
    ///
    /// ```no_run
    /// use countenance::calibrate::BlendWeights;
    /// use countenance::predict::Predictor;
    ///
    /// # fn main() -> countenance::Result<()> {
    /// let models = vec![Predictor::load("a.safetensors")?, Predictor::load("b.safetensors")?];
    /// let blend = Predictor::blend(models, &BlendWeights::equal(2))?;
    /// let prediction = blend.predict_file("face.jpg")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] if there is no predictor, there are not as many weights, they share no
    /// expressions although they have some, or they are on different devices.
    pub fn blend(predictors: Vec<Self>, weights: &BlendWeights) -> Result<Self> {
        let count = predictors.len();
        let Some(first) = predictors.first() else {
            return Err(Error::argument("a blend", "at least one model", "none"));
        };
        weights.validate(count)?;
        if count == 1 {
            let mut predictors = predictors;
            return Ok(predictors.swap_remove(0));
        }
        let device = first.device.clone();
        if predictors.iter().any(|one| one.device != device) {
            let expected = "models on one device";
            return Err(Error::argument("a blend", expected, "different ones"));
        }
        let own: Vec<&BlendWeights> = predictors.iter().map(|one| &one.weights).collect();
        let weights = flattened(weights, &own);
        let (mut members, mut warnings) = (Vec::new(), Vec::new());
        for (number, predictor) in predictors.into_iter().enumerate() {
            if predictor.decider.is_some() || !predictor.tuning.smoothing.is_off() {
                warnings.push(format!(
                    "model {number} of the blend, counted from 0, was tuned alone: its tuning is of its own \
                     scores and left out"
                ));
            }
            members.extend(predictor.members);
            warnings.extend(predictor.warnings);
        }
        Self::of(members, weights, warnings, &device)
    }

    /// A predictor with these networks, at least one, on `device`.
    pub(super) fn of(
        members: Vec<Member>,
        weights: BlendWeights,
        warnings: Vec<String>,
        device: &Device,
    ) -> Result<Self> {
        let vocabularies: Vec<_> = members.iter().map(Member::vocabulary).collect();
        let (vocabulary, plan) = match vocabularies[..] {
            [only] => (only.clone(), None),
            _ => {
                let plan = BlendPlan::new(&vocabularies)?;
                (plan.vocabulary().clone(), Some(plan))
            }
        };
        Ok(Self {
            members,
            plan,
            weights,
            vocabulary,
            tuning: Tuning::default(),
            decider: None,
            warnings,
            device: device.clone(),
        })
    }
}

/// What each member weighs of predictors that weigh `weights` and whose members weigh what `own` says.
fn flattened(weights: &BlendWeights, own: &[&BlendWeights]) -> BlendWeights {
    let task = |of: fn(&BlendWeights) -> &Vec<f32>| {
        let each = of(weights).iter().zip(own);
        each.flat_map(|(weight, own)| of(own).iter().map(move |member| weight * member))
            .collect()
    };
    BlendWeights {
        action_units: task(|weights| &weights.action_units),
        expressions: task(|weights| &weights.expressions),
        valence_arousal: task(|weights| &weights.valence_arousal),
    }
}
