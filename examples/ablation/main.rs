//! The paper's Table 1 and what may be added to its network: mean and spread over seeds, and paired differences.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use burn::tensor::Device;
use burn::train::Interrupter;
use clap::builder::NonEmptyStringValueParser;
use clap::{Parser, ValueEnum};
use countenance::data::file::write_whole;
use countenance::data::synthetic::Reachable;
use countenance::picture;
use countenance::train::{Event, GivenFeatures, Outcome, Recipe, Run, TrainConfig};
use countenance::{Error, Result};

mod addition;
mod finding;
mod row;
#[path = "../shared/mod.rs"]
mod shared;
mod table;

use addition::Additions;
use finding::{Finding, SCORES};
use row::{ROWS, Row, Settings};
use shared::argument::{parse, share, whole};
use shared::command;
use shared::device::DeviceArgument;
use shared::given::FeatureArguments;
use shared::interrupt::interrupter;
use shared::report::{json, print, run, say};
use shared::training::shown;
use shared::weights::located;

/// The files beside the runs.
const TABLE: &str = "ablation.csv";
const PICTURE: &str = "ablation.png";

/// Trains the networks of the paper's Table 1 and those with an addition, over several seeds, and prints
/// their scores with their spread, and how far each is above the paper's network, seed by seed, with a
/// 95 % interval: what holds zero is within the noise. `ablation.csv` and `ablation.png` in --out have
/// the same. Run it again to go on after an interruption.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The rows of the table that are trained, as --list names them; may be repeated. Without it all are.
    /// The paper's network is always among them, as are the rows that they change
    #[arg(long, value_name = "NAME", value_parser = Row::of)]
    row: Vec<&'static Row>,
    /// Print the names of the rows and what they are, and nothing else
    #[arg(long)]
    list: bool,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Folder of an s-Aff-Wild2 data set; without it the synthetic set is rendered
    #[arg(long, value_name = "ROOT")]
    data: Option<PathBuf>,
    /// Seeds, counted from 0, at least 1
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = whole(1..=10_000))]
    seeds: usize,
    #[command(flatten)]
    given: FeatureArguments,
    /// Weights of the backbone, as `train` takes them; without them each seed trains a small one
    #[arg(long, value_name = "WEIGHTS", value_parser = NonEmptyStringValueParser::new())]
    backbone: Option<String>,
    /// Weights of the VGG that the challenge's baseline keeps, in torchvision's names or in VGGFACE's; without
    /// them each seed trains a small one
    #[arg(long, value_name = "WEIGHTS", value_parser = NonEmptyStringValueParser::new())]
    baseline_weights: Option<String>,
    /// Folder of the runs: absent, empty, or holding runs of these same settings
    #[arg(long, value_name = "DIR", default_value = "runs/ablation")]
    out: PathBuf,
    /// Settings as JSON, as a run writes them to its config.json; its seed, its order and its attention are
    /// replaced, its additions are those of the rows that have them, and what it does not name has its
    /// default, as in `train`
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

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// One JSON object: the scores of every row and seed, and the differences
    Json,
}

fn main() -> ExitCode {
    let arguments: Arguments = parse();
    run(|| ablation(&arguments))
}

fn ablation(arguments: &Arguments) -> Result<()> {
    if arguments.list {
        return print(Row::list().trim_end());
    }
    let device = arguments.device.open()?;
    let (settings, rows, is_rendered) = settings(arguments, &device)?;
    let seeds = arguments.seeds as u64;
    for seed in 0..seeds {
        for row in &rows {
            let folder = row.folder(&arguments.out, seed);
            if is_run(&folder) {
                Run::resume_as(&folder, row.config(&settings, seed), &device)?;
            }
        }
    }
    let interrupter = interrupter();
    if is_rendered {
        render(&settings.config, &arguments.out, &interrupter)?;
    }
    let mut outcomes: Vec<Vec<Outcome>> = rows.iter().map(|_| Vec::new()).collect();
    for seed in 0..seeds {
        // The runs of this seed that are finished: what is the same work is taken over from one of them.
        let mut finished: Vec<PathBuf> = Vec::new();
        for (row, outcomes) in rows.iter().zip(&mut outcomes) {
            let folder = row.folder(&arguments.out, seed);
            say(format_args!(
                "seed {seed}, {}: {}",
                row.label,
                folder.display()
            ));
            let run = opened(&folder, row.config(&settings, seed), &finished, &device)?;
            let run = run.stopped_by(&interrupter).told_to(shown());
            outcomes.push(run.execute()?);
            finished.push(folder);
        }
    }
    let findings = rows
        .into_iter()
        .zip(&outcomes)
        .map(|(row, outcomes)| Finding {
            row,
            reports: outcomes
                .iter()
                .map(|outcome| outcome.report.clone())
                .collect(),
        });
    let findings: Vec<Finding> = findings.collect();
    write(&findings, &arguments.out)?;
    let reachable = reachable(&settings.config)?;
    match arguments.format {
        Format::Table => {
            print(table::text(&findings).trim_end())?;
            if let Some(reachable) = &reachable {
                print(format_args!(
                    "\nat best, of who knows how the faces are made\n{}",
                    reachable.table().trim_end()
                ))?;
            }
            if is_rendered {
                print(
                    "The faces are rendered: these scores prove the pipeline, not the accuracy on people.",
                )?;
            }
        }
        Format::Json => {
            let mut told = table::json(&findings);
            told["reachable"] = serde_json::json!(reachable);
            print(json(&told))?;
        }
    }
    told(&outcomes, arguments);
    Ok(())
}

