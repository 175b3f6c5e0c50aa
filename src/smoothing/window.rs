//! The mean of what is around a sample, weighed by how far away it is.

use std::collections::VecDeque;

use rayon::prelude::*;

use super::kernel::{Kernel, Weights};
use super::mean::{Mean, is_complete};
use super::sample::Sample;

/// How many rows of a table a thread takes at a time.
const ROWS: usize = 2048;

/// Smooths a table of rows at times that do not go back.
pub(super) fn table(kernel: Kernel, times: &[f64], values: &[f32], width: usize) -> Vec<f32> {
    let reach = kernel.reach();
    // How many of the rows before each are not complete, and of all.
    let mut partial = vec![0u32];
    partial.extend(values.chunks_exact(width).scan(0, |partial, row| {
        *partial += u32::from(!is_complete(row));
        Some(*partial)
    }));
    let mut smoothed = vec![0.0; values.len()];
    let parts = smoothed.par_chunks_mut(ROWS * width).enumerate();
    parts.for_each(|(part, smoothed)| {
        let mut mean = Mean::new(width);
        let mut weights = Weights::new(kernel);
        let mut around = Vec::new();
        let first = part * ROWS;
        let mut low = times[..first].partition_point(|time| times[first] - time > reach);
        let mut high = first;
        for (row, smoothed) in (first..).zip(smoothed.chunks_exact_mut(width)) {
            let time = times[row];
            while time - times[low] > reach {
                low += 1;
            }
            while high < times.len() && times[high] - time <= reach {
                high += 1;
            }
            mean.clear();
            around.clear();
            around.extend(
                times[low..high]
                    .iter()
                    .map(|other| weights.at(other - time)),
            );
            let rows = &values[low * width..high * width];
            if partial[low] == partial[high] {
                mean.add_complete(&around, rows);
            } else {
                for (weight, other) in around.iter().zip(rows.chunks_exact(width)) {
                    mean.add(*weight, other, is_complete(other));
                }
            }
            mean.write(&values[row * width..][..width], smoothed);
        }
    });
    smoothed
}

/// Samples of which some are not smoothed yet, and those before them that still count.
#[derive(Clone, Debug)]
pub(super) struct Window {
    reach: f64,
    weights: Weights,
    samples: VecDeque<(Sample, bool)>,
    /// How many of the samples are smoothed.
    done: usize,
    mean: Mean,
}

impl Window {
    pub fn new(kernel: Kernel, width: usize) -> Self {
        Self {
            reach: kernel.reach(),
            weights: Weights::new(kernel),
            samples: VecDeque::new(),
            done: 0,
            mean: Mean::new(width),
        }
    }

    /// Takes a sample that is not before the others.
    pub fn push(&mut self, sample: Sample) {
        let complete = is_complete(&sample.values);
        self.samples.push_back((sample, complete));
    }

    /// The samples that nothing at `time` or later changes any more, smoothed.
    pub fn settle(&mut self, time: f64) -> Vec<Sample> {
        let mut smoothed = Vec::new();
        while let Some((sample, _)) = self.samples.get(self.done)
            && time - sample.time > self.reach
        {
            smoothed.push(self.next());
        }
        smoothed
    }

    /// All samples that are left, smoothed.
    pub fn finish(mut self) -> Vec<Sample> {
        let left = self.done..self.samples.len();
        left.map(|_| self.next()).collect()
    }

    /// Whether no sample counts at `time` any more, or waits.
    pub fn is_over(&self, time: f64) -> bool {
        let last = self.samples.back();
        self.done == self.samples.len()
            && last.is_none_or(|(sample, _)| time - sample.time > self.reach)
    }

    /// The first sample that is not smoothed yet, smoothed.
    fn next(&mut self) -> Sample {
        let time = self.samples[self.done].0.time;
        while time - self.samples[0].0.time > self.reach {
            self.samples.pop_front();
            self.done -= 1;
        }
        self.mean.clear();
        for (other, complete) in &self.samples {
            let away = other.time - time;
            if away > self.reach {
                break;
            }
            let weight = self.weights.at(away);
            self.mean.add(weight, &other.values, *complete);
        }
        let own = &self.samples[self.done].0;
        let mut values = vec![0.0; own.values.len()];
        self.mean.write(&own.values, &mut values);
        self.done += 1;
        Sample { time, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_that_no_longer_count_are_dropped() {
        let mut window = Window::new(Kernel::Gaussian(0.1), 1);
        let mut given = 0;
        for number in 0..10_000 {
            let time = f64::from(number) / 25.0;
            given += window.settle(time).len();
            let values = vec![0.5];
            window.push(Sample { time, values });
            assert_eq!(
                window.samples.len() - window.done,
                11.min(number as usize + 1)
            );
            // Ten before the last one that is smoothed, and it.
            assert!(window.done <= 11, "{}", window.done);
        }
        assert_eq!(given + window.finish().len(), 10_000);
    }
}
