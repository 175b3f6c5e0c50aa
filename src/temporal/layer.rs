//! From the features of a window to what its frames are together.

use burn::module::Module;
use burn::nn::attention::generate_autoregressive_mask;
use burn::nn::transformer::{
    TransformerEncoder, TransformerEncoderConfig, TransformerEncoderInput,
};
use burn::nn::{Initializer, LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::{Bool, Device, Tensor};

use super::config::{TemporalConfig, TemporalForm};
use super::convolution::TemporalConvolution;
use super::encoding::TimeEncoding;
use super::window::Windows;

/// Features read with those around them in time.
///
/// With `x_t` the feature of a frame and `t` its time in seconds from the window's reference:
///
/// ```text
/// h_t = W_i n(x_t) + b_i + pe(t)
/// g   = transformer or convolutions of all h of the window
/// y_t = x_t + W_o n(g_t) + b_o
/// ```
///
/// where each `n` is a layer norm of its own. `W_o` and `b_o` begin at zero: before training `y_t` is `x_t`, and
/// a network with the head is the network without it. A frame that is missing contributes to nothing, and a
/// causal head reads nothing of later frames.
///
/// The field names are the names in a network's file.
#[derive(Module, Debug)]
pub struct Temporal {
    /// The norm of the features.
    pub input_norm: LayerNorm,
    /// `W_i` and `b_i`.
    pub input: Linear,
    /// The transformer, if it is that form.
    pub transformer: Option<TransformerEncoder>,
    /// The convolutions, if it is that form.
    pub convolution: Option<TemporalConvolution>,
    /// The norm of what comes out.
    pub output_norm: LayerNorm,
    /// `W_o` and `b_o`.
    pub output: Linear,
    #[module(skip)]
    pub(super) encoding: TimeEncoding,
    /// What it was made from.
    #[module(skip)]
    pub config: TemporalConfig,
}

impl TemporalConfig {
    /// Builds the head for features of `feature_width` numbers. The last map begins at zero, so that at
    /// first every feature comes out as it came in; other weights are drawn from `U(-b, b)` with
    /// `b = 1 / sqrt(inputs)`.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails or `feature_width` is 0.
    pub fn init(&self, feature_width: usize, device: &Device) -> Temporal {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        assert!(feature_width > 0, "the width of features is positive");
        let width = self.width;
        let (transformer, convolution) = match self.form {
            TemporalForm::Transformer {
                layers,
                heads,
                feed_forward,
            } => {
                let config = TransformerEncoderConfig::new(width, feed_forward, heads, layers)
                    .with_norm_first(true)
                    .with_dropout(self.dropout);
                (Some(config.init(device)), None)
            }
            TemporalForm::Convolution { layers, kernel } => {
                let convolution = TemporalConvolution::new(
                    width,
                    [layers, kernel],
                    self.dropout,
                    self.causal,
                    device,
                );
                (None, Some(convolution))
            }
        };
        Temporal {
            input_norm: LayerNormConfig::new(feature_width).init(device),
            input: LinearConfig::new(feature_width, width).init(device),
            transformer,
            convolution,
            output_norm: LayerNormConfig::new(width).init(device),
            output: LinearConfig::new(width, feature_width)
                .with_initializer(Initializer::Zeros)
                .init(device),
            encoding: TimeEncoding::new(width, 2.0 / self.rate, 4.0 * self.window),
            config: self.clone(),
        }
    }
}

impl Temporal {
    /// The features of every step; those of steps without a frame mean nothing.
    ///
    /// # Shapes
    /// - `features`, output: `[batch, steps, feature_width]`
    /// - `present`: `[batch, steps]`, which steps have a frame; what stands in the others is not looked at
    /// - `times`: `[batch, steps]`, in seconds from the window's reference, in order
    ///
    /// # Panics
    /// If the shapes do not fit the head or each other.
    pub fn forward(
        &self,
        features: Tensor<3>,
        present: Tensor<2, Bool>,
        times: Tensor<2>,
    ) -> Tensor<3> {
        let features = without_missing(features, present.clone());
        let hidden = self.hidden(features.clone(), present, times);
        features + self.output.forward(self.output_norm.forward(hidden))
    }

    /// The features of the frames that are read.
    ///
    /// # Shapes
    /// - output: `[frames, feature_width]`
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    pub fn read(&self, windows: &Windows) -> Tensor<2> {
        let features = without_missing(windows.features.clone(), windows.present.clone());
        let hidden = self.hidden(
            features.clone(),
            windows.present.clone(),
            windows.times.clone(),
        );
        // The map back to the features is a good part of the work: it is done for no frame in vain.
        let hidden = self.output_norm.forward(windows.select(hidden));
        windows.select(features) + self.output.forward(hidden)
    }

    /// The features of frames of which each is alone in its window.
    ///
    /// # Shapes
    /// - `features`, output: `[frames, feature_width]`
    ///
    /// # Panics
    /// If the width of `features` is another.
    pub fn alone(&self, features: Tensor<2>) -> Tensor<2> {
        let [frames, _] = features.dims();
        let device = features.device();
        let times = Tensor::zeros([frames, 1], &device);
        let present = Tensor::<2>::ones([frames, 1], &device).greater_elem(0.5);
        self.forward(features.unsqueeze_dim::<3>(1), present, times)
            .squeeze_dim::<2>(1)
    }

    fn hidden(&self, features: Tensor<3>, present: Tensor<2, Bool>, times: Tensor<2>) -> Tensor<3> {
        let [batch, steps, _] = features.dims();
        assert_eq!(present.dims(), [batch, steps], "which steps have a frame");
        assert_eq!(times.dims(), [batch, steps], "the time of each step");
        let device = features.device();
        let hidden = self.input.forward(self.input_norm.forward(features));
        let mut hidden = hidden + self.encoding.forward(times);
        if let Some(transformer) = &self.transformer {
            let mut input =
                TransformerEncoderInput::new(hidden).mask_pad(present.clone().bool_not());
            if self.config.causal {
                input = input.mask_attn(generate_autoregressive_mask(batch, steps, &device));
            }
            hidden = transformer.forward(input);
        }
        if let Some(convolution) = &self.convolution {
            let present = present.float().unsqueeze_dim::<3>(2);
            hidden = convolution.forward(hidden, present);
        }
        hidden
    }
}

/// Zeros where there is no frame: what cannot be read is marked by numbers that are none.
fn without_missing(features: Tensor<3>, present: Tensor<2, Bool>) -> Tensor<3> {
    let missing = present.bool_not().unsqueeze_dim::<3>(2);
    let shape = features.dims();
    features.mask_fill(missing.expand(shape), 0.0)
}

#[cfg(test)]
mod tests;
