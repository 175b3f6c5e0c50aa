//! Progress of long work, on stderr.

use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::line::{fitted, left, rate};
use super::report::say;
use super::terminal;

/// How long a log stays silent between two lines.
pub const SILENCE: Duration = Duration::from_secs(5);

/// A line on the terminal that is written anew as work goes on; hidden elsewhere.
pub struct Line {
    bar: ProgressBar,
}

impl Line {
    /// Shows an empty one.
    pub fn start() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{msg}");
        bar.set_style(style.unwrap_or(ProgressStyle::default_bar()));
        terminal::show(&bar);
        Self { bar }
    }

    /// Whether nobody sees it.
    pub fn is_hidden(&self) -> bool {
        self.bar.is_hidden()
    }

    /// Writes it anew: see [`fitted`].
    pub fn set(&self, name: &str, share: f64, parts: &[String]) {
        if !self.is_hidden() {
            let width = usize::from(Term::stderr().size().1);
            self.bar.set_message(fitted(width, name, share, parts));
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        terminal::clear();
    }
}

/// A bar with rate and time left on a terminal; a plain line every few seconds elsewhere, so that a
/// log shows that work goes on without filling up.
///
/// What [`say`] and [`print`](super::report::print) write meanwhile stands above the bar.
pub struct Progress {
    line: Line,
    what: String,
    /// What one of what is counted is called in a rate.
    unit: &'static str,
    start: Instant,
    /// What was done at the first update, and when that was: work that goes on where it was
    /// interrupted starts with something done, which is not its rate.
    first: OnceLock<(usize, Instant)>,
    /// Images or rows in a batch; 0 where work is not done in batches.
    batch: usize,
    /// What was done, and when, as the first batch was: on a GPU it takes what tuning and compiling
    /// take, which is not the rate of those that follow.
    warm: OnceLock<(usize, Instant)>,
    state: Mutex<State>,
}

struct State {
    /// The most that was done at any update: threads report out of order.
    done: usize,
    /// When the last plain line was written.
    said: Instant,
}

impl Progress {
    /// Starts to show the progress of `what`, a word or two such as "rendering".
    pub fn start(what: &str) -> Self {
        let now = Instant::now();
        Self {
            line: Line::start(),
            what: what.to_string(),
            unit: match what {
                "images" | "rendering" | "features" => " img",
                _ => "",
            },
            start: now,
            first: OnceLock::new(),
            batch: 0,
            warm: OnceLock::new(),
            state: Mutex::new(State { done: 0, said: now }),
        }
    }

    /// Tells the first batch's time apart from the rate of all others.
    pub fn in_batches(self, batch: usize) -> Self {
        Self { batch, ..self }
    }

    /// Shows that `done` of `total` are done; callable from any thread.
    pub fn update(&self, done: usize, total: usize) {
        let &(before, first) = self.first.get_or_init(|| (done, Instant::now()));
        if self.batch > 0 && done >= before + self.batch.min(total.saturating_sub(before)) {
            self.warm.get_or_init(|| (done, Instant::now()));
        }
        let Ok(mut state) = self.state.lock() else {
            return;
        };
        state.done = state.done.max(done);
        let done = state.done;
        let share = |done: usize| done as f64 / total.max(1) as f64;
        let elapsed = first.elapsed();
        let mut parts = vec![format!("{done}/{total}")];
        if done > before {
            let per_second = (done - before) as f64 / elapsed.as_secs_f64().max(1e-9);
            parts.push(format!("{}{}/s", rate(per_second), self.unit));
        }
        parts.extend(left(elapsed, share(before), share(done)));
        self.line.set(&self.what, share(done), &parts);
        if self.line.is_hidden() && state.said.elapsed() >= SILENCE && done < total {
            state.said = Instant::now();
            say(format_args!("{}: {}", self.what, parts.join(", ")));
        }
    }

    /// Takes the bar away and leaves one line that says how much was done, in what time.
    pub fn finish(self) {
        let elapsed = self.start.elapsed();
        let done = self.state.lock().map_or(0, |state| state.done);
        drop(self.line);
        let before = self.first.get().map_or(0, |&(before, _)| before);
        let whole = format!("{}: {done} in {:.1} s", self.what, elapsed.as_secs_f64());
        match self.warm.get() {
            _ if done == before => say(format_args!("{}: nothing left to do", self.what)),
            Some(&(warm, at)) if done > warm => {
                let after = at.elapsed().as_secs_f64();
                say(format_args!(
                    "{whole}: the first {} in {:.2} s, then {}{}/s",
                    warm - before,
                    elapsed.as_secs_f64() - after,
                    rate((done - warm) as f64 / after),
                    self.unit,
                ));
            }
            _ => say(whole),
        }
    }
}
