//! Memory in large pages, where the system has them.
//!
//! The weights and maps of a network fill thousands of small pages, more than a processor keeps
//! the addresses of, and looking one up takes longer than the arithmetic on it.

use memmap2::MmapMut;

use crate::cpu::simd::{LANES, Lanes};

/// Bytes in a large page.
const PAGE: usize = 2 << 20;
const VECTOR: usize = LANES * size_of::<f32>();

/// Lanes that start at the start of a large page, 0 at first.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// A mapping, and the byte in it that the vectors start at.
    map: Option<(MmapMut, usize)>,
    /// The vectors where there are no mappings, or too little to map.
    heap: Vec<Lanes>,
    length: usize,
}

impl Memory {
    /// Memory for `length` vectors.
    pub fn new(length: usize) -> Self {
        let bytes = length * VECTOR;
        let map = (bytes >= PAGE / 4).then(|| map(bytes)).flatten();
        let heap = if map.is_none() { length } else { 0 };
        Self {
            map,
            heap: vec![Lanes::default(); heap],
            length,
        }
    }

    /// The first `length` vectors of unknown content, in new memory where the old is too little.
    pub fn room(&mut self, length: usize) -> &mut [Lanes] {
        if self.length < length {
            *self = Self::new(length);
        }
        &mut self.vectors_mut()[..length]
    }

    /// All vectors, to write.
    pub fn vectors_mut(&mut self) -> &mut [Lanes] {
        match &mut self.map {
            // SAFETY: `map` left room for the vectors behind `start`, which is aligned; every bit
            // pattern is a vector; the mapping is this value's alone.
            Some((map, start)) => unsafe {
                std::slice::from_raw_parts_mut(map.as_mut_ptr().add(*start).cast(), self.length)
            },
            None => &mut self.heap,
        }
    }
}

/// A mapping of so many bytes, all 0, from the start of a large page on.
fn map(bytes: usize) -> Option<(MmapMut, usize)> {
    let map = MmapMut::map_anon(bytes.next_multiple_of(PAGE) + PAGE).ok()?;
    // Without large pages it works all the same.
    #[cfg(target_os = "linux")]
    let _ = map.advise(memmap2::Advice::HugePage);
    let start = map.as_ptr().align_offset(PAGE);
    (start < PAGE).then_some((map, start))
}

impl std::ops::Deref for Memory {
    type Target = [Lanes];

    fn deref(&self) -> &[Lanes] {
        match &self.map {
            // SAFETY: as in `vectors_mut`.
            Some((map, start)) => unsafe {
                std::slice::from_raw_parts(map.as_ptr().add(*start).cast(), self.length)
            },
            None => &self.heap,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_any_size_is_aligned_and_keeps_what_is_written() {
        for length in [0, 1, PAGE / VECTOR / 4, PAGE / VECTOR, PAGE / VECTOR + 1] {
            let mut memory = Memory::new(length);
            assert_eq!(memory.len(), length);
            assert!(memory.iter().all(|vector| *vector == Lanes::default()));
            memory.vectors_mut().fill(Lanes([1.5; LANES]));
            assert!(memory.iter().all(|vector| *vector == Lanes([1.5; LANES])));
            assert_eq!(memory.as_ptr().align_offset(align_of::<Lanes>()), 0);
        }
    }

    #[test]
    fn room_grows_and_never_shrinks() {
        let mut memory = Memory::default();
        assert_eq!(memory.room(10).len(), 10);
        assert_eq!(memory.room(3).len(), 3);
        assert_eq!(memory.len(), 10);
    }
}
