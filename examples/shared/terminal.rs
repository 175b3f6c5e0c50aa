//! The one bar that may stand on the terminal, and lines beside it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;

static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

fn shown() -> MutexGuard<'static, Option<ProgressBar>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shows `bar` from now on, in the place of another one.
pub fn show(bar: &ProgressBar) {
    clear();
    *shown() = Some(bar.clone());
}

/// Takes the bar away, if there is one.
pub fn clear() {
    if let Some(bar) = shown().take() {
        bar.finish_and_clear();
    }
}

/// Takes the bar away for as long as `write` takes: what is written stands where the bar was, which
/// follows it.
pub fn aside<R>(write: impl FnOnce() -> R) -> R {
    let bar = shown().clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}
