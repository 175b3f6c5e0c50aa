//! A smoothing for each task.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::kind::Smoothing;
use crate::{Error, Result};

/// How the scores of each task are smoothed over time: expressions come and go more slowly than the
/// movements that they are made of, so that the best widths differ.
///
/// Read from text it is one [`Smoothing`] for all; in JSON it is an object with a text for each task, of
/// which those that are left out are off.
///
/// ```
/// use countenance::smoothing::{Smoothing, TaskSmoothing};
///
/// let all: TaskSmoothing = "0.4".parse()?;
/// assert_eq!(all, Smoothing::Gaussian(0.4).into());
/// let some = TaskSmoothing {
///     expressions: Smoothing::Box(1.0),
///     ..TaskSmoothing::default()
/// };
/// assert!(!some.is_off() && some.action_units == Smoothing::Off);
/// assert!(some.delay() > 0.5);
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskSmoothing {
    /// Probabilities and intensities of action units. Off unless given.
    pub action_units: Smoothing,
    /// The expressions' logits. Off unless given.
    pub expressions: Smoothing,
    /// Valence and arousal. Off unless given.
    pub valence_arousal: Smoothing,
}

impl TaskSmoothing {
    /// Whether the width of each is one.
    ///
    /// # Errors
    /// [`Error::Argument`] unless every width is finite and above 0.
    pub fn check(self) -> Result<Self> {
        for smoothing in self.tasks() {
            smoothing.check()?;
        }
        Ok(self)
    }

    /// Whether all scores stay as they are.
    pub fn is_off(self) -> bool {
        self == Self::default()
    }

    /// How many seconds after a sample all of its smoothed values are known.
    pub fn delay(self) -> f64 {
        self.tasks()
            .map(Smoothing::delay)
            .into_iter()
            .fold(0.0, f64::max)
    }

    fn tasks(self) -> [Smoothing; 3] {
        [self.action_units, self.expressions, self.valence_arousal]
    }
}

impl From<Smoothing> for TaskSmoothing {
    /// The same for each task.
    fn from(all: Smoothing) -> Self {
        Self {
            action_units: all,
            expressions: all,
            valence_arousal: all,
        }
    }
}

impl FromStr for TaskSmoothing {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        text.parse().map(|all: Smoothing| all.into())
    }
}

impl fmt::Display for TaskSmoothing {
    /// One for all, or a list of the tasks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [units, expressions, affect] = self.tasks();
        if units == expressions && units == affect {
            return units.fmt(f);
        }
        write!(
            f,
            "action units {units}, expressions {expressions}, valence and arousal {affect}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_waits_for_the_slowest_task() {
        let [slow, quick] = [Smoothing::Gaussian(0.5), Smoothing::Box(0.5)];
        for place in 0..3 {
            let mut tasks = [quick; 3];
            tasks[place] = slow;
            let [action_units, expressions, valence_arousal] = tasks;
            let smoothing = TaskSmoothing {
                action_units,
                expressions,
                valence_arousal,
            };
            assert_eq!(smoothing.delay(), slow.delay());
            assert!(!smoothing.is_off());
        }
        assert_eq!(TaskSmoothing::default().delay(), 0.0);
        assert!(TaskSmoothing::default().is_off());
    }

    #[test]
    fn json_names_the_tasks_and_those_left_out_are_off() {
        let read = |json: &str| serde_json::from_str::<TaskSmoothing>(json);
        let some = read(r#"{"expressions":"box:1"}"#).unwrap();
        let expected = TaskSmoothing {
            expressions: Smoothing::Box(1.0),
            ..TaskSmoothing::default()
        };
        assert_eq!(some, expected);
        let json = serde_json::to_string(&some).unwrap();
        assert_eq!(
            json,
            r#"{"action_units":"off","expressions":"box:1","valence_arousal":"off"}"#
        );
        assert_eq!(read(&json).unwrap(), some);
        assert_eq!(
            some.to_string(),
            "action units off, expressions box:1, valence and arousal off"
        );
        assert_eq!(
            TaskSmoothing::from(Smoothing::Box(0.5)).to_string(),
            "box:0.5"
        );
        assert!(read(r#"{"expression":"box:1"}"#).is_err());
        let wrong = read(r#"{"expressions":"box:-1"}"#).unwrap_err().to_string();
        assert!(
            wrong.contains("box:-1") && wrong.contains("`box:0.4`"),
            "{wrong}"
        );
    }

    #[test]
    fn a_width_of_any_task_that_is_none_is_refused() {
        for place in 0..3 {
            let mut smoothing = TaskSmoothing::from(Smoothing::Gaussian(0.5));
            let wrong = Smoothing::Box(f64::NAN);
            match place {
                0 => smoothing.action_units = wrong,
                1 => smoothing.expressions = wrong,
                _ => smoothing.valence_arousal = wrong,
            }
            let refused = smoothing.check().unwrap_err().to_string();
            assert!(refused.contains("box:NaN"), "{refused}");
        }
        assert!("wide".parse::<TaskSmoothing>().is_err());
    }
}
