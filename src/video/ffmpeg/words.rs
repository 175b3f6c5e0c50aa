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

/// The gist of what a program said, however much it was.
#[derive(Debug, Default)]
pub(super) struct Words {
    last: VecDeque<String>,
    /// Whether anything was said that is said of a file that is not whole.
    pub breaks_off: bool,
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
        let line = without_address(line.trim());
        let line = line.replace(&format!("{name}: "), "");
        self.breaks_off |= BREAKS_OFF.iter().any(|phrase| line.contains(phrase))
            || BREAKS_OFF_ALONE.contains(&&*line);
        if line.is_empty() || self.last.contains(&line) {
            return;
        }
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// The last words in one line, or nothing.
    pub(super) fn line(&self) -> Option<String> {
        let lines: Vec<&str> = self.last.iter().map(String::as_str).collect();
        (!lines.is_empty()).then(|| lines.join("; "))
    }
}

/// `[h264 @ 0x55d0c8] said` as `h264: said`: the address differs from run to run.
fn without_address(line: &str) -> String {
    let mut rest = line;
    let mut whole = String::new();
    // The newest versions put several such names before what they say.
    while let Some((name, said)) = rest
        .strip_prefix('[')
        .and_then(|inner| inner.split_once(']'))
        .and_then(|(inner, said)| Some((inner.split_once(" @ 0x")?.0, said)))
    {
        whole = format!("{name}: ");
        rest = said.trim_start();
    }
    whole + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_one_line_without_addresses_and_repetitions() {
        let said = "[mov,mp4 @ 0x5645d6283780] moov atom not found\n\n\
                    file:a.mp4: Invalid data found when processing input\n\
                    [vist#0:0/h264 @ 0x1] [dec:h264 @ 0x2] twice\n\
                    [vist#0:0/h264 @ 0x3] [dec:h264 @ 0x4] twice\n\x1b[31mred\r\n";
        let words = Words::hear(said.as_bytes(), "file:a.mp4");
        let line = words.line().unwrap();
        assert_eq!(
            line,
            "Invalid data found when processing input; dec:h264: twice; [31mred"
        );
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
    fn a_line_without_an_end_is_heard_to_its_end_and_little_of_it_is_kept() {
        let said = std::io::repeat(b'x').take(1 << 22);
        let words = Words::hear(said, "x");
        assert!(words.line().unwrap().len() < 8192);
    }
}
