//! The segments of a JPEG file, one after another (ITU-T T.81, annex B).

use super::frame::Frame;
use super::header::Scan;
use super::huffman::Codes;

/// The most scans that are read: a file of many more is made to keep its reader busy.
const MOST_SCANS: usize = 500;

/// A file that is read from segment to segment.
pub(super) struct Stream<'a> {
    bytes: &'a [u8],
    pub place: usize,
    pub frame: Option<Frame>,
    pub quantisation: [Option<[u16; 64]>; 4],
    pub dc: [Option<Codes<'a>>; 4],
    pub ac: [Option<Codes<'a>>; 4],
    /// Units between two restart markers; 0 for none.
    pub restart: usize,
    /// Whether there was a JFIF segment, and the colours that Adobe's named.
    pub jfif: bool,
    pub adobe: Option<u8>,
    /// The pieces of the EXIF block, and the XMP packet.
    pub exif: Vec<&'a [u8]>,
    pub xmp: Option<&'a [u8]>,
    /// Whether the end-of-image marker was reached.
    pub ended: bool,
    scans: usize,
}

/// A scan's data.
pub(super) struct Data<'a> {
    pub bytes: &'a [u8],
    /// How many zero bytes they end with. They may be data, or the room that was reserved for data
    /// that never came.
    pub zeros: usize,
}

/// Where a coefficient in zigzag order stands in its block.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

impl<'a> Stream<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            place: 0,
            frame: None,
            quantisation: [None; 4],
            dc: [None; 4],
            ac: [None; 4],
            restart: 0,
            jfif: false,
            adobe: None,
            exif: Vec::new(),
            xmp: None,
            ended: false,
            scans: 0,
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.place..).unwrap_or_default()
    }

    /// The scan's data at the current place, which is behind them then.
    pub(super) fn data(&mut self) -> Data<'a> {
        let start = self.place;
        while let Some(code) = self.next_marker() {
            if !matches!(code, 0xd0..=0xd7) {
                self.place -= 2;
                break;
            }
        }
        let bytes = &self.bytes[start..self.place];
        let zeros = bytes.iter().rev().take_while(|&&byte| byte == 0).count();
        Data { bytes, zeros }
    }

    /// Reads segments up to the next scan's data, which begin at `place` then; `None` at the end of
    /// the image, or of the file. The frame is there before the first scan.
    pub(super) fn next_scan(&mut self) -> Result<Option<Scan>, String> {
        while let Some(marker) = self.next_marker() {
            match marker {
                0xd9 => {
                    self.ended = true;
                    return Ok(None);
                }
                // Start of image, restarts left over from a scan, and a relic: no segment follows.
                0x01 | 0xd0..=0xd8 => continue,
                _ => {}
            }
            // A file that is cut off within a segment ends there.
            let Some(segment) = self.segment() else {
                return Ok(None);
            };
            match marker {
                0xc0..=0xc2 if self.frame.is_some() => return Err("a second frame".into()),
                0xc0..=0xc2 => self.frame = Some(Frame::read(marker == 0xc2, segment)?),
                0xc4 => self.huffman_tables(segment)?,
                0xdb => self.quantisation_tables(segment)?,
                0xdd => self.restart = usize::from(pair(segment, 0).ok_or("a short DRI segment")?),
                0xda => return self.scan(segment).map(Some),
                0xe0 => self.jfif |= segment.starts_with(b"JFIF\0"),
                0xe1 => self.described(segment),
                0xee if segment.starts_with(b"Adobe") => {
                    self.adobe = segment.get(11).copied().or(self.adobe);
                }
                0xc9..=0xcb | 0xcd..=0xcf => {
                    return Err(
                        "arithmetic coding, which is not supported: save it as an ordinary \
                                JPEG (jpegtran does it without loss)"
                            .into(),
                    );
                }
                0xc3 => return Err("lossless JPEG, which is not supported".into()),
                0xc5..=0xc7 => return Err("hierarchical JPEG, which is not supported".into()),
                _ => {}
            }
        }
        Ok(None)
    }

    /// The next marker's code, past whatever is none. `place` is behind it then.
    fn next_marker(&mut self) -> Option<u8> {
        loop {
            let rest = self.rest();
            let found = memchr::memchr(0xff, rest).filter(|&found| found + 1 < rest.len());
            let Some(found) = found else {
                self.place = self.bytes.len();
                return None;
            };
            let code = rest[found + 1];
            // Behind 0xff, 0 is a data byte of a scan and another 0xff is filling.
            self.place += found + if code == 0xff { 1 } else { 2 };
            if !matches!(code, 0 | 0xff) {
                return Some(code);
            }
        }
    }

    /// The segment at `place`, which is moved behind it.
    fn segment(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest();
        let length = usize::from(pair(rest, 0)?);
        let segment = rest.get(2..length.max(2))?;
        self.place += length.max(2);
        Some(segment)
    }

    fn described(&mut self, segment: &'a [u8]) {
        if let Some(block) = segment.strip_prefix(b"Exif\0\0") {
            self.exif.push(block);
        } else if let Some(packet) = segment.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0") {
            self.xmp = Some(packet);
        }
    }

    fn huffman_tables(&mut self, mut segment: &'a [u8]) -> Result<(), String> {
        while let Some((&kind, rest)) = segment.split_first() {
            let (counts, rest) = rest
                .split_first_chunk::<16>()
                .ok_or("a short Huffman table")?;
            let total = counts.iter().map(|&count| usize::from(count)).sum();
            let symbols = rest.get(..total).ok_or("a short Huffman table")?;
            segment = &rest[total..];
            let tables = if kind & 0x10 == 0 {
                &mut self.dc
            } else {
                &mut self.ac
            };
            let place = usize::from(kind & 0xef);
            let table = tables.get_mut(place).ok_or("a Huffman table above 3")?;
            *table = Some(Codes { counts, symbols });
        }
        Ok(())
    }

    fn quantisation_tables(&mut self, mut segment: &[u8]) -> Result<(), String> {
        while let Some((&kind, rest)) = segment.split_first() {
            let wide = kind >> 4 != 0;
            let size = if wide { 128 } else { 64 };
            let values = rest.get(..size).ok_or("a short quantisation table")?;
            segment = &rest[size..];
            let table = self.quantisation.get_mut(usize::from(kind & 15));
            let table = table.ok_or("a quantisation table above 3")?;
            let table = table.insert([0; 64]);
            for (place, &natural) in ZIGZAG.iter().enumerate() {
                table[usize::from(natural)] = match wide {
                    true => u16::from_be_bytes([values[2 * place], values[2 * place + 1]]),
                    false => u16::from(values[place]),
                };
            }
        }
        Ok(())
    }

    fn scan(&mut self, segment: &[u8]) -> Result<Scan, String> {
        self.scans += 1;
        if self.scans > MOST_SCANS {
            return Err(format!("more than {MOST_SCANS} scans"));
        }
        let frame = self.frame.as_ref().ok_or("a scan before its frame")?;
        Scan::read(frame, segment)
    }
}

/// The two bytes at `place` as a number.
fn pair(bytes: &[u8], place: usize) -> Option<u16> {
    let pair = bytes.get(place..place + 2)?;
    Some(u16::from_be_bytes([pair[0], pair[1]]))
}
