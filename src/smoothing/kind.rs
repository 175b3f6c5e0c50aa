//! The kinds of smoothing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::kernel::Kernel;
use crate::{Error, Result};

/// What a smoothing may be, for people who wrote another one.
const EXPECTED: &str =
    "`off`, or seconds above 0 as in `0.4`, `gaussian:0.4`, `box:0.4` or `exponential:0.4`";

/// How values are smoothed over time.
///
/// As text, on the command line and in JSON, it is `off`, `gaussian:0.4`, `box:0.4` or
/// `exponential:0.4`; a number alone is the width of a Gaussian, and 0 is off.
///
/// ```
/// use countenance::smoothing::Smoothing;
///
/// assert_eq!("0.4".parse::<Smoothing>()?, Smoothing::Gaussian(0.4));
/// assert_eq!(Smoothing::Exponential(0.25).to_string(), "exponential:0.25");
/// assert!("gaussian:wide".parse::<Smoothing>().is_err());
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Smoothing {
    /// Values stay as they are.
    #[default]
    Off,
    /// The mean of what is around a sample, before it and after it, weighed by exp(-d^2 / 2 sigma^2)
    /// where d is how far away it is in time; nothing further away than 4 sigma counts. Sigma is in
    /// seconds, finite and above 0. For what is stored: a sample's value is known 4 sigma later.
    Gaussian(f64),
    /// The mean of what is at most half of this width before a sample or after it, a sample at the very
    /// end among them. The width is in seconds, finite and above 0. For what is stored: a sample's value
    /// is known half the width later.
    Box(f64),
    /// What was before, which moves towards each sample by 1 - exp(-d / tau) of the way, d being the
    /// time since the last one. Tau is in seconds, finite and above 0. For live use: a sample's value
    /// is known at once, and lags behind by about tau.
    Exponential(f64),
}

impl Smoothing {
    /// Whether its width is one.
    ///
    /// # Errors
    /// [`Error::Argument`] unless the width is finite and above 0.
    pub fn check(self) -> Result<Self> {
        match self {
            Self::Off => Ok(self),
            Self::Gaussian(width) | Self::Box(width) | Self::Exponential(width)
                if width.is_finite() && width > 0.0 =>
            {
                Ok(self)
            }
            _ => Err(Error::argument("smoothing", EXPECTED, self)),
        }
    }

    /// How many seconds after a sample its smoothed value is known.
    pub fn delay(self) -> f64 {
        self.kernel().map_or(0.0, Kernel::reach)
    }

    /// How much what is around a sample counts, if it does on both sides.
    pub(super) fn kernel(self) -> Option<Kernel> {
        match self {
            Self::Gaussian(sigma) => Some(Kernel::Gaussian(sigma)),
            Self::Box(width) => Some(Kernel::Box(width)),
            Self::Off | Self::Exponential(_) => None,
        }
    }
}

impl FromStr for Smoothing {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::argument("smoothing", EXPECTED, format!("`{text}`"));
        let seconds = |text: &str| text.trim().parse::<f64>().map_err(|_| wrong());
        let smoothing = match text.trim().split_once(':') {
            None if text.trim() == "off" => Self::Off,
            None => match seconds(text)? {
                0.0 => Self::Off,
                sigma => Self::Gaussian(sigma),
            },
            Some(("gaussian", sigma)) => Self::Gaussian(seconds(sigma)?),
            Some(("box", width)) => Self::Box(seconds(width)?),
            Some(("exponential", tau)) => Self::Exponential(seconds(tau)?),
            Some(_) => return Err(wrong()),
        };
        smoothing.check().map_err(|_| wrong())
    }
}

impl fmt::Display for Smoothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Gaussian(sigma) => write!(f, "gaussian:{sigma}"),
            Self::Box(width) => write!(f, "box:{width}"),
            Self::Exponential(tau) => write!(f, "exponential:{tau}"),
        }
    }
}

impl TryFrom<String> for Smoothing {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Smoothing> for String {
    fn from(smoothing: Smoothing) -> Self {
        smoothing.to_string()
    }
}

#[cfg(test)]
mod tests {
    use burn::config::Config;

    use super::*;

    #[test]
    fn every_kind_is_read_as_it_is_written() {
        for smoothing in [
            Smoothing::Off,
            Smoothing::Gaussian(0.1),
            Smoothing::Gaussian(1e-9),
            Smoothing::Box(0.4),
            Smoothing::Exponential(12.5),
        ] {
            assert_eq!(
                smoothing.to_string().parse::<Smoothing>().unwrap(),
                smoothing
            );
        }
        let read = |text: &str| text.parse::<Smoothing>().unwrap();
        assert_eq!(read(" .5 "), Smoothing::Gaussian(0.5));
        assert_eq!([read("0"), read("0.0"), read("-0")], [Smoothing::Off; 3]);
    }

    #[test]
    fn what_is_no_smoothing_is_refused_with_what_was_written() {
        for text in [
            "",
            "on",
            "-1",
            "nan",
            "inf",
            "1e999",
            "gaussian",
            "gaussian:",
            "gaussian:0",
            "exponential:-0.1",
            "exponential:NaN",
            "box",
            "box:0",
            "box:-1",
            "mean:1",
            "0.4s",
            ":",
            "0.1:0.2",
        ] {
            let error = text.parse::<Smoothing>().unwrap_err().to_string();
            assert!(error.contains(&format!("found `{text}`")), "{error}");
            for kind in ["gaussian:0.4", "box:0.4", "exponential:0.4"] {
                assert!(error.contains(kind), "{error}");
            }
        }
        for width in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let kinds = [Smoothing::Gaussian, Smoothing::Box, Smoothing::Exponential];
            let mut kinds = kinds.map(|kind| kind(width)).into_iter();
            assert!(kinds.all(|kind| kind.check().is_err()), "{width}");
        }
    }

    #[test]
    fn a_config_holds_it_as_text() {
        #[derive(Config, Debug)]
        struct Outer {
            #[config(default = "Smoothing::Off")]
            smoothing: Smoothing,
        }
        let config = Outer::new().with_smoothing(Smoothing::Gaussian(0.4));
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(json, r#"{"smoothing":"gaussian:0.4"}"#);
        let read: Outer = crate::config::parse(r#"{"smoothing":"exponential:2"}"#).unwrap();
        assert_eq!(read.smoothing, Smoothing::Exponential(2.0));
        let wrong = crate::config::parse::<Outer>(r#"{"smoothing":"gaussian:-1"}"#).unwrap_err();
        assert!(wrong.contains("gaussian:-1"), "{wrong}");
    }
}
