//! A file that a video may be written to, and how.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// H.264, which everything plays. Without pictures that refer to later ones, the first is at 0.
const H264: [&str; 8] = [
    "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-bf", "0",
];
const VP9: [&str; 12] = [
    "-c:v",
    "libvpx-vp9",
    "-deadline",
    "realtime",
    "-cpu-used",
    "7",
    "-row-mt",
    "1",
    "-crf",
    "30",
    "-b:v",
    "0",
];
/// In pieces that each play alone: what was written stays playable whatever happens to ffmpeg.
const PIECES: &str = "+frag_keyframe+empty_moov+default_base_moof";

/// Where a video is written.
#[derive(Clone, Debug)]
pub(super) struct Output {
    /// The file.
    pub path: PathBuf,
    /// ffmpeg's options for what its ending asks for.
    pub options: Vec<&'static str>,
}

impl Output {
    /// The file at `path`, whose ending says of which kind it is. An older video may be there, and
    /// nothing else.
    pub(super) fn at(path: &Path) -> Result<Self> {
        let ending = path.extension().and_then(|ending| ending.to_str());
        let ending = ending.map(str::to_ascii_lowercase);
        let (codec, container): (&[_], &[_]) = match ending.as_deref() {
            Some("mp4" | "m4v") => (&H264, &["-movflags", PIECES, "-f", "mp4"]),
            Some("mov") => (&H264, &["-movflags", PIECES, "-f", "mov"]),
            Some("mkv") => (&H264, &["-cluster_time_limit", "1000", "-f", "matroska"]),
            Some("webm") => (&VP9, &["-cluster_time_limit", "1000", "-f", "webm"]),
            _ => {
                let expected = "a name that ends in .mp4, .mov, .mkv or .webm";
                let found = ending.map_or("no ending".into(), |ending| format!(".{ending}"));
                return Err(Error::file(path, expected, found));
            }
        };
        replaceable(path)?;
        creatable(path).map_err(Error::io("create", path))?;
        Ok(Self {
            path: path.to_path_buf(),
            options: [codec, container].concat(),
        })
    }

    /// Opens the file as ffmpeg will: why that cannot be is said better by the system.
    pub(super) fn create(&self) -> Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let opened = options.open(&self.path);
        opened.map(drop).map_err(Error::io("create", &self.path))
    }
}

/// Tries whether the file can be written, which is too late to learn with the first picture.
fn creatable(path: &Path) -> io::Result<()> {
    let mut new = OpenOptions::new();
    match new.write(true).create_new(true).open(path) {
        Ok(_) => std::fs::remove_file(path),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            match OpenOptions::new().write(true).open(path) {
                // A link to what is not there yet.
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                opened => opened.map(drop),
            }
        }
        Err(error) => Err(error),
    }
}

/// Whether a video may be written at `path`.
fn replaceable(path: &Path) -> Result<()> {
    let kind = match std::fs::metadata(path) {
        Ok(kind) => kind,
        Err(_) => {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            return std::fs::metadata(folder)
                .map(drop)
                .map_err(Error::io("write to", folder));
        }
    };
    let expected = "a name that is free, or an older video, which is replaced";
    if kind.is_dir() {
        return Err(Error::file(path, expected, "a folder"));
    }
    let mut start = Vec::new();
    let file = File::open(path).map_err(Error::io("open", path))?;
    if kind.is_file() {
        let read = file.take(12).read_to_end(&mut start);
        read.map_err(Error::io("read", path))?;
    }
    match kind.is_file() && (start.is_empty() || is_video(&start)) {
        true => Ok(()),
        false => Err(Error::file(path, expected, "something else")),
    }
}

/// Whether a file that begins so is of a kind that is written here.
fn is_video(start: &[u8]) -> bool {
    const MATROSKA: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];
    const QUICKTIME: [&[u8]; 7] = [
        b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot",
    ];
    start.starts_with(&MATROSKA)
        || start
            .get(4..8)
            .is_some_and(|name| QUICKTIME.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_the_kind_and_others_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (name, kind) in [
            ("a.mp4", "mp4"),
            ("a.b.MOV", "mov"),
            ("-a.mkv", "matroska"),
            ("a.webm", "webm"),
        ] {
            let output = Output::at(&folder.path().join(name)).unwrap();
            assert_eq!(output.options.last(), Some(&kind));
        }
        for (name, found) in [
            ("a.avi", ".avi"),
            ("mp4", "no ending"),
            (".mp4", "no ending"),
        ] {
            let text = Output::at(&folder.path().join(name))
                .unwrap_err()
                .to_string();
            let expected = "expected a name that ends in .mp4, .mov, .mkv or .webm, found";
            assert!(text.ends_with(&format!("{expected} {found}")), "{text}");
        }
    }

    #[test]
    fn what_is_no_video_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &Path| Output::at(path).unwrap_err().to_string();
        let path = folder.path().join("thesis.mp4");
        std::fs::write(&path, "Chapter one of it").unwrap();
        assert!(refused(&path).ends_with("found something else"));
        for start in [&b""[..], b"\0\0\0\x20ftypisom", b"\x1a\x45\xdf\xa3\x9f"] {
            std::fs::write(&path, start).unwrap();
            Output::at(&path).unwrap();
        }
        std::fs::create_dir(folder.path().join("b.mkv")).unwrap();
        assert!(refused(&folder.path().join("b.mkv")).ends_with("found a folder"));
        // One that is not there is tried, and nothing is left of that.
        let free = folder.path().join("free.mkv");
        Output::at(&free).unwrap();
        assert!(!free.exists());
        #[cfg(target_os = "linux")]
        assert!(refused(Path::new("/proc/a.mkv")).starts_with("cannot create /proc/a.mkv: "));
        let text = refused(&folder.path().join("none/b.mkv"));
        assert!(
            text.starts_with("cannot write to ") && text.contains("none: "),
            "{text}"
        );
    }
}
