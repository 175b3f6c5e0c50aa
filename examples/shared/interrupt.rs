//! Ctrl-C as a request to stop in order; a second one stops at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "train")]
use burn::train::Interrupter;

use super::report::say;

/// Calls `stop` at the first Ctrl-C; the second one ends the program.
pub fn on_interrupt(stop: impl Fn() + Send + 'static) {
    let asked = AtomicBool::new(false);
    let installed = ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        say("stopping; press Ctrl-C again to stop at once");
        stop();
    });
    if let Err(error) = installed {
        say(format_args!("warning: Ctrl-C will stop at once: {error}"));
    }
}

/// A handle that stops training once Ctrl-C was pressed.
#[cfg(feature = "train")]
pub fn interrupter() -> Interrupter {
    let interrupter = Interrupter::new();
    let set = interrupter.clone();
    on_interrupt(move || set.stop(Some("interrupted")));
    interrupter
}

/// A question that is answered with true once Ctrl-C was pressed.
pub fn stop_flag() -> impl Fn() -> bool + Clone + Send + 'static {
    let flag = Arc::new(AtomicBool::new(false));
    let set = flag.clone();
    on_interrupt(move || set.store(true, Ordering::Relaxed));
    move || flag.load(Ordering::Relaxed)
}
