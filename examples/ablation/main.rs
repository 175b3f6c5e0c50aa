//! The paper's Table 1: with and without cross attention, mean and spread over seeds.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use burn::tensor::Device;
use burn::train::Interrupter;
use clap::Parser;
use clap::builder::NonEmptyStringValueParser;
use countenance::train::{Event, Outcome, Run, TrainConfig};
use countenance::{Error, Result};

#[path = "../shared/mod.rs"]
mod shared;
mod table;

use shared::argument::{parse, share, whole};
use shared::command;
use shared::device::DeviceArgument;
use shared::interrupt::interrupter;
use shared::report::{run, say};
use shared::training::shown;
use shared::weights::located;
use table::{rows, table};

/// Trains with the paper's attention, the program's and none, over several seeds, and prints the
/// paper's Table 1 with its spread. Run it again to go on after an interruption.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Folder of an s-Aff-Wild2 data set; without it the synthetic set is rendered
    #[arg(long, value_name = "ROOT")]
    data: Option<PathBuf>,
    /// Seeds, counted from 0, at least 1
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = whole(1..=10_000))]
    seeds: usize,
    /// Weights of the backbone, as `train` takes them; without them each seed trains a small one
    #[arg(long, value_name = "WEIGHTS", value_parser = NonEmptyStringValueParser::new())]
    backbone: Option<String>,
    /// Folder of the runs: absent, empty, or holding runs of these same settings
    #[arg(long, value_name = "DIR", default_value = "runs/ablation")]
    out: PathBuf,
    /// Settings as JSON, as a run writes them to its config.json; its seed and its attention are
    /// replaced, and what it does not name has its default, as in `train`
    #[arg(long, value_name = "JSON")]
    config: Option<PathBuf>,
    #[arg(long, value_name = "F", value_parser = share, help = format!(
        "The largest share of the data's images that may be unreadable, 0 to 1 [default: {}]",
        TrainConfig::new().max_unreadable
    ))]
    max_unreadable: Option<f64>,
    /// Read annotation files in the challenge's own form alone, to the letter
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    device: DeviceArgument,
}

fn main() -> ExitCode {
    let arguments: Arguments = parse();
    run(|| ablation(&arguments))
}

fn ablation(arguments: &Arguments) -> Result<()> {
    let device = arguments.device.open()?;
    let (config, is_rendered) = config(arguments, &device)?;
    let (rows, seeds) = (rows(), arguments.seeds as u64);
    for seed in 0..seeds {
        for row in &rows {
            let folder = row.folder(&arguments.out, seed);
            if is_run(&folder) {
                Run::resume_as(&folder, row.config(&config, seed), &device)?;
            }
        }
    }
    let interrupter = interrupter();
    if is_rendered {
        render(&config, &arguments.out, &interrupter)?;
    }
    let mut outcomes: Vec<Vec<Outcome>> = rows.iter().map(|_| Vec::new()).collect();
    for seed in 0..seeds {
        let first = rows[0].folder(&arguments.out, seed);
        for (row, outcomes) in rows.iter().zip(&mut outcomes) {
            let folder = row.folder(&arguments.out, seed);
            say(format_args!(
                "seed {seed}, {}: {}",
                row.label,
                folder.display()
            ));
            let config = row.config(&config, seed);
            let run = opened(&folder, config, &first, &device)?;
            let run = run.stopped_by(&interrupter).told_to(shown());
            outcomes.push(run.execute()?);
        }
    }
    table(&rows, &outcomes, is_rendered)?;
    told(&outcomes, arguments);
    Ok(())
}

/// The settings of every run, but for seed and attention, and whether the faces are rendered; checked
/// before anything is created.
fn config(arguments: &Arguments, device: &Device) -> Result<(TrainConfig, bool)> {
    let mut config = match &arguments.config {
        Some(path) => TrainConfig::load(path)?,
        None if arguments.data.is_some() => TrainConfig::new(),
        None => TrainConfig::synthetic(),
    };
    let text = |path: &Path| path.to_string_lossy().into_owned();
    config.data = arguments.data.as_deref().map(text).or(config.data);
    if let Some(name) = &arguments.backbone {
        config.weights = Some(text(&located(name)?));
    }
    if let Some(share) = arguments.max_unreadable {
        config.max_unreadable = share;
        if config.data.is_none() {
            return Err(Error::Argument {
                what: "--max-unreadable".into(),
                expected: "--data".into(),
                found: "a set that is rendered here, whose images are readable".into(),
            });
        }
    }
    config.strict |= arguments.strict;
    Run::check(&config, device)?;
    refuse_others(&arguments.out)?;
    let is_rendered = config.data.is_none();
    if is_rendered {
        config.data = Some(text(&rendered(&arguments.out)));
    }
    Ok((config, is_rendered))
}

fn rendered(out: &Path) -> PathBuf {
    out.join("synthetic")
}

/// Refuses a folder that holds anything but what an ablation leaves there.
fn refuse_others(out: &Path) -> Result<()> {
    if out.is_file() {
        return Err(Error::File {
            path: out.to_path_buf(),
            expected: "a folder for the runs".into(),
            found: "a file".into(),
        });
    }
    let Ok(entries) = std::fs::read_dir(out) else {
        // It is not there yet, or what keeps it from being read is said when it is written.
        return Ok(());
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_seed = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_ours = rendered(out).ends_with(&name)
            || name.split_once("-seed").is_some_and(|(row, seed)| {
                rows().iter().any(|ours| ours.name == row) && is_seed(seed)
            });
        if !is_ours {
            return Err(Error::File {
                path: out.to_path_buf(),
                expected: "an empty folder, or one of an ablation".into(),
                found: format!("other files, such as {name}; choose another folder"),
            });
        }
    }
    Ok(())
}

fn is_run(folder: &Path) -> bool {
    folder.join("config.json").exists()
}

/// The run in `folder`: new, or as far as it was brought before.
///
/// The seed's backbone, features, AU and VA stages are the same work whatever the attention, so
/// they are taken over from its first run.
fn opened(folder: &Path, config: TrainConfig, first: &Path, device: &Device) -> Result<Run> {
    match (is_run(folder), folder == first) {
        (true, _) => Run::resume_as(folder, config, device),
        (false, false) => Run::branch(first, folder, config.attention, device),
        (false, true) => Run::create(folder, config, device),
    }
}

/// Renders the synthetic set once for all runs.
fn render(config: &TrainConfig, out: &Path, interrupter: &Interrupter) -> Result<()> {
    let shown = shown();
    let told = |done, total| {
        shown(Event::Images {
            work: "rendering",
            done,
            total,
        });
        !interrupter.should_stop()
    };
    config.synthetic.generate(&rendered(out), &told)?;
    shown(Event::ImagesDone);
    Ok(())
}

/// Where the runs are, and what to try next.
fn told(outcomes: &[Vec<Outcome>], arguments: &Arguments) {
    let score = |outcome: &&Outcome| outcome.report.p_mtl.unwrap_or(f64::NEG_INFINITY);
    let best = outcomes
        .iter()
        .flatten()
        .max_by(|one, other| score(one).total_cmp(&score(other)));
    let Some(best) = best else { return };
    say(format_args!(
        "each run's model.safetensors, pictures and report.json are in its folder under {}",
        arguments.out.display()
    ));
    say(format_args!(
        "to try the best of them: {} --model {} {}",
        command::of("predict"),
        command::quoted(best.folder.join("model.safetensors").as_os_str()),
        command::quoted(best.image.as_os_str()),
    ));
}
