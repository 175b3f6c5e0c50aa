//! The container on the pipe: NUT, as ffmpeg writes it with one stream of raw pictures.
//!
//! What could be damaged on a disk is not looked at: there are no checksums here and no searching for the
//! next place that makes sense. Version 3 of the format, from "NUT Open Container Format".

mod code;
mod number;
mod reader;

pub(super) use reader::Nut;
