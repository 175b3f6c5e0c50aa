//! A folder with videos that ffmpeg makes, and what ffprobe says of them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use countenance::Result;
use countenance::video::{Ffmpeg, Frame, VideoFile};

/// A folder for the videos of one test.
pub struct Kit {
    folder: tempfile::TempDir,
}

impl Kit {
    /// A folder, if there is an ffmpeg program.
    pub fn new() -> Option<Self> {
        if let Err(error) = Ffmpeg::find().check() {
            assert!(std::env::var_os("CI").is_none(), "{error}");
            let thread = std::thread::current();
            let name = thread.name().unwrap_or("a test");
            // Past the test harness, which keeps what tests that pass print.
            let line = format!("skipped: {name}: {error}\n");
            let _ = std::io::stderr().write_all(line.as_bytes());
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        Some(Self { folder })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes the file `name` by ffmpeg with `arguments`, separated by blanks.
    pub fn make(&self, name: &str, arguments: &str) -> PathBuf {
        let path = self.path(name);
        let mut command = Command::new(program("ffmpeg"));
        command.args(["-v", "error", "-nostdin", "-y"]);
        command.args(arguments.split_whitespace()).arg(&path);
        command.current_dir(self.folder.path());
        said(command);
        path
    }

    /// A pattern that moves, `seconds` long, of `size` and 25 frames a second, as H.264 with pictures that
    /// refer to later ones.
    pub fn moving(&self, name: &str, size: &str, seconds: f64) -> PathBuf {
        let source = format!("testsrc2=size={size}:rate=25:duration={seconds}");
        let coded = "-c:v libx264 -bf 2 -g 20 -pix_fmt yuv420p -movflags +faststart";
        self.make(name, &format!("-f lavfi -i {source} {coded}"))
    }
}

/// `ffmpeg` or `ffprobe`, as the library finds them.
pub fn program(name: &str) -> PathBuf {
    match std::env::var_os(Ffmpeg::VARIABLE).map(PathBuf::from) {
        Some(path) if path.with_file_name(name).is_file() => path.with_file_name(name),
        _ => name.into(),
    }
}

fn said(mut command: Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let errors = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?}: {errors}");
    String::from_utf8(stdout).unwrap()
}

/// The time of every frame as ffprobe tells it, from the first; some it does not tell.
pub fn probed_times(path: &Path) -> Vec<Option<f64>> {
    let mut command = Command::new(program("ffprobe"));
    command.args(["-v", "error", "-select_streams", "v:0", "-of", "csv=p=0"]);
    command.args(["-show_entries", "frame=best_effort_timestamp_time"]);
    command.arg(path);
    let text = said(command);
    // Newer versions put a comma behind what has side data, and older ones a line.
    let times = text.lines().map(|line| line.trim_end_matches(','));
    let times = times.filter(|line| !line.is_empty());
    let times: Vec<Option<f64>> = times.map(|line| line.parse().ok()).collect();
    let first = times[0].unwrap();
    let since = |time: &Option<f64>| time.map(|time| time - first);
    times.iter().map(since).collect()
}

/// Opens a video.
pub fn open(path: &Path) -> VideoFile {
    VideoFile::open(path).unwrap()
}

/// All frames of a video that is whole.
pub fn frames(path: &Path) -> Vec<Frame> {
    let frames: Result<Vec<Frame>> = open(path).frames().unwrap().collect();
    frames.unwrap()
}

/// The frames of a video that is not, and the one error behind them.
pub fn frames_and_error(path: &Path) -> (Vec<Frame>, String) {
    let mut frames = Vec::new();
    let mut items = open(path).frames().unwrap();
    let error = loop {
        match items.next().expect("an error comes last") {
            Ok(frame) => frames.push(frame),
            Err(error) => break error,
        }
    };
    assert!(items.next().is_none(), "something comes behind the error");
    assert!(
        matches!(error, countenance::Error::File { .. }),
        "{error:?}"
    );
    (frames, error.to_string())
}
