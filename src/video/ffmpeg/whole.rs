//! Whether all of a video came.

use super::decoder::End;
use super::probe::Promise;

/// What has come of a video.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Frames.
    pub frames: u64,
    /// The time of the last one.
    pub time: f64,
}

/// Why what came of a video is not all of it, or `None` if it is, as far as can be told. `structure` is asked,
/// where nothing else tells, what the file's own structure says of its end.
///
/// ffmpeg shows what it can of a damaged file and ends well. That something is missing is told by what its
/// readers say of files that break off, or by the file itself, where it counts its frames and promises
/// more of them and more time, or its end is not that of a whole one. A picture that is damaged and was
/// patched up is nothing missing.
pub(super) fn missing(
    came: Progress,
    end: &End,
    promise: Option<&Promise>,
    structure: impl FnOnce(&Promise) -> Option<String>,
) -> Option<String> {
    let promised = promise.and_then(|promise| promise.frames);
    let is_short = promise.is_some_and(|promise| is_short(came, promise));
    let breaks_off = end.words.breaks_off || end.words.packets > 0 && !is_sent(promise);
    let mut broken = end.broken.clone();
    if let (None, None, false) = (&end.failed, &end.broken, breaks_off || is_short) {
        broken = promise.and_then(structure);
        match (came.frames, &broken) {
            (0, _) => return Some(with_words("no frame", end)),
            (_, None) => return None,
            _ => {}
        }
    }
    let frames = match (came.frames, promised) {
        (0, _) => "no frame that can be read".to_string(),
        (count, Some(of)) if of > count => {
            format!("one that breaks off after {count} of {of} frames")
        }
        (count, _) => format!("one that breaks off after {count} frames"),
    };
    let mut found = frames;
    if let Some(broken) = broken {
        // Where nothing came at all, there was no picture to break off within.
        if came.frames > 0 {
            found += &format!(": {broken}");
        }
    }
    found = with_words(&found, end);
    if let Some(failed) = &end.failed {
        found += &format!(" (ffmpeg ended with {failed})");
    }
    Some(found)
}

/// What of a video is damaged that came whole, in words, or `None` if nothing is.
pub(super) fn damaged(end: &End) -> Option<String> {
    let words = &end.words;
    let pictures = match words.pictures {
        0 => "some pictures".to_string(),
        1 => "at least 1 picture".to_string(),
        count => format!("at least {count} pictures"),
    };
    let said = words.damage.as_ref()?;
    let gist = "damaged, and patched up or left out";
    Some(format!("{pictures} {gist}; ffmpeg: {said}"))
}

/// Whether a file is made to be sent, where packets that get lost on the way are missing from the middle of
/// it, and seem to be where two files were joined.
fn is_sent(promise: Option<&Promise>) -> bool {
    promise.is_none_or(|promise| matches!(&*promise.kind, "mpegts" | "hls"))
}

fn with_words(found: &str, end: &End) -> String {
    match end.words.line() {
        Some(line) => format!("{found}; ffmpeg: {line}"),
        None => found.to_string(),
    }
}

/// Whether clearly less came than a file says that it has. What is cut by a list of edits has fewer frames
/// than are stored, but not less time than it says.
fn is_short(came: Progress, promise: &Promise) -> bool {
    /// A few frames at either end are left out where a file was cut between two whole pictures.
    const FRAMES: u64 = 3;
    const SHARE: f64 = 0.98;
    let (Some(frames), Some(duration)) = (promise.frames, promise.duration) else {
        return false;
    };
    let lasts = duration / frames as f64;
    came.frames + FRAMES < frames && came.time + FRAMES as f64 * lasts < SHARE * duration
}

#[cfg(test)]
mod tests {
    use super::super::words::Words;
    use super::*;

    fn promise(frames: Option<u64>, duration: Option<f64>) -> Promise {
        Promise {
            kind: "mov".into(),
            stream: 0,
            stored: (4, 4),
            size: (4, 4),
            is_square: true,
            is_interlaced: false,
            rate: Some(10.0),
            duration,
            file_duration: duration,
            frames,
        }
    }

