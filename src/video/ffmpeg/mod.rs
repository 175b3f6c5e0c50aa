//! Frames from whatever the ffmpeg program reads, and frames to a video file; with the feature `video`.
//!
//! Both talk to the program through pipes of our own. The crate `ffmpeg-sidecar` does so too, but it
//! counts frames and divides by the rate where a frame's time is asked for (in 32 bits), which is wrong
//! for every video of a variable rate, it reads the pictures' size from the text that ffmpeg prints for
//! people, and it would fetch a program over the network. What comes over our pipe is NUT, ffmpeg's own
//! container: each picture with its time in the unit that we ask for, and the size before the first, in
//! two hundred lines. Errors come beside it, on the program's standard error, which a thread empties.
//!
//! | file | holds |
//! |---|---|
//! | `program` | where the programs are |
//! | `input` | what a name means: a file, an address, a camera |
//! | `probe` | what ffprobe says of a file |
//! | `child` | a running program that does not outlive its owner |
//! | `words` | what a program says on its standard error |
//! | `nut` | the container on the pipe |
//! | `decoder` | the running decoder, picture by picture |
//! | `ending` | whether a file's own structure says that it breaks off |
//! | `whole` | whether all of a file came |
//! | `frames` | the frames of a video, as they are decoded |
//! | `file` | a video to be read |
//! | `output` | a file that may be written, and how |
//! | `stream` | pictures on their way to ffmpeg, each with its time |
//! | `writer` | a video that is written |

mod child;
mod decoder;
mod ending;
mod file;
mod frames;
mod input;
mod nut;
mod output;
mod probe;
mod program;
mod stream;
mod whole;
mod words;
mod writer;

pub use file::VideoFile;
pub use frames::{Damage, VideoFrames};
pub use program::Ffmpeg;
pub use writer::VideoWriter;
