//! Notices before a run starts: which stages the data set has no labels for.

use crate::data::split::Statistics;
use crate::label::{ActionUnit, Expression};

/// One line each: labels that a stage needs and does not find. Nothing here ends a run.
pub(super) fn notices(training: &Statistics, validation: &Statistics) -> Vec<String> {
    let mut lines = Vec::new();
    let unseen: Vec<String> = Expression::AFF_WILD2
        .iter()
        .zip(training.expression)
        .filter(|&(_, rows)| rows == 0 && training.expression_rows() > 0)
        .map(|(class, _)| class.to_string())
        .collect();
    let absent: Vec<String> = ActionUnit::AFF_WILD2
        .iter()
        .zip(training.action_units)
        .filter(|(_, count)| count.present == 0 && training.action_unit_rows > 0)
        .map(|(unit, _)| unit.to_string())
        .collect();
    for (stage, names) in [("au", absent), ("ex", unseen)] {
        if !names.is_empty() {
            let names = names.join(", ");
            lines.push(format!("{stage}: no training image shows {names}"));
        }
    }
    for (stage, trained, judged) in [
        ("au", training.action_unit_rows, validation.action_unit_rows),
        (
            "ex",
            training.expression_rows(),
            validation.expression_rows(),
        ),
        (
            "va",
            training.valence_arousal_rows,
            validation.valence_arousal_rows,
        ),
    ] {
        if stage == "va" && trained > 0 && training.valence_arousal.contains(&0) {
            let missing = ["valence", "arousal"][usize::from(training.valence_arousal[1] == 0)];
            lines.push(format!(
                "va: no training labels of {missing}; skipped, as the network reads both or neither"
            ));
        } else if trained == 0 {
            lines.push(format!("{stage}: no training labels; skipped"));
        } else if judged == 0 {
            lines.push(format!(
                "{stage}: no validation labels; the epoch with the lowest training loss is kept"
            ));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::split::Occurrence;

    fn full() -> Statistics {
        Statistics {
            rows: 9,
            valence_arousal_rows: 9,
            valence_arousal: [9; 2],
            expression: [1; 8],
            action_unit_rows: 9,
            action_units: [Occurrence {
                present: 1,
                labelled: 9,
            }; 12],
        }
    }

    #[test]
    fn a_full_set_needs_no_word() {
        assert!(notices(&full(), &full()).is_empty());
    }

    #[test]
    fn what_is_missing_is_named() {
        let mut training = full();
        training.expression[3] = 0;
        training.action_units[11].present = 0;
        (training.valence_arousal_rows, training.valence_arousal) = (0, [0; 2]);
        let mut validation = full();
        validation.expression = [0; 8];
        assert_eq!(
            notices(&training, &validation),
            [
                "au: no training image shows AU26",
                "ex: no training image shows Fear",
                "ex: no validation labels; the epoch with the lowest training loss is kept",
                "va: no training labels; skipped",
            ]
        );
    }

    #[test]
    fn one_of_valence_and_arousal_without_a_training_label_is_named() {
        let mut training = full();
        training.valence_arousal = [9, 0];
        let expected =
            "va: no training labels of arousal; skipped, as the network reads both or neither";
        assert_eq!(notices(&training, &full()), [expected]);
        training.valence_arousal = [0, 9];
        assert!(notices(&training, &full())[0].contains("of valence;"));
    }
}
