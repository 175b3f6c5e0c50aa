//! What the name of a video means: a file, an address, a camera.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::Path;

use crate::{Error, Result};

/// Addresses that are passed on to ffmpeg. Its own protocols that read other files or run other filters,
/// such as `concat:` and `lavfi`, are not among them.
const SCHEMES: [&str; 8] = [
    "http", "https", "rtsp", "rtsps", "rtmp", "rtmps", "srt", "udp",
];
/// Addresses that can be opened twice and tell their length.
const WEB: [&str; 2] = ["http", "https"];
/// What an address may lead to; no file of this machine is among it.
const REMOTE: &str = "http,https,httpproxy,tls,tcp,udp,rtp,srtp,rtsp,rtmp,rtmps,srt,crypto,data";
/// What a file may lead to; nothing on the network is among it.
const LOCAL: &str = "file,crypto,data";
/// Microseconds without an answer of the other side after which a stream has ended.
const SILENCE: &str = "15000000";

/// Where frames come from.
#[derive(Clone, Debug)]
pub(super) struct Input {
    /// As the user wrote it.
    pub name: OsString,
    /// What ffmpeg calls it.
    pub address: OsString,
    /// Options that go before it.
    pub options: Vec<&'static str>,
    /// Whether it goes on while nobody reads, has no end that is known, and may be opened only once.
    pub is_live: bool,
    /// Whether it is a file of this machine.
    pub is_file: bool,
}

impl Input {
    /// What `name` means. `camera:0` and its like are cameras, addresses with a known scheme are passed
    /// on, and everything else is a file, whatever ffmpeg would make of its name.
    pub(super) fn of(name: &OsStr) -> Result<Self> {
        let text = name.to_str().unwrap_or_default();
        if let Some(camera) = text.strip_prefix("camera:") {
            return camera_input(name, camera);
        }
        if let Some((scheme, _)) = text.split_once("://") {
            let scheme = scheme.to_ascii_lowercase();
            if SCHEMES.contains(&&*scheme) {
                return Ok(stream(name, &scheme));
            }
            if !Path::new(name).exists() {
                let expected = format!("a file, camera:0 or an address ({})", SCHEMES.join(", "));
                let found = format!("{scheme}://");
                return Err(Error::argument(text, expected, found));
            }
        }
        local(name)
    }

    /// The name as a path, for errors.
    pub(super) fn path(&self) -> &Path {
        Path::new(&self.name)
    }

    /// The address as text, as ffmpeg's words have it.
    pub(super) fn said(&self) -> String {
        self.address.to_string_lossy().into_owned()
    }
}

fn local(name: &OsStr) -> Result<Input> {
    let path = Path::new(name);
    // Why a file cannot be opened is said better by the system than by ffmpeg.
    let kind = std::fs::metadata(path).map_err(Error::io("open", path))?;
    if kind.is_dir() {
        return Err(Error::file(path, "a video file", "a folder"));
    }
    if !kind.is_file() {
        let expected = "a video file, or camera:0";
        return Err(Error::file(path, expected, "a device or a pipe"));
    }
    File::open(path).map_err(Error::io("open", path))?;
    if kind.len() == 0 {
        return Err(Error::file(path, "a video file", "an empty file"));
    }
    let mut address = OsString::from("file:");
    address.push(name);
    Ok(Input {
        name: name.to_os_string(),
        address,
        options: vec!["-protocol_whitelist", LOCAL],
        is_live: false,
        is_file: true,
    })
}

fn stream(name: &OsStr, scheme: &str) -> Input {
    let mut options = vec!["-protocol_whitelist", REMOTE];
    match scheme {
        "rtsp" | "rtsps" => options.extend(["-rtsp_transport", "tcp", "-timeout", SILENCE]),
        "udp" => options.extend(["-timeout", SILENCE]),
        "srt" => {}
        _ => options.extend(["-rw_timeout", SILENCE]),
    }
    Input {
        name: name.to_os_string(),
        address: name.to_os_string(),
        options,
        is_live: !WEB.contains(&scheme),
        is_file: false,
    }
}

