//! Action units attending to expression logits (Eq. 6 and 7).
//!
//! [`Attention`] chooses the form and builds it; [`CrossAttention`] is the layer, which any scores and
//! logits may pass through.
//!
//! # Example
//! ```
//! use burn::tensor::{Device, Tensor};
//! use countenance::attention::Attention;
//!
//! let device = Device::default();
//! // 12 probabilities say how much of each of 8 logits remains.
//! let attention = Attention::Elementwise.init(12, 8, &device).expect("not Attention::None");
//! let action_units = Tensor::full([2, 12], 0.5, &device);
//! let logits = Tensor::ones([2, 8], &device);
//! let attended = attention.forward(action_units, logits);
//! assert_eq!(attended.dims(), [2, 8]);
//! assert!(attended.abs().max().into_scalar::<f32>() <= 1.0);
//! ```

use burn::config::Config;
use burn::module::{Content, Module, ModuleDisplay};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};

/// Which attention the expression logits pass through.
#[derive(Config, Debug, PartialEq, Eq)]
pub enum Attention {
    /// None: the logits stay as they are (the second row of the paper's Table 1).
    None,
    /// The paper's Eq. 6 and 7: one weight per expression, in [-1, 1].
    Elementwise,
    /// The authors' program: additive scoring, with a softmax over the expressions.
    Additive {
        /// Width of the scoring layer; positive. The authors' program: 64.
        hidden: usize,
    },
}

impl Attention {
    /// Builds the attention of `action_units` scores to `classes` logits; `None` for
    /// [`Attention::None`]. Weights are drawn from `U(-b, b)` with `b = 1 / sqrt(inputs)`.
    ///
    /// # Panics
    /// If `action_units`, `classes` or `hidden` of an attention is zero.
    pub fn init(
        &self,
        action_units: usize,
        classes: usize,
        device: &Device,
    ) -> Option<CrossAttention> {
        let are_positive = action_units > 0 && classes > 0;
        assert!(*self == Self::None || are_positive, "widths are positive");
        let map = |input, output| {
            LinearConfig::new(input, output)
                .with_bias(false)
                .init(device)
        };
        match *self {
            Self::None => None,
            Self::Elementwise => Some(CrossAttention {
                query: map(action_units, classes),
                key: map(classes, classes),
                score: None,
            }),
            Self::Additive { hidden } => {
                assert!(hidden > 0, "widths are positive");
                Some(CrossAttention {
                    query: map(action_units, hidden),
                    key: map(1, hidden),
                    score: Some(map(hidden, 1)),
                })
            }
        }
    }
}

/// Expression logits, each multiplied by a weight that is computed from the action units.
///
/// [`Attention::Elementwise`], the paper's:
/// - Eq. 6: `a = tanh(W_q y_AU + W_k e)`
/// - Eq. 7: `y_EX = a * e`, element by element
///
/// [`Attention::Additive`], the authors' program's:
/// - `h_c = tanh(W_q y_AU + W_k e_c)`, where each logit is a key of one number
/// - `a = softmax over c of (w . h_c)`
/// - `y_EX,c = a_c e_c`
///
/// No map has a bias.
///
/// # Deviation
/// Eq. 6 has no scoring vector and no softmax, the program has both. The paper's equations are the
/// default; [`NetworkConfig::mtl_abaw4`](crate::network::NetworkConfig::mtl_abaw4) chooses the
/// program's form.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct CrossAttention {
    /// `W_q`, the map of the action units.
    pub query: Linear,
    /// `W_k`, the map of the logits: of all together in Eq. 6, of each alone in the additive form.
    pub key: Linear,
    /// `w`, the scoring vector; only in the additive form.
    pub score: Option<Linear>,
}

impl ModuleDisplay for CrossAttention {
    fn custom_content(&self, content: Content) -> Option<Content> {
        let [action_units, output] = self.query.weight.shape().dims();
        let form = match &self.score {
            None => Attention::Elementwise,
            Some(_) => Attention::Additive { hidden: output },
        };
        content
            .add_debug_attribute("form", &form)
            .add("action_units", &action_units)
            .add("query", &self.query)
            .add("key", &self.key)
            .add("score", &self.score)
            .optional()
    }
}

impl CrossAttention {
    /// The attended logits.
    ///
    /// # Shapes
    /// - `action_units`: `[batch, action_units]`, probabilities
    /// - `logits`: `[batch, classes]`
    /// - output: `[batch, classes]`, logits
    ///
    /// # Panics
    /// If the shapes do not fit the layer or each other.
    pub fn forward(&self, action_units: Tensor<2>, logits: Tensor<2>) -> Tensor<2> {
        let query = self.query.forward(action_units);
        let weights = match &self.score {
            None => (query + self.key.forward(logits.clone())).tanh(),
            Some(score) => {
                let key = self.key.forward(logits.clone().unsqueeze_dim::<3>(2));
                let hidden = (query.unsqueeze_dim::<3>(1) + key).tanh();
                softmax(score.forward(hidden).squeeze_dim::<2>(2), 1)
            }
        };
        weights * logits
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, Tolerance};

    use super::*;

    fn inputs(device: &Device) -> (Tensor<2>, Tensor<2>) {
        let action_units = Tensor::random([4, 12], Distribution::Default, device);
        let logits = Tensor::random([4, 8], Distribution::Normal(0.0, 2.0), device);
        (action_units, logits)
    }

    #[test]
    fn none_builds_nothing() {
        let device = Device::default();
        assert!(Attention::None.init(12, 8, &device).is_none());
    }

    #[test]
    fn the_paper_s_form_never_enlarges_a_logit() {
        let device = Device::default();
        let (action_units, logits) = inputs(&device);
        let attention = Attention::Elementwise.init(12, 8, &device).expect("one");
        let attended = attention.forward(action_units, logits.clone());
        let growth = (attended.abs() - logits.abs()).max().into_scalar::<f32>();
        assert!(growth <= 0.0, "{growth}");
    }

    #[test]
    fn the_additive_form_shares_one_unit_of_weight() {
        let device = Device::default();
        let (action_units, logits) = inputs(&device);
        let attention = Attention::Additive { hidden: 64 };
        let attention = attention.init(12, 8, &device).expect("one");
        let weights = attention.forward(action_units, logits.clone()) / logits;
        let ones = Tensor::<2>::ones([4, 1], &device).into_data();
        weights
            .sum_dim(1)
            .into_data()
            .assert_approx_eq::<f32>(&ones, Tolerance::relative(1e-4));
    }
}
