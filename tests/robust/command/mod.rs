//! `train`, `ablation` and `synthesize` as people start them: right, slightly wrong, twice at once, into
//! a pipe, with Ctrl-C.

mod ablation;
mod end;
mod flag;
mod help;
mod line;
mod message;
mod name;
mod output;
mod start;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use countenance::train::TrainConfig;

use crate::program::{Left, example, run};

/// A run of a second.
const SHORT: [&str; 10] = [
    "--synthetic-train",
    "24",
    "--synthetic-validation",
    "12",
    "--backbone-epochs",
    "1",
    "--epochs",
    "1",
    "--batch-size",
    "16",
];

/// The example `name` in the folder `here`, started by its own path and not by cargo.
fn program(name: &str, here: &Path) -> Command {
    let mut program = example(name);
    program.current_dir(here);
    program.env_remove("CARGO").env_remove("CARGO_MANIFEST_DIR");
    program
}

/// A short run's settings for `--config`, with the weights of a finished run.
fn settings(here: &Path) {
    let mut config = TrainConfig::synthetic();
    config.weights = Some(FINISHED.model().to_string_lossy().into_owned());
    config.synthetic.train = 24;
    config.synthetic.validation = 12;
    for stage in config.heads_mut() {
        stage.epochs = 1;
        stage.batch_size = 16;
    }
    std::fs::write(here.join("settings.json"), config.to_string()).unwrap();
}

trait Ending {
    /// What the program leaves at its end.
    fn left(&mut self) -> Left;
}

impl Ending for Command {
    fn left(&mut self) -> Left {
        run(self)
    }
}

/// What a program was refused for: one line that begins with "error: ".
fn refusal(left: &Left) -> String {
    let said = &left.said;
    assert!(!left.succeeded, "not refused: {said}");
    let errors = said.lines().filter(|line| line.starts_with("error: "));
    let errors: Vec<&str> = errors.collect();
    assert_eq!(errors.len(), 1, "{said}");
    assert!(!said.contains("panicked"), "{said}");
    errors[0].to_string()
}

/// What a program said on its way to a good end.
fn said(left: &Left) -> String {
    assert!(left.succeeded, "{}", left.said);
    left.said.clone()
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A finished run, `run`, and a set of its own, `set`, for the tests that only read them.
struct Finished {
    folder: tempfile::TempDir,
}

static FINISHED: LazyLock<Finished> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let train = program("train", folder.path())
        .args(["--out", "run"])
        .args(SHORT)
        .left();
    said(&train);
    let set = program("synthesize", folder.path())
        .args(["--out", "set", "--train", "24", "--validation", "12"])
        .left();
    said(&set);
    Finished { folder }
});

impl Finished {
    fn model(&self) -> PathBuf {
        self.folder.path().join("run/model.safetensors")
    }

    fn set(&self) -> PathBuf {
        self.folder.path().join("set")
    }
}
