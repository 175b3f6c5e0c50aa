//! Scores judged by cross-validation.

use rayon::prelude::*;

use super::fold::Folds;
use super::task::Task;
use crate::Result;

/// A rule to be found, and what it then decides.
struct Job {
    /// The folds that it is found without.
    left_out: Vec<usize>,
    /// The folds that it decides, and the judge that each is decided for.
    asked: Vec<(usize, usize)>,
}

/// What each judge says of scores: the task's score of all folds but its own, each decided by what was
/// found on the others; of all rows or of one of so many.
pub(super) fn judged<T: Task>(
    task: &T,
    folds: &Folds,
    ready: &T::Ready,
    judges: &[usize],
    thin: usize,
) -> Result<Vec<Option<f64>>> {
    let whole = folds.count();
    // What is left out, and what then is decided, for which judge. Two folds left out serve two.
    let mut jobs: Vec<Job> = Vec::new();
    let mut job = |left_out: &[usize], asked: &[(usize, usize)]| {
        jobs.push(Job {
            left_out: left_out.to_vec(),
            asked: asked.to_vec(),
        });
    };
    for one in 0..whole {
        for other in one + 1..whole {
            let asked = [(other, one), (one, other)];
            let asked: Vec<_> = asked
                .into_iter()
                .filter(|(_, judge)| judges.contains(judge))
                .collect();
            if asked.is_empty() {
                continue;
            }
            match whole {
                // Nothing would be left to find anything on: the rows judge themselves.
                2 => asked.iter().for_each(|asked| job(&[asked.1], &[*asked])),
                _ => job(&[one, other], &asked),
            }
        }
    }
    if judges.contains(&whole) {
        match whole {
            1 => job(&[], &[(0, whole)]),
            _ => (0..whole).for_each(|fold| job(&[fold], &[(fold, whole)])),
        }
    }
    let rules: Vec<T::Rule> = jobs
        .par_iter()
        .map(|Job { left_out, .. }| {
            let is_in = |row: usize| row.is_multiple_of(thin) && !left_out.contains(&folds.of(row));
            task.find(ready, &is_in, false)
        })
        .collect::<Result<_>>()?;
    let mut counts: Vec<T::Count> = (0..=whole).map(|_| T::Count::default()).collect();
    let mut decided = vec![0.0; task.width()];
    for (Job { asked, .. }, rule) in jobs.iter().zip(&rules) {
        for &(fold, judge) in asked {
            for row in folds.rows(fold).filter(|row| row.is_multiple_of(thin)) {
                task.decide(ready, rule, row, &mut decided);
                task.count(&mut counts[judge], row, &decided);
            }
        }
    }
    let scores = judges.iter().map(|&judge| task.score(&counts[judge]));
    Ok(scores.collect())
}
