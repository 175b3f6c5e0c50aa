//! A whole video of whatever kind ends without an error and without a word of damage.

use std::path::Path;

use super::kit::{Kit, open};

/// How many frames there are of a video that is whole.
#[track_caller]
fn whole(path: &Path) -> usize {
    let items = open(path).frames().unwrap();
    let damage = items.damage();
    let frames: Vec<_> = items
        .collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(damage.told(), None, "{}", path.display());
    frames.len()
}

#[test]
fn every_container_with_every_codec_is_whole() {
    let Some(kit) = Kit::new() else { return };
    let h264 = "-c:v libx264 -bf 3 -g 10";
    let hevc = "-c:v libx265 -x265-params log-level=none";
    let vp9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8";
    let mut count = 0;
    for (endings, codecs) in [
        ("mp4 mov mkv avi flv ts m2ts asf h264", &[h264][..]),
        ("mp4 mkv mov ts hevc", &[hevc]),
        ("webm mkv mp4 ivf", &[vp9]),
        ("webm ogv ivf", &["-c:v libvpx -deadline realtime"]),
        ("mp4 avi mkv nut m4v", &["-c:v mpeg4 -bf 2"]),
        ("mpg ts vob m2v mxf mkv mp4", &["-c:v mpeg2video -bf 2"]),
        ("wmv asf avi", &["-c:v wmv2", "-c:v msmpeg4v3"]),
        ("flv swf", &["-c:v flv1"]),
        ("ogv mkv", &["-c:v libtheora"]),
        ("avi mov mkv mjpeg nut", &["-c:v mjpeg"]),
        ("gif", &["-c:v gif"]),
        ("mkv avi nut", &["-c:v ffv1", "-c:v huffyuv"]),
        ("y4m", &["-pix_fmt yuv420p"]),
        ("rm", &["-c:v rv20"]),
        ("3gp", &["-s 176x144 -c:v h263"]),
        ("gxf", &["-s 720x576 -c:v mpeg2video"]),
        ("dv", &["-s 720x576 -pix_fmt yuv420p"]),
        ("wtv", &["-c:v mpeg2video"]),
    ] {
        for ending in endings.split(' ') {
            for (place, codec) in codecs.iter().enumerate() {
                count += 1;
                // Odd lengths, one of a single frame among them.
                let frames = [37, 1, 50, 12][count % 4];
                let source = "-f lavfi -i testsrc2=size=96x64:rate=25";
                let name = format!("{count}-{place}.{ending}");
                let path = kit.make(&name, &format!("{source} {codec} -frames:v {frames}"));
                let came = whole(&path);
                assert_eq!(came, frames, "{name} {codec}");
            }
        }
    }
}

#[test]
fn sound_that_is_longer_or_shorter_is_nothing_missing() {
    let Some(kit) = Kit::new() else { return };
    for (name, codecs) in [
        ("a.mp4", "-c:v libx264 -c:a aac"),
        ("a.mkv", "-c:v libx264 -c:a aac"),
        ("a.webm", "-c:v libvpx -deadline realtime -c:a libvorbis"),
        ("a.flv", "-c:v flv1 -c:a aac"),
        ("a.wmv", "-c:v wmv2 -c:a wmav2"),
        ("a.ogv", "-c:v libtheora -c:a libvorbis"),
        ("a.ts", "-c:v mpeg2video -c:a mp2"),
        ("a.avi", "-c:v mpeg4 -c:a mp2"),
        ("a.mpg", "-c:v mpeg2video -c:a mp2"),
        ("a.mov", "-c:v mjpeg -c:a pcm_s16le"),
    ] {
        for seconds in ["0.3", "7.3"] {
            let path = kit.make(
                name,
                &format!(
                    "-f lavfi -i testsrc2=size=96x64:rate=25:duration=2 \
                     -f lavfi -i sine=duration={seconds} {codecs}"
                ),
            );
            assert_eq!(whole(&path), 50, "{name}, sound of {seconds} s");
        }
    }
}

#[test]
fn what_was_written_again_cut_joined_or_slowed_down_is_whole() {
    let Some(kit) = Kit::new() else { return };
    let sound = "-f lavfi -i sine=duration=4 -c:a aac";
    let source = format!("-f lavfi -i testsrc2=size=96x64:rate=25:duration=4 {sound}");
    let made = kit.make("made.mp4", &format!("{source} -c:v libx264 -bf 3 -g 30"));
    assert_eq!(whole(&made), 100);
    for name in [
        "b.mkv", "b.flv", "b.ts", "b.mov", "b.avi", "b.asf", "b.m2ts",
    ] {
        assert_eq!(whole(&kit.make(name, "-i made.mp4 -c copy")), 100, "{name}");
        // Cut by a list of edits, or at the picture before.
        let name = format!("cut-{name}");
        let path = kit.make(&name, "-ss 1.3 -i made.mp4 -t 1.7 -c copy");
        let came = whole(&path);
        assert!((42..=100).contains(&came), "{name}: {came}");
    }
    let edited = kit.make("edited.mp4", "-ss 1.3 -i made.mp4 -t 1.7 -c copy");
    assert!((42..=46).contains(&whole(&edited)));
    let pieces = "-c copy -movflags +frag_keyframe+empty_moov+default_base_moof";
    assert_eq!(
        whole(&kit.make("pieces.mp4", &format!("-i made.mp4 {pieces}"))),
        100
    );
    assert_eq!(
        whole(&kit.make("live.mkv", "-i made.mp4 -c copy -live 1")),
        100
    );
    assert_eq!(
        whole(&kit.make(
            "wait.flv",
            "-i made.mp4 -c copy -flvflags no_duration_filesize"
        )),
        100
    );
    for (name, slower) in [
        ("slow.mkv", "setpts=PTS*30"),
        ("slow.mp4", "setpts=N*N/50/TB"),
        ("slow.flv", "setpts=N*N/50/TB"),
    ] {
        let arguments = format!("-i made.mp4 -an -vf {slower} -fps_mode passthrough -c:v libx264");
        assert_eq!(whole(&kit.make(name, &arguments)), 100, "{name}");
    }
    // Recordings that were begun one behind another.
    let stream = std::fs::read(kit.path("b.ts")).unwrap();
    std::fs::write(kit.path("twice.ts"), stream.repeat(2)).unwrap();
    assert_eq!(whole(&kit.path("twice.ts")), 200);
    // Something else behind the end.
    for name in ["b.mkv", "b.ts", "b.mov", "b.asf"] {
        let mut bytes = std::fs::read(kit.path(name)).unwrap();
        bytes.extend([0; 40]);
        let path = kit.path(&format!("more-{name}"));
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(whole(&path), 100, "{name} with more behind it");
    }
}
