//! Whether a file's own structure says that it breaks off, where ffmpeg reads on without a word.
//!
//! Only what is said for certain counts: a file that is not built as its kind asks for, or that was never
//! closed, as a recording that a crash ended, has nothing here to be measured by, and is taken as whole;
//! but for kinds that have a mark of the end, GIF and Ogg.
//!
//! | file | what says that something is missing |
//! |---|---|
//! | `asf` | the header's number of bytes |
//! | `flash` | a last tag that is not whole |
//! | `gif` | no mark of the end |
//! | `matroska` | the segment's number of bytes |
//! | `ogg` | a last page that is not whole, or not called the last |
//! | `riff` | the number of bytes of a list of pictures |
//! | `transport` | a last packet that is not whole |

mod asf;
mod flash;
mod gif;
mod matroska;
mod ogg;
mod piece;
mod riff;
mod transport;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// What is missing at the end of the file at `path`, whose kind is as ffprobe calls it, in words that follow
/// a colon, or nothing as far as can be told.
pub(super) fn broken(path: &Path, kind: &str) -> Option<String> {
    let file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let mut file = BufReader::new(file);
    let said = match kind {
        "avi" => riff::broken(&mut file, length),
        "asf" => asf::broken(&mut file, length),
        "flv" => flash::broken(&mut file, length),
        "gif" => gif::broken(&mut file),
        "matroska,webm" => matroska::broken(&mut file, length),
        "mpegts" => transport::broken(&mut file, length),
        "ogg" => ogg::broken(&mut file, length),
        _ => return None,
    };
    // What cannot be read any more was read before.
    said.ok()?
}
