//! The paper's Table 1: with and without cross attention, mean and spread over seeds.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use countenance::Result;
use countenance::attention::Attention;
use countenance::data::synthetic::SyntheticConfig;
use countenance::metric::Report;
use countenance::train::{Run, TrainConfig};

#[path = "shared/mod.rs"]
mod shared;

use shared::argument::at_least_one;
use shared::device::DeviceArgument;
use shared::interrupt::interrupter;
use shared::progress::Progress;
use shared::report::{print, run, say};

/// Trains with the paper's attention, the program's and none, over several seeds, and prints the
/// paper's Table 1 with its spread. Run it again to go on after an interruption.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Folder of an s-Aff-Wild2 data set; without it the synthetic set is rendered
    #[arg(long, value_name = "ROOT")]
    data: Option<PathBuf>,
    /// Seeds, counted from 0
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = at_least_one)]
    seeds: usize,
    /// Weights of the backbone; without them each seed trains a small one
    #[arg(long, value_name = "WEIGHTS")]
    backbone: Option<PathBuf>,
    /// Folder of the runs
    #[arg(long, value_name = "DIR", default_value = "runs/ablation")]
    out: PathBuf,
    /// Settings as JSON, as a run writes them to its config.json
    #[arg(long, value_name = "JSON")]
    config: Option<PathBuf>,
    /// Read annotation files in the challenge's own form alone, to the letter
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    device: DeviceArgument,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    run(|| ablation(&arguments))
}

fn ablation(arguments: &Arguments) -> Result<()> {
    let mut config = match &arguments.config {
        Some(path) => countenance::config::load(path, &TrainConfig::new())?,
        None if arguments.data.is_some() => TrainConfig::new(),
        None => TrainConfig::synthetic(),
    };
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    config.data = arguments.data.as_ref().map(text).or(config.data);
    config.weights = arguments.backbone.as_ref().map(text).or(config.weights);
    config.strict |= arguments.strict;
    if config.data.is_none() {
        config.data = Some(render(&config.synthetic, &arguments.out)?);
    }

    let rows = [
        ("without cross attention", "none", Attention::None),
        (
            "cross attention (Eq. 6-7)",
            "elementwise",
            Attention::Elementwise,
        ),
        (
            "cross attention (additive)",
            "additive",
            Attention::Additive { hidden: 64 },
        ),
    ];
    let interrupter = interrupter();
    let mut reports: Vec<Vec<Report>> = vec![Vec::new(); rows.len()];
    for seed in 0..arguments.seeds as u64 {
        let mut first: Option<PathBuf> = None;
        for (row, (label, name, attention)) in rows.iter().enumerate() {
            let folder = arguments.out.join(format!("{name}-seed{seed}"));
            say(format_args!("seed {seed}, {label}: {}", folder.display()));
            let config = config
                .clone()
                .with_seed(seed)
                .with_attention(attention.clone());
            let run = opened(&folder, config, first.as_deref(), arguments)?;
            reports[row].push(run.stopped_by(&interrupter).execute()?.report);
            first.get_or_insert(folder);
        }
    }

    print(format_args!(
        "{:<28} {:>13} {:>13} {:>13} {:>13}",
        "", "P_AU", "P_EX", "P_VA", "P_MTL"
    ))?;
    for ((label, ..), reports) in rows.iter().zip(&reports) {
        let column = |score: fn(&Report) -> Option<f64>| {
            spread(&reports.iter().filter_map(score).collect::<Vec<_>>())
        };
        print(format_args!(
            "{label:<28} {:>13} {:>13} {:>13} {:>13}",
            column(|report| report.p_au),
            column(|report| report.p_ex),
            column(|report| report.p_va),
            column(|report| report.p_mtl),
        ))?;
    }
    print(format_args!(
        "mean ± standard deviation over {} seeds",
        arguments.seeds
    ))?;
    if arguments.data.is_none() {
        print(
            "The faces are rendered: these scores prove the pipeline, not the accuracy on people.",
        )?;
    }
    Ok(())
}

/// The run in `folder`: new, or as far as it was brought before.
///
/// The seed's backbone, features, AU and VA stages are the same work whatever the attention, so
/// they are taken over from its first run.
fn opened(
    folder: &Path,
    config: TrainConfig,
    first: Option<&Path>,
    arguments: &Arguments,
) -> Result<Run> {
    let device = arguments.device.open()?;
    match (folder.join("config.json").exists(), first) {
        (true, _) => Run::resume(folder, &device),
        (false, Some(first)) => Run::branch(first, folder, config.attention, &device),
        (false, None) => Run::create(folder, config, &device),
    }
}

/// Renders the synthetic set once for all runs.
fn render(config: &SyntheticConfig, out: &Path) -> Result<String> {
    let root = out.join("synthetic");
    let progress = Progress::start("rendering");
    config.generate(&root, &|done, total| progress.update(done, total))?;
    progress.finish();
    Ok(root.to_string_lossy().into_owned())
}

/// Mean and sample standard deviation.
fn spread(values: &[f64]) -> String {
    if values.is_empty() {
        return "-".to_string();
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = match values.len() {
        1 => 0.0,
        _ => (squares / (count - 1.0)).sqrt(),
    };
    format!("{mean:.3} ± {deviation:.3}")
}
