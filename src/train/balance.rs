//! Rows drawn so that every class comes as often as any other.

use std::collections::BTreeMap;

use rand::Rng;

/// How likely each of some rows is to be drawn.
pub(super) struct Chances {
    /// The sum of the chances up to and with each row.
    sums: Vec<f64>,
}

impl Chances {
    /// Of rows of these classes and weights: a class is as likely as any other, and a row of it as its
    /// weight has it among those of it. Rows without a class are as likely, all together, as if nothing was
    /// balanced.
    pub(super) fn of(rows: &[(Option<usize>, f64)]) -> Self {
        // In the order of the classes, so that sums are the same in every process.
        let mut masses: BTreeMap<usize, f64> = BTreeMap::new();
        for (class, weight) in rows {
            if let Some(class) = class {
                *masses.entry(*class).or_default() += weight;
            }
        }
        let labelled: f64 = masses.values().sum();
        let share = labelled / masses.len().max(1) as f64;
        let mut sum = 0.0;
        let sums = rows.iter().map(|(class, weight)| {
            sum += class.map_or(*weight, |class| share * weight / masses[&class]);
            sum
        });
        Self {
            sums: sums.collect(),
        }
    }

    /// The place of a row; 0 where there is none.
    pub(super) fn draw(&self, random: &mut impl Rng) -> usize {
        // In [0, 1), of 53 bits.
        let drawn = (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        let Some(whole) = self.sums.last() else {
            return 0;
        };
        let place = self.sums.partition_point(|&sum| sum <= drawn * whole);
        place.min(self.sums.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_share_what_is_labelled_and_the_rest_keeps_its_own() {
        let rows = [Some(4), None, Some(4), Some(4), Some(1)];
        let chances = Chances::of(&rows.map(|class| (class, 1.0)));
        // Four labelled rows, two for each class.
        let expected = [2.0 / 3.0, 5.0 / 3.0, 7.0 / 3.0, 3.0, 5.0];
        for (found, expected) in chances.sums.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{:?}", chances.sums);
        }
    }

    #[test]
    fn within_a_class_the_weights_share_it() {
        let rows = [(Some(4), 3.0), (None, 0.5), (Some(4), 1.0), (Some(1), 2.0)];
        // Six labelled, three for each class.
        let expected = [2.25, 2.75, 3.5, 6.5];
        for (found, expected) in Chances::of(&rows).sums.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn rows_without_any_class_are_all_alike() {
        assert_eq!(Chances::of(&[(None, 1.0); 3]).sums, [1.0, 2.0, 3.0]);
        assert!(Chances::of(&[]).sums.is_empty());
    }
}
