//! What a program says on its standard error.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};

/// Lines of which the last are kept.
const KEPT: usize = 3;
/// Bytes of a line; what is longer becomes several.
const LINE: u64 = 2048;
/// What ffmpeg's readers say of a file that ends before its time, or has something else in its middle.
/// Its decoders have other words for a picture that is damaged.
const BREAKS_OFF: [&str; 4] = [
    "partial file",
    "ended prematurely",
    "Truncating packet",
    "Error during demuxing",
];
/// The same where it is all that is said of the file.
const BREAKS_OFF_ALONE: [&str; 2] = [
    "Invalid data found when processing input",
    "Input/output error",
];
/// What is said once of each packet that has not all of its bytes.
const PACKET: &str = "Packet corrupt (stream";
/// What is said once of each picture that was patched up, or could not be made of its packet.
const PICTURE: [&str; 3] = [
    "corrupt decoded frame",
    "Error while decoding stream",
    "Error submitting packet to decoder",
];
/// What decoders and readers say of damage, as often as they like. What they say of whole files too, such as
/// of pictures that refer to some before the first one, is not among it.
const DAMAGE: [&str; 12] = [
    "error while decoding MB",
    "Error at MB",
    " damaged at ",
    "overread ",
    "error dc",
    "decode failed",
    "Invalid NAL unit size",
    "exceeds containing master element",
    "CRC mismatch",
    "Packet mismatch",
    "invalid block label",
    "packet_obj_size",
];

/// The gist of what a program said, however much it was.
#[derive(Debug, Default)]
pub(super) struct Words {
    last: VecDeque<String>,
    /// Whether anything was said that is said of a file that is not whole.
    pub breaks_off: bool,
    /// Packets that have not all of their bytes.
    pub packets: u64,
    /// Pictures that are damaged, as far as they are told one by one.
    pub pictures: u64,
    /// The first word on what is damaged.
    pub damage: Option<String>,
}

impl Words {
    /// Reads what is said to its end, so that nobody waits for somebody to listen. `name` is what the
    /// program calls its file: whoever reads the words knows it.
    pub(super) fn hear(said: impl Read, name: &str) -> Self {
        let mut words = Self::default();
        let mut said = BufReader::new(said);
        let mut line = Vec::new();
        loop {
            line.clear();
            match said.by_ref().take(LINE).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return words,
                Ok(_) => words.add(&String::from_utf8_lossy(&line), name),
            }
        }
    }

    fn add(&mut self, line: &str, name: &str) {
        let line = line.replace(char::is_control, " ");
        let (line, is_warning) = said(line.trim());
        let line = line.replace(&format!("{name}: "), "");
        let has = |phrases: &[&str]| phrases.iter().any(|phrase| line.contains(phrase));
        self.breaks_off |= has(&BREAKS_OFF) || BREAKS_OFF_ALONE.contains(&&*line);
        self.packets += u64::from(line.contains(PACKET));
        let is_picture = has(&PICTURE);
        self.pictures += u64::from(is_picture);
        if self.damage.is_none() && (is_picture || has(&DAMAGE)) {
            self.damage = Some(line.clone());
        }
        if is_warning || line.is_empty() || self.last.contains(&line) {
            return;
        }
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// The last words in one line, or nothing. Warnings are none.
    pub(super) fn line(&self) -> Option<String> {
        let lines: Vec<&str> = self.last.iter().map(String::as_str).collect();
        (!lines.is_empty()).then(|| lines.join("; "))
    }
}

/// `[h264 @ 0x55d0c8] [warning] said` as `h264: said`, for the address differs from run to run, and whether
/// it is a warning.
fn said(line: &str) -> (String, bool) {
    let mut rest = line;
    let mut who = String::new();
    let mut is_warning = false;
    // The newest versions put several names before what they say.
    while let Some((name, said)) = rest
        .strip_prefix('[')
        .and_then(|inner| inner.split_once(']'))
    {
        match (name.split_once(" @ 0x"), name) {
            (Some((name, _)), _) => who = format!("{name}: "),
            (None, "warning") => is_warning = true,
            (None, "error" | "fatal" | "panic") => {}
            _ => break,
        }
        rest = said.trim_start();
    }
    (who + rest, is_warning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_one_line_without_addresses_and_repetitions() {
        let said = "[mov,mp4 @ 0x5645d6283780] moov atom not found\n\n\
                    file:a.mp4: Invalid data found when processing input\n\
                    [vist#0:0/h264 @ 0x1] [dec:h264 @ 0x2] [error] twice\n\
                    [vist#0:0/h264 @ 0x3] [dec:h264 @ 0x4] twice\n\x1b[31mred\r\n\
                    [warning] of no account\n[mov @ 0x1] [warning] neither\n[12] is no name\n";
        let words = Words::hear(said.as_bytes(), "file:a.mp4");
        let line = words.line().unwrap();
        assert_eq!(line, "dec:h264: twice; [31mred; [12] is no name");
        assert!(words.breaks_off);
        assert!(Words::hear(&b""[..], "x").line().is_none());
        for damaged in [
            "[h264 @ 0x1] mmco: unref short failure",
            "Error while decoding stream #0:0: Invalid data found when processing input",
            "[dec:h264 @ 0x1] Error submitting packet to decoder: Invalid data found when \
             processing input",
        ] {
            assert!(
                !Words::hear(damaged.as_bytes(), "x").breaks_off,
                "{damaged}"
            );
        }
    }

    #[test]
    fn damaged_pictures_are_counted_where_each_is_told() {
        let said = "[h264 @ 0x1] [error] error while decoding MB 5 1, bytestream -34\n\
                    [warning] file:a.mp4: corrupt decoded frame in stream 0\n\
                    [error] Error while decoding stream #0:0: Invalid data found\n\
                    [flv @ 0x2] [warning] Packet corrupt (stream = 0, dts = 720).\n\
                    [warning] file:a.mp4: corrupt input packet in stream 0\n";
        let words = Words::hear(said.as_bytes(), "file:a.mp4");
        assert_eq!((words.pictures, words.packets), (2, 1));
        let first = "h264: error while decoding MB 5 1, bytestream -34";
        assert_eq!(words.damage.as_deref(), Some(first));
        let harmless = "[h264 @ 0x1] [error] mmco: unref short failure";
        assert_eq!(Words::hear(harmless.as_bytes(), "x").damage, None);
    }

    #[test]
    fn a_line_without_an_end_is_heard_to_its_end_and_little_of_it_is_kept() {
        let said = std::io::repeat(b'x').take(1 << 22);
        let words = Words::hear(said, "x");
        assert!(words.line().unwrap().len() < 8192);
    }
}
