//! The paper's Table 1: with and without cross attention, mean and spread over seeds.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use burn::tensor::Device;
use clap::Parser;
use clap::builder::NonEmptyStringValueParser;
use countenance::attention::Attention;
use countenance::metric::Report;
use countenance::train::{Event, Outcome, Run, TrainConfig};
use countenance::{Error, Result};

#[path = "shared/mod.rs"]
mod shared;

use shared::argument::{parse, share, whole};
use shared::command;
use shared::device::DeviceArgument;
use shared::interrupt::interrupter;
use shared::report::{print, run, say};
use shared::training::shown;
use shared::weights::located;

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
    #[command(flatten)]
    device: DeviceArgument,
}

fn main() -> ExitCode {
    let arguments: Arguments = parse();
    run(|| ablation(&arguments))
}

/// A row of the table.
struct Row {
    label: &'static str,
    /// How the folders of its runs begin.
    name: &'static str,
    attention: Attention,
}

fn rows() -> [Row; 3] {
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
    fn folder(&self, out: &Path, seed: u64) -> PathBuf {
        out.join(format!("{}-seed{seed}", self.name))
    }

    fn config(&self, config: &TrainConfig, seed: u64) -> TrainConfig {
        let config = config.clone().with_seed(seed);
        config.with_attention(self.attention.clone())
    }
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
    if is_rendered {
        render(&config, &arguments.out)?;
    }
    let interrupter = interrupter();
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
fn render(config: &TrainConfig, out: &Path) -> Result<()> {
    let shown = shown();
    let told = |done, total| {
        shown(Event::Images {
            work: "rendering",
            done,
            total,
        });
    };
    config.synthetic.generate(&rendered(out), &told)?;
    shown(Event::ImagesDone);
    Ok(())
}

fn table(rows: &[Row], outcomes: &[Vec<Outcome>], is_rendered: bool) -> Result<()> {
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

/// Mean and sample standard deviation, which a single value does not have.
fn spread(values: &[f64]) -> String {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    match values.len() {
        0 => "-".to_string(),
        1 => format!("{mean:.3}"),
        _ => format!("{mean:.3} ± {:.3}", (squares / (count - 1.0)).sqrt()),
    }
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
