//! The error type of everything that reads what a user supplies.
//!
//! # Example
//! ```
//! use countenance::Error;
//! use countenance::data::image::{ImageLimits, read};
//!
//! match read("faces/nobody.jpg".as_ref(), &ImageLimits::default()) {
//!     Err(Error::Io { action, path, .. }) => {
//!         assert_eq!((action, path.to_str()), ("open", Some("faces/nobody.jpg")));
//!     }
//!     other => panic!("{other:?}"),
//! }
//! ```

use std::path::{Path, PathBuf};

use crate::weights::WeightsSource;

/// The result of an operation on something a user supplied.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with a file, an image, a checkpoint, a config or an argument.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted, as a verb: "read", "create".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's own answer.
        source: std::io::Error,
    },

    /// One line of a text file breaks the file's format.
    #[error("{}:{line}: expected {expected}, found {found}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What the format asks for.
        expected: String,
        /// What stands there.
        found: String,
    },

    /// A whole file breaks its format: wrong kind, truncated, contradictory.
    #[error("{}: expected {expected}, found {found}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the format asks for.
        expected: String,
        /// What was found.
        found: String,
    },

    /// Weights do not fit the network that they are meant for.
    #[error("{}: {report}", path.display())]
    Weights {
        /// The file of the weights.
        path: PathBuf,
        /// What does not fit.
        report: Box<crate::weights::ImportReport>,
    },

    /// A file cannot be fetched.
    #[error("cannot fetch {url}: {reason}; {}", by_hand(command.as_deref()))]
    Download {
        /// The file's address.
        url: String,
        /// Why it cannot be fetched.
        reason: String,
        /// What brings it where it is looked for, if that is known.
        command: Option<String>,
    },

    /// Another program that is needed cannot be run.
    #[error("cannot run {}: {reason}", program.display())]
    Program {
        /// The program, as it is looked for.
        program: PathBuf,
        /// Why it cannot be run, and what brings it.
        reason: String,
    },

    /// An image cannot be decoded or is outside the limits.
    #[error("{}: {reason}", path.display())]
    Image {
        /// The image.
        path: PathBuf,
        /// Why it cannot be used.
        reason: String,
    },

    /// More images cannot be read than may be.
    #[error(
        "the images: expected at most {allowed} that cannot be read, found {count}{}",
        such_as(first)
    )]
    Unreadable {
        /// How many may be unreadable.
        allowed: usize,
        /// How many are, as far as it was looked.
        count: usize,
        /// What the first of them were refused for, with their names; at most three.
        first: Vec<String>,
    },

    /// A setting or an argument is outside its range.
    #[error("{what}: expected {expected}, found {found}")]
    Argument {
        /// The setting, as the user wrote it.
        what: String,
        /// The valid values.
        expected: String,
        /// The value given.
        found: String,
    },

    /// A network says of an image or a row of features something that is not finite: no score, and
    /// none that could be made of it.
    #[error("{input}: the network's {score} is {value}, not a finite number")]
    NotFiniteScore {
        /// The image or row: a path, or `row 3`, counted from 0.
        input: String,
        /// The score: an action unit, an expression, `valence`, `feature 17`.
        score: String,
        /// What stands in its place: NaN or an infinity.
        value: f32,
    },

    /// The user asked a run to stop; what was finished is kept.
    #[error("interrupted; what was finished is kept")]
    Interrupted,

    /// Training stopped because it could not go on.
    #[error("training stopped: {0}")]
    Training(String),

    /// Training stopped because a loss or a gradient was not finite.
    #[error(
        "training stopped: stage {stage}, epoch {epoch}, step {step}: the {what} is not finite; {}; \
         the step's images: {}",
        last_good(checkpoint.as_deref()),
        first_few(images)
    )]
    NotFinite {
        /// The stage of the run.
        stage: String,
        /// Its epoch, counted from 1.
        epoch: usize,
        /// The step of that epoch, counted from 1.
        step: usize,
        /// "loss", "gradient" or "validation loss".
        what: &'static str,
        /// The images of the step, in the batch's order.
        images: Vec<String>,
        /// The weights of the last epoch before, if there is one.
        checkpoint: Option<PathBuf>,
    },
}

fn last_good(checkpoint: Option<&Path>) -> String {
    match checkpoint {
        Some(path) => format!("the last good weights are in {}", path.display()),
        None => "no epoch of the stage was finished before".to_string(),
    }
}

fn by_hand(command: Option<&str>) -> String {
    match command {
        Some(command) => format!("to fetch it by hand: {command}"),
        None => "without the network, fetch it elsewhere and give its path".to_string(),
    }
}

fn such_as(first: &[String]) -> String {
    match first {
        [] => String::new(),
        [one] => format!(": {one}"),
        several => format!(", such as {}", several.join("; ")),
    }
}

fn first_few(names: &[String]) -> String {
    const SHOWN: usize = 8;
    match names.len() {
        count if count > SHOWN => {
            format!("{} and {} more", names[..SHOWN].join(", "), count - SHOWN)
        }
        _ => names.join(", "),
    }
}

impl Error {
    /// An [`Error::Io`] on `path`, or an [`Error::File`] if it is a folder where a file is wanted;
    /// made for `map_err(Error::io("read", path))`.
    pub(crate) fn io(
        action: &'static str,
        path: impl AsRef<Path>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| match source.kind() {
            std::io::ErrorKind::IsADirectory => Self::file(path, "a file", "a folder"),
            _ => Self::Io {
                action,
                path,
                source,
            },
        }
    }

    /// An [`Error::File`] on `path`.
    pub(crate) fn file(
        path: impl AsRef<Path>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::File {
            path: path.as_ref().to_path_buf(),
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// An [`Error::Weights`] on `path`; made for `map_err(Error::weights(path))`.
    pub(crate) fn weights(
        path: impl AsRef<Path>,
    ) -> impl FnOnce(Box<crate::weights::ImportReport>) -> Self {
        let path = path.as_ref().to_path_buf();
        move |mut report| {
            // Weights of other programs' files have said so; what else has a path is our own.
            if report.source == WeightsSource::Caller {
                report.source = WeightsSource::Own;
            }
            Self::Weights { path, report }
        }
    }

    /// An [`Error::Argument`].
    pub(crate) fn argument(
        what: impl Into<String>,
        expected: impl Into<String>,
        found: impl std::fmt::Display,
    ) -> Self {
        Self::Argument {
            what: what.into(),
            expected: expected.into(),
            found: found.to_string(),
        }
    }
}
