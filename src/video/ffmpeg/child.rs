//! A running program that does not outlive its owner.

use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use super::program::cannot_run;
use super::words::Words;
use crate::Result;

/// A running program, whose standard error is heard. It is ended when this is dropped: neither the
/// process nor the thread that hears it is left, not even as a zombie.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    hearing: Option<JoinHandle<Words>>,
}

impl Running {
    /// Starts `command`, whose input and output are as it says; `name` is what it calls its file.
    pub(super) fn start(mut command: Command, name: &str) -> Result<Self> {
        command.stderr(Stdio::piped());
        let spawned = command.spawn();
        let mut child = spawned.map_err(cannot_run(command.get_program()))?;
        let said = child.stderr.take();
        let name = name.to_string();
        let hearing = said.map(|said| std::thread::spawn(move || Words::hear(said, &name)));
        Ok(Self { child, hearing })
    }

    /// Its output, if that is a pipe that nobody has taken.
    pub(super) fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Its input, if that is a pipe that nobody has taken.
    pub(super) fn input(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// Waits for its end: how it ended, if the system tells, and its last words. Its input, if it was not
    /// taken, is closed.
    pub(super) fn end(&mut self) -> (Option<ExitStatus>, Words) {
        let status = self.child.wait().ok();
        let heard = self.hearing.take().and_then(|thread| thread.join().ok());
        (status, heard.unwrap_or_default())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; waiting is right in both cases.
        let _ = self.child.kill();
        self.end();
    }
}
