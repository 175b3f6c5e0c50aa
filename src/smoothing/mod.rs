//! Smoothing over time: what a network reads from single frames is noisy, and faces move slowly.
//!
//! Samples are a time in seconds and some values. Times need not be regular, and values may be missing:
//! one that is not finite is, and so is a row that is not there. What is missing stays so, and what is
//! smoothed is made of the values that are there.
//!
//! [`Smoothing`] says how, [`TaskSmoothing`] for each task; [`Smoothing::apply`] smooths a whole table,
//! [`Sequences`] one with the frames of many videos, and [`Smoother`] samples as they come, to the same
//! numbers.
//!
//! # Example
//! ```
//! use countenance::smoothing::{Smoother, Smoothing};
//!
//! let smoothing: Smoothing = "gaussian:0.1".parse()?;
//! let times = [0.0, 0.04, 0.08, 0.12, 0.16];
//! let values = [0.0, 0.0, 1.0, 0.0, f32::NAN];
//! let smoothed = smoothing.apply(&times, &values)?;
//! assert!(smoothed[2] < 0.5 && smoothed[2] > smoothed[0]);
//! assert!(smoothed[4].is_nan());
//!
//! // The same as frames come. An exponential knows what it says of a sample at once.
//! let mut smoother = Smoother::new("exponential:0.1".parse()?, 1)?;
//! for (time, value) in times.iter().zip(values) {
//!     assert_eq!(smoother.push(*time, &[value])?.len(), 1);
//! }
//! # Ok::<(), countenance::Error>(())
//! ```

mod exponential;
mod kernel;
mod kind;
mod mean;
mod sample;
mod sequence;
mod stream;
mod table;
mod task;
mod window;

