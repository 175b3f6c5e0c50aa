//! Cross-validation: a run for each fold, and what all of them score.

use std::path::Path;

use burn::tensor::Device;
use countenance::Result;
use countenance::metric::Report;
use countenance::train::{Outcome, Run, TrainConfig};

use crate::shared::interrupt::interrupter;
use crate::shared::report::{print, say};
use crate::shared::spread::spread;
use crate::shared::training::shown;

/// Runs every fold in a folder of its own below `out`, as far as it is not done yet, and prints mean
/// and spread of their scores.
pub fn train(config: &TrainConfig, count: usize, out: &Path, devices: &[Device]) -> Result<()> {
    let interrupter = interrupter();
    let mut outcomes = Vec::new();
    for fold in 1..=count {
        let folder = out.join(format!("fold-{fold}"));
        let division = config.division.clone().with_fold(fold);
        let config = config.clone().with_division(division);
        let run = match folder.join("config.json").exists() {
            true => Run::resume_as(&folder, config, &devices[0])?,
            false => Run::create(&folder, config, &devices[0])?,
        };
        say(format_args!("fold {fold} of {count}: {}", folder.display()));
        let run = run.on_devices(devices.to_vec())?.stopped_by(&interrupter);
        outcomes.push(run.told_to(shown()).execute()?);
    }
    table(&outcomes)?;
    say(format_args!(
        "each fold's model.safetensors, pictures and report.json are in its folder under {}",
        out.display()
    ));
    Ok(())
}

type Score = fn(&Report) -> Option<f64>;

fn table(outcomes: &[Outcome]) -> Result<()> {
    let columns: [(&str, Score); 4] = [
        ("P_AU", |report| report.p_au),
        ("P_EX", |report| report.p_ex),
        ("P_VA", |report| report.p_va),
        ("P_MTL", |report| report.p_mtl),
    ];
    let line = |label: &str, cells: [String; 4]| {
        let cells = cells.map(|cell| format!(" {cell:>13}"));
        print(format_args!("{label:<8}{}", cells.concat()))
    };
    line("fold", columns.map(|(name, _)| name.to_string()))?;
    let scores = |outcomes: &[Outcome]| {
        columns.map(|(_, score)| {
            let reports = outcomes.iter().map(|outcome| &outcome.report);
            spread(&reports.filter_map(score).collect::<Vec<_>>())
        })
    };
    for (fold, outcome) in outcomes.iter().enumerate() {
        line(
            &format!("{}", fold + 1),
            scores(std::slice::from_ref(outcome)),
        )?;
    }
    line("all", scores(outcomes))?;
    print(format_args!(
        "mean ± standard deviation over {} folds, of each score over those that have it",
        outcomes.len()
    ))
}
