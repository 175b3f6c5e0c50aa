//! Huffman tables, and the bits of a scan (ITU-T T.81, annexes C and F).

/// Bits that are looked up at once; nearly every code is as short.
const SHORT: u32 = 10;

/// A Huffman table as a file defines it: how many codes of 1 to 16 bits there are, and the symbols
/// that they stand for.
#[derive(Clone, Copy)]
pub(super) struct Codes<'a> {
    pub counts: &'a [u8; 16],
    pub symbols: &'a [u8],
}

impl Codes<'_> {
    /// Whether every sequence of bits is a code: then nothing in the data can be told to be none.
    pub(super) fn are_complete(&self) -> bool {
        let lengths = (1..=16).zip(self.counts);
        let room = lengths.map(|(length, &count)| u32::from(count) << (16 - length));
        room.sum::<u32>() >= 1 << 16
    }
}

/// A Huffman table that finds a code's symbol.
pub(super) struct Table {
    /// For every beginning of `SHORT` bits: the symbol and its code's length, 0 if that is longer.
    short: Box<[(u8, u8)]>,
    /// For each length: the code from which on codes are longer, as 16 bits from the left.
    ends: [u32; 17],
    /// For each length: what a code's symbol is away from the code.
    shifts: [i32; 17],
    symbols: Vec<u8>,
}

impl Table {
    /// The table of `codes`: canonical ones, the shorter the smaller.
    pub(super) fn new(&Codes { counts, symbols }: &Codes<'_>) -> Result<Self, String> {
        let mut table = Self {
            short: vec![(0, 0); 1 << SHORT].into(),
            ends: [0; 17],
            shifts: [0; 17],
            symbols: symbols.to_vec(),
        };
        let (mut code, mut symbol) = (0u32, 0usize);
        for length in 1..=16u32 {
            let count = u32::from(counts[length as usize - 1]);
            table.shifts[length as usize] = symbol as i32 - code as i32;
            if length <= SHORT {
                for (code, &symbol) in (code..).zip(&symbols[symbol..symbol + count as usize]) {
                    let from = (code << (SHORT - length)) as usize;
                    let entries = table.short.get_mut(from..from + (1 << (SHORT - length)));
                    let entries = entries.ok_or("a Huffman table with too many codes")?;
                    entries.fill((symbol, length as u8));
                }
            }
            code += count;
            symbol += count as usize;
            if code > 1 << length {
                return Err("a Huffman table with too many codes".into());
            }
            table.ends[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok(table)
    }
}

/// The bits of a scan's data, up to its next marker.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    place: usize,
    /// Bits that are read ahead, from the left.
    ahead: u64,
    /// How many; below 0 once more was taken than there is.
    count: i32,
}

/// There is no more data, or there is no such code.
#[derive(Debug)]
pub(super) struct Broken;

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            place: 0,
            ahead: 0,
            count: 0,
        }
    }

    /// How many bytes were not taken.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.place + self.count.max(0) as usize / 8
    }

    /// Whether more was taken than there is.
    pub(super) fn is_over(&self) -> bool {
        self.count < 0
    }

    /// Reads ahead to at least 48 bits, where there are as many.
    fn fill(&mut self) {
        if let Some(next) = self.bytes[self.place..].first_chunk::<8>() {
            let next = u64::from_be_bytes(*next);
            // No byte is 0xff: none of the complement is 0.
            let complement = !next;
            let zeros =
                complement.wrapping_sub(0x0101_0101_0101_0101) & next & 0x8080_8080_8080_8080;
            if zeros == 0 && self.count >= 0 {
                self.ahead |= next >> self.count;
                let taken = (64 - self.count) / 8;
                self.place += taken as usize;
                self.count += 8 * taken;
                // What is behind the whole bytes comes again.
                self.ahead &= !0 << (64 - self.count).min(63);
                return;
            }
        }
        while (0..=56).contains(&self.count) {
            let Some(&byte) = self.bytes.get(self.place) else {
                return;
            };
            let mut step = 1;
            if byte == 0xff {
                // 0 stands behind 0xff as data; more 0xff in between is filling.
                let mut behind = self.place + 1;
                while self.bytes.get(behind) == Some(&0xff) {
                    behind += 1;
                }
                if self.bytes.get(behind) != Some(&0) {
                    return;
                }
                step = behind + 1 - self.place;
            }
            self.ahead |= u64::from(byte) << (56 - self.count);
            self.count += 8;
            self.place += step;
        }
    }

    /// Makes sure of `count` bits, at most 48; those that are missing are 0.
    #[inline(always)]
    fn need(&mut self, count: i32) {
        if self.count < count {
            self.fill();
        }
    }

    #[inline(always)]
    fn skip(&mut self, count: u32) {
        self.ahead <<= count;
        self.count -= count as i32;
    }

    /// The next symbol of `table`.
    #[inline(always)]
    pub(super) fn symbol(&mut self, table: &Table) -> Result<u8, Broken> {
        // Enough for the code and for the number behind it.
        self.need(32);
        let (symbol, length) = table.short[(self.ahead >> (64 - SHORT)) as usize];
        if length > 0 {
            self.skip(u32::from(length));
            return Ok(symbol);
        }
        self.long(table)
    }

    #[cold]
    fn long(&mut self, table: &Table) -> Result<u8, Broken> {
        let next = (self.ahead >> 48) as u32;
        for length in SHORT + 1..=16 {
            if next < table.ends[length as usize] {
                let code = (next >> (16 - length)) as i32;
                let place = code + table.shifts[length as usize];
                self.skip(length);
                return table.symbols.get(place as usize).copied().ok_or(Broken);
            }
        }
        Err(Broken)
    }

    /// The next `count` bits, at most 16, as a number.
    #[inline(always)]
    pub(super) fn number(&mut self, count: u32) -> u32 {
        if count == 0 {
            return 0;
        }
        self.need(count as i32);
        let number = (self.ahead >> (64 - count)) as u32;
        self.skip(count);
        number
    }

    /// The next `count` bits as a number that may be negative (F.2.2.1, EXTEND).
    #[inline(always)]
    pub(super) fn signed(&mut self, count: u32) -> i32 {
        let number = self.number(count) as i32;
        match count {
            0 => 0,
            _ if number < 1 << (count - 1) => number - (1 << count) + 1,
            _ => number,
        }
    }

    /// Passes the restart marker that is due, and what stands before it; whether there is one.
    pub(super) fn restart(&mut self) -> bool {
        let mut place = self.place;
        while let Some(found) = memchr::memchr(0xff, &self.bytes[place..]) {
            place += found;
            match self.bytes.get(place + 1) {
                Some(0) => place += 2,
                Some(0xff) => place += 1,
                Some(0xd0..=0xd7) => {
                    *self = Self {
                        place: place + 2,
                        ..Self::new(self.bytes)
                    };
                    return true;
                }
                _ => return false,
            }
        }
        false
    }
}