    fn end(said: &str) -> End {
        End {
            failed: None,
            broken: None,
            words: Words::hear(said.as_bytes(), "file:a.mp4"),
        }
    }

    fn came(frames: u64) -> Progress {
        let time = frames.saturating_sub(1) as f64 / 10.0;
        Progress { frames, time }
    }

    fn told(came: Progress, end: &End, promise: Option<&Promise>) -> Option<String> {
        missing(came, end, promise, |_| None)
    }

    #[test]
    fn a_video_that_says_no_more_than_came_is_whole() {
        let promised = promise(Some(100), Some(10.0));
        for frames in [97, 100, 120] {
            assert_eq!(told(came(frames), &end(""), Some(&promised)), None);
        }
        assert_eq!(told(came(5), &end(""), None), None);
        // Cut by a list of edits: stored frames that are not shown.
        let edited = promise(Some(100), Some(5.0));
        assert_eq!(told(came(50), &end(""), Some(&edited)), None);
        let patched = end("[h264 @ 0x1] error while decoding MB 3 4");
        assert_eq!(told(came(100), &patched, Some(&promised)), None);
    }

    #[test]
    fn what_is_missing_is_counted_and_ffmpegs_words_stand_beside() {
        let promised = promise(Some(100), Some(10.0));
        assert_eq!(
            told(came(40), &end(""), Some(&promised)).unwrap(),
            "one that breaks off after 40 of 100 frames"
        );
        let said = end("[matroska @ 0x1] File ended prematurely at pos. 7");
        assert_eq!(
            told(came(40), &said, None).unwrap(),
            "one that breaks off after 40 frames; ffmpeg: matroska: File ended prematurely at pos. 7"
        );
        assert_eq!(told(came(0), &end(""), None).unwrap(), "no frame");
        let killed = End {
            failed: Some("signal: 9 (SIGKILL)".into()),
            broken: Some("it ends within a picture".into()),
            ..end("")
        };
        assert_eq!(
            told(came(2), &killed, None).unwrap(),
            "one that breaks off after 2 frames: it ends within a picture \
             (ffmpeg ended with signal: 9 (SIGKILL))"
        );
    }

    #[test]
    fn what_the_file_s_structure_says_is_told_where_nothing_else_is() {
        let promised = promise(None, None);
        let structure = |_: &Promise| Some("it has no end".to_string());
        let told = |came, said| missing(came, &end(said), Some(&promised), structure).unwrap();
        assert_eq!(
            told(came(40), ""),
            "one that breaks off after 40 frames: it has no end"
        );
        let said = "[mov @ 0x1] [error] stream 0, offset 0x30: partial file";
        assert_eq!(
            told(came(40), said),
            "one that breaks off after 40 frames; ffmpeg: mov: stream 0, offset 0x30: partial file"
        );
        assert_eq!(told(came(0), ""), "no frame");
    }

    #[test]
    fn a_packet_that_is_not_whole_is_an_end_but_where_packets_get_lost() {
        let said = "[flv @ 0x1] [warning] Packet corrupt (stream = 0, dts = 720).";
        let mut promised = promise(None, None);
        let found = told(came(9), &end(said), Some(&promised)).unwrap();
        assert_eq!(found, "one that breaks off after 9 frames");
        promised.kind = "mpegts".into();
        assert_eq!(told(came(9), &end(said), Some(&promised)), None);
        // Nor are two recordings damaged that were joined.
        assert_eq!(damaged(&end(said)), None);
        let once = "[ogg @ 0x1] [error] CRC mismatch!";
        assert_eq!(
            damaged(&end(once)).unwrap(),
            "some pictures damaged, and patched up or left out; ffmpeg: ogg: CRC mismatch!"
        );
        let two = "[error] Error while decoding stream #0:0: Invalid data\n".repeat(2);
        assert_eq!(
            damaged(&end(&two)).unwrap(),
            "at least 2 pictures damaged, and patched up or left out; ffmpeg: Error while decoding stream \
             #0:0: Invalid data"
        );
        assert_eq!(
            damaged(&end("[h264 @ 0x1] [error] mmco: unref short failure")),
            None
        );
    }
}
