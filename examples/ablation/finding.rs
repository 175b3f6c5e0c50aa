//! What the runs of the rows have scored, seed by seed, and how rows differ.

use countenance::metric::Report;

use crate::row::Row;
use crate::shared::student::Mean;

/// A score of a run: its key in `report.json`, its heading, and itself.
pub struct Score {
    pub key: &'static str,
    pub title: &'static str,
    of: fn(&Report) -> Option<f64>,
}

/// The scores of the table, in its order.
pub const SCORES: [Score; 4] = [
    Score {
        key: "p_au",
        title: "P_AU",
        of: |report| report.p_au,
    },
    Score {
        key: "p_ex",
        title: "P_EX",
        of: |report| report.p_ex,
    },
    Score {
        key: "p_va",
        title: "P_VA",
        of: |report| report.p_va,
    },
    Score {
        key: "p_mtl",
        title: "P_MTL",
        of: |report| report.p_mtl,
    },
];

/// What a row's runs have scored.
pub struct Finding {
    pub row: &'static Row,
    /// A report for each seed, from seed 0 on.
    pub reports: Vec<Report>,
}

impl Finding {
    /// A score of each seed; `None` where it has no labels to stand on.
    pub fn values(&self, score: &Score) -> Vec<Option<f64>> {
        self.reports.iter().map(score.of).collect()
    }

    /// How far a row is in a score above the one that it changes something in: the mean of the differences of
    /// runs with the same seed, which so have data, backbone and luck in common. `None` of the paper's
    /// network.
    pub fn difference(&self, findings: &[Self], score: &Score) -> Option<Mean> {
        if self.row.is_reference() {
            return None;
        }
        let over = findings
            .iter()
            .find(|other| other.row.name == self.row.over)?;
        let pairs = self.values(score).into_iter().zip(over.values(score));
        let differences = pairs.map(|(here, there)| Some(here? - there?));
        Mean::of(&differences.collect::<Option<Vec<f64>>>()?)
    }
}

/// What a difference says.
pub fn verdict(difference: &Mean) -> &'static str {
    match difference.interval() {
        None => "one seed",
        Some([low, high]) if low <= 0.0 && high >= 0.0 => "within the noise",
        Some([low, _]) if low > 0.0 => "better",
        Some(_) => "worse",
    }
}
