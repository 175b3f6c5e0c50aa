//! What is started is ended.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::time::{Duration, Instant};

use countenance::video::VideoWriter;

use super::kit::{Kit, open};

/// The processes, zombies included, whose command line has `path`, each with its parent and group.
pub fn processes_of(path: &Path) -> Vec<[u32; 3]> {
    let path = path.as_os_str().as_encoded_bytes();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        // It may end at any moment.
        let Ok(line) = std::fs::read(entry.path().join("cmdline")) else {
            continue;
        };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        if line.windows(path.len()).any(|part| part == path) {
            let behind = stat.rsplit(')').next().unwrap();
            let mut fields = behind.split_whitespace().skip(1);
            let mut next = || fields.next().unwrap().parse().unwrap();
            found.push([id, next(), next()]);
        }
    }
    found
}

/// Children of this process that nobody waits for.
fn zombies() -> usize {
    let own = std::process::id().to_string();
    let mut count = 0;
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        count += usize::from(fields.first() == Some(&"Z") && fields.get(1) == Some(&&*own));
    }
    count
}

/// Whether `holds` within ten seconds: of processes of other tests that are between two states, too.
fn soon(holds: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

#[test]
fn what_is_dropped_in_the_middle_leaves_no_process() {
    let Some(kit) = Kit::new() else { return };
    let path = kit.moving("a.mp4", "320x240", 4.0);
    for count in [0, 1, 30] {
        let mut frames = open(&path).frames().unwrap();
        for _ in 0..count {
            frames.next().unwrap().unwrap();
        }
        let running = processes_of(&path);
        assert_eq!(running.len(), 1, "{running:?}");
        let [id, parent, group] = running[0];
        assert_eq!(parent, std::process::id());
        // Ctrl-C in a terminal is for the group of whoever sits there.
        assert_eq!(group, id);
        drop(frames);
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }
    // To the end, and opened without being read.
    assert_eq!(open(&path).frames().unwrap().count(), 100);
    drop(open(&path));
    assert!(processes_of(&path).is_empty());
    assert!(soon(|| zombies() == 0));
}

#[test]
fn a_decoder_that_is_killed_is_one_error_behind_what_came() {
    let Some(kit) = Kit::new() else { return };
    let path = kit.moving("a.mp4", "640x480", 4.0);
    let killer = {
        let path = path.clone();
        move || {
            let id = processes_of(&path)[0][0];
            kill(id);
        }
    };
    let mut frames = open(&path).frames().unwrap();
    for _ in 0..10 {
        frames.next().unwrap().unwrap();
    }
    killer();
    let mut came = 10;
    let error = loop {
        match frames.next().unwrap() {
            Ok(_) => came += 1,
            Err(error) => break error.to_string(),
        }
    };
    assert!(came < 100 && frames.next().is_none());
    let expected = format!("found one that breaks off after {came} of 100 frames");
    assert!(
        error.contains(&expected) && error.contains("signal: 9"),
        "{error}"
    );
}

/// Ends a process as nothing can prevent.
pub fn kill(id: u32) {
    let status = std::process::Command::new("kill")
        .args(["-9", &id.to_string()])
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn a_writer_that_is_dropped_leaves_a_video_and_no_process() {
    let Some(kit) = Kit::new() else { return };
    let path = kit.path("a.mp4");
    let mut writer = VideoWriter::create(&path, 25.0).unwrap();
    for number in 0..40u8 {
        let picture = image::RgbImage::from_pixel(64, 48, [number * 6; 3].into());
        writer.push(f64::from(number) / 25.0, picture).unwrap();
    }
    assert_eq!(processes_of(&path).len(), 1);
    drop(writer);
    assert!(processes_of(&path).is_empty());
    assert_eq!(super::kit::frames(&path).len(), 40);
}
