//! What a tuning is worth: three numbers for each task, of which one is to be believed.
//!
//! # Example
//! ```
//! use countenance::calibrate::{Outcome, TaskOutcome};
//!
//! let expressions = TaskOutcome {
//!     untuned: Some(0.31),
//!     cross_validated: Some(0.34),
//!     interval: Some([0.32, 0.36].into()),
//!     in_sample: Some(0.37),
//! };
//! assert!(expressions.is_gain());
//! let outcome = Outcome { p_ex: expressions, ..Outcome::default() };
//! let json = serde_json::to_value(&outcome).unwrap();
//! assert_eq!(json["p_ex"]["interval"][0], 0.32);
//! assert!(json["p_au"]["untuned"].is_null());
//! ```

use serde::{Deserialize, Serialize};

use crate::metric::Report;
use crate::metric::bootstrap::Interval;

/// What a tuning is worth, task by task; the scores are those of a [`Report`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Action units: the mean over the units, of F1 or of an intensity's intraclass correlation.
    pub p_au: TaskOutcome,
    /// Expressions: macro F1.
    pub p_ex: TaskOutcome,
    /// Valence and arousal: the mean of both concordances.
    pub p_va: TaskOutcome,
    /// The sum of the three, where all are there.
    pub p_mtl: TaskOutcome,
}

/// What a tuning is worth for one task. A number is `None`, `null` in JSON, where no row has a label
/// for it, and the two of the cross-validation are where there was none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskOutcome {
    /// The score of the same rows without any tuning, all members of a blend weighing the same.
    pub untuned: Option<f64>,
    /// The score of the rows when each is decided by a tuning that was found without its video: what
    /// other videos may be expected to bring.
    pub cross_validated: Option<f64>,
    /// How far that would move with other videos; none of fewer than two.
    pub interval: Option<Interval>,
    /// The score of the rows that the tuning was found on. It is too high, and to be believed of
    /// nothing.
    pub in_sample: Option<f64>,
}

impl TaskOutcome {
    /// Whether the tuning has shown that it helps: on rows that it was not found on.
    pub fn is_gain(&self) -> bool {
        let both = self.cross_validated.zip(self.untuned);
        both.is_some_and(|(tuned, untuned)| tuned > untuned)
    }

    /// How much better than the truth the number looks that others publish.
    pub fn optimism(&self) -> Option<f64> {
        Some(self.in_sample? - self.cross_validated?)
    }
}

impl Outcome {
    /// The tasks under the names of their scores.
    pub fn named(&self) -> [(&'static str, &TaskOutcome); 4] {
        [
            ("p_au", &self.p_au),
            ("p_ex", &self.p_ex),
            ("p_va", &self.p_va),
            ("p_mtl", &self.p_mtl),
        ]
    }

    /// The numbers as text, chance beside them, and which of them is to be believed.
    pub fn table(&self, chance: &Report) -> String {
        let cell = |score: Option<f64>| match score {
            // Of what rounds to nothing the sign says nothing.
            Some(score) if score.abs() < 0.0005 => "0.000".to_string(),
            Some(score) => format!("{score:.3}"),
            None => "-".to_string(),
        };
        let chances = [chance.p_au, chance.p_ex, chance.p_va, chance.p_mtl];
        let mut text = format!(
            "{:<6}{:>8}{:>9}{:>17}{:>17}{:>11}\n",
            "", "chance", "untuned", "cross-validated", "95 % interval", "in-sample"
        );
        for ((name, task), chance) in self.named().into_iter().zip(chances) {
            let interval = match task.interval {
                Some(interval) => format!("{:.3} to {:.3}", interval.low, interval.high),
                None => "-".to_string(),
            };
            text.push_str(&format!(
                "{:<6}{:>8}{:>9}{:>17}{:>17}{:>11}\n",
                name.to_uppercase(),
                cell(chance),
                cell(task.untuned),
                cell(task.cross_validated),
                interval,
                cell(task.in_sample)
            ));
        }
        let is_judged = self
            .named()
            .iter()
            .any(|(_, task)| task.cross_validated.is_some());
        text.push_str(match is_judged {
            true => {
                "\nBelieve the cross-validated number: each row was decided by a tuning found without \
                 its group.\nThe in-sample number judges the tuning by the rows that it was found on, \
                 and is too high.\n"
            }
            false => {
                "\nNothing here can be believed of other data: the rows could not be divided, and the \
                 in-sample\nnumber judges the tuning by the rows that it was found on.\n"
            }
        });
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Vocabulary;
    use crate::metric::chance::chance;

    fn outcome() -> Outcome {
        let task = |untuned, cross_validated, in_sample| TaskOutcome {
            untuned: Some(untuned),
            cross_validated: Some(cross_validated),
            interval: Some([cross_validated - 0.02, cross_validated + 0.02].into()),
            in_sample: Some(in_sample),
        };
        Outcome {
            p_au: task(0.5, 0.55, 0.6),
            p_ex: task(0.25, 0.25, 0.5),
            ..Outcome::default()
        }
    }

    #[test]
    fn the_shape_in_json_is_the_promised_one() {
        let json = serde_json::to_string(&outcome()).unwrap();
        let nothing = r#"{"untuned":null,"cross_validated":null,"interval":null,"in_sample":null}"#;
        assert!(json.starts_with(r#"{"p_au":{"untuned":0.5,"cross_validated":0.55,"interval":["#));
        assert!(json.ends_with(&format!(r#""p_va":{nothing},"p_mtl":{nothing}}}"#)));
        assert_eq!(serde_json::from_str::<Outcome>(&json).unwrap(), outcome());
    }

    #[test]
    fn a_gain_is_one_on_rows_that_the_tuning_was_not_found_on() {
        let outcome = outcome();
        assert!(outcome.p_au.is_gain());
        assert!(!outcome.p_ex.is_gain() && !outcome.p_va.is_gain());
        assert_eq!(outcome.p_ex.optimism(), Some(0.25));
        let unjudged = TaskOutcome {
            cross_validated: None,
            ..outcome.p_au
        };
        assert!(!unjudged.is_gain());
    }

    #[test]
    fn the_table_says_which_number_is_to_be_believed() {
        let nothing = chance(&Vocabulary::aff_wild2(), []);
        let table = outcome().table(&nothing);
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[1].starts_with("P_AU"), "{table}");
        let words: Vec<&str> = lines[1].split_whitespace().collect();
        assert_eq!(
            words[1..],
            ["-", "0.500", "0.550", "0.530", "to", "0.570", "0.600"]
        );
        assert!(table.contains("Believe the cross-validated number"));
        assert!(lines.iter().all(|line| line.len() <= 100), "{table}");
        let alone = Outcome::default().table(&nothing);
        assert!(alone.contains("Nothing here can be believed"), "{alone}");
    }
}
