//! Every frame comes once, at its own time.

use super::kit::{Kit, frames, open, probed_times};

#[track_caller]
fn same_times(path: &std::path::Path) -> Vec<f64> {
    let expected = probed_times(path);
    let times: Vec<f64> = frames(path).iter().map(|frame| frame.time).collect();
    assert_eq!(times.len(), expected.len(), "{}", path.display());
    let told = expected.iter().flatten().count();
    assert!(told + 1 >= times.len(), "{}", path.display());
    for (time, expected) in times.iter().zip(&expected) {
        let Some(expected) = expected else { continue };
        let away = (time - expected).abs();
        assert!(away < 1e-3, "{}: {time} {expected}", path.display());
    }
    times
}

#[test]
fn frames_of_a_variable_rate_keep_their_times() {
    let Some(kit) = Kit::new() else { return };
    // Ten frames, then every third, then none for a second, then all again.
    let picked = "select=lt(n\\,10)+between(n\\,10\\,29)*not(mod(n\\,3))+gt(n\\,60)";
    let source = "-f lavfi -i testsrc2=size=64x48:rate=30000/1001:duration=3";
    for name in ["a.mp4", "a.mkv", "a.mov", "a.webm"] {
        let codec = match name {
            "a.webm" => "-c:v libvpx-vp9 -deadline realtime -cpu-used 8",
            _ => "-c:v libx264 -bf 2",
        };
        let arguments = format!("{source} -vf {picked} -vsync vfr {codec} -pix_fmt yuv420p");
        // The newest programs know the option by its new name alone.
        let arguments = arguments.replace("-vsync", "-fps_mode");
        let times = same_times(&kit.make(name, &arguments));
        let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let widest = gaps.iter().copied().fold(0.0, f64::max);
        let closest = gaps.iter().copied().fold(9.0, f64::min);
        assert!(
            widest > 1.0 && closest < 0.034,
            "{name}: {closest} {widest}"
        );
    }
}

#[test]
fn no_container_loses_or_repeats_a_frame() {
    let Some(kit) = Kit::new() else { return };
    let source = "-f lavfi -i testsrc2=size=64x48:rate=25:duration=2.2";
    for (name, codec) in [
        ("a.mp4", "-c:v libx264 -bf 3 -g 12"),
        ("a.mkv", "-c:v libx264 -bf 3"),
        ("a.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8"),
        ("a.avi", "-c:v mjpeg"),
        ("a.gif", "-c:v gif"),
        ("a.ts", "-c:v libx264 -bf 3"),
        ("a.flv", "-c:v flv1"),
        ("a.mpg", "-c:v mpeg2video -bf 2"),
    ] {
        let path = kit.make(name, &format!("{source} {codec}"));
        let times = same_times(&path);
        assert_eq!(times.len(), 55, "{name}");
        let video = open(&path);
        let estimate = video.frames_estimate().unwrap();
        assert!(estimate.abs_diff(55) <= 3, "{name}: {estimate}");
        let duration = video.duration().unwrap();
        assert!((duration - 2.2).abs() < 0.1, "{name}: {duration}");
        assert!((video.rate().unwrap() - 25.0).abs() < 0.1, "{name}");
        assert!(!video.is_live());
    }
}

#[test]
fn the_first_frame_is_at_zero_wherever_the_clock_begins() {
    let Some(kit) = Kit::new() else { return };
    let late = "-f lavfi -i testsrc2=size=64x48:rate=25:duration=0.4 -output_ts_offset 5000.5";
    for name in ["a.ts", "a.mkv"] {
        let times = same_times(&kit.make(name, &format!("{late} -c:v libx264")));
        assert_eq!(times[0], 0.0);
        assert!((times[9] - 0.36).abs() < 1e-3);
    }
}

#[test]
fn times_are_exact_after_hours() {
    let Some(kit) = Kit::new() else { return };
    // A frame every ten minutes, at a rate whose frames are no whole milliseconds.
    let source = "-f lavfi -i color=size=16x16:rate=30000/1001:duration=0.5";
    let later = "setpts=PTS*18000";
    let path = kit.make(
        "a.mp4",
        &format!("{source} -vf {later} -fps_mode passthrough -c:v libx264"),
    );
    let times = same_times(&path);
    let expected = 14.0 * 18000.0 * 1001.0 / 30000.0;
    assert!(
        (times[14] - expected).abs() < 1e-6,
        "{} {expected}",
        times[14]
    );
}