pub use kind::Smoothing;
pub use sample::Sample;
pub use sequence::Sequences;
pub use stream::Smoother;
pub use task::TaskSmoothing;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::noise;

    const KINDS: [Smoothing; 7] = [
        Smoothing::Off,
        Smoothing::Gaussian(0.1),
        Smoothing::Gaussian(3.0),
        Smoothing::Box(0.1),
        Smoothing::Box(5.0),
        Smoothing::Exponential(0.1),
        Smoothing::Exponential(7.0),
    ];
    /// A sum of powers of 2, as columns are summed so many together.
    const WIDTH: usize = 15;

    /// Times with small steps, equal ones and long gaps, and values of which some are missing, but for rows
    /// at the start and later on.
    fn samples(count: usize) -> (Vec<f64>, Vec<f32>) {
        let steps = noise(count, 3).into_iter().map(|step| match step {
            step if step > 0.95 => 9.0 * f64::from(step),
            step => f64::from(step.max(0.0)) / 10.0,
        });
        let times = steps.scan(-5.0, |time, step| {
            *time += step;
            Some(*time)
        });
        let mut values = noise(count * WIDTH, 4);
        for (at, missing) in noise(count * WIDTH, 5).into_iter().enumerate() {
            let is_complete = at / WIDTH % 1000 < 200;
            if missing > 0.8 && !is_complete {
                values[at] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY][at % 3];
            }
        }
        (times.collect(), values)
    }

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    #[test]
    fn samples_one_by_one_and_a_whole_table_give_the_same_to_the_last_bit() {
        // More rows than a thread takes at once.
        let (times, values) = samples(5000);
        for kind in KINDS {
            let whole = kind.apply(&times, &values).unwrap();
            let mut smoother = Smoother::new(kind, WIDTH).unwrap();
            let mut given = Vec::new();
            for (time, row) in times.iter().zip(values.chunks(WIDTH)) {
                given.extend(smoother.push(*time, row).unwrap());
                let waiting = times[given.len()..]
                    .iter()
                    .take_while(|first| *first <= time);
                let oldest = waiting.clone().next().copied().unwrap_or(*time);
                assert!(time - oldest <= kind.delay(), "{kind}");
            }
            given.extend(smoother.finish());
            let given_times: Vec<f64> = given.iter().map(|sample| sample.time).collect();
            assert_eq!(given_times, times, "{kind}");
            let given: Vec<f32> = given.into_iter().flat_map(|sample| sample.values).collect();
            assert_eq!(bits(&given), bits(&whole), "{kind}");
        }
    }

    #[test]
    fn what_is_missing_stays_missing_and_counts_nowhere() {
        let (times, mut values) = samples(400);
        for kind in &KINDS[1..] {
            let smoothed = kind.apply(&times, &values).unwrap();
            for (smoothed, value) in smoothed.iter().zip(&values) {
                assert_eq!(smoothed.is_finite(), value.is_finite(), "{kind}");
                assert!(
                    smoothed.is_nan() || smoothed.abs() <= 1.0,
                    "{kind}: {smoothed}"
                );
            }
            // The first value of each row alone, without the rows where it is missing.
            let there = |&(_, row): &(&f64, &[f32])| row[0].is_finite();
            let rows = times.iter().zip(values.chunks(WIDTH)).filter(there);
            let (alone, firsts): (Vec<f64>, Vec<f32>) =
                rows.map(|(time, row)| (*time, row[0])).unzip();
            assert!(firsts.len() < times.len());
            let alone = kind.apply(&alone, &firsts).unwrap();
            let among = smoothed
                .chunks(WIDTH)
                .map(|row| row[0])
                .filter(|value| value.is_finite());
            assert_eq!(alone, among.collect::<Vec<_>>(), "{kind}");
        }
        values.fill(f32::NAN);
        let nothing = KINDS[1].apply(&times, &values).unwrap();
        assert!(nothing.iter().all(|value| value.is_nan()));
    }

    #[test]
    fn a_long_gap_separates_what_is_before_it_from_what_is_after() {
        let times = [0.0, 0.1, 0.2, 90.0, 90.1, 90.2];
        let values = [-1.0, -1.0, -1.0, 1.0, 1.0, 1.0];
        for kind in [
            Smoothing::Gaussian(0.4),
            Smoothing::Box(0.4),
            Smoothing::Exponential(0.4),
        ] {
            assert_eq!(kind.apply(&times, &values).unwrap(), values, "{kind}");
            let mut smoother = Smoother::new(kind, 1).unwrap();
            for time in &times[..3] {
                smoother.push(*time, &[-1.0]).unwrap();
            }
            assert!(!smoother.is_over(0.3), "{kind}");
            smoother.advance(20.0).unwrap();
            assert!(smoother.is_over(20.0), "{kind}");
        }
    }

    #[test]
    fn a_box_is_the_mean_of_half_its_width_on_both_sides_ends_included() {
        let times: Vec<f64> = (0..9).map(|number| f64::from(number) / 10.0).collect();
        let values: Vec<f32> = (0..9).map(|number| f32::from(number == 4)).collect();
        let smoothed = Smoothing::Box(0.4).apply(&times, &values).unwrap();
        let fifth = 1.0 / 5.0;
        assert_eq!(
            smoothed,
            [0.0, 0.0, fifth, fifth, fifth, fifth, fifth, 0.0, 0.0]
        );
        let narrow = Smoothing::Box(0.39).apply(&times, &values).unwrap();
        assert_eq!(narrow.iter().filter(|value| **value > 0.0).count(), 3);
    }

    #[test]
    fn a_step_is_met_halfway_by_a_gaussian_and_later_by_an_exponential() {
        let times: Vec<f64> = (0..101).map(|number| f64::from(number) / 25.0).collect();
        let values: Vec<f32> = (0..101).map(|number| f32::from(number >= 50)).collect();
        let gaussian = Smoothing::Gaussian(0.2).apply(&times, &values).unwrap();
        assert!((gaussian[49] + gaussian[50] - 1.0).abs() < 1e-6);
        let exponential = Smoothing::Exponential(0.2).apply(&times, &values).unwrap();
        assert_eq!(exponential[49], 0.0);
        // After one time constant, which is five frames, the first of the step among them.
        let left = 1.0 - exponential[54];
        assert!((left - (-1.0f32).exp()).abs() < 1e-6, "{left}");
    }

    #[test]
    fn times_that_go_back_and_rows_of_other_lengths_are_errors() {
        let message = |times: &[f64], values: &[f32]| {
            let refused = Smoothing::Gaussian(0.1).apply(times, values);
            refused.unwrap_err().to_string()
        };
        let back = message(&[0.0, 2.0, 1.5], &[0.0; 3]);
        assert_eq!(
            back,
            "the time of row 2: expected no less than 2, the time before it, found 1.5"
        );
        assert!(message(&[0.0, f64::NAN], &[0.0; 2]).contains("row 1: expected finite seconds"));
        assert!(message(&[0.0, 1.0], &[0.0; 3]).contains("each of 2 rows, found 3"));
        assert!(message(&[], &[0.0]).contains("each of 0 rows, found 1"));
        assert!(Smoothing::Gaussian(f64::NAN).apply(&[], &[]).is_err());
        for kind in KINDS {
            assert!(kind.apply(&[], &[]).unwrap().is_empty());
            assert!(kind.apply(&[1.0], &[]).unwrap().is_empty());
            let mut smoother = Smoother::new(kind, 2).unwrap();
            smoother.push(1.0, &[0.0; 2]).unwrap();
            assert!(smoother.push(2.0, &[0.0; 3]).is_err());
            assert!(smoother.push(0.5, &[0.0; 2]).is_err());
            assert!(smoother.advance(f64::INFINITY).is_err());
            // Afterwards it begins anew, also in time.
            smoother.push(1.0, &[0.0; 2]).unwrap();
            smoother.finish();
            smoother.push(0.5, &[0.0; 2]).unwrap();
        }
        assert!(Smoother::new(Smoothing::Exponential(-1.0), 1).is_err());
    }
}
