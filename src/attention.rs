//! What one task says weighing what another says: in the paper, action units the expression logits (Eq. 6
//! and 7).
//!
//! [`Attention`] chooses the form and builds it; [`CrossAttention`] is the layer, which the scores of any
//! tasks may pass through.
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

/// Which attention a task's scores pass through.
#[derive(Config, Debug, PartialEq, Eq)]
pub enum Attention {
    /// None: the scores stay as they are (of expressions, the second row of the paper's Table 1).
    None,
    /// The paper's Eq. 6 and 7: one weight per score, in [-1, 1].
    Elementwise,
    /// The authors' program: additive scoring, with a softmax over the scores.
    Additive {
        /// Width of the scoring layer; positive. The authors' program: 64.
        hidden: usize,
    },
}

impl Attention {
    /// Builds the attention of a query of so many numbers, in the paper the action units', to so many
    /// `values`, there the expressions' logits; `None` for [`Attention::None`]. Weights are drawn from
    /// `U(-b, b)` with `b = 1 / sqrt(inputs)`.
    ///
    /// # Panics
    /// If `query`, `values` or `hidden` of an attention is zero.
    pub fn init(&self, query: usize, values: usize, device: &Device) -> Option<CrossAttention> {
        let are_positive = query > 0 && values > 0;
        assert!(*self == Self::None || are_positive, "widths are positive");
        let map = |input, output| {
            LinearConfig::new(input, output)
                .with_bias(false)
                .init(device)
        };
        match *self {
            Self::None => None,
            Self::Elementwise => Some(CrossAttention {
                query: map(query, values),
                key: map(values, values),
                score: None,
            }),
            Self::Additive { hidden } => {
                assert!(hidden > 0, "widths are positive");
                Some(CrossAttention {
                    query: map(query, hidden),
                    key: map(1, hidden),
                    score: Some(map(hidden, 1)),
                })
            }
        }
    }
}

/// A task's scores, each multiplied by a weight that is computed from what other tasks say.
///
/// With the query `q`, in the paper the action units' probabilities, and the values `e`, there the
/// expressions' logits:
///
/// [`Attention::Elementwise`], the paper's:
/// - Eq. 6: `a = tanh(W_q q + W_k e)`
/// - Eq. 7: `e' = a * e`, element by element
///
/// [`Attention::Additive`], the authors' program's:
/// - `h_c = tanh(W_q q + W_k e_c)`, where each value is a key of one number
/// - `a = softmax over c of (w . h_c)`
/// - `e'_c = a_c e_c`
///
/// No map has a bias. Scores that must stay in [-1, 1] pass through
/// [`forward_bounded`](Self::forward_bounded).
///
/// # Deviation
/// Eq. 6 has no scoring vector and no softmax, the program has both. The paper's equations are the
/// default; [`NetworkConfig::mtl_abaw4`](crate::network::NetworkConfig::mtl_abaw4) chooses the
/// program's form.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct CrossAttention {
    /// `W_q`, the map of the query.
    pub query: Linear,
    /// `W_k`, the map of the values: of all together in Eq. 6, of each alone in the additive form.
    pub key: Linear,
    /// `w`, the scoring vector; only in the additive form.
    pub score: Option<Linear>,
}

impl ModuleDisplay for CrossAttention {
    fn custom_content(&self, content: Content) -> Option<Content> {
        let [inputs, output] = self.query.weight.shape().dims();
        let form = match &self.score {
            None => Attention::Elementwise,
            Some(_) => Attention::Additive { hidden: output },
        };
        content
            .add_debug_attribute("form", &form)
            .add("inputs", &inputs)
            .add("query", &self.query)
            .add("key", &self.key)
            .add("score", &self.score)
            .optional()
    }
}

impl CrossAttention {
    /// The attended values, in the paper the logits.
    ///
    /// # Shapes
    /// - `query`: `[batch, inputs]`, probabilities or other numbers in [-1, 1]
    /// - `values`: `[batch, values]`
    /// - output: `[batch, values]`
    ///
    /// # Panics
    /// If the shapes do not fit the layer or each other.
    pub fn forward(&self, query: Tensor<2>, values: Tensor<2>) -> Tensor<2> {
        self.weights(query, values.clone()) * values
    }

    /// The attended values of `y = tanh(raw)`, in [-1, 1] as they are.
    ///
    /// - [`Attention::Elementwise`]: Eq. 6 and 7 of `y`, which its weights never enlarge.
    /// - [`Attention::Additive`]: with the weights `a` of the n values `y`, `y'_k = tanh(n a_k raw_k)`.
    ///
    /// # Deviation
    /// The weights of the additive form add up to 1. Times them, of two values no more than one could be
    /// near an end of the range, and both together would be half as large as they are. What they multiply
    /// is therefore what the hyperbolic tangent is taken of, and n times: equal weights then change
    /// nothing, a larger one brings its value nearer to its end, and all stay in the range.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use countenance::attention::Attention;
    ///
    /// let device = Device::default();
    /// let attention = Attention::Additive { hidden: 4 }.init(20, 2, &device).expect("one");
    /// let raw = Tensor::<2>::from_data([[3.0, -3.0]], &device);
    /// let values = attention.forward_bounded(Tensor::ones([1, 20], &device), raw);
    /// assert!(values.abs().max().into_scalar::<f32>() <= 1.0);
    /// ```
    ///
    /// # Shapes
    /// - as [`forward`](Self::forward)
    ///
    /// # Panics
    /// If the shapes do not fit the layer or each other.
    pub fn forward_bounded(&self, query: Tensor<2>, raw: Tensor<2>) -> Tensor<2> {
        let values = raw.clone().tanh();
        match &self.score {
            None => self.forward(query, values),
            Some(_) => {
                let [_, count] = values.dims();
                (self.weights(query, values) * raw * count as f64).tanh()
            }
        }
    }

    /// `a`, the weight of each value.
    fn weights(&self, query: Tensor<2>, values: Tensor<2>) -> Tensor<2> {
        let query = self.query.forward(query);
        match &self.score {
            None => (query + self.key.forward(values)).tanh(),
            Some(score) => {
                let key = self.key.forward(values.unsqueeze_dim::<3>(2));
                let hidden = (query.unsqueeze_dim::<3>(1) + key).tanh();
                softmax(score.forward(hidden).squeeze_dim::<2>(2), 1)
            }
        }
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
    #[test]
    fn bounded_values_stay_in_their_range_and_equal_weights_leave_them() {
        let device = Device::default();
        let query = Tensor::random([64, 12], Distribution::Default, &device);
        let raw = Tensor::<2>::random([64, 2], Distribution::Normal(0.0, 4.0), &device);
        for form in [Attention::Elementwise, Attention::Additive { hidden: 5 }] {
            let attention = form.init(12, 2, &device).expect("one");
            let values = attention.forward_bounded(query.clone(), raw.clone());
            assert!(values.abs().max().into_scalar::<f32>() <= 1.0, "{form}");
        }
        let form = Attention::Additive { hidden: 5 };
        let mut attention = form.init(12, 2, &device).expect("one");
        let score = attention.score.as_mut().expect("the additive form");
        score.weight = score.weight.clone().map(|weight| weight.zeros_like());
        attention
            .forward_bounded(query, raw.clone())
            .into_data()
            .assert_approx_eq::<f32>(&raw.tanh().into_data(), Tolerance::absolute(1e-6));
    }
}
