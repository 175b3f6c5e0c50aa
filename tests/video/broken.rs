//! Of a broken video comes what can be read, and then one error.

use std::path::{Path, PathBuf};

use countenance::video::VideoFile;

use super::kit::{Kit, frames, frames_and_error};

/// Cuts a file to `share` of it.
fn cut(path: &Path, share: f64) -> PathBuf {
    let bytes = std::fs::read(path).unwrap();
    let kept = (bytes.len() as f64 * share) as usize;
    std::fs::write(path, &bytes[..kept]).unwrap();
    path.to_path_buf()
}

#[test]
fn a_video_that_is_cut_gives_what_is_there_and_then_one_error() {
    let Some(kit) = Kit::new() else { return };
    let source = "-f lavfi -i testsrc2=size=160x120:rate=25:duration=4";
    for (name, codec) in [
        ("a.mp4", "-c:v libx264 -g 10 -movflags +faststart"),
        (
            "pieces.mp4",
            "-c:v libx264 -g 10 -movflags +frag_keyframe+empty_moov",
        ),
        ("a.mkv", "-c:v libx264 -g 10"),
        (
            "a.webm",
            "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 10",
        ),
        ("a.avi", "-c:v mjpeg"),
        ("b.avi", "-c:v libx264 -g 10"),
        ("c.avi", "-c:v mpeg4 -g 10"),
    ] {
        let path = kit.make(name, &format!("{source} {codec}"));
        assert_eq!(frames(&path).len(), 100, "{name}");
        let (frames, error) = frames_and_error(&cut(&path, 0.5));
        println!("{error}");
        assert!((10..95).contains(&frames.len()), "{name}: {}", frames.len());
        let expected = format!(
            "{}: expected a whole video, found one that breaks off after {} ",
            path.display(),
            frames.len()
        );
        assert!(error.starts_with(&expected), "{error}");
        assert!(!error.contains('\n') && !error.contains(" @ "), "{error}");
        let times = frames.windows(2);
        assert!(times.into_iter().all(|pair| pair[0].time <= pair[1].time));
    }
}

#[test]
fn a_video_whose_index_is_cut_off_cannot_be_opened() {
    let Some(kit) = Kit::new() else { return };
    let source = "-f lavfi -i testsrc2=size=160x120:rate=25:duration=2";
    let path = cut(&kit.make("a.mp4", &format!("{source} -c:v libx264")), 0.5);
    let text = VideoFile::open(&path).unwrap_err().to_string();
    assert!(text.contains("moov atom not found"), "{text}");
}

#[test]
fn damage_in_the_middle_that_ffmpeg_patches_up_ends_nothing() {
    let Some(kit) = Kit::new() else { return };
    let source = "-f lavfi -i testsrc2=size=160x120:rate=25:duration=2";
    for (name, codec) in [
        ("a.avi", "-c:v mpeg4 -g 5"),
        ("b.avi", "-c:v png"),
        ("a.mp4", "-c:v libx264 -g 5 -movflags +faststart"),
    ] {
        let path = kit.make(name, &format!("{source} {codec}"));
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        for byte in &mut bytes[middle..middle + 200] {
            *byte ^= 0x55;
        }
        std::fs::write(&path, bytes).unwrap();
        let came = frames(&path);
        println!("{name}: {} frames", came.len());
        assert!((45..=50).contains(&came.len()), "{name}: {}", came.len());
        assert!((came.last().unwrap().time - 1.96).abs() < 1e-3, "{name}");
    }
}

#[test]
fn a_video_without_a_frame_is_one_error() {
    let Some(kit) = Kit::new() else { return };
    // A header and an index, and nothing behind them.
    let path = kit.make(
        "a.mp4",
        "-f lavfi -i testsrc2=size=64x48:rate=25:duration=1 -c:v libx264 -movflags +empty_moov+frag_keyframe",
    );
    let bytes = std::fs::read(&path).unwrap();
    let pieces = bytes.windows(4).position(|name| name == b"moof").unwrap() - 4;
    std::fs::write(&path, &bytes[..pieces]).unwrap();
    let error = match VideoFile::open(&path) {
        Ok(_) => {
            let (frames, error) = frames_and_error(&path);
            assert!(frames.is_empty());
            error
        }
        Err(error) => error.to_string(),
    };
    println!("{error}");
    let name = path.display().to_string();
    assert!(
        error.starts_with(&format!("{name}: expected a ")),
        "{error}"
    );
    assert!(error.contains("video") && error.contains("no"), "{error}");
}
