//! Where the ffmpeg programs are.

use std::ffi::OsStr;
use std::io::{Error as IoError, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;

/// The programs `ffmpeg` and `ffprobe`, version 5.1 or later; most things work with 4.2, too. They are
/// installed together.
///
/// Nothing is ever fetched: `apt install ffmpeg`, `dnf install ffmpeg`, `brew install ffmpeg` and
/// `winget install ffmpeg` bring them.
///
/// # Example
/// ```
/// use countenance::video::Ffmpeg;
///
/// // What the variable names, or what the PATH has.
/// let ffmpeg = Ffmpeg::find();
/// let another = Ffmpeg::at("/opt/ffmpeg/bin/ffmpeg");
/// # let _ = (ffmpeg, another);
/// ```
#[derive(Clone, Debug)]
pub struct Ffmpeg {
    ffmpeg: PathBuf,
    ffprobe: PathBuf,
}

impl Ffmpeg {
    /// The environment variable with the path of the program `ffmpeg`, for one that is not on the PATH.
    pub const VARIABLE: &'static str = "COUNTENANCE_FFMPEG";

    /// The program that [`VARIABLE`](Self::VARIABLE) names, otherwise the one on the PATH. Whether it is
    /// there shows when it is used.
    pub fn find() -> Self {
        match std::env::var_os(Self::VARIABLE).filter(|path| !path.is_empty()) {
            Some(path) => Self::at(PathBuf::from(path)),
            None => Self::at("ffmpeg"),
        }
    }

    /// The program at `ffmpeg`; `ffprobe` is the one beside it, or where there is none the one on the
    /// PATH.
    pub fn at(ffmpeg: impl Into<PathBuf>) -> Self {
        let ffmpeg = ffmpeg.into();
        let name = format!("ffprobe{}", std::env::consts::EXE_SUFFIX);
        let beside = ffmpeg.with_file_name(name);
        let is_named = ffmpeg.components().count() > 1 && beside.is_file();
        let ffprobe = match is_named {
            true => beside,
            false => PathBuf::from("ffprobe"),
        };
        Self { ffmpeg, ffprobe }
    }

    /// Whether both programs can be run.
    ///
    /// # Errors
    /// [`Error::Program`] for the one that cannot.
    pub fn check(&self) -> Result<(), Error> {
        for program in [&self.ffmpeg, &self.ffprobe] {
            let mut command = quiet(program);
            command.arg("-version").stdin(Stdio::null());
            let output = command.stderr(Stdio::null()).output();
            let status = output.map_err(cannot_run(program))?.status;
            if !status.success() {
                let failed = IoError::other(format!("it ends with {status}"));
                return Err(cannot_run(program)(failed));
            }
        }
        Ok(())
    }

    /// A command of `ffmpeg` that asks nothing and says only what is wrong.
    pub(super) fn ffmpeg(&self) -> Command {
        unasking(quiet(&self.ffmpeg))
    }

    /// The same that also warns, says of each line which of both it is, and leaves no repetition out.
    pub(super) fn warning_ffmpeg(&self) -> Command {
        unasking(heard(&self.ffmpeg, "repeat+level+warning"))
    }

    /// A command of `ffprobe` that says only what is wrong.
    pub(super) fn ffprobe(&self) -> Command {
        quiet(&self.ffprobe)
    }
}

/// The options by which every picture is passed on as it is, at its own time: none is repeated or left out
/// for a rate.
pub(super) fn own_times(is_old: bool) -> [&'static str; 2] {
    match is_old {
        true => ["-vsync", "passthrough"],
        false => ["-fps_mode", "passthrough"],
    }
}

/// Why `program` cannot be run; made for `map_err(cannot_run(program))`.
pub(super) fn cannot_run(program: impl AsRef<OsStr>) -> impl FnOnce(IoError) -> Error {
    let program = PathBuf::from(program.as_ref());
    move |error| {
        let reason = match error.kind() {
            ErrorKind::NotFound => format!(
                "it is not there; install ffmpeg (apt install ffmpeg, dnf install ffmpeg, brew install \
                 ffmpeg, winget install ffmpeg), or set {} to its path",
                Ffmpeg::VARIABLE
            ),
            _ => error.to_string(),
        };
        Error::Program { program, reason }
    }
}

fn quiet(program: &Path) -> Command {
    heard(program, "error")
}

fn heard(program: &Path, level: &str) -> Command {
    let mut command = Command::new(program);
    command.args(["-hide_banner", "-loglevel", level]);
    apart(&mut command);
    command
}

fn unasking(mut ffmpeg: Command) -> Command {
    ffmpeg.args(["-nostdin", "-nostats"]);
    ffmpeg
}

/// Puts the program in a group of its own: Ctrl-C in a terminal reaches us alone, and we decide what it
/// means for what is running.
fn apart(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(windows)]
    {
        const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
        std::os::windows::process::CommandExt::creation_flags(command, CREATE_NEW_PROCESS_GROUP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_named_with_what_brings_it() {
        let error = Ffmpeg::at("no such folder/ffmpeg").check().unwrap_err();
        assert!(matches!(error, Error::Program { .. }));
        let text = error.to_string();
        assert!(
            text.starts_with("cannot run no such folder/ffmpeg: it is not there; install ffmpeg")
                && text.contains("COUNTENANCE_FFMPEG"),
            "{text}"
        );
    }

    #[test]
    fn the_other_program_is_looked_for_beside_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("ffprobe{}", std::env::consts::EXE_SUFFIX);
        let beside = folder.path().join(name);
        let ffmpeg = folder.path().join("ffmpeg");
        assert_eq!(Ffmpeg::at(&ffmpeg).ffprobe, PathBuf::from("ffprobe"));
        std::fs::write(&beside, "").unwrap();
        assert_eq!(Ffmpeg::at(&ffmpeg).ffprobe, beside);
        assert_eq!(Ffmpeg::at("ffmpeg").ffprobe, PathBuf::from("ffprobe"));
    }
}
