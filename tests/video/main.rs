//! Videos in and out through the ffmpeg program, on videos that it makes itself.
//!
//! Without the program each test is skipped by name; where `CI` is set that is a failure.

mod address;
mod broken;
mod kit;
mod name;
mod picture;
mod process;
mod time;
mod whole;
mod write;
