//! Single scores under their keys, and a line of text for each.

use std::fmt::Display;

use crate::metric::detail::{AffectScores, Detail};
use crate::metric::report::{Named, Report, cell};

/// One score, under its key in JSON and, where there is one of each unit or class, its name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: &'static str,
    pub(super) name: Option<String>,
    pub(super) score: Option<f64>,
}

impl Entry {
    /// Its line, with what stands behind the score; none if there is no score.
    pub(super) fn line(&self, behind: &str) -> Option<String> {
        let score = self.score?;
        let name = match &self.name {
            Some(name) => format!("{} {name}", self.key),
            None => self.key.to_string(),
        };
        let score = cell(Some(score));
        Some(format!("{name:<34}{score:>8}{behind}\n"))
    }
}

/// The line above those of the scores.
pub(super) fn heading(behind: &str) -> String {
    format!("{:<34}{:>8}{behind}\n", "", "score")
}

impl Detail {
    /// A line for each score that there is.
    pub fn table(&self) -> String {
        let mut text = heading("");
        text.extend(of_detail(self).iter().filter_map(|entry| entry.line("")));
        text
    }
}

/// The scores of a report, one by one, in the order of their keys.
pub(super) fn of_report(report: &Report) -> Vec<Entry> {
    let ccc = AffectScores::from([report.ccc.valence, report.ccc.arousal]);
    [
        one("p_au", report.p_au),
        one("p_ex", report.p_ex),
        one("p_va", report.p_va),
        one("p_mtl", report.p_mtl),
        each("au_f1", &report.au_f1),
        each("au_icc", &report.au_icc),
        each("au_pcc", &report.au_pcc),
        each("au_mae", &report.au_mae),
        each("ex_f1", &report.ex_f1),
        affect("ccc", ccc),
    ]
    .concat()
}

/// The further scores, one by one, in the order of their keys.
pub(super) fn of_detail(detail: &Detail) -> Vec<Entry> {
    [
        each("au_auc", &detail.au_auc),
        each("au_mse", &detail.au_mse),
        one("ex_accuracy", detail.ex_accuracy),
        one("ex_balanced_accuracy", detail.ex_balanced_accuracy),
        one("ex_weighted_f1", detail.ex_weighted_f1),
        each("ex_precision", &detail.ex_precision),
        each("ex_recall", &detail.ex_recall),
        affect("va_pcc", detail.va_pcc),
        affect("va_rmse", detail.va_rmse),
        affect("va_sagr", detail.va_sagr),
    ]
    .concat()
}

fn one(key: &'static str, score: Option<f64>) -> Vec<Entry> {
    vec![Entry {
        key,
        name: None,
        score,
    }]
}

fn each<N: Display>(key: &'static str, scores: &Named<N>) -> Vec<Entry> {
    let entry = |(name, score): &(N, Option<f64>)| Entry {
        key,
        name: Some(name.to_string()),
        score: *score,
    };
    scores.iter().map(entry).collect()
}

fn affect(key: &'static str, scores: AffectScores) -> Vec<Entry> {
    each(
        key,
        &vec![("valence", scores.valence), ("arousal", scores.arousal)],
    )
}
