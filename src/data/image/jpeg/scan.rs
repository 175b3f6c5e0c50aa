//! A scan's coefficients out of its data (ITU-T T.81, annexes F and G).

use super::block::State;
use super::frame::Frame;
use super::header::Scan;
use super::huffman::{Bits, Codes, Table};
use super::stream::{Data, Stream};

/// Bytes of the marker behind the data.
const END_MARKER: usize = 2;
/// Zero bytes that data are likely to end with at most.
const FEW: usize = 16;

/// The quantised coefficients of a component: blocks in rows, each in natural order.
pub(super) struct Coefficients {
    /// Blocks across, those that fill up the last unit included.
    pub across: usize,
    pub blocks: Vec<[i16; 64]>,
}

impl Coefficients {
    /// Room for the component at `place`, all zero.
    pub(super) fn of(frame: &Frame, place: usize) -> Self {
        let (across, down) = frame.units();
        let component = &frame.components[place];
        let across = across * component.across;
        Self {
            across,
            blocks: vec![[0; 64]; across * down * component.down],
        }
    }
}

/// Decodes the scan whose data begin at the stream's place, which is behind them then, into the
/// coefficients of all components. Returns how many of how many units were there.
pub(super) fn decode(
    stream: &mut Stream<'_>,
    scan: &Scan,
    coefficients: &mut [Coefficients],
) -> Result<(usize, usize), String> {
    let Data { bytes, zeros } = stream.data();
    let frame = stream.frame.as_ref().ok_or("a scan before its frame")?;
    let tables: Vec<[Option<Table>; 2]> = scan
        .parts
        .iter()
        .map(|part| {
            let dc = stream.dc.get(part.dc).copied().flatten();
            let ac = stream.ac.get(part.ac).copied().flatten();
            let table = |codes: Option<Codes<'_>>| codes.as_ref().map(Table::new).transpose();
            Ok([table(dc)?, table(ac)?])
        })
        .collect::<Result<_, String>>()?;
    let needs_dc = scan.first == 0 && scan.high == 0;
    let needs_ac = scan.last > 0;
    for [dc, ac] in &tables {
        if needs_dc && dc.is_none() || needs_ac && ac.is_none() {
            return Err("a scan without its Huffman table".into());
        }
    }
    let work = Work {
        frame,
        scan,
        tables: &tables,
        restart: stream.restart,
    };
    let (done, left) = work.decode(bytes, coefficients);
    // Zeros are valid codes. Where more of them follow than the picture needs, it ends before them:
    // they are the room for what never came. Few that are two too many are data before an end marker
    // that was overwritten.
    let overwritten = left == END_MARKER && zeros <= FEW;
    if left > 0 && zeros > left && !overwritten {
        let (done, _) = work.decode(&bytes[..bytes.len() - zeros], coefficients);
        return Ok((done, work.total()));
    }
    Ok((done, work.total()))
}

/// What stays the same throughout a scan.
struct Work<'a> {
    frame: &'a Frame,
    scan: &'a Scan,
    tables: &'a [[Option<Table>; 2]],
    /// Units between two restart markers; 0 for none.
    restart: usize,
}

impl Work<'_> {
    /// Units across and down. A scan of one component has one block in a unit, and none that only
    /// fill up.
    fn units(&self) -> (usize, usize) {
        match self.scan.parts.as_slice() {
            [part] => {
                let component = &self.frame.components[part.component];
                let (width, height) = self.frame.samples(component);
                (width.div_ceil(8), height.div_ceil(8))
            }
            _ => self.frame.units(),
        }
    }

    fn total(&self) -> usize {
        let (across, down) = self.units();
        across * down
    }

    /// How many units of the scan are in `bytes`, and how many bytes were left.
    fn decode(&self, bytes: &[u8], coefficients: &mut [Coefficients]) -> (usize, usize) {
        let mut bits = Bits::new(bytes);
        let mut state = State::new(self.scan, self.frame.progressive);
        let (across, down) = self.units();
        let alone = self.scan.parts.len() == 1;
        let mut done = 0;
        for y in 0..down {
            for x in 0..across {
                if self.restart > 0 && done > 0 && done % self.restart == 0 {
                    if !bits.restart() {
                        return (done, bits.left());
                    }
                    state = State::new(self.scan, self.frame.progressive);
                }
                for (place, part) in self.scan.parts.iter().enumerate() {
                    let component = &self.frame.components[part.component];
                    let (wide, high) = match alone {
                        true => (1, 1),
                        false => (component.across, component.down),
                    };
                    let plane = &mut coefficients[part.component];
                    for row in y * high..(y + 1) * high {
                        for column in x * wide..(x + 1) * wide {
                            let block = &mut plane.blocks[row * plane.across + column];
                            let read = state.block(&mut bits, &self.tables[place], place, block);
                            if read.is_err() || bits.is_over() {
                                return (done, bits.left());
                            }
                        }
                    }
                }
                done += 1;
            }
        }
        (done, bits.left())
    }
}
