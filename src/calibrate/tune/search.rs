//! The search for one task's tuning, and what it decides of rows that it was found without.
//!
//! Everything is found twice over: on all rows, for use, and once for each fold without its groups, to
//! decide these as rows of other videos would be. Within each, weights and widths are chosen by a
//! cross-validation of their own, over the folds that are left: so no row has a part in what decides it.
//! Smoothing mixes rows of one video alone and folds are whole videos, so that smoothing all rows at once
//! tells no fold anything of another.

use std::collections::HashMap;

use super::fold::Folds;
use super::judge::judged;
use super::material::Material;
use super::setting::{Part, TuneConfig};
use super::task::{Task, gathered};
use crate::calibrate::weight::{BlendWeights, best_weights};
use crate::smoothing::Smoothing;
use crate::{Error, Result};

/// Weights are chosen on about so many of a task's rows where there are more.
const ENOUGH: usize = 6000;

/// How a task's scores are made, and what decides them.
pub(super) struct Choice<R> {
    pub weights: Vec<f32>,
    pub smoothing: Smoothing,
    pub rule: R,
}

/// What was found for a task. Lists of decided scores and of probabilities have a row for each of the
/// task's rows.
pub(super) struct Found<T: Task> {
    /// On all rows.
    pub choice: Choice<T::Rule>,
    /// The same rule, but that probabilities stay as they are.
    pub plain: T::Rule,
    pub untuned: Decided,
    pub in_sample: Decided,
    /// Each row decided by what was found without its group; none where there is one group.
    pub held_out: Option<Decided>,
}

/// The decided scores of rows, and their probabilities.
#[derive(Default)]
pub(super) struct Decided {
    pub scores: Vec<f32>,
    pub probabilities: Vec<Vec<f32>>,
}

/// Counts the steps of a search.
pub(super) type Step<'a> = dyn FnMut(usize) + 'a;

/// How many steps a search takes.
pub(super) fn steps(material: &Material, config: &TuneConfig, folds: usize) -> usize {
    let judges = if folds < 2 { 1 } else { folds + 1 };
    let weights = usize::from(is_weighed(material, config));
    judges * (weights + smoothings(material, config).len())
}

/// Searches for the tuning of a task that has rows.
pub(super) fn search<T: Task>(
    task: &T,
    material: &Material,
    config: &TuneConfig,
    folds: &Folds,
    step: &mut Step,
) -> Result<Found<T>> {
    let search = Search {
        task,
        material,
        folds,
    };
    let whole = folds.count();
    // Fold k judges what is found without it, and the last what is found on all rows.
    let judges: Vec<usize> = match whole {
        0 | 1 => vec![whole],
        _ => (0..=whole).collect(),
    };
    let weights = search.weights(config, &judges, step)?;
    let chosen = search.smoothings(config, &judges, &weights, step)?;

    let mut found = None;
    let mut held_out = Decided::new(task);
    for (&judge, (weights, smoothing)) in judges.iter().zip(chosen) {
        let ready = search.ready(&weights, smoothing)?;
        let is_in = |row: usize| folds.of(row) != judge;
        let rule = task.find(&ready, &is_in, true)?;
        if judge < whole {
            held_out.decide(task, &ready, &rule, folds.rows(judge));
            continue;
        }
        let mut in_sample = Decided::new(task);
        in_sample.decide(task, &ready, &rule, 0..task.rows().len());
        let plain = task.find(&ready, &is_in, false)?;
        let choice = Choice {
            weights,
            smoothing,
            rule,
        };
        found = Some((choice, plain, in_sample));
    }
    let (choice, plain, in_sample) = found.expect("the last judge is that of all rows");
    let mut untuned = Decided::new(task);
    let ready = search.ready(&search.equal(), Smoothing::Off)?;
    untuned.decide(task, &ready, &task.neutral(), 0..task.rows().len());
    Ok(Found {
        choice,
        plain,
        untuned,
        in_sample,
        held_out: (whole > 1).then_some(held_out),
    })
}

impl Decided {
    fn new<T: Task>(task: &T) -> Self {
        Self {
            scores: vec![f32::NAN; task.rows().len() * task.width()],
            probabilities: vec![Vec::new(); task.rows().len()],
        }
    }

    fn decide<T: Task>(
        &mut self,
        task: &T,
        ready: &T::Ready,
        rule: &T::Rule,
        rows: impl IntoIterator<Item = usize>,
    ) {
        let width = task.width();
        for row in rows {
            task.decide(ready, rule, row, &mut self.scores[row * width..][..width]);
            self.probabilities[row] = task.probabilities(ready, rule, row);
        }
    }
}