impl Arguments {
    /// The rows that are trained, in the table's order.
    fn rows(&self) -> Vec<&'static Row> {
        let is_chosen = |row: &&Row| {
            let is_changed = |chosen: &&Row| chosen.name == row.name || chosen.over == row.name;
            self.row.is_empty() || row.is_reference() || self.row.iter().any(is_changed)
        };
        ROWS.iter().filter(is_chosen).collect()
    }
}

/// The best reachable scores, where the data are displays, whose folder tells them.
fn reachable(config: &TrainConfig) -> Result<Option<Reachable>> {
    let path = config
        .data
        .as_deref()
        .map(|root| Path::new(root).join("reachable.json"));
    let path = path.filter(|path| path.is_file());
    path.map(|path| Reachable::load(&path)).transpose()
}

/// Writes the findings as a table and as a picture, which one seed has no intervals for.
fn write(findings: &[Finding], out: &Path) -> Result<()> {
    let path = out.join(TABLE);
    let text = table::csv(findings);
    write_whole(&path, |file| file.write_all(text.as_bytes()))?;
    say(format_args!("{}: every score", path.display()));
    let panels: Vec<picture::Differences> = SCORES
        .iter()
        .map(|score| picture::Differences {
            title: score.title.to_string(),
            rows: findings
                .iter()
                .filter_map(|finding| {
                    let mean = finding.difference(findings, score)?;
                    Some((finding.row.label.to_string(), mean.value, mean.interval()?))
                })
                .collect(),
        })
        .filter(|panel| !panel.rows.is_empty())
        .collect();
    if panels.is_empty() {
        return Ok(());
    }
    let path = out.join(PICTURE);
    let title = format!(
        "above {}, joint rows above the joint one",
        Row::reference().label
    );
    picture::save_png(&picture::differences(&title, &panels)?, &path)?;
    say(format_args!("{}: the differences", path.display()));
    Ok(())
}

/// The settings of every run, but for seed and row, the rows that go with them, and whether the faces are
/// rendered; checked before anything is created.
fn settings(arguments: &Arguments, device: &Device) -> Result<(Settings, Vec<&'static Row>, bool)> {
    let mut config = match &arguments.config {
        Some(path) => TrainConfig::load(path)?,
        None if arguments.data.is_some() => TrainConfig::new().with_recipe(Some(Recipe::Auto)),
        None => Additions::synthetic(TrainConfig::synthetic()),
    };
    let text = |path: &Path| path.to_string_lossy().into_owned();
    config.data = arguments.data.as_deref().map(text).or(config.data);
    if !arguments.given.features.is_empty() {
        let files = arguments.given.features.iter().map(|file| text(file));
        let names = arguments.given.names.as_deref().map(text);
        config.features = Some(GivenFeatures::new(files.collect()).with_names(names));
    }
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
    let vgg = arguments.baseline_weights.as_deref().map(located);
    let mut settings = Settings {
        config,
        baseline_weights: vgg.transpose()?.map(|path| text(&path)),
    };
    Run::check(&Row::reference().config(&settings, 0), device)?;
    let mut rows = Vec::new();
    for row in arguments.rows() {
        match Run::check(&row.config(&settings, 0), device) {
            Ok(()) => rows.push(row),
            // Nobody has asked for this one.
            Err(error) if arguments.row.is_empty() => {
                say(format_args!("{} is left out: {error}", row.name));
            }
            Err(error) => return Err(error),
        }
    }
    refuse_others(&arguments.out)?;
    let is_rendered = settings.config.data.is_none();
    if is_rendered {
        settings.config.data = Some(text(&rendered(&arguments.out)));
    }
    Ok((settings, rows, is_rendered))
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
            || [TABLE, PICTURE].contains(&name.as_str())
            || name.split_once("-seed").is_some_and(|(row, seed)| {
                ROWS.iter().any(|ours| ours.name == row) && is_seed(seed)
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
/// What is the same work is taken over from that of the seed's `finished` runs that is most like it.
fn opened(
    folder: &Path,
    config: TrainConfig,
    finished: &[PathBuf],
    device: &Device,
) -> Result<Run> {
    if is_run(folder) {
        return Run::resume_as(folder, config, device);
    }
    let alike = finished.iter().map(|other| {
        let was = Run::config_in(other)?;
        let alike = (
            was.baseline.is_some() == config.baseline.is_some(),
            was.map_head.is_some() == config.map_head.is_some(),
            was.order == config.order,
            was.attention == config.attention,
        );
        Ok((other, alike))
    });
    let alike: Vec<_> = alike.collect::<Result<_>>()?;
    match alike.iter().max_by_key(|(_, alike)| *alike) {
        Some((other, _)) => Run::branch(other, folder, config, device),
        None => Run::create(folder, config, device),
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
