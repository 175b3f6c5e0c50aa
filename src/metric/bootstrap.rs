//! Confidence intervals by the cluster bootstrap.
//!
//! A score is of the rows that happened to be labelled. How far it would move with other videos or
//! other people is estimated by drawing as many groups as there are, with replacement, scoring what
//! was drawn, and doing so a thousand times: the interval holds the middle 95 % of the scores
//! (percentile bootstrap). Frames of one video resemble each other, so that drawing single frames
//! would make the interval far too narrow; draw what the next data set would differ in, videos or
//! people, and single rows only where nothing joins them.
//!
//! Nothing is read twice for it: what is drawn is only how often each group counts, and a score is
//! made from the groups' statistics ([`Merge`]).
//!
//! # Example
//! ```
//! use countenance::metric::bootstrap::Bootstrap;
//! use countenance::metric::group::Groups;
//! use countenance::metric::moment::PairMoments;
//!
//! let videos = ["a", "a", "b", "b", "c", "c", "d", "d"];
//! let pairs = [(0.1, 0.2), (0.4, 0.3), (-0.2, 0.1), (0.5, 0.9), (-0.7, -0.6), (0.2, 0.1), (0.8, 0.4), (0.0, -0.3)];
//! let groups = Groups::of(videos);
//! let moments = groups.gather(pairs, |moments: &mut PairMoments, (x, y)| moments.push(x, y));
//! let interval = Bootstrap::default().interval(&moments, PairMoments::ccc).unwrap();
//!
//! let ccc = pairs.into_iter().collect::<PairMoments>().ccc().unwrap();
//! assert!(interval.low < ccc && ccc < interval.high);
//! ```

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::metric::merge::Merge;
use crate::{Error, Result};

/// How intervals are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// How often groups are drawn; from 1. Default: 1000.
    pub resamples: usize,
    /// The share of the scores that an interval holds, between 0 and 1. Default: 0.95.
    pub level: f64,
    /// What the draws follow from: with the same seed and groups they are the same, on any number of
    /// threads. Default: 0.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self {
            resamples: 1000,
            level: 0.95,
            seed: 0,
        }
    }
}

/// An interval of a score; `[low, high]` in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f64; 2]", into = "[f64; 2]")]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl From<[f64; 2]> for Interval {
    fn from([low, high]: [f64; 2]) -> Self {
        Self { low, high }
    }
}

impl From<Interval> for [f64; 2] {
    fn from(interval: Interval) -> Self {
        [interval.low, interval.high]
    }
}

impl Bootstrap {
    /// Looks whether the settings are possible.
    ///
    /// # Errors
    /// [`Error::Argument`] if there is no resample, or the level is not between 0 and 1.
    pub fn check(&self) -> Result<()> {
        if self.resamples == 0 {
            return Err(Error::argument("number of resamples", "at least 1", 0));
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            let range = "between 0 and 1, both excluded";
            return Err(Error::argument("level of an interval", range, self.level));
        }
        Ok(())
    }

    /// The interval of one score, of the statistics of each group.
    ///
    /// `None` if there are fewer than two groups, or no draw has a score.
    ///
    /// # Panics
    /// If [`check`](Self::check) fails.
    pub fn interval<S: Merge + Default + Sync>(
        &self,
        groups: &[S],
        score: impl Fn(&S) -> Option<f64> + Sync,
    ) -> Option<Interval> {
        let scores = |times: &[u32]| vec![score(&merged(groups, times))];
        self.intervals(groups.len(), scores).pop().flatten()
    }

