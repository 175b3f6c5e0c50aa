//! The findings as text, as CSV and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::finding::{Finding, SCORES, verdict};
use crate::row::REFERENCE;
use crate::shared::spread::spread;

/// How wide the column of the rows' labels is.
fn label_width(findings: &[Finding]) -> usize {
    let widths = findings.iter().map(|finding| finding.row.label.len());
    2 + widths.max().unwrap_or(0)
}

/// Scores of every row, mean and spread, and how far each is above the paper's network.
pub fn text(findings: &[Finding]) -> String {
    let width = label_width(findings);
    let seeds = findings[0].reports.len();
    let head = |cell: usize| {
        SCORES
            .each_ref()
            .map(|score| format!(" {:>cell$}", score.title))
            .concat()
    };
    let mut text = format!("{:<width$}{}\n", "", head(13));
    for finding in findings {
        let cells = SCORES.each_ref().map(|score| {
            let values: Vec<f64> = finding.values(score).into_iter().flatten().collect();
            format!(" {:>13}", spread(&values))
        });
        let _ = writeln!(text, "{:<width$}{}", finding.row.label, cells.concat());
    }
    let _ = match seeds {
        1 => writeln!(
            text,
            "one seed, so that there is no telling chance from merit"
        ),
        seeds => writeln!(text, "mean ± standard deviation over {seeds} seeds"),
    };
    let others = || {
        findings
            .iter()
            .filter(|finding| !finding.row.is_reference())
    };
    if seeds < 2 || others().next().is_none() {
        return text;
    }
    let _ = writeln!(
        text,
        "\nabove the row that each changes, of runs with the same seed"
    );
    let _ = writeln!(text, "{:<width$}{}", "", head(16));
    for finding in others() {
        let differences = SCORES
            .each_ref()
            .map(|score| finding.difference(findings, score));
        let cells = differences.each_ref().map(|difference| {
            let cell = difference.as_ref().map_or("-".to_string(), |mean| {
                let half_width = mean.half_width.unwrap_or(f64::NAN);
                format!("{:+.3} ± {half_width:.3}", mean.value)
            });
            format!(" {cell:>16}")
        });
        let sum = differences
            .last()
            .and_then(Option::as_ref)
            .map_or("", verdict);
        let over = finding.row.over;
        let _ = writeln!(
            text,
            "{:<width$}{}  {sum:<16}  over {over}",
            finding.row.label,
            cells.concat()
        );
    }
    text.push_str(
        "mean difference ± half of its 95 % interval (Student's t); the verdict is on P_MTL\n",
    );
    text
}

/// Every seed of every row: one line each.
pub fn csv(findings: &[Finding]) -> String {
    let keys = SCORES.each_ref().map(|score| score.key).join(",");
    let mut text = format!("row,seed,{keys}\n");
    for finding in findings {
        for seed in 0..finding.reports.len() {
            let cells = SCORES.each_ref().map(|score| {
                finding.values(score)[seed].map_or(String::new(), |value| value.to_string())
            });
            let _ = writeln!(text, "{},{seed},{}", finding.row.name, cells.join(","));
        }
    }
    text
}

/// One object: for each row its scores, a value a seed, and the differences.
pub fn json(findings: &[Finding]) -> Value {
    let rows = findings.iter().map(|finding| {
        let mut row = json!({ "name": finding.row.name, "label": finding.row.label, "over": finding.row.over });
        for score in &SCORES {
            let difference = finding.difference(findings, score).map(|mean| {
                json!({
                    "mean": mean.value,
                    "interval": mean.interval(),
                    "verdict": verdict(&mean),
                })
            });
            row[score.key] = json!({ "seeds": finding.values(score), "difference": difference });
        }
        row
    });
    json!({ "reference": REFERENCE, "rows": rows.collect::<Vec<_>>() })
}
