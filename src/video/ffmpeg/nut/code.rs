//! What the first byte of a frame says of the rest.

use std::io;

use super::number::{number, signed, wrong};

/// What is written before each frame, if its code says so.
pub(super) mod flag {
    pub const CODED_PTS: u64 = 8;
    pub const STREAM_ID: u64 = 16;
    pub const SIZE_MSB: u64 = 32;
    pub const CHECKSUM: u64 = 64;
    pub const RESERVED: u64 = 128;
    pub const SIDE_DATA: u64 = 256;
    pub const HEADER: u64 = 1024;
    pub const MATCH_TIME: u64 = 2048;
    pub const CODED: u64 = 4096;
    pub const INVALID: u64 = 8192;
}

/// What a frame's first byte says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Code {
    pub flags: u64,
    pub pts_delta: i64,
    pub size_mul: u64,
    pub size: u64,
    pub reserved: u64,
    pub header: u64,
}

/// What each first byte of a frame means.
pub(super) fn codes(packet: &mut &[u8]) -> io::Result<Vec<Code>> {
    let invalid = Code {
        flags: flag::INVALID,
        ..Code::default()
    };
    let mut codes = Vec::with_capacity(256);
    let mut code = Code::default();
    while codes.len() < 256 {
        code.flags = number(packet)?;
        code.size = 0;
        code.reserved = 0;
        let fields = number(packet)?;
        let mut count = None;
        for field in 0..fields {
            match field {
                0 => code.pts_delta = signed(number(packet)?),
                1 => code.size_mul = number(packet)?,
                2 => drop(number(packet)?),
                3 => code.size = number(packet)?,
                4 => code.reserved = number(packet)?,
                5 => count = Some(number(packet)?),
                7 => code.header = number(packet)?,
                _ => drop(number(packet)?),
            }
        }
        let count = count.unwrap_or(code.size_mul.saturating_sub(code.size));
        if count == 0 || count > 256 {
            return Err(wrong("a table of frames that is none"));
        }
        for place in 0..count {
            // Packets begin with this letter.
            if codes.len() == usize::from(b'N') {
                codes.push(invalid);
            }
            let size = code.size.saturating_add(place);
            codes.push(Code { size, ..code });
        }
    }
    codes.truncate(256);
    Ok(codes)
}
