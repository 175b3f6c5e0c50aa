//! Progress of long work, on stderr.

use std::io::IsTerminal;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::report::say;

/// How long a log stays silent between two lines.
const SILENCE: Duration = Duration::from_secs(5);

/// A bar with rate and time left on a terminal; a plain line every few seconds elsewhere, so that a
/// log shows that work goes on without filling up.
pub struct Progress {
    bar: ProgressBar,
    /// What was done at the first update, and when that was: work that goes on where it was
    /// interrupted starts with something done, which is not its rate.
    first: OnceLock<(usize, Instant)>,
    /// Images or rows in a batch; 0 where work is not done in batches.
    batch: usize,
    /// What was done, and when, as the first batch was: on a GPU it takes what tuning and compiling
    /// take, which is not the rate of those that follow.
    warm: OnceLock<(usize, Instant)>,
    /// When the last plain line was written; `None` on a terminal.
    plain: Option<Mutex<Instant>>,
    what: String,
}

impl Progress {
    /// Starts to show the progress of `what`, a few words such as "rendering faces".
    pub fn start(what: &str) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(
            None,
            if terminal {
                ProgressDrawTarget::stderr()
            } else {
                ProgressDrawTarget::hidden()
            },
        );
        let style = "{msg} {wide_bar:.cyan/bright.black} {pos}/{len}, {per_sec}, {eta} left";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar()));
        bar.set_message(what.to_string());
        Self {
            bar,
            first: OnceLock::new(),
            batch: 0,
            warm: OnceLock::new(),
            plain: (!terminal).then(|| Mutex::new(Instant::now())),
            what: what.to_string(),
        }
    }

    /// Tells the first batch's time apart from the rate of all others.
    pub fn in_batches(self, batch: usize) -> Self {
        Self { batch, ..self }
    }

    /// Shows that `done` of `total` are done; callable from any thread.
    pub fn update(&self, done: usize, total: usize) {
        self.bar.set_length(total as u64);
        let (before, start) = self.first.get_or_init(|| {
            self.bar.set_position(done as u64);
            self.bar.reset_eta();
            (done, Instant::now())
        });
        // Threads report out of order.
        if done as u64 > self.bar.position() {
            self.bar.set_position(done as u64);
        }
        if self.batch > 0 && done >= before + self.batch.min(total - before) {
            self.warm.get_or_init(|| (done, Instant::now()));
        }
        let Some(last) = &self.plain else { return };
        let Ok(mut last) = last.try_lock() else {
            return;
        };
        if last.elapsed() >= SILENCE && done < total {
            *last = Instant::now();
            let rate = done.saturating_sub(*before) as f64 / start.elapsed().as_secs_f64();
            let left = (total - done) as f64 / rate.max(f64::MIN_POSITIVE);
            let left = HumanDuration(Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX));
            say(format_args!(
                "{}: {done}/{total}, {rate:.1}/s, {left} left",
                self.what
            ));
        }
    }

    /// Takes the bar away and leaves one line that says how much was done, in what time.
    pub fn finish(self) {
        let (done, elapsed) = (self.bar.position(), self.bar.elapsed());
        self.bar.finish_and_clear();
        let whole = format!("{}: {done} in {:.1} s", self.what, elapsed.as_secs_f64());
        match (self.first.get(), self.warm.get()) {
            _ if done == 0 => say(format_args!("{}: nothing left to do", self.what)),
            (Some((before, _)), Some((warm, at))) if done > *warm as u64 => {
                let after = at.elapsed().as_secs_f64();
                let first = elapsed.as_secs_f64() - after;
                let rate = (done - *warm as u64) as f64 / after;
                say(format_args!(
                    "{whole}: the first {} in {first:.2} s, then {rate:.1}/s",
                    warm - before
                ));
            }
            _ => say(whole),
        }
    }
}
