//! Memory for maps that is kept from one step to the next.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard};

use super::page::Memory;
use crate::cpu::simd::Lanes;

/// The memory that a network's training steps share. Clones share it too; it is freed with the last
/// of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workspace(Arc<Mutex<Vec<Memory>>>);

/// A piece of memory, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    memory: Memory,
    length: usize,
    home: Workspace,
}

impl Workspace {
    /// `length` vectors of unknown content: the smallest free piece that holds them, or a new one.
    pub fn take(&self, length: usize) -> Lease {
        let mut free = self.lock();
        let fits = free.iter().enumerate();
        // A piece much too large is left for whoever needs it.
        let fits = fits.filter(|(_, memory)| (length..=2 * length).contains(&memory.len()));
        let best = fits.min_by_key(|(_, memory)| memory.len());
        let memory = best
            .map(|(index, _)| index)
            .map(|index| free.swap_remove(index));
        drop(free);
        Lease {
            memory: memory.unwrap_or_else(|| Memory::new(length)),
            length,
            home: self.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Memory>> {
        // A panic while the lock was held left a list of pieces all the same.
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.home.lock().push(std::mem::take(&mut self.memory));
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
        let workspace = Workspace::default();
        let piece = workspace.take(100);
        let place = piece.as_ptr();
        drop(piece);
        // Too small, then much too large, then right.
        assert_ne!(workspace.take(101).as_ptr(), place);
        assert_ne!(workspace.take(49).as_ptr(), place);
        let again = workspace.clone().take(60);
        assert_eq!((again.as_ptr(), again.len()), (place, 60));
    }
}
