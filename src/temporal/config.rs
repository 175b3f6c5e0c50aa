//! The settings of the temporal head.

use burn::config::Config;

use super::grid::Grid;
use crate::{Error, Result};

/// What looks at the frames of a window together.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
pub enum TemporalForm {
    /// A transformer encoder with its norms first (Vaswani et al. 2017, arXiv 1706.03762; Xiong et al. 2020,
    /// arXiv 2002.04745), which knows the time of each frame in seconds.
    Transformer {
        /// Layers, 1 to 32.
        layers: usize,
        /// Heads of each attention, 1 to 64; the width is a multiple of them.
        heads: usize,
        /// Width of the feed-forward network, 1 to 16384.
        feed_forward: usize,
    },
    /// Residual convolutions over the steps of the window, the first of neighbours and each further one
    /// of steps twice as far apart (Bai et al. 2018, arXiv 1803.01271).
    Convolution {
        /// Layers, 1 to 12.
        layers: usize,
        /// Steps that each looks at, 2 to 31; odd unless it is causal.
        kernel: usize,
    },
}

/// Configuration of [`Temporal`](super::Temporal).
///
/// A convolution looks `1 + (kernel - 1) (2^layers - 1)` steps far in all: where the window has more,
/// the rest of them changes nothing.
#[derive(Config, Debug, PartialEq)]
pub struct TemporalConfig {
    /// What looks at the frames of a window together. Default: a transformer of 2 layers, 4 heads and a
    /// feed-forward network of 512.
    #[config(default = "TemporalForm::Transformer { layers: 2, heads: 4, feed_forward: 512 }")]
    pub form: TemporalForm,
    /// Width of what stands for a frame within it, even, 2 to 4096. Default: 256.
    #[config(default = 256)]
    pub width: usize,
    /// Dropout in training, in [0, 1). Default: 0.1.
    #[config(default = 0.1)]
    pub dropout: f64,
    /// Whether a frame is read with those before it alone, so that a live video needs not wait. Default:
    /// false, as many seconds of the window lie before it as behind it.
    #[config(default = false)]
    pub causal: bool,
    /// Seconds of video that a frame is read with, above 0 and at most 600. Default: 2.
    #[config(default = 2.0)]
    pub window: f64,
    /// Steps of the window a second, above 0 and at most 1000; of a video with more frames a second some
    /// are passed over, of one with fewer some steps are missing. The window has at most 2048 steps.
    /// Default: 10.
    #[config(default = 10.0)]
    pub rate: f64,
}

impl TemporalConfig {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the first setting outside its range.
    pub fn validate(&self) -> Result<()> {
        let whole = |name: &str, found: usize, least: usize, most: usize| {
            let expected = format!("{least} to {most}");
            check(name, (least..=most).contains(&found), &expected, found)
        };
        whole("width", self.width, 2, 4096)?;
        check("width", self.width.is_multiple_of(2), "even", self.width)?;
        match self.form {
            TemporalForm::Transformer {
                layers,
                heads,
                feed_forward,
            } => {
                whole("form.Transformer.layers", layers, 1, 32)?;
                whole("form.Transformer.heads", heads, 1, 64)?;
                whole("form.Transformer.feed_forward", feed_forward, 1, 16_384)?;
                let expected = format!("a multiple of {heads}, the number of heads");
                let fits = self.width.is_multiple_of(heads);
                check("width", fits, &expected, self.width)?;
            }
            TemporalForm::Convolution { layers, kernel } => {
                whole("form.Convolution.layers", layers, 1, 12)?;
                whole("form.Convolution.kernel", kernel, 2, 31)?;
                let fits = self.causal || !kernel.is_multiple_of(2);
                let expected = "odd, as as many steps lie before a frame as behind it";
                check("form.Convolution.kernel", fits, expected, kernel)?;
            }
        }
        let share = (0.0..1.0).contains(&self.dropout);
        check("dropout", share, "0 to below 1", self.dropout)?;
        for (name, found, most) in [("window", self.window, 600.0), ("rate", self.rate, 1000.0)] {
            let fits = found > 0.0 && found <= most;
            check(name, fits, &format!("above 0, to {most}"), found)?;
        }
        let steps = self.grid().steps();
        let expected = format!("2 to 2048 steps, of which there are {} a second", self.rate);
        check(
            "window",
            (2..=2048).contains(&steps),
            &expected,
            self.window,
        )
    }

    /// The steps of a window.
    pub fn grid(&self) -> Grid {
        Grid::new(self.window, self.rate, self.causal)
    }
}

fn check(what: &str, fits: bool, expected: &str, found: impl std::fmt::Display) -> Result<()> {
    match fits {
        true => Ok(()),
        false => Err(Error::argument(format!("temporal.{what}"), expected, found)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_a_setting_out_of_range_is_named() {
        TemporalConfig::new().validate().unwrap();
        let convolution = |kernel| TemporalForm::Convolution { layers: 2, kernel };
        let transformer = |heads| TemporalForm::Transformer {
            layers: 1,
            heads,
            feed_forward: 8,
        };
        let config = TemporalConfig::new;
        for (config, expected) in [
            (
                config().with_width(0),
                "temporal.width: expected 2 to 4096, found 0",
            ),
            (
                config().with_width(9),
                "temporal.width: expected even, found 9",
            ),
            (
                config().with_form(transformer(3)),
                "temporal.width: expected a multiple of 3, the number of heads, found 256",
            ),
            (
                config().with_form(transformer(0)),
                "temporal.form.Transformer.heads",
            ),
            (
                config().with_form(convolution(4)),
                "temporal.form.Convolution.kernel: expected odd",
            ),
            (config().with_dropout(1.0), "temporal.dropout"),
            (
                config().with_window(f64::NAN),
                "temporal.window: expected above 0, to 600",
            ),
            (config().with_rate(0.0), "temporal.rate"),
            (
                config().with_rate(0.1),
                "temporal.window: expected 2 to 2048 steps",
            ),
            (
                config().with_window(600.0),
                "temporal.window: expected 2 to 2048 steps",
            ),
        ] {
            let error = config.validate().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        let causal = config().with_causal(true);
        causal.with_form(convolution(4)).validate().unwrap();
    }
}
