//! The main job: render or read a data set, train the network stage by stage, report its scores.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use countenance::train::{Outcome, Run};
use countenance::{Error, Result};

mod arguments;
mod division;
mod fold;
mod settings;
#[path = "../shared/mod.rs"]
mod shared;

use arguments::Arguments;
use shared::argument::parse;
use shared::command;
use shared::interrupt::interrupter;
use shared::report::{ended, print, say};
use shared::training::shown;

/// Where the run directories are that nobody has named.
const RUNS: &str = "runs";

fn main() -> ExitCode {
    let arguments: Arguments = parse();
    let mut folder = None;
    let result = train(&arguments, &mut folder);
    ended(result, |error| match arguments.division.folds {
        Some(_) if matches!(error, Error::Interrupted) => {
            Some("to go on: give the same command again".to_string())
        }
        _ => go_on(&arguments, folder?.as_path(), error),
    })
    .into()
}

/// Trains; `folder` becomes the run directory as soon as there is one.
fn train(arguments: &Arguments, folder: &mut Option<PathBuf>) -> Result<()> {
    let devices = arguments.device.open_several(arguments.devices)?;
    let device = &devices[0];
    if let (Some(count), Some(out)) = (arguments.division.folds, &arguments.out) {
        return fold::train(&settings::config(arguments)?, count, out, &devices);
    }
    let (verb, run) = match arguments.resume {
        true => {
            let folder = match &arguments.out {
                Some(folder) => folder.clone(),
                None => Run::newest_below(RUNS.as_ref()).ok_or_else(|| Error::Argument {
                    what: "--resume".into(),
                    expected: format!("a run under {RUNS}/, or --out"),
                    found: "none".into(),
                })?,
            };
            let config = settings::resumed(arguments, &folder)?;
            ("going on with", Run::resume_as(&folder, config, device)?)
        }
        false => {
            let config = settings::config(arguments)?;
            let run = match &arguments.out {
                Some(folder) => Run::create(folder, config, device)?,
                None => Run::create_below(RUNS.as_ref(), config, device)?,
            };
            ("run directory:", run)
        }
    };
    let run = run.on_devices(devices)?.stopped_by(&interrupter());
    say(format_args!("{verb} {}", run.folder().display()));
    *folder = Some(run.folder().to_path_buf());
    let outcome = run.told_to(shown()).execute()?;
    print(&outcome)?;
    told(&outcome);
    Ok(())
}

/// Where everything is, and what to try next.
fn told(outcome: &Outcome) {
    let path = |name: &str| outcome.folder.join(name);
    let pictures = ["curves.png", "confusion.png"].map(path);
    let pictures = pictures.iter().filter(|path| path.exists());
    let pictures: Vec<_> = pictures.map(|path| path.display().to_string()).collect();
    let model = path("model.safetensors");
    say(format_args!("model     {}", model.display()));
    say(format_args!("pictures  {}", pictures.join(", ")));
    say(format_args!("report    {}", path("report.json").display()));
    let input = match &outcome.features {
        None => command::quoted(outcome.image.as_os_str()),
        Some(given) => {
            let files = given.files.iter().map(|file| ("--features", file));
            let names = given.names.iter().map(|list| ("--names", list));
            let flag = |(flag, path): (&str, &String)| {
                format!("{flag} {}", command::quoted(path.as_ref()))
            };
            files.chain(names).map(flag).collect::<Vec<_>>().join(" ")
        }
    };
    say(format_args!(
        "to try it: {} --model {} {input}",
        command::of("predict"),
        command::quoted(model.as_os_str()),
    ));
}

/// The command that goes on with the run, where there is something to go on with.
fn go_on(arguments: &Arguments, folder: &Path, error: &Error) -> Option<String> {
    let when = match error {
        Error::Interrupted => "to go on",
        // It would come to the same end.
        Error::NotFinite { .. } => return None,
        _ => "once that is mended, to go on",
    };
    let is_there = folder.join("config.json").exists();
    is_there.then(|| {
        format!(
            "{when}: {} --resume --out {}{}",
            command::of("train"),
            command::quoted(folder.as_os_str()),
            arguments.where_to_compute(),
        )
    })
}
