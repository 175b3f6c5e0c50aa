//! The division of one layer's work among the cores.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::divide::ranges;
use super::page::Memory;
use super::pool::Pool;
use crate::cpu::simd::{Isa, Kernel};

/// The cores that work on one image together.
#[derive(Clone, Copy)]
pub(crate) struct Workers {
    isa: Isa,
    threads: usize,
}

/// Calls `work` with a piece of working memory.
pub(crate) fn with_scratch<R>(work: impl FnOnce(&mut Memory) -> R) -> R {
    static SCRATCH: Pool<Memory> = Pool::new();
    SCRATCH.with(work)
}

/// Pieces of work per core, where there are several cores: enough that one which starts late, or
/// is taken away, holds up the others only a little.
const TASKS: usize = 4;

impl Workers {
    /// So many cores.
    pub fn new(isa: Isa, threads: usize) -> Self {
        Self { isa, threads }
    }

    /// All cores of the current rayon pool.
    pub fn all(isa: Isa) -> Self {
        Self::new(isa, rayon::current_num_threads())
    }

    /// How many cores.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Runs `kernel` on the calling thread.
    pub fn run<K: Kernel>(&self, kernel: K) -> K::Output {
        self.isa.run(kernel)
    }

    /// Does every task, on any core, each with working memory of its own.
    pub fn each<T: Send>(
        &self,
        tasks: impl IntoIterator<Item = T>,
        work: impl Fn(T, &mut Memory) + Sync,
    ) {
        if self.threads == 1 {
            with_scratch(|scratch| {
                for task in tasks {
                    work(task, scratch);
                }
            });
        } else {
            let tasks: Vec<T> = tasks.into_iter().collect();
            tasks
                .into_par_iter()
                .with_max_len(1)
                .for_each(|task| with_scratch(|scratch| work(task, scratch)));
        }
    }

    /// How many tasks each of some pieces of work is to be divided into.
    pub fn tasks(&self, pieces: usize) -> usize {
        match self.threads {
            1 => 1,
            threads => (TASKS * threads).div_ceil(pieces.max(1)),
        }
    }

    /// Divides `units` into bands of at least `least` where `panels` panels are too few tasks.
    pub fn bands(&self, panels: usize, units: usize, least: usize) -> Vec<Range<usize>> {
        let length = units
            .div_ceil(self.tasks(panels))
            .next_multiple_of(least)
            .min(units);
        ranges(units, length)
    }
}

/// Calls `work` on a thread of the current rayon pool, while `threads - 1` others look for tasks
/// without a pause: falling asleep and being woken for every layer takes longer than a layer.
pub(crate) fn awake(threads: usize, work: impl FnOnce() + Send) {
    /// Ends the search also where `work` panics.
    struct Done<'a>(&'a AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
        }
    }
    let done = AtomicBool::new(false);
    rayon::scope(|scope| {
        let end = Done(&done);
        for _ in 1..threads {
            scope.spawn(|_| {
                while !done.load(Ordering::Acquire) {
                    if rayon::yield_now() != Some(rayon::Yield::Executed) {
                        // Another program may need the core.
                        std::thread::yield_now();
                    }
                }
            });
        }
        work();
        drop(end);
    });
}
