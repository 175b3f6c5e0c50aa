//! The rows of the table, and the table.

use std::path::{Path, PathBuf};

use countenance::Result;
use countenance::attention::Attention;
use countenance::metric::Report;
use countenance::train::{Outcome, TrainConfig};

use crate::shared::report::print;
use crate::shared::spread::spread;

/// A row of the table.
pub struct Row {
    pub label: &'static str,
    /// How the folders of its runs begin.
    pub name: &'static str,
    attention: Attention,
}

/// The table's rows, in its order.
pub fn rows() -> [Row; 3] {
    [
        Row {
            label: "without cross attention",
            name: "none",
            attention: Attention::None,
        },
        Row {
            label: "cross attention (Eq. 6-7)",
            name: "elementwise",
            attention: Attention::Elementwise,
        },
        Row {
            label: "cross attention (additive)",
            name: "additive",
            attention: Attention::Additive { hidden: 64 },
        },
    ]
}

impl Row {
    /// Where its run with a seed is.
    pub fn folder(&self, out: &Path, seed: u64) -> PathBuf {
        out.join(format!("{}-seed{seed}", self.name))
    }

    /// The settings of its run with a seed.
    pub fn config(&self, config: &TrainConfig, seed: u64) -> TrainConfig {
        let config = config.clone().with_seed(seed);
        config.with_attention(self.attention.clone())
    }
}

/// Prints the scores of every row's runs, mean and spread.
pub fn table(rows: &[Row], outcomes: &[Vec<Outcome>], is_rendered: bool) -> Result<()> {
    let names = ["P_AU", "P_EX", "P_VA", "P_MTL"];
    let columns: [fn(&Report) -> Option<f64>; 4] = [
        |report| report.p_au,
        |report| report.p_ex,
        |report| report.p_va,
        |report| report.p_mtl,
    ];
    let line = |label: &str, cells: [String; 4]| {
        let cells = cells.map(|cell| format!(" {cell:>13}"));
        print(format_args!("{label:<28}{}", cells.concat()))
    };
    line("", names.map(String::from))?;
    for (row, outcomes) in rows.iter().zip(outcomes) {
        let cells = columns.map(|score| {
            let reports = outcomes.iter().map(|outcome| &outcome.report);
            spread(&reports.filter_map(score).collect::<Vec<_>>())
        });
        line(row.label, cells)?;
    }
    match outcomes[0].len() {
        1 => print("one seed, so that there is no telling chance from merit")?,
        seeds => print(format_args!("mean ± standard deviation over {seeds} seeds"))?,
    }
    if is_rendered {
        print(
            "The faces are rendered: these scores prove the pipeline, not the accuracy on people.",
        )?;
    }
    Ok(())
}