    /// The intervals of any number of scores, all of the same draws.
    ///
    /// `scores` is given how often each group counts, and returns the scores of that in an order of
    /// its own, which is that of the intervals. A draw in which a score is `None`, for instance
    /// because it holds no label for it, does not count for that score. With fewer than two groups
    /// there is nothing to draw, and no interval. An interval of a score that is once NaN is NaN.
    ///
    /// # Panics
    /// If [`check`](Self::check) fails, or `scores` returns more scores at one time than at another.
    pub fn intervals(
        &self,
        groups: usize,
        scores: impl Fn(&[u32]) -> Vec<Option<f64>> + Sync,
    ) -> Vec<Option<Interval>> {
        if let Err(error) = self.check() {
            panic!("{error}");
        }
        if groups < 2 {
            return vec![None; scores(&vec![1; groups]).len()];
        }
        let drawn: Vec<Vec<Option<f64>>> = (0..self.resamples)
            .into_par_iter()
            .map_init(
                || vec![0; groups],
                |times, resample| {
                    self.draw(resample, times);
                    scores(times)
                },
            )
            .collect();
        (0..drawn[0].len())
            .map(|score| {
                let there = drawn.iter().filter_map(|scores| {
                    assert_eq!(
                        scores.len(),
                        drawn[0].len(),
                        "the same scores of every draw"
                    );
                    scores[score]
                });
                self.middle(there.collect())
            })
            .collect()
    }

    /// How often each group counts in draw number `resample`.
    fn draw(&self, resample: usize, times: &mut [u32]) {
        // A stream of its own for each, so that it does not matter which thread draws it.
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(resample as u64);
        times.fill(0);
        let groups = times.len() as u32;
        for _ in 0..groups {
            times[random.random_range(0..groups) as usize] += 1;
        }
    }

    /// What the middle of `scores` lies between.
    fn middle(&self, mut scores: Vec<f64>) -> Option<Interval> {
        if scores.iter().any(|score| score.is_nan()) {
            return Some(Interval::from([f64::NAN; 2]));
        }
        scores.sort_unstable_by(f64::total_cmp);
        let outside = (1.0 - self.level) / 2.0;
        let low = quantile(&scores, outside)?;
        let high = quantile(&scores, 1.0 - outside)?;
        Some(Interval { low, high })
    }
}

/// The statistics of all rows, when those of group `g` count `times[g]` times.
///
/// # Panics
/// If a group has no entry in `times`.
pub fn merged<S: Merge + Default>(groups: &[S], times: &[u32]) -> S {
    assert_eq!(groups.len(), times.len(), "a number for each group");
    let mut all = S::default();
    for (group, &times) in groups.iter().zip(times) {
        all.merge(group, times);
    }
    all
}

