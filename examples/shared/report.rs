//! What an example says, and how it ends.

use std::error::Error;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

/// Writes a line of the result to standard output.
///
/// # Errors
/// If it cannot be written: its reader is gone, or the disk that it goes to is full.
pub fn print(line: impl Display) -> countenance::Result<()> {
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{line}").and_then(|()| out.flush());
    written.map_err(|source| countenance::Error::Io {
        action: "write",
        path: "standard output".into(),
        source,
    })
}

/// Tells people `line`, on stderr. One that cannot be written is no reason to end.
pub fn say(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Runs an example; an error becomes one line on stderr and a failing exit code.
pub fn run(example: impl FnOnce() -> countenance::Result<()>) -> ExitCode {
    match example() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("error: {}", one_line(&error)));
            ExitCode::FAILURE
        }
    }
}

/// One line of JSON.
pub fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("what the examples print has text for keys")
}

/// The error and its causes in one line; a cause that its effect already quotes is left out.
pub fn one_line(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.contains(&text) {
            line.push_str("; caused by: ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