/// A camera of this machine, as each system calls it.
fn camera_input(name: &OsStr, camera: &str) -> Result<Input> {
    let is_number = !camera.is_empty() && camera.bytes().all(|byte| byte.is_ascii_digit());
    let wrong = |expected: &str| Err(Error::argument(name.to_string_lossy(), expected, camera));
    let (options, address) = if cfg!(target_os = "macos") {
        if !is_number {
            return wrong("the number of a camera, as in camera:0");
        }
        // Without a rate, 29.97 is asked for, which most cameras of this system refuse.
        let options = vec!["-f", "avfoundation", "-framerate", "30"];
        (options, format!("{camera}:none"))
    } else if cfg!(windows) {
        if is_number || camera.is_empty() {
            return wrong("the name of a camera, as in camera:Integrated Camera");
        }
        (vec!["-f", "dshow"], format!("video={camera}"))
    } else {
        if !is_number {
            return wrong("the number of a camera, as in camera:0 for /dev/video0");
        }
        (vec!["-f", "v4l2"], format!("/dev/video{camera}"))
    };
    Ok(Input {
        name: name.to_os_string(),
        address: address.into(),
        options,
        is_live: true,
        is_file: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str) -> String {
        Input::of(name.as_ref()).unwrap_err().to_string()
    }

    #[test]
    fn a_name_is_a_file_whatever_ffmpeg_would_make_of_it() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "-i",
            "concat:a|b",
            "pipe:0",
            "file:a",
            "a,b;c.mp4",
            "%03d.mp4",
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, "x").unwrap();
            let input = Input::of(path.as_os_str()).unwrap();
            let expected = format!("file:{}", path.display());
            assert_eq!(input.address, OsString::from(expected));
            assert!(input.is_file && !input.is_live);
            assert_eq!(input.options, ["-protocol_whitelist", "file,crypto,data"]);
        }
        for name in ["-", "-version", "pipe:0", "concat:a.mp4|b.mp4", "lavfi"] {
            assert!(refused(name).starts_with(&format!("cannot open {name}: ")));
        }
    }

    #[test]
    fn only_addresses_of_known_kinds_are_passed_on() {
        for (name, is_live) in [
            ("http://host/a.mp4", false),
            ("HTTPS://host/a.mp4?b=c", false),
            ("rtsp://user@host:554/", true),
            ("udp://@:1234", true),
        ] {
            let input = Input::of(name.as_ref()).unwrap();
            assert_eq!(input.address, OsString::from(name));
            assert_eq!((input.is_live, input.is_file), (is_live, false));
            assert!(!REMOTE.split(',').any(|protocol| protocol == "file"));
        }
        let text = refused("gopher://host/a.mp4");
        assert!(
            text.starts_with("gopher://host/a.mp4: expected a file, camera:0 or an address (http,")
                && text.ends_with("found gopher://"),
            "{text}"
        );
    }

    #[test]
    fn what_is_no_file_is_refused_as_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        assert_eq!(
            refused(&path),
            format!("{path}: expected a video file, found a folder")
        );
        let empty = folder.path().join("a.mp4").display().to_string();
        std::fs::write(&empty, "").unwrap();
        assert!(refused(&empty).ends_with("found an empty file"));
        #[cfg(unix)]
        assert!(refused("/dev/null").ends_with("found a device or a pipe"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_camera_has_a_number() {
        let input = Input::of("camera:2".as_ref()).unwrap();
        assert_eq!(input.address, OsString::from("/dev/video2"));
        assert!(input.is_live);
        for name in ["camera:", "camera:front", "camera:../null", "camera:-1"] {
            assert!(
                refused(name).contains("expected the number of a camera"),
                "{name}"
            );
        }
    }
}
