//! Of a broken video comes what can be read, and then one error.

use std::path::{Path, PathBuf};

use countenance::video::VideoFile;

use super::kit::{Kit, frames, frames_and_error, open};

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

/// Kinds of files of which ffmpeg shows what is there and then ends as if that were all, or says so by a
/// warning alone.
const QUIET: [(&str, &str); 22] = [
    ("a.flv", "-c:v flv1"),
    ("sound.flv", "SOUND -c:v libx264 -bf 3 -g 10 -c:a aac"),
    ("a.wmv", "-c:v wmv2"),
    ("sound.wmv", "SOUND -c:v wmv2 -c:a wmav2"),
    ("h264.asf", "-c:v libx264 -bf 2"),
    ("a.ogv", "-c:v libtheora -g 10"),
    ("sound.ogv", "SOUND -c:v libtheora -g 10 -c:a libvorbis"),
    ("vp8.ogv", "-c:v libvpx -deadline realtime -g 10"),
    ("a.gif", "-c:v gif"),
    ("a.avi", "-c:v mjpeg"),
    ("sound.avi", "SOUND -c:v mpeg4 -bf 2 -g 10 -c:a mp2"),
    ("a.ts", "-c:v libx264 -bf 3 -g 10"),
    ("sound.ts", "SOUND -c:v mpeg2video -bf 2 -c:a mp2"),
    ("a.m2ts", "SOUND -c:v libx264 -bf 3 -g 10 -c:a ac3"),
    ("a.mkv", "-c:v libx264 -bf 3 -g 10"),
    ("live.mkv", "-c:v libx264 -bf 3 -g 10 -live 1"),
    ("a.swf", "-c:v flv1"),
    ("a.gxf", "-s 720x576 -c:v mpeg2video"),
    ("a.mxf", "-c:v mpeg2video"),
    ("a.rm", "-c:v rv20"),
    ("a.ivf", "-c:v libvpx -deadline realtime"),
    ("a.apng", "-f apng"),
];

#[test]
fn a_cut_is_told_where_ffmpeg_says_nothing() {
    let Some(kit) = Kit::new() else { return };
    let source = "-f lavfi -i testsrc2=size=160x120:rate=25:duration=4";
    for (name, codec) in QUIET {
        let codec = codec.replace("SOUND", "-f lavfi -i sine=duration=4");
        let path = kit.make(name, &format!("{source} {codec}"));
        let whole = std::fs::read(&path).unwrap();
        assert_eq!(frames(&path).len(), 100, "{name}");
        let shares = [0.3, 0.51, 0.8].map(|share| (whole.len() as f64 * share) as usize);
        let mut before = 0;
        // And of the last bytes, where those are not of an index behind the frames.
        let has_index =
            name.ends_with(".avi") || ["a.swf", "a.gxf", "a.mxf", "a.rm"].contains(&name);
        let last = (!has_index).then(|| whole.len() - 30);
        for length in shares.into_iter().chain(last) {
            // A stream of packets that is cut between two of them is one that was stopped.
            let length = length + usize::from(length % 188 == 0 || length % 192 == 0);
            std::fs::write(&path, &whole[..length]).unwrap();
            let (frames, error) = frames_and_error(&path);
            println!("{length} of {}: {error}", whole.len());
            let count = frames.len();
            assert!((before..=100).contains(&count), "{name}: {count}");
            before = count;
            let place = path.display();
            let expected = format!(
                "{place}: expected a whole video, found one that breaks off after {count} "
            );
            assert!(error.starts_with(&expected), "{error}");
            assert!(!error.contains('\n') && !error.contains(" @ "), "{error}");
        }
        assert!(before > 70, "{name}: {before}");
    }
}

/// Overwrites `count` bytes behind `share` of a file.
fn damage(path: &Path, share: f64, count: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    let place = (bytes.len() as f64 * share) as usize;
    for byte in &mut bytes[place..place + count] {
        *byte ^= 0x55;
    }
    std::fs::write(path, bytes).unwrap();
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
        damage(&path, 0.5, 200);
        let came = frames(&path);
        println!("{name}: {} frames", came.len());
        assert!((45..=50).contains(&came.len()), "{name}: {}", came.len());
        assert!((came.last().unwrap().time - 1.96).abs() < 1e-3, "{name}");
    }
}

#[test]
fn damage_that_costs_pictures_is_told_behind_the_last_frame() {
    let Some(kit) = Kit::new() else { return };
    let source = "-f lavfi -i testsrc2=size=160x120:rate=25:duration=2";
    for (name, (share, count), codec) in [
        ("a.avi", (0.7, 2000), "-c:v mpeg4 -g 5"),
        (
            "a.mp4",
            (0.7, 2000),
            "-c:v libx264 -g 5 -movflags +faststart",
        ),
        ("a.mov", (0.7, 2000), "-c:v mjpeg -movflags +faststart"),
        ("a.ts", (0.5, 200), "-c:v libx264 -g 5"),
        ("a.mpg", (0.7, 2000), "-c:v mpeg2video -g 5"),
        ("a.flv", (0.7, 2000), "-c:v flv1 -g 5"),
        ("a.mkv", (0.7, 2000), "-c:v libx264 -g 5"),
        ("a.wmv", (0.7, 2000), "-c:v wmv2"),
        ("a.ogv", (0.7, 2000), "-c:v libtheora"),
        ("a.gif", (0.7, 2000), "-c:v gif"),
    ] {
        let path = kit.make(name, &format!("{source} {codec}"));
        damage(&path, share, count);
        let mut items = open(&path).frames().unwrap();
        let damage = items.damage();
        let first = items.next().unwrap().unwrap();
        assert_eq!((first.time, damage.told()), (0.0, None), "{name}");
        let came: Vec<_> = items.collect::<Result<_, _>>().unwrap();
        let said = damage.told().unwrap();
        println!("{name}: {} frames, {said}", came.len() + 1);
        assert!(
            (30..=50).contains(&(came.len() + 1)),
            "{name}: {}",
            came.len()
        );
        assert!(
            said.contains("damaged") && said.contains("ffmpeg: "),
            "{said}"
        );
        assert!(!said.contains('\n') && !said.contains(" @ "), "{said}");
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
