//! Files that are written: none in place of an input, none in place of something else.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use countenance::calibrate::Tuning;
use countenance::data::annotation::HEADER;
use countenance::data::split::SplitName;
use countenance::{Error, Result};
use serde_json::Value;

/// What a file holds.
#[derive(Clone, Copy, PartialEq)]
pub enum Content {
    /// A network's weights.
    Weights,
    /// Features of images.
    Features,
    /// Lines for the challenge.
    Submission,
    /// Rows of a video.
    Rows,
    /// A tuning, as JSON.
    Tuning,
}

/// `#[command(flatten)] overwrite: OverwriteArgument` gives an example its `--overwrite`.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct OverwriteArgument {
    /// Replace a file that holds something else than what is written; an input is never replaced
    #[arg(long)]
    overwrite: bool,
}

impl OverwriteArgument {
    /// Checks, before anything is done, that `out` may be written: it is none of the `inputs`, and
    /// what is there, if anything, holds `content` too or may be replaced.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the file and what it is.
    pub fn check<'a>(
        self,
        out: &Path,
        content: Content,
        inputs: impl IntoIterator<Item = &'a Path>,
    ) -> Result<()> {
        let refuse = |expected: &str, found: &str| {
            Err(Error::Argument {
                what: format!("the output {}", out.display()),
                expected: expected.to_string(),
                found: found.to_string(),
            })
        };
        // Programs that go by the name would take it for what it is not.
        const PICKLED: [&str; 6] = ["pt", "pth", "bin", "ckpt", "tar", "pkl"];
        let ending = out.extension().unwrap_or_default().to_string_lossy();
        let is_network = matches!(content, Content::Weights | Content::Features);
        if is_network && PICKLED.contains(&ending.to_lowercase().as_str()) {
            return refuse(
                "a name that ends in .safetensors, as what is written",
                &ending,
            );
        }
        // What is not there yet can be no input.
        let Ok(place) = out.canonicalize() else {
            return Ok(());
        };
        if place.is_dir() {
            return refuse("a file", "a folder");
        }
        // A device would become a file, and a pipe that nobody reads waits for ever.
        if !place.is_file() {
            return refuse("a file", "a device, a pipe or a socket");
        }
        let mut inputs = inputs.into_iter();
        if inputs.any(|input| input.canonicalize().is_ok_and(|input| input == place)) {
            return refuse("another file than the inputs", "one of them");
        }
        if self.overwrite || is(&place, content) {
            return Ok(());
        }
        refuse(
            "a new file, or one of the same kind to replace",
            "a file that holds something else (--overwrite replaces it)",
        )
    }
}

/// Whether the file holds `content`, or nothing.
fn is(path: &Path, content: Content) -> bool {
    /// What headers of ordinary files fit into.
    const ENOUGH: u64 = 64 << 20;
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(ENOUGH).read_to_end(&mut start));
    if read.is_err() || start.is_empty() {
        return read.is_ok();
    }
    match content {
        // A data set's own labels look like a submission and are none.
        Content::Submission if is_truth(path) => false,
        Content::Submission => {
            let line = start
                .split(|&byte| byte == b'\n')
                .next()
                .unwrap_or_default();
            let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
            // A table of labels begins with other names.
            line.trim_ascii().eq_ignore_ascii_case(HEADER.as_bytes())
        }
        Content::Tuning => serde_json::from_slice::<Tuning>(&start).is_ok(),
        Content::Rows => [&b"frame,face_id,"[..], b"{\"frame\":"]
            .iter()
            .any(|beginning| start.starts_with(beginning)),
        Content::Weights | Content::Features => {
            let features = header(&start).map(|header| header.get("features").is_some());
            features == Some(content == Content::Features)
        }
    }
}

/// Whether a file is called as the annotations of a data set are.
fn is_truth(path: &Path) -> bool {
    let names = SplitName::ALL.map(SplitName::file_name);
    names
        .iter()
        .any(|name| path.file_name() == Some(name.as_ref()))
}

/// The header of a safetensors file.
fn header(start: &[u8]) -> Option<Value> {
    let (length, rest) = start.split_first_chunk()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    serde_json::from_slice(rest.get(..length)?).ok()
}
