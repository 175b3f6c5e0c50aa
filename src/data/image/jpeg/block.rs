//! The coefficients of one block after another (ITU-T T.81, F.2 and G.1.2).

use super::header::Scan;
use super::huffman::{Bits, Broken, Table};
use super::stream::ZIGZAG;

/// What is carried from block to block.
pub(super) struct State<'a> {
    scan: &'a Scan,
    progressive: bool,
    /// The last DC coefficient of each part.
    before: [i32; 4],
    /// Blocks still to come without a new coefficient (G.1.2.2).
    run: u32,
}

impl<'a> State<'a> {
    /// At the beginning of a scan, or behind a restart marker.
    pub(super) fn new(scan: &'a Scan, progressive: bool) -> Self {
        Self {
            scan,
            progressive,
            before: [0; 4],
            run: 0,
        }
    }

    /// Reads the next block, which is one of the scan's part `part`.
    #[inline]
    pub(super) fn block(
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
