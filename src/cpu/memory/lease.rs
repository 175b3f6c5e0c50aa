//! Memory for large maps and tensors, used again and again.
//!
//! A training step makes and drops maps of the same few sizes. Left to the allocator, each of them is
//! new memory, which the system clears page by page, and takes away from every core at its end. What
//! a [`Lease`] leaves is kept for the next one instead.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::page::Memory;
use crate::cpu::simd::Lanes;

/// Vectors of unknown content, whose memory is kept for the next ones when they are dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    memory: Memory,
    length: usize,
}

/// Vectors that are kept at most: 4 GiB, the maps of a step of B0 with 64 images and more.
const MOST: usize = (4 << 30) / size_of::<Lanes>();

/// What is free, the longest unused first.
fn free() -> MutexGuard<'static, Vec<Memory>> {
    static FREE: Mutex<Vec<Memory>> = Mutex::new(Vec::new());
    // A panic while the lock was held left a list of pieces all the same.
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lease {
    /// `length` vectors: the smallest free piece that holds them and is not much too large for them,
    /// or a new one.
    pub fn new(length: usize) -> Self {
        let mut free = free();
        let fits = |memory: &Memory| (length..=length + length / 4).contains(&memory.len());
        let smallest = (0..free.len())
            .filter(|index| fits(&free[*index]))
            .min_by_key(|index| free[*index].len());
        let memory = smallest.map(|index| free.remove(index));
        drop(free);
        Self {
            memory: memory.unwrap_or_else(|| Memory::new(length)),
            length,
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut free = free();
        free.push(std::mem::take(&mut self.memory));
        let mut held: usize = free.iter().map(|memory| memory.len()).sum();
        let mut gone = 0;
        while held > MOST {
            held -= free[gone].len();
            gone += 1;
        }
        let gone: Vec<Memory> = free.drain(..gone).collect();
        // Giving memory back to the system takes long; nobody need wait for it.
        drop(free);
        drop(gone);
    }
}

impl Deref for Lease {
    type Target = [Lanes];

    fn deref(&self) -> &[Lanes] {
        &self.memory[..self.length]
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut [Lanes] {
        &mut self.memory.vectors_mut()[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_given_back_is_taken_again_where_it_fits() {
        // No other test asks for this much.
        let length = 777_777;
        let piece = Lease::new(length);
        let place = piece.as_ptr();
        drop(piece);
        // Too small, then much too large, then right.
        assert_ne!(Lease::new(length + 1).as_ptr(), place);
        assert_ne!(Lease::new(length / 2).as_ptr(), place);
        let again = Lease::new(length - 9);
        assert_eq!((again.as_ptr(), again.len()), (place, length - 9));
    }
}
