//! The study's results, as a table and as CSV.

use std::fmt::Write;

use countenance::calibrate::Outcome;

use crate::student::Mean;

const TASKS: [&str; 4] = ["P_AU", "P_EX", "P_VA", "P_MTL"];
const ERRORS: [&str; 2] = ["ECE_AU", "ECE_EX"];
/// What a tuning is worth on a split.
#[derive(Clone, Copy)]
pub struct Worth {
    /// Of action units, expressions, valence and arousal, and of all.
    pub scores: [f64; 4],
    /// The expected calibration errors of action units, their mean, and of expressions.
    pub errors: [f64; 2],
}

/// One seed.
pub struct Run {
    pub seed: u64,
    /// What the fresh split scores without a tuning, both networks weighing the same.
    pub untuned: Worth,
    /// What it scores with each part alone, and with everything last.
    pub tuned: Vec<(&'static str, Worth)>,
    /// What the tuning of everything says of itself.
    pub outcome: Outcome,
}

impl Run {
    fn everything(&self) -> &Worth {
        &self.tuned.last().expect("everything is tuned").1
    }
}

/// What a tuning says of one task, and what is true.
struct Claim {
    untuned: f64,
    cross_validated: f64,
    low: f64,
    high: f64,
    in_sample: f64,
    fresh: f64,
}

impl Claim {
    fn is_true(&self) -> bool {
        (self.low..=self.high).contains(&self.fresh)
    }
}

fn claims(run: &Run) -> impl Iterator<Item = (&'static str, Claim)> + '_ {
    let tasks = run.outcome.named().into_iter().enumerate();
    tasks.map(|(place, (_, task))| {
        let interval = task.interval.expect("videos enough");
        let claim = Claim {
            untuned: task.untuned.expect("labels of every task"),
            cross_validated: task.cross_validated.expect("videos enough"),
            low: interval.low,
            high: interval.high,
            in_sample: task.in_sample.expect("labels of every task"),
            fresh: run.everything().scores[place],
        };
        (TASKS[place], claim)
    })
}

/// The mean over seeds, and how far it is certain on both sides.
fn mean(values: &[f64]) -> (f64, f64) {
    let mean = Mean::of(values).expect("a seed");
    (mean.value, mean.half_width.unwrap_or(f64::NAN))
}

/// What one seed's tuning says of itself, a line for each task.
pub fn claimed(run: &Run) -> String {
    let mut text = String::new();
    for (task, claim) in claims(run) {
        let inside = if claim.is_true() { "yes" } else { "NO" };
        let _ = writeln!(
            text,
            "{:<6}{task:<7}{:>9.3}{:>17.3}{:>17}{:>8.3}{:>8.3}{inside:>8}{:>11.3}{:>+10.3}",
            run.seed,
            claim.untuned,
            claim.cross_validated,
            format!("{:.3} to {:.3}", claim.low, claim.high),
            claim.high - claim.low,
            claim.fresh,
            claim.in_sample,
            claim.in_sample - claim.fresh,
        );
    }
    text
}

pub fn text(runs: &[Run]) -> String {
    let mut text = String::new();
    text += "What each part gains on the fresh split, both networks blended: the mean over the seeds and its 95 % interval.\n\n";
    let _ = write!(text, "{:<12}", "");
    for name in TASKS.iter().chain(&ERRORS) {
        let _ = write!(text, "{name:>18}");
    }
    text.push('\n');
    let mut line = |name: &str, columns: Vec<Vec<f64>>, plus: bool| {
        let _ = write!(text, "{name:<12}");
        for column in columns {
            let (mean, margin) = mean(&column);
            let cell = match plus {
                true => format!("{mean:+.3} ± {margin:.3}"),
                false => format!("{mean:.3} ± {margin:.3}"),
            };
            let _ = write!(text, "{cell:>18}");
        }
        text.push('\n');
    };
    let numbers = |worth: &Worth| [&worth.scores[..], &worth.errors[..]].concat();
    let column = |place: usize, of: &dyn Fn(&Run) -> Vec<f64>| -> Vec<f64> {
        runs.iter().map(|run| of(run)[place]).collect()
    };
    let columns = TASKS.len() + ERRORS.len();
    let untuned = |run: &Run| numbers(&run.untuned);
    line(
        "untuned",
        (0..columns).map(|place| column(place, &untuned)).collect(),
        false,
    );
    for part in 0..runs[0].tuned.len() {
        let gain = |run: &Run| {
            let tuned = numbers(&run.tuned[part].1).into_iter();
            tuned
                .zip(untuned(run))
                .map(|(tuned, untuned)| tuned - untuned)
                .collect()
        };
        let name = runs[0].tuned[part].0;
        line(
            name,
            (0..columns).map(|place| column(place, &gain)).collect(),
            true,
        );
    }
    text += "\nWhat the tuning of everything says of itself, and the fresh split says of it.\n\n";
    let _ = writeln!(
        text,
        "{:<6}{:<7}{:>9}{:>17}{:>17}{:>8}{:>8}{:>8}{:>11}{:>10}",
        "seed",
        "",
        "untuned",
        "cross-validated",
        "95 % interval",
        "width",
        "fresh",
        "inside",
        "in-sample",
        "optimism"
    );
    runs.iter().for_each(|run| text += &claimed(run));
    text += "\nOver the seeds: how often the fresh score is inside, and how far above it the others are.\n\n";
    let _ = writeln!(
        text,
        "{:<7}{:>8}{:>14}{:>24}{:>24}",
        "", "inside", "widest", "cross-validated", "in-sample"
    );
    for (place, task) in TASKS.iter().enumerate() {
        let claims: Vec<Claim> = runs
            .iter()
            .filter_map(|run| claims(run).nth(place).map(|(_, claim)| claim))
            .collect();
        let inside = claims.iter().filter(|claim| claim.is_true()).count();
        let widths = claims.iter().map(|claim| claim.high - claim.low);
        let above = |of: &dyn Fn(&Claim) -> f64| {
            let above: Vec<f64> = claims.iter().map(|claim| of(claim) - claim.fresh).collect();
            let (mean, margin) = mean(&above);
            format!("{mean:+.4} ± {margin:.4}")
        };
        let _ = writeln!(
            text,
            "{task:<7}{:>8}{:>14.3}{:>24}{:>24}",
            format!("{inside}/{}", claims.len()),
            widths.fold(0.0, f64::max),
            above(&|claim| claim.cross_validated),
            above(&|claim| claim.in_sample),
        );
    }
    text
}

/// A line for each seed, part and task.
pub fn csv(runs: &[Run]) -> String {
    let mut csv =
        "seed,part,score,untuned_fresh,tuned_fresh,untuned,cross_validated,low,high,in_sample\n"
            .to_string();
    for run in runs {
        let untuned = run.untuned;
        for (part, worth) in &run.tuned {
            let names = TASKS.iter().chain(&ERRORS);
            let before = untuned.scores.into_iter().chain(untuned.errors);
            let after = worth.scores.into_iter().chain(worth.errors);
            let mut said = claims(run).map(|(_, claim)| claim);
            for ((name, before), after) in names.zip(before).zip(after) {
                let claim = match (said.next(), *part) {
                    (Some(claim), "everything") => format!(
                        "{},{},{},{},{}",
                        claim.untuned,
                        claim.cross_validated,
                        claim.low,
                        claim.high,
                        claim.in_sample
                    ),
                    _ => ",,,,".to_string(),
                };
                let _ = writeln!(csv, "{},{part},{name},{before},{after},{claim}", run.seed);
            }
        }
    }
    csv
}
