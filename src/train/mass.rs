//! What training labels count together, each row by its weight.

use crate::Labels;
use crate::data::split::Split;
use crate::label::{UnitRates, Vocabulary};

/// Sums of the weights of labelled rows: the source of the losses' class weights. Where every row counts
/// alike they are numbers of rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mass {
    /// Of each of the vocabulary's expressions.
    pub(super) expression: Vec<f64>,
    /// Of the rows in which each unit is present; of an intensity, is above 0.
    pub(super) present: Vec<f64>,
    /// Of the rows in which each unit is labelled.
    pub(super) labelled: Vec<f64>,
    /// How often each unit is present with each expression.
    pub(super) rates: UnitRates,
}

impl Mass {
    /// Of `labels` in the order of `vocabulary`, each with its weight.
    pub(super) fn of<'a>(
        vocabulary: &Vocabulary,
        rows: impl IntoIterator<Item = (&'a Labels, f32)>,
    ) -> Self {
        let units = vocabulary.action_units.len();
        let rows: Vec<_> = rows.into_iter().collect();
        let mut mass = Self {
            expression: vec![0.0; vocabulary.expressions.len()],
            present: vec![0.0; units],
            labelled: vec![0.0; units],
            rates: UnitRates::estimated(vocabulary, rows.iter().copied()),
        };
        for (labels, weight) in rows {
            let weight = f64::from(weight);
            if let Some(class) = labels.expression {
                mass.expression[class] += weight;
            }
            for (place, unit) in labels.action_units.iter().enumerate() {
                let Some(value) = unit else { continue };
                mass.labelled[place] += weight;
                if *value > 0.0 {
                    mass.present[place] += weight;
                }
            }
        }
        mass
    }

    /// Of the rows of `split`.
    pub(super) fn of_split(split: &Split) -> Self {
        let rows = split.rows.iter().enumerate();
        let rows = rows.map(|(place, row)| (&row.labels, split.marks.weight(place)));
        Self::of(&split.vocabulary, rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::split::Statistics;

    fn labels(unit: Option<f32>, expression: Option<usize>) -> Labels {
        let mut action_units = vec![None; 12];
        action_units[3] = unit;
        Labels {
            expression,
            action_units,
            ..Labels::default()
        }
    }

    #[test]
    fn a_row_of_weight_two_is_two_rows() {
        let vocabulary = Vocabulary::aff_wild2();
        let (there, absent) = (labels(Some(1.0), Some(4)), labels(Some(0.0), None));
        let weighed = Mass::of(&vocabulary, [(&there, 2.0), (&absent, 3.0)]);
        let repeated = [&there, &there, &absent, &absent, &absent];
        let counts = Statistics::of(&vocabulary, repeated);
        assert_eq!(
            weighed,
            Mass::of(&vocabulary, repeated.map(|row| (row, 1.0)))
        );
        assert_eq!(weighed.expression[4], counts.expression[4] as f64);
        assert_eq!(weighed.present[3], counts.action_units[3].present as f64);
        assert_eq!(weighed.labelled[3], counts.action_units[3].labelled as f64);
        assert_eq!((weighed.present[3], weighed.labelled[3]), (2.0, 5.0));
    }
}
