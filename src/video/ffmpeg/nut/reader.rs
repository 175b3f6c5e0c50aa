//! Frames from a pipe.

use std::io::{self, ErrorKind, Read};

use super::code::{Code, codes, flag};
use super::number::{bytes, number, wrong};

const FILE: &[u8] = b"nut/multimedia container\0";
const MAIN: u64 = 0x4e4d_7a56_1f5f_04ad;
const STREAM: u64 = 0x4e53_1140_5bf2_f9db;
const SYNCPOINT: u64 = 0x4e4b_e4ad_eeca_4569;
/// Bytes of a packet other than a picture.
const PACKET: u64 = 1 << 24;

/// Frames from a pipe.
#[derive(Debug)]
pub struct Nut<R> {
    input: R,
    codes: Vec<Code>,
    /// What frames may begin with that is not written before each.
    headers: Vec<Vec<u8>>,
    /// Seconds of a unit of time, as a fraction.
    bases: Vec<(u64, u64)>,
    base: usize,
    msb_shift: u32,
    last: i64,
    first: Option<i64>,
    /// Width and height of the pictures.
    pub size: (u32, u32),
}

impl<R: Read> Nut<R> {
    /// Reads up to the description of the pictures.
    pub fn open(mut input: R) -> io::Result<Self> {
        let mut first = [0; FILE.len()];
        input.read_exact(&mut first)?;
        if first != FILE {
            return Err(wrong("no NUT"));
        }
        let mut nut = Self {
            input,
            codes: Vec::new(),
            headers: Vec::new(),
            bases: Vec::new(),
            base: 0,
            msb_shift: 0,
            last: 0,
            first: None,
            size: (0, 0),
        };
        while nut.size == (0, 0) {
            let mut byte = [0];
            nut.input.read_exact(&mut byte)?;
            let (kind, packet) = nut.packet(byte[0])?;
            nut.learn(kind, &packet)?;
        }
        Ok(nut)
    }

