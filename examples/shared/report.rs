//! What an example says, and how it ends.

use std::error::Error;
use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use super::command::again;
use super::terminal::{aside, clear};

/// What results are written to, in messages.
const OUTPUT: &str = "standard output";
/// How the system says that a program ended because nobody reads its results any more.
const UNREAD: u8 = 128 + 13;

/// Writes a line of the result to standard output.
///
/// # Errors
/// If it cannot be written: its reader is gone, or the disk that it goes to is full.
pub fn print(line: impl Display) -> countenance::Result<()> {
    let write = || {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}").and_then(|()| out.flush())
    };
    let written = match std::io::stdout().is_terminal() {
        true => aside(write),
        false => write(),
    };
    written.map_err(|source| countenance::Error::Io {
        action: "write",
        path: OUTPUT.into(),
        source,
    })
}

/// Tells people `line`, on stderr. One that cannot be written is no reason to end.
pub fn say(line: impl Display) {
    let _ = aside(|| writeln!(std::io::stderr(), "{line}"));
}

/// Runs an example; an error becomes one line on stderr and a failing exit code.
pub fn run(example: impl FnOnce() -> countenance::Result<()>) -> ExitCode {
    ended(example(), |error| {
        matches!(error, countenance::Error::Interrupted)
            .then(|| format!("running it again goes on from there: {}", again()))
    })
    .into()
}

/// The exit code of what has ended so; says an error and what `advice` has to add to it.
pub fn ended(
    result: countenance::Result<()>,
    advice: impl FnOnce(&countenance::Error) -> Option<String>,
) -> u8 {
    let Err(error) = result else { return 0 };
    clear();
    if is_unread(&error) {
        return UNREAD;
    }
    let way_out = match error {
        countenance::Error::Unreadable { .. } => "; --max-unreadable allows more of them",
        _ => "",
    };
    say(format_args!("error: {}{way_out}", one_line(&error)));
    if let Some(advice) = advice(&error) {
        say(advice);
    }
    1
}

/// Whether the reader of the results has gone, as `head` does when it has enough: that is no error.
fn is_unread(error: &countenance::Error) -> bool {
    match error {
        countenance::Error::Io { path, source, .. } => {
            path.as_os_str() == OUTPUT && source.kind() == ErrorKind::BrokenPipe
        }
        _ => false,
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
