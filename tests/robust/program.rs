//! The examples, as people run them.

use std::path::PathBuf;
use std::process::Command;

/// What a program left.
pub struct Left {
    /// Whether its exit code was zero.
    pub succeeded: bool,
    pub out: String,
    pub said: String,
}

/// Where the example `name` was built to, beside the tests.
pub fn path(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap().join("examples");
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not built: run all tests, or `cargo build --release --examples` first",
        program.display()
    );
    program
}

/// The example `name`, to be given arguments.
pub fn example(name: &str) -> Command {
    Command::new(path(name))
}

/// Runs a program to its end.
pub fn run(command: &mut Command) -> Left {
    let left = command.output().unwrap();
    assert!(left.status.code().is_some(), "{command:?}: {}", left.status);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Left {
        succeeded: left.status.success(),
        out: text(left.stdout),
        said: text(left.stderr),
    }
}
