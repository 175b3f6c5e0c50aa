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
#[derive(Debug)]
pub(crate) struct Memory {
    source: Source,
    length: usize,
}

#[derive(Debug)]
enum Source {
    /// A mapping, and the byte in it that the vectors start at.
    Map(MmapMut, usize),
    /// Where there are no mappings, or too little to map.
    Heap(Vec<Lanes>),
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            source: Source::Heap(Vec::new()),
            length: 0,
        }
    }
}

impl Memory {
    /// Memory for `length` vectors.
    pub fn new(length: usize) -> Self {
        let heap = || Source::Heap(vec![Lanes::default(); length]);
        let source = if length * VECTOR < PAGE / 4 {
            heap()
        } else {
            Self::map(length * VECTOR).unwrap_or_else(heap)
        };
        Self { source, length }
    }

    fn map(bytes: usize) -> Option<Source> {
        let map = MmapMut::map_anon(bytes.next_multiple_of(PAGE) + PAGE).ok()?;
        // Without large pages it works all the same.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        let start = map.as_ptr().align_offset(PAGE);
        (start < PAGE).then_some(Source::Map(map, start))
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
        match &mut self.source {
            // SAFETY: `map` left room for the vectors behind `start`, which is aligned; every bit
            // pattern is a vector; the mapping is this value's alone.
            Source::Map(map, start) => unsafe {
                std::slice::from_raw_parts_mut(map.as_mut_ptr().add(*start).cast(), self.length)
            },
            Source::Heap(vectors) => vectors,
        }
    }
}

impl From<Vec<Lanes>> for Memory {
    fn from(vectors: Vec<Lanes>) -> Self {
        let mut memory = Self::new(vectors.len());
        memory.vectors_mut().copy_from_slice(&vectors);
        memory
    }
}

impl std::ops::Deref for Memory {
    type Target = [Lanes];

    fn deref(&self) -> &[Lanes] {
        match &self.source {
            // SAFETY: as in `vectors_mut`.
            Source::Map(map, start) => unsafe {
                std::slice::from_raw_parts(map.as_ptr().add(*start).cast(), self.length)
            },
            Source::Heap(vectors) => vectors,
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
