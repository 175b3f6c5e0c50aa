//! How a tuning is found.

use std::fmt;
use std::str::FromStr;

use crate::metric::bootstrap::Bootstrap;
use crate::smoothing::Smoothing;
use crate::{Error, Result};

/// One part of a tuning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// What each member of a blend weighs, for each task.
    Weights,
    /// The width of each task's smoothing.
    Smoothing,
    /// Probabilities that are shares of right answers: a calibration per unit, a temperature.
    Calibration,
    /// A threshold per action unit.
    Thresholds,
    /// An offset per expression.
    Offsets,
}

impl Part {
    /// All of them, in the order in which they are found.
    pub const ALL: [Self; 5] = [
        Self::Weights,
        Self::Smoothing,
        Self::Calibration,
        Self::Thresholds,
        Self::Offsets,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Smoothing => "smoothing",
            Self::Calibration => "calibration",
            Self::Thresholds => "thresholds",
            Self::Offsets => "offsets",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Part {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        one_of("part of a tuning", text, Self::ALL)
    }
}

/// The kind of smoothing whose width is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmoothingKind {
    /// [`Smoothing::Gaussian`].
    #[default]
    Gaussian,
    /// [`Smoothing::Box`].
    Box,
    /// [`Smoothing::Exponential`], the only one that knows what it says of a live frame at once.
    Exponential,
}

impl SmoothingKind {
    const ALL: [Self; 3] = [Self::Gaussian, Self::Box, Self::Exponential];

    /// This kind, of a width in seconds.
    pub fn of(self, width: f64) -> Smoothing {
        match self {
            Self::Gaussian => Smoothing::Gaussian(width),
            Self::Box => Smoothing::Box(width),
            Self::Exponential => Smoothing::Exponential(width),
        }
    }
}

impl fmt::Display for SmoothingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gaussian => "gaussian",
            Self::Box => "box",
            Self::Exponential => "exponential",
        })
    }
}

impl FromStr for SmoothingKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        one_of("kind of smoothing", text, Self::ALL)
    }
}

/// How the score of an action unit becomes a probability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CalibrationKind {
    /// A line through the score's logit: two numbers, for any number of rows.
    #[default]
    Platt,
    /// Any rising curve: for thousands of rows.
    Isotonic,
}

impl fmt::Display for CalibrationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Platt => "platt",
            Self::Isotonic => "isotonic",
        })
    }
}

impl FromStr for CalibrationKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        one_of("calibration", text, [Self::Platt, Self::Isotonic])
    }
}

/// How a tuning is found.
///
/// ```
/// use countenance::calibrate::{Part, TuneConfig};
///
/// let config = TuneConfig { parts: vec![Part::Thresholds], ..TuneConfig::default() };
/// config.check()?;
/// let refused = TuneConfig { folds: 1, ..TuneConfig::default() }.check().unwrap_err();
/// assert_eq!(refused.to_string(), "the folds: expected 2 to 100, found 1");
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TuneConfig {
    /// What is tuned. Default: everything.
    pub parts: Vec<Part>,
    /// The kind of smoothing. Default: Gaussian.
    pub smoothing: SmoothingKind,
    /// The widths that are tried beside none, in seconds, each finite and above 0. Default: 12 from 0.03
    /// to 5, each as many times the one before it.
    pub widths: Vec<f64>,
    /// How an action unit is calibrated. Default: Platt.
    pub calibration: CalibrationKind,
    /// In how many parts the groups are divided, 2 to 100; no more than there are groups. Default: 5.
    pub folds: usize,
    /// What the division follows from. Default: 0.
    pub seed: u64,
    /// How the intervals are drawn.
    pub bootstrap: Bootstrap,
}

impl Default for TuneConfig {
    fn default() -> Self {
        Self {
            parts: Part::ALL.to_vec(),
            smoothing: SmoothingKind::default(),
            widths: geometric(0.03, 5.0, 12),
            calibration: CalibrationKind::default(),
            folds: 5,
            seed: 0,
            bootstrap: Bootstrap::default(),
        }
    }
}