fn is_weighed(material: &Material, config: &TuneConfig) -> bool {
    material.members() > 1 && config.has(Part::Weights)
}

fn smoothings(material: &Material, config: &TuneConfig) -> Vec<Smoothing> {
    match material.sequences {
        Some(_) => config.smoothings(),
        None => vec![Smoothing::Off],
    }
}

/// A judge's weights, as a key.
fn bits(weights: &[f32]) -> Vec<u32> {
    weights.iter().map(|weight| weight.to_bits()).collect()
}

struct Search<'a, T: Task> {
    task: &'a T,
    material: &'a Material,
    folds: &'a Folds,
}

impl<T: Task> Search<'_, T> {
    fn equal(&self) -> Vec<f32> {
        let mut all = BlendWeights::equal(self.material.members());
        self.task.weights(&mut all).clone()
    }

    /// The scores of the task's rows, blended and smoothed.
    fn ready(&self, weights: &[f32], smoothing: Smoothing) -> Result<T::Ready> {
        let (task, material) = (self.task, self.material);
        let mut all = BlendWeights::equal(material.members());
        *task.weights(&mut all) = weights.to_vec();
        let table = material.blended(&all)?;
        let values = task.scores(&table);
        let rows = task.rows();
        task.ready(match &material.sequences {
            Some(sequences) if smoothing != Smoothing::Off => {
                let values = sequences.smooth(smoothing, values, task.width())?;
                gathered(&values, task.width(), rows)
            }
            _ => gathered(values, task.width(), rows),
        })
    }

    /// The weights that each judge chooses, of scores that are not smoothed.
    fn weights(
        &self,
        config: &TuneConfig,
        judges: &[usize],
        step: &mut Step,
    ) -> Result<Vec<Vec<f32>>> {
        if !is_weighed(self.material, config) {
            return Ok(vec![self.equal(); judges.len()]);
        }
        // Frames beside each other say nearly the same, and there are many weights.
        let thin = self.task.rows().len().div_ceil(ENOUGH).max(1);
        // Most searches ask for the same weights.
        let mut known: HashMap<Vec<u32>, Vec<Option<f64>>> = HashMap::new();
        let mut chosen = Vec::new();
        for place in 0..judges.len() {
            let mut failed: Option<Error> = None;
            let best = best_weights(self.material.members(), |weights| {
                let key = bits(weights);
                if !known.contains_key(&key) && failed.is_none() {
                    let judged = self
                        .ready(weights, Smoothing::Off)
                        .and_then(|ready| judged(self.task, self.folds, &ready, judges, thin));
                    match judged {
                        Ok(scores) => drop(known.insert(key.clone(), scores)),
                        Err(error) => failed = Some(error),
                    }
                }
                known.get(&key).and_then(|scores| scores[place])
            })?;
            if let Some(error) = failed {
                return Err(error);
            }
            chosen.push(best.map_or_else(|| self.equal(), |best| best.weights));
            step(1);
        }
        Ok(chosen)
    }

    /// The smoothing that each judge chooses with its weights, and these.
    fn smoothings(
        &self,
        config: &TuneConfig,
        judges: &[usize],
        weights: &[Vec<f32>],
        step: &mut Step,
    ) -> Result<Vec<(Vec<f32>, Smoothing)>> {
        let tried = smoothings(self.material, config);
        let mut best: Vec<(Option<f64>, Smoothing)> = vec![(None, Smoothing::Off); judges.len()];
        let mut distinct: Vec<&Vec<f32>> = Vec::new();
        for weights in weights {
            if !distinct.contains(&weights) {
                distinct.push(weights);
            }
        }
        for those in distinct {
            let places: Vec<usize> = (0..judges.len())
                .filter(|&place| weights[place] == *those)
                .collect();
            let asking: Vec<usize> = places.iter().map(|&place| judges[place]).collect();
            for &smoothing in &tried {
                if tried.len() > 1 {
                    let judged = judged(
                        self.task,
                        self.folds,
                        &self.ready(those, smoothing)?,
                        &asking,
                        1,
                    )?;
                    for (&place, score) in places.iter().zip(judged) {
                        // The first of equal ones, which is the narrowest.
                        if score > best[place].0 {
                            best[place] = (score, smoothing);
                        }
                    }
                }
                step(places.len());
            }
        }
        let smoothings = best.into_iter().map(|(_, smoothing)| smoothing);
        Ok(weights.iter().cloned().zip(smoothings).collect())
    }
}
