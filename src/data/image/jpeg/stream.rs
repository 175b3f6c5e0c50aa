//! The segments of a JPEG file: its frame, its tables, its scans (ITU-T T.81, annex B).

use super::huffman::Codes;

/// The most scans that are read: a file of many more is made to keep its reader busy.
const MOST_SCANS: usize = 500;
/// The most blocks that one unit of an interleaved scan may have (B.2.3).
const BLOCKS_PER_UNIT: usize = 10;

/// What a frame header says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    pub progressive: bool,
    pub width: usize,
    pub height: usize,
    pub components: Vec<Component>,
}

/// One component of a frame: luma, say.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Component {
    pub id: u8,
    /// Samples across and down for each unit of the frame, 1 to 4.
    pub across: usize,
    pub down: usize,
    /// The quantisation table's number.
    pub quantisation: usize,
}

impl Frame {
    /// The most samples of any component across and down.
    pub(super) fn most(&self) -> (usize, usize) {
        let most = |of: fn(&Component) -> usize| self.components.iter().map(of).max().unwrap_or(1);
        (most(|each| each.across), most(|each| each.down))
    }

    /// The components' names.
    pub(super) fn ids(&self) -> Vec<u8> {
        self.components.iter().map(|each| each.id).collect()
    }

    /// Interleaved units across and down.
    pub(super) fn units(&self) -> (usize, usize) {
        let (across, down) = self.most();
        (
            self.width.div_ceil(8 * across),
            self.height.div_ceil(8 * down),
        )
    }

    /// Samples of `component` across and down, without what fills up the last unit.
    pub(super) fn samples(&self, component: &Component) -> (usize, usize) {
        let (across, down) = self.most();
        (
            (self.width * component.across).div_ceil(across),
            (self.height * component.down).div_ceil(down),
        )
    }
}

/// What a scan header says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scan {
    pub parts: Vec<Part>,
    /// First and last coefficient, in zigzag order.
    pub first: usize,
    pub last: usize,
    /// Bits known from the scan before, and bits still to come: 0 and 0 in a sequential file.
    pub high: u32,
    pub low: u32,
}

/// A component's part of a scan.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    /// The component's place in the frame.
    pub component: usize,
    /// Numbers of the Huffman tables.
    pub dc: usize,
    pub ac: usize,
}

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
                0xc0..=0xc2 => self.start_frame(marker, segment)?,
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

    fn start_frame(&mut self, marker: u8, segment: &[u8]) -> Result<(), String> {
        if self.frame.is_some() {
            return Err("a second frame".into());
        }
        let short = "a short frame header";
        let [precision, .., count] = *segment.first_chunk::<6>().ok_or(short)?;
        if precision != 8 {
            return Err(format!("{precision} bits a sample, where 8 are supported"));
        }
        let count = usize::from(count);
        if !matches!(count, 1 | 3 | 4) {
            return Err(format!(
                "{count} components, where 1, 3 or 4 have a meaning"
            ));
        }
        let components = segment.get(6..6 + 3 * count).ok_or(short)?;
        let components: Vec<_> = components
            .chunks_exact(3)
            .map(|part| Component {
                id: part[0],
                across: usize::from(part[1] >> 4),
                down: usize::from(part[1] & 15),
                quantisation: usize::from(part[2]),
            })
            .collect();
        for part in &components {
            if !(1..=4).contains(&part.across) || !(1..=4).contains(&part.down) {
                return Err(format!("a sampling of {}x{}", part.across, part.down));
            }
        }
        self.frame = Some(Frame {
            progressive: marker == 0xc2,
            width: usize::from(pair(segment, 3).ok_or(short)?),
            height: usize::from(pair(segment, 1).ok_or(short)?),
            components,
        });
        Ok(())
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
        let short = "a short scan header";
        let frame = self.frame.as_ref().ok_or("a scan before its frame")?;
        let count = usize::from(*segment.first().ok_or(short)?);
        let parts = segment.get(1..1 + 2 * count).ok_or(short)?;
        let [first, last, bits] = *segment[1 + 2 * count..].first_chunk().ok_or(short)?;
        let parts: Vec<_> = parts
            .chunks_exact(2)
            .map(|part| {
                let mut components = frame.components.iter();
                Some(Part {
                    component: components.position(|component| component.id == part[0])?,
                    dc: usize::from(part[1] >> 4),
                    ac: usize::from(part[1] & 15),
                })
            })
            .collect::<Option<_>>()
            .ok_or("a scan of a component that the frame lacks")?;
        let mut scan = Scan {
            parts,
            first: usize::from(first),
            last: usize::from(last),
            high: u32::from(bits >> 4),
            low: u32::from(bits & 15),
        };
        if !frame.progressive {
            // Sequential scans hold everything, whatever their header says.
            (scan.first, scan.last, scan.high, scan.low) = (0, 63, 0, 0);
        }
        scan.check(frame).map_err(String::from)?;
        Ok(scan)
    }
}

impl Scan {
    fn check(&self, frame: &Frame) -> Result<(), &'static str> {
        let parts = &self.parts;
        let places = || parts.iter().map(|part| part.component);
        if parts.is_empty()
            || places().any(|one| places().filter(|&other| other == one).count() > 1)
        {
            return Err("a scan of no component, or of one twice");
        }
        let blocks = places().map(|place| {
            let component = &frame.components[place];
            component.across * component.down
        });
        if parts.len() > 1 && blocks.sum::<usize>() > BLOCKS_PER_UNIT {
            return Err("a scan with more than 10 blocks in a unit");
        }
        let alone = self.first > 0 && parts.len() > 1;
        let range = self.first > self.last || self.last > 63 || (self.first == 0 && self.last > 0);
        if frame.progressive && (alone || range || self.low > 13) {
            return Err("a progressive scan of impossible coefficients");
        }
        Ok(())
    }
}

/// The two bytes at `place` as a number.
fn pair(bytes: &[u8], place: usize) -> Option<u16> {
    let pair = bytes.get(place..place + 2)?;
    Some(u16::from_be_bytes([pair[0], pair[1]]))
}
