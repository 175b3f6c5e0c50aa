//! Rows drawn so that every class comes as often as any other.

use std::collections::HashMap;

use rand::Rng;

/// How likely each of some rows is to be drawn.
pub(super) struct Chances {
    /// The sum of the chances up to and with each row.
    sums: Vec<f64>,
}

impl Chances {
    /// Of rows of these `classes`: a class is as likely as any other, and a row of it as any other
    /// of it. Rows without a class are as likely, all together, as if nothing was balanced.
    pub(super) fn of(classes: &[Option<usize>]) -> Self {
        let mut counts: HashMap<usize, usize> = HashMap::new();
        for &class in classes.iter().flatten() {
            *counts.entry(class).or_default() += 1;
        }
        let labelled: usize = counts.values().sum();
        let share = labelled as f64 / counts.len().max(1) as f64;
        let mut sum = 0.0;
        let sums = classes.iter().map(|class| {
            sum += class.map_or(1.0, |class| share / counts[&class] as f64);
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
        let chances = Chances::of(&[Some(4), None, Some(4), Some(4), Some(1)]);
        // Four labelled rows, two for each class.
        let expected = [2.0 / 3.0, 5.0 / 3.0, 7.0 / 3.0, 3.0, 5.0];
        for (found, expected) in chances.sums.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{:?}", chances.sums);
        }
    }

    #[test]
    fn rows_without_any_class_are_all_alike() {
        assert_eq!(Chances::of(&[None, None, None]).sums, [1.0, 2.0, 3.0]);
        assert!(Chances::of(&[]).sums.is_empty());
    }
}