/// The quantile `share` of numbers in rising order, between two of them on the straight line, as
/// NumPy has it unless told otherwise; `None` of no number.
///
/// # Panics
/// If `share` is not in [0, 1].
pub fn quantile(rising: &[f64], share: f64) -> Option<f64> {
    assert!(
        (0.0..=1.0).contains(&share),
        "a quantile's share is in [0, 1]"
    );
    let place = share * rising.len().checked_sub(1)? as f64;
    let below = rising[place.floor() as usize];
    let above = rising[place.ceil() as usize];
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::deviation::Deviation;
    use crate::metric::group::Groups;

    /// A spread-out, fixed series.
    fn series(rows: u32) -> Vec<f64> {
        let scattered =
            |row: u32| f64::from(row.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24);
        (0..rows).map(scattered).collect()
    }

    fn mean_error(groups: &Groups, errors: &[f64]) -> Vec<Deviation> {
        groups.gather(errors, |sum: &mut Deviation, &error| sum.push(error, 0.0))
    }

    #[test]
    fn an_interval_of_a_mean_is_as_wide_as_the_normal_distribution_says() {
        let errors = series(4000);
        let groups = mean_error(&Groups::rows(errors.len()), &errors);
        let mean = errors.iter().sum::<f64>() / 4000.0;
        let variance = errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / 4000.0;
        let half = 1.959964 * (variance / 4000.0).sqrt();
        let bootstrap = Bootstrap {
            resamples: 4000,
            ..Bootstrap::default()
        };
        let found = bootstrap.interval(&groups, Deviation::mae).unwrap();
        for (found, expected) in [(found.low, mean - half), (found.high, mean + half)] {
            assert!((found - expected).abs() < 0.08 * half, "{found} {expected}");
        }
    }

    #[test]
    fn rows_that_say_the_same_widen_the_interval_when_they_are_drawn_together() {
        let errors: Vec<f64> = series(100).into_iter().flat_map(|e| [e; 25]).collect();
        let width = |groups: Groups| {
            let found =
                Bootstrap::default().interval(&mean_error(&groups, &errors), Deviation::mae);
            found.map(|found| found.high - found.low).unwrap()
        };
        let videos = width(Groups::of((0..errors.len()).map(|row| row / 25)));
        let rows = width(Groups::rows(errors.len()));
        // Twenty-five times the rows look like a fifth of the spread.
        assert!((videos / rows - 5.0).abs() < 0.5, "{videos} {rows}");
    }

    #[test]
    fn a_seed_gives_the_same_interval_on_any_number_of_threads() {
        let groups = mean_error(&Groups::rows(50), &series(50));
        let on = |threads: usize, seed: u64| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let bootstrap = Bootstrap {
                seed,
                ..Bootstrap::default()
            };
            let interval = || bootstrap.interval(&groups, Deviation::mae).unwrap();
            pool.build().unwrap().install(interval)
        };
        assert_eq!(on(1, 3), on(4, 3));
        assert_ne!(on(1, 3), on(1, 4));
    }

    #[test]
    fn every_group_is_drawn_equally_often() {
        let bootstrap = Bootstrap::default();
        let (mut sums, mut times) = ([0u32; 7], [9; 7]);
        for resample in 0..7000 {
            bootstrap.draw(resample, &mut times);
            assert_eq!(times.iter().sum::<u32>(), 7);
            sums.iter_mut()
                .zip(&times)
                .for_each(|(sum, times)| *sum += times);
        }
        // Six standard deviations of a count around 7000.
        assert!(sums.iter().all(|&sum| sum.abs_diff(7000) < 470), "{sums:?}");
    }

    #[test]
    fn a_draw_without_the_score_does_not_count_and_one_group_says_nothing() {
        let mut groups = mean_error(&Groups::rows(2), &[1.0, 3.0]);
        groups.push(Deviation::new());
        groups.push(Deviation::new());
        let found = Bootstrap::default().interval(&groups, Deviation::mae);
        assert_eq!(found, Some(Interval::from([1.0, 3.0])));
        assert_eq!(
            Bootstrap::default().interval(&groups[2..], Deviation::mae),
            None
        );
        assert_eq!(
            Bootstrap::default().interval(&groups[..1], Deviation::mae),
            None
        );
        assert_eq!(
            Bootstrap::default().interval(&groups[..0], Deviation::mae),
            None
        );
        groups[1].push(f64::NAN, 0.0);
        let broken = Bootstrap::default().interval(&groups, Deviation::mae);
        assert!(broken.unwrap().low.is_nan());
    }

    #[test]
    fn impossible_settings_are_refused_with_what_is_possible() {
        for (resamples, level) in [(0, 0.95), (1, 0.0), (1, 1.0), (1, f64::NAN)] {
            let bootstrap = Bootstrap {
                resamples,
                level,
                seed: 0,
            };
            let error = bootstrap.check().unwrap_err().to_string();
            assert!(
                error.contains("at least 1") || error.contains("between"),
                "{error}"
            );
        }
    }

    #[test]
    fn an_interval_is_a_pair_in_json() {
        let json = serde_json::to_string(&Interval::from([0.25, 0.5])).unwrap();
        assert_eq!(json, "[0.25,0.5]");
        let read: Interval = serde_json::from_str(&json).unwrap();
        assert_eq!(read, Interval::from([0.25, 0.5]));
    }
}
