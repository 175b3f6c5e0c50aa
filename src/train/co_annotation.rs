//! Labels that training rows get from another task: action units from an expression, and the other way.

use std::sync::Arc;

use super::run::Run;
use super::supervision::Supervision;
use crate::Labels;
use crate::label::UnitRates;

/// Kollias et al.'s co-annotation (arXiv 2105.03790) of a row: one with action units and no expression gets
/// the soft expression that [`UnitRates::expression`] makes of them, one with an expression and no action
/// unit the units of [`UnitRates::units`], prototypical ones at 1 and observational ones at their rate.
/// What a row has stays as it is, and a row that has neither or both.
///
/// # Deviation
/// An observational unit is a label of its rate: present in that share of people and absent in the rest.
/// As a weight of the label "present" alone it would have no side that says absent.
fn co_annotated(labels: &Labels, rates: &UnitRates) -> Labels {
    let mut labels = labels.clone();
    match (labels.has_action_units(), labels.expression) {
        (true, None) => {
            if let Some(shares) = rates.expression(&labels) {
                labels.expression = first_largest(&shares);
                labels.shares = shares;
            }
        }
        (false, Some(_)) => {
            if let Some(units) = rates.units(&labels) {
                labels.action_units = units;
            }
        }
        _ => {}
    }
    labels
}

/// The first of the largest.
fn first_largest(shares: &[f32]) -> Option<usize> {
    let largest = shares.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    shares.iter().position(|share| *share == largest)
}

/// One line on the rows that got labels, if any has.
pub(super) fn added(before: &[Labels], after: &[Labels]) -> Option<String> {
    let rows = || before.iter().zip(after);
    let units =
        rows().filter(|(before, after)| !before.has_action_units() && after.has_action_units());
    let expressions =
        rows().filter(|(before, after)| before.expression.is_none() && after.expression.is_some());
    let counts = (units.count(), expressions.count());
    (counts != (0, 0)).then(|| {
        format!(
            "co-annotation: {} rows learn the action units of their expression, {} a soft expression \
             from their action units",
            counts.0, counts.1
        )
    })
}

impl Run {
    /// The labels that training rows are taught by, of those that they have.
    pub(super) fn taught(
        &self,
        labels: &Arc<Vec<Labels>>,
        supervision: &Supervision,
    ) -> Arc<Vec<Labels>> {
        let Some(source) = self.config.co_annotation else {
            return labels.clone();
        };
        let rates = supervision.rates(source);
        let taught = labels.iter().map(|labels| co_annotated(labels, &rates));
        Arc::new(taught.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Vocabulary;

    fn happy() -> Labels {
        Labels {
            expression: Some(4),
            valence_arousal: [Some(0.5), None],
            ..Labels::default()
        }
    }

    fn smiling() -> Labels {
        let mut action_units = vec![Some(0.0); 12];
        action_units[6] = Some(1.0);
        Labels {
            action_units,
            ..Labels::default()
        }
    }

    #[test]
    fn a_row_gets_what_it_lacks_and_keeps_what_it_has() {
        let rates = UnitRates::published(&Vocabulary::aff_wild2());
        let mut both = smiling();
        both.expression = Some(0);
        let rows = [happy(), smiling(), both, Labels::default()];
        let after: Vec<Labels> = rows.iter().map(|row| co_annotated(row, &rates)).collect();

        assert_eq!(after[0].expression, Some(4));
        assert_eq!(after[0].valence_arousal, [Some(0.5), None]);
        assert_eq!(
            [3, 6, 10, 0].map(|unit| after[0].action_unit(unit)),
            [Some(0.51), Some(1.0), Some(1.0), None]
        );
        assert_eq!(after[1].expression, Some(4));
        assert!((after[1].shares.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(after[1].action_units, rows[1].action_units);
        assert_eq!(after[2..], rows[2..]);

        let line = added(&rows, &after).unwrap();
        assert!(
            line.contains(": 1 rows") && line.contains(", 1 a soft"),
            "{line}"
        );
        assert_eq!(added(&after, &after), None);
    }

    #[test]
    fn what_says_nothing_adds_nothing() {
        let rates = UnitRates::published(&Vocabulary::aff_wild2());
        let mut calm = smiling();
        calm.action_units[6] = Some(0.0);
        let neutral = Labels {
            expression: Some(0),
            ..Labels::default()
        };
        for row in [calm, neutral] {
            assert_eq!(co_annotated(&row, &rates), row);
        }
    }
}