    /// The next frame: its time, in seconds since the first, and its bytes. `None` at the end.
    pub fn next(&mut self) -> io::Result<Option<(f64, Vec<u8>)>> {
        loop {
            let mut byte = [0];
            match self.input.read(&mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            if byte[0] == b'N' {
                let (kind, packet) = self.packet(byte[0])?;
                self.learn(kind, &packet)?;
            } else if let Some(content) = self.frame(byte[0])? {
                let (above, below) = self.bases[self.base];
                let first = *self.first.get_or_insert(self.last);
                let time = self.last.wrapping_sub(first) as f64;
                return Ok(Some((time * above as f64 / below as f64, content)));
            }
        }
    }

    /// A packet other than a frame: its kind, and what is in it.
    fn packet(&mut self, first: u8) -> io::Result<(u64, Vec<u8>)> {
        let mut rest = [0; 7];
        self.input.read_exact(&mut rest)?;
        let kind = rest
            .iter()
            .fold(u64::from(first), |kind, &byte| kind << 8 | u64::from(byte));
        let length = number(&mut self.input)?;
        if length > PACKET {
            return Err(wrong("a packet of a size that is none"));
        }
        if length > 4096 {
            // The checksum of what is read so far.
            self.input.read_exact(&mut [0; 4])?;
        }
        let mut packet = vec![0; length as usize];
        self.input.read_exact(&mut packet)?;
        Ok((kind, packet))
    }

    /// Takes from a packet what is needed of it; other kinds are passed over.
    fn learn(&mut self, kind: u64, packet: &[u8]) -> io::Result<()> {
        match kind {
            MAIN => self.main(packet),
            STREAM => self.stream(packet),
            SYNCPOINT => self.syncpoint(packet),
            _ => Ok(()),
        }
    }

    fn main(&mut self, mut packet: &[u8]) -> io::Result<()> {
        let packet = &mut packet;
        let version = number(packet)?;
        if version != 3 {
            return Err(wrong(&format!("NUT of version {version}")));
        }
        if number(packet)? != 1 {
            return Err(wrong("several streams"));
        }
        // The greatest distance of two syncpoints.
        number(packet)?;
        self.bases.clear();
        for _ in 0..number(packet)? {
            let base = (number(packet)?, number(packet)?);
            if base.0 == 0 || base.1 == 0 {
                return Err(wrong("a unit of time that is none"));
            }
            self.bases.push(base);
        }
        if self.base >= self.bases.len() {
            return Err(wrong("no unit of time"));
        }
        self.codes = codes(packet)?;
        self.headers = vec![Vec::new()];
        for _ in 0..number(packet)? {
            self.headers.push(bytes(packet)?);
        }
        Ok(())
    }

    fn stream(&mut self, mut packet: &[u8]) -> io::Result<()> {
        let packet = &mut packet;
        let _number = number(packet)?;
        if number(packet)? != 0 {
            return Err(wrong("a stream other than video"));
        }
        let kind = bytes(packet)?;
        if kind != b"RGB\x18" {
            return Err(wrong("pictures of another kind than was asked for"));
        }
        self.base = number(packet)? as usize;
        self.msb_shift = number(packet)? as u32;
        if self.base >= self.bases.len() || self.msb_shift > 62 {
            return Err(wrong("a stream without a unit of time"));
        }
        let _distance = number(packet)?;
        let _delay = number(packet)?;
        let _flags = number(packet)?;
        let _specific = bytes(packet)?;
        let side = |side| u32::try_from(side).map_err(|_| wrong("pictures of no size"));
        self.size = (side(number(packet)?)?, side(number(packet)?)?);
        match self.size {
            (0, _) | (_, 0) => Err(wrong("pictures of no size")),
            _ => Ok(()),
        }
    }

    fn syncpoint(&mut self, mut packet: &[u8]) -> io::Result<()> {
        let time = number(&mut packet)?;
        let count = self.bases.len() as u64;
        if count == 0 {
            return Err(wrong("a time before its unit"));
        }
        let from = self.bases[(time % count) as usize];
        let to = self.bases[self.base];
        let time = i128::from(time / count) * i128::from(from.0) * i128::from(to.1);
        let unit = i128::from(from.1) * i128::from(to.0);
        self.last = i64::try_from(time / unit).map_err(|_| wrong("a time that is none"))?;
        Ok(())
    }

    /// Reads a frame; `None` if it is an empty one, which ends a stream.
    fn frame(&mut self, code: u8) -> io::Result<Option<Vec<u8>>> {
        let code = self.codes[usize::from(code)];
        let mut flags = code.flags;
        if flags & flag::INVALID != 0 {
            return Err(wrong("a frame of no kind"));
        }
        let input = &mut self.input;
        if flags & flag::CODED != 0 {
            flags ^= number(input)?;
        }
        if flags & flag::STREAM_ID != 0 {
            number(input)?;
        }
        self.last = match flags & flag::CODED_PTS != 0 {
            true => full_time(number(input)?, self.last, self.msb_shift),
            false => self.last.wrapping_add(code.pts_delta),
        };
        let mut size = code.size;
        if flags & flag::SIZE_MSB != 0 {
            size = size.saturating_add(code.size_mul.saturating_mul(number(input)?));
        }
        if flags & flag::MATCH_TIME != 0 {
            number(input)?;
        }
        let mut header = match flags & flag::HEADER != 0 {
            true => number(input)?,
            false => code.header,
        };
        let reserved = match flags & flag::RESERVED != 0 {
            true => number(input)?,
            false => code.reserved,
        };
        for _ in 0..reserved {
            number(input)?;
        }
        if flags & flag::CHECKSUM != 0 {
            input.read_exact(&mut [0; 4])?;
        }
        if size > 4096 {
            header = 0;
        }
        let header = self.headers.get(header as usize);
        let header = header.ok_or_else(|| wrong("a frame whose beginning is unknown"))?;
        if size == 0 {
            return Ok(None);
        }
        let whole = u64::from(self.size.0) * u64::from(self.size.1) * 3;
        if flags & flag::SIDE_DATA != 0 || size != whole || header.len() as u64 > whole {
            return Err(wrong(&format!(
                "a picture of {size} bytes among those of {}x{} pixels",
                self.size.0, self.size.1
            )));
        }
        // Asked for as zeros, such memory is not written twice.
        let mut content = vec![0; whole as usize];
        let (known, read) = content.split_at_mut(header.len());
        known.copy_from_slice(header);
        input.read_exact(read)?;
        Ok(Some(content))
    }
}

/// A time of which the lower bits were written, or all of them above the lower ones' range.
fn full_time(coded: u64, last: i64, shift: u32) -> i64 {
    let range = 1i64 << shift;
    let coded = coded as i64;
    if coded >= range {
        return coded - range;
    }
    let mask = range - 1;
    let delta = last.wrapping_sub(mask / 2);
    (coded.wrapping_sub(delta) & mask).wrapping_add(delta)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(bytes: &mut Vec<u8>, number: u64) {
        let groups = (0..9)
            .rev()
            .map(|place| (number >> (7 * place)) as u8 & 0x7f);
        let mut groups: Vec<u8> = groups.skip_while(|&group| group == 0).collect();
        let last = groups.pop().unwrap_or(0);
        bytes.extend(groups.iter().map(|group| group | 0x80));
        bytes.push(last);
    }

    fn packet(kind: u64, numbers: &[u64]) -> Vec<u8> {
        let mut content = Vec::new();
        numbers.iter().for_each(|&number| put(&mut content, number));
        content.extend([0; 4]);
        let mut packet = kind.to_be_bytes().to_vec();
        put(&mut packet, content.len() as u64);
        packet.extend(content);
        packet
    }

    /// A picture of 2x1 pixels a tenth of a second, as another writer might put it: a time in full, one
    /// after the last, one in its lower bits, one with its beginning left out.
    fn stream() -> Vec<u8> {
        let mut bytes = FILE.to_vec();
        let coded = flag::CODED_PTS | flag::SIZE_MSB | flag::CHECKSUM;
        // The first frames' code, the next one's, one whose beginning is known; the rest is invalid.
        let main = [
            [3, 1, 65536, 2, 1, 1000, 1, 10].to_vec(),
            [coded, 6, 0, 1, 0, 0, 0, 1].to_vec(),
            [0, 6, 1, 7, 0, 6, 0, 1].to_vec(),
            [0, 8, 1, 7, 0, 6, 0, 1, 0, 1].to_vec(),
            [flag::INVALID, 6, 0, 1, 0, 0, 0, 252].to_vec(),
            // One beginning of two bytes.
            [1, 2, 9, 8].to_vec(),
        ];
        bytes.extend(packet(MAIN, &main.concat()));
        let video = [0, 0, 4, 82, 71, 66, 24, 1, 4, 0, 0, 0, 0, 2, 1, 1, 1, 0];
        bytes.extend(packet(STREAM, &video));
        // 1.2 seconds in the first unit, which is a thousandth.
        bytes.extend(packet(SYNCPOINT, &[1200 * 2, 0]));
        let mut frame = |code: u8, numbers: &[u64], content: &[u8]| {
            bytes.push(code);
            numbers.iter().for_each(|&number| put(&mut bytes, number));
            bytes.extend(content);
        };
        frame(0, &[16 + 12, 6], &[0, 0, 0, 0, 1, 2, 3, 4, 5, 6]);
        frame(1, &[], &[11, 12, 13, 14, 15, 16]);
        frame(0, &[15, 6], &[0, 0, 0, 0, 21, 22, 23, 24, 25, 26]);
        frame(2, &[], &[31, 32, 33, 34]);
        bytes
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<(f64, Vec<u8>)>> {
        let mut nut = Nut::open(bytes)?;
        let mut frames = Vec::new();
        while let Some(frame) = nut.next()? {
            frames.push(frame);
        }
        Ok(frames)
    }

    #[test]
    fn times_and_pictures_come_in_every_way_of_writing_them() {
        let frames = read(&stream()).unwrap();
        let expected = [
            (0.0, vec![1, 2, 3, 4, 5, 6]),
            (0.1, vec![11, 12, 13, 14, 15, 16]),
            (0.3, vec![21, 22, 23, 24, 25, 26]),
            (0.4, vec![9, 8, 31, 32, 33, 34]),
        ];
        assert_eq!(frames, expected);
        assert_eq!(Nut::open(&*stream()).unwrap().size, (2, 1));
    }

    #[test]
    fn what_is_cut_or_damaged_is_an_error_and_no_panic() {
        let whole = stream();
        for length in 0..whole.len() {
            let frames = read(&whole[..length]);
            assert!(frames.is_err() || frames.unwrap().len() < 4);
        }
        for place in 0..whole.len() {
            for flipped in [1, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[place] ^= flipped;
                let _ = read(&bytes);
            }
        }
    }

    #[test]
    fn times_in_their_lower_bits_are_the_nearest() {
        // With four bits: the nearest time that ends so.
        assert_eq!(full_time(3, 17, 4), 19);
        assert_eq!(full_time(14, 17, 4), 14);
        assert_eq!(full_time(16 + 99, 17, 4), 99);
    }
}