impl TuneConfig {
    /// Looks whether the settings are possible.
    ///
    /// # Errors
    /// [`Error::Argument`] that names one that is not.
    pub fn check(&self) -> Result<()> {
        if self.parts.is_empty() {
            let expected = format!("one of {} at least", names(Part::ALL));
            return Err(Error::argument("the parts of the tuning", expected, "none"));
        }
        if !(2..=100).contains(&self.folds) {
            return Err(Error::argument("the folds", "2 to 100", self.folds));
        }
        for &width in &self.widths {
            self.smoothing.of(width).check()?;
        }
        self.bootstrap.check()
    }

    /// Whether this part is tuned.
    pub fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    /// The smoothings that are tried, none first.
    pub(super) fn smoothings(&self) -> Vec<Smoothing> {
        let widths = match self.has(Part::Smoothing) {
            true => &self.widths[..],
            false => &[],
        };
        let tried = widths.iter().map(|&width| self.smoothing.of(width));
        std::iter::once(Smoothing::Off).chain(tried).collect()
    }
}

/// So many numbers from one to another, each as many times the one before, to two digits.
fn geometric(first: f64, last: f64, count: i32) -> Vec<f64> {
    let step = (last / first).powf(1.0 / f64::from(count - 1));
    let rounded = |number: f64| {
        let digit = 10f64.powf(number.log10().floor() - 1.0);
        // Not `* digit`, of which 0.055 has digits behind it.
        (number / digit).round() / (1.0 / digit).round()
    };
    (0..count)
        .map(|place| rounded(first * step.powi(place)))
        .collect()
}

fn names<T: fmt::Display>(all: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    names.join(", ")
}

fn one_of<T: fmt::Display + Copy>(
    what: &str,
    text: &str,
    all: impl IntoIterator<Item = T> + Clone,
) -> Result<T> {
    let found = all.clone().into_iter().find(|one| one.to_string() == text);
    found
        .ok_or_else(|| Error::argument(what, format!("one of {}", names(all)), format!("`{text}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widths_that_are_tried_grow_evenly_and_read_well() {
        let config = TuneConfig::default();
        config.check().unwrap();
        assert_eq!((config.widths[0], config.widths[11]), (0.03, 5.0));
        let steps = config.widths.windows(2).map(|pair| pair[1] / pair[0]);
        assert!(steps.into_iter().all(|step| (1.5..1.7).contains(&step)));
        assert!(
            config
                .widths
                .iter()
                .all(|width| width.to_string().len() <= 5),
            "{config:?}"
        );
        assert_eq!(config.smoothings().len(), 13);
        let without = TuneConfig {
            parts: vec![Part::Offsets],
            ..config
        };
        assert_eq!(without.smoothings(), [Smoothing::Off]);
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for part in Part::ALL {
            assert_eq!(part.to_string().parse::<Part>().unwrap(), part);
        }
        let refused = "threshold".parse::<Part>().unwrap_err().to_string();
        assert!(
            refused.contains("weights, smoothing, calibration, thresholds, offsets"),
            "{refused}"
        );
        assert_eq!(
            "box".parse::<SmoothingKind>().unwrap().of(0.5),
            Smoothing::Box(0.5)
        );
        assert_eq!(
            "isotonic".parse::<CalibrationKind>().unwrap(),
            CalibrationKind::Isotonic
        );
    }

    #[test]
    fn settings_that_are_impossible_are_named() {
        let refused = |config: TuneConfig| config.check().unwrap_err().to_string();
        let default = TuneConfig::default;
        assert!(
            refused(TuneConfig {
                parts: vec![],
                ..default()
            })
            .contains("offsets at least")
        );
        assert!(
            refused(TuneConfig {
                widths: vec![0.0],
                ..default()
            })
            .contains("smoothing")
        );
        let bootstrap = Bootstrap {
            resamples: 0,
            ..Bootstrap::default()
        };
        assert!(
            refused(TuneConfig {
                bootstrap,
                ..default()
            })
            .contains("resamples")
        );
    }
}
