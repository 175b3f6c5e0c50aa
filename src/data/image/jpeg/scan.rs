//! A scan's coefficients out of its data (ITU-T T.81, annexes F and G).

use super::frame::Frame;
use super::header::Scan;
use super::huffman::{Bits, Broken, Codes, Table};
use super::stream::{Data, Stream, ZIGZAG};

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
        let mut state = State {
            scan: self.scan,
            progressive: self.frame.progressive,
            before: [0; 4],
            run: 0,
        };
        let (across, down) = self.units();
        let alone = self.scan.parts.len() == 1;
        let mut done = 0;
        for y in 0..down {
            for x in 0..across {
                if self.restart > 0 && done > 0 && done % self.restart == 0 {
                    if !bits.restart() {
                        return (done, bits.left());
                    }
                    state.before = [0; 4];
                    state.run = 0;
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

/// What is carried from block to block.
struct State<'a> {
    scan: &'a Scan,
    progressive: bool,
    /// The last DC coefficient of each part.
    before: [i32; 4],
    /// Blocks still to come without a new coefficient (G.1.2.2).
    run: u32,
}

impl State<'_> {
    fn block(
        &mut self,
        bits: &mut Bits<'_>,
        [dc, ac]: &[Option<Table>; 2],
        part: usize,
        block: &mut [i16; 64],
    ) -> Result<(), Broken> {
        let dc = dc.as_ref().ok_or(Broken);
        let ac = ac.as_ref().ok_or(Broken);
        if !self.progressive {
            self.first_dc(bits, dc?, part, block)?;
            return sequential_ac(bits, ac?, block);
        }
        match (self.scan.first, self.scan.high) {
            (0, 0) => self.first_dc(bits, dc?, part, block),
            (0, _) => {
                block[0] |= (bits.number(1) << self.scan.low) as i16;
                Ok(())
            }
            (_, 0) => self.first_ac(bits, ac?, block),
            _ => self.finer_ac(bits, ac?, block),
        }
    }

    #[inline(always)]
    fn first_dc(
        &mut self,
        bits: &mut Bits<'_>,
        table: &Table,
        part: usize,
        block: &mut [i16; 64],
    ) -> Result<(), Broken> {
        let size = u32::from(bits.symbol(table)?);
        if size > 15 {
            return Err(Broken);
        }
        let before = &mut self.before[part];
        *before = before.wrapping_add(bits.signed(size));
        block[0] = (*before << self.scan.low) as i16;
        Ok(())
    }

    fn first_ac(
        &mut self,
        bits: &mut Bits<'_>,
        table: &Table,
        block: &mut [i16; 64],
    ) -> Result<(), Broken> {
        if self.run > 0 {
            self.run -= 1;
            return Ok(());
        }
        let mut place = self.scan.first;
        while place <= self.scan.last {
            let symbol = u32::from(bits.symbol(table)?);
            let (zeros, size) = (symbol >> 4, symbol & 15);
            match (zeros, size) {
                (15, 0) => place += 16,
                (_, 0) => {
                    self.run = (1 << zeros) - 1 + bits.number(zeros);
                    return Ok(());
                }
                _ => {
                    place += zeros as usize;
                    let value = bits.signed(size);
                    *at(block, place)? = (value << self.scan.low) as i16;
                    place += 1;
                }
            }
        }
        Ok(())
    }

    /// One more bit for every coefficient that is known, and some new ones (G.1.2.3).
    fn finer_ac(
        &mut self,
        bits: &mut Bits<'_>,
        table: &Table,
        block: &mut [i16; 64],
    ) -> Result<(), Broken> {
        let bit = 1i16 << self.scan.low;
        let mut place = self.scan.first;
        while self.run == 0 && place <= self.scan.last {
            let symbol = u32::from(bits.symbol(table)?);
            let (mut zeros, size) = (symbol >> 4, symbol & 15);
            let new = match (zeros, size) {
                (15, 0) => 0,
                (_, 0) => {
                    self.run = (1 << zeros) + bits.number(zeros);
                    break;
                }
                (_, 1) if bits.number(1) == 1 => bit,
                (_, 1) => -bit,
                _ => return Err(Broken),
            };
            while place <= self.scan.last {
                let known = at(block, place)?;
                place += 1;
                if *known != 0 {
                    refine(bits, known, bit);
                } else if zeros == 0 {
                    *known = new;
                    break;
                } else {
                    zeros -= 1;
                }
            }
        }
        if self.run > 0 {
            while place <= self.scan.last {
                let known = at(block, place)?;
                place += 1;
                if *known != 0 {
                    refine(bits, known, bit);
                }
            }
            self.run -= 1;
        }
        Ok(())
    }
}

#[inline(always)]
fn sequential_ac(bits: &mut Bits<'_>, table: &Table, block: &mut [i16; 64]) -> Result<(), Broken> {
    let mut place = 1;
    while place < 64 {
        let symbol = u32::from(bits.symbol(table)?);
        let (zeros, size) = (symbol >> 4, symbol & 15);
        match (zeros, size) {
            (15, 0) => place += 16,
            (_, 0) => return Ok(()),
            _ => {
                place += zeros as usize;
                let value = bits.signed(size);
                *at(block, place)? = value as i16;
                place += 1;
            }
        }
    }
    Ok(())
}

/// The coefficient at `place` in zigzag order.
#[inline(always)]
fn at(block: &mut [i16; 64], place: usize) -> Result<&mut i16, Broken> {
    let natural = ZIGZAG.get(place).ok_or(Broken)?;
    Ok(&mut block[usize::from(*natural)])
}

/// Adds the next bit to a coefficient that is not 0, away from it.
fn refine(bits: &mut Bits<'_>, known: &mut i16, bit: i16) {
    if bits.number(1) == 1 && *known & bit == 0 {
        *known = known.wrapping_add(if *known > 0 { bit } else { -bit });
    }
}
