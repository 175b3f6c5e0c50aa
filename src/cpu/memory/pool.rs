//! Working memory of a task, kept between calls.

use std::sync::{Mutex, PoisonError};

/// Memory that is kept between calls. It is locked only to take a piece and to give it back.
#[derive(Debug)]
pub(crate) struct Pool<T>(Mutex<Vec<T>>);

impl<T> Pool<T> {
    /// Nothing kept yet.
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<T: Default> Pool<T> {
    /// Calls `work` with a piece of memory of unknown content.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        // A panic while the lock was held left a list of pieces all the same.
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut piece = lock().pop().unwrap_or_default();
        let result = work(&mut piece);
        lock().push(piece);
        result
    }
}
