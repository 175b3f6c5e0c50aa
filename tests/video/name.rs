//! A name is a file, whatever ffmpeg would make of it.

use countenance::Error;
use countenance::data::image::ImageLimits;
use countenance::video::{Ffmpeg, VideoFile, VideoWriter};

use super::kit::{Kit, frames};

fn refused(name: impl AsRef<std::ffi::OsStr>) -> Error {
    VideoFile::open(name).unwrap_err()
}

#[test]
fn files_with_any_name_are_read() {
    let Some(kit) = Kit::new() else { return };
    let made = kit.moving("a.mp4", "64x48", 0.4);
    for name in [
        "-i.mp4",
        "100%03d.mp4",
        "concat:a|b",
        "a b'c\".mp4",
        "ü.mp4",
        "http:.mp4",
        "[x].mp4",
    ] {
        let path = kit.path(name);
        std::fs::copy(&made, &path).unwrap();
        assert_eq!(frames(&path).len(), 10, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_read() {
    use std::os::unix::ffi::OsStrExt;
    let Some(kit) = Kit::new() else { return };
    let made = kit.moving("a.mp4", "64x48", 0.4);
    let path = kit
        .path("x")
        .with_file_name(std::ffi::OsStr::from_bytes(b"caf\xe9.mp4"));
    std::fs::copy(made, &path).unwrap();
    assert_eq!(frames(&path).len(), 10);
}

#[test]
fn what_is_no_video_is_refused_as_what_it_is() {
    let Some(kit) = Kit::new() else { return };
    let text = kit.path("a.txt");
    std::fs::write(&text, "Once upon a time there was a text.\n".repeat(99)).unwrap();
    let noise = kit.path("a.mp4");
    let bytes: Vec<u8> = (0..9999u32)
        .map(|number| (number.wrapping_mul(2654435761) >> 13) as u8)
        .collect();
    std::fs::write(&noise, bytes).unwrap();
    let tone = "-f lavfi -i sine=duration=0.5";
    let sound = kit.make("sound.mp4", &format!("{tone} -c:a aac"));
    let source = "-f lavfi -i testsrc2=size=64x48:rate=1:duration=1";
    let record = kit.make(
        "record.mp4",
        &format!("{tone} {source} -c:a aac -c:v mjpeg -disposition:v:0 attached_pic"),
    );
    for (path, found) in [
        (&text, "expected a video, found "),
        (&noise, "expected a video, found ffprobe: "),
        (
            &sound,
            "expected a file with a video stream, found sound alone",
        ),
        (&record, "expected a file with a video stream, found "),
    ] {
        let error = refused(path);
        assert!(matches!(error, Error::File { .. }), "{error:?}");
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("{}: {found}", path.display())),
            "{text}"
        );
        assert!(!text.contains('\n') && !text.contains("0x"), "{text}");
        println!("{text}");
    }
    assert!(refused(&record).to_string().contains("a cover picture"));
    let error = refused(kit.path("none.mp4"));
    assert!(
        matches!(error, Error::Io { action: "open", .. }),
        "{error:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_refused_by_the_system() {
    use std::os::unix::fs::PermissionsExt;
    let Some(kit) = Kit::new() else { return };
    let path = kit.moving("a.mp4", "64x48", 0.2);
    let nobody = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(&path, nobody).unwrap();
    if std::fs::File::open(&path).is_ok() {
        eprintln!("skipped: a file that may not be read: this user reads everything");
        return;
    }
    let text = refused(&path).to_string();
    assert!(
        text.starts_with("cannot open ") && text.contains("ermission"),
        "{text}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_camera_that_is_not_there_is_one_error_with_ffmpegs_words() {
    let Some(_kit) = Kit::new() else { return };
    let text = refused("camera:987").to_string();
    assert!(
        text.starts_with("camera:987: expected a video, found "),
        "{text}"
    );
    assert!(
        text.contains("/dev/video987") || text.contains("v4l2"),
        "{text}"
    );
}

#[test]
fn without_the_program_the_error_says_how_to_get_it() {
    let Some(kit) = Kit::new() else { return };
    let path = kit.moving("a.mp4", "64x48", 0.2);
    // The other program may be on the PATH: then it is the decoder that cannot be started.
    let ffmpeg = Ffmpeg::at(kit.path("ffmpeg"));
    let opened = VideoFile::open_with(&ffmpeg, &path, &ImageLimits::new());
    let failed = opened.and_then(VideoFile::frames).unwrap_err();
    let written = VideoWriter::create_with(&ffmpeg, &kit.path("b.mp4"), 25.0).unwrap_err();
    for error in [failed, written] {
        assert!(matches!(error, Error::Program { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("apt install ffmpeg"), "{text}");
    }
}
