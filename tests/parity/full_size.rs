//! Checkpoints of full size, and what PyTorch says with them.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// What `tests/fixtures/make/<script>` makes with `--full`, in a folder of its own; needs Python with what the
/// script imports, as `python3` or as `PYTHON` says.
pub fn made(script: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/make");
    let made = python()
        .arg(scripts.join(script))
        .arg("--full")
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{said}");
    folder
}

/// Whether there is a Python that imports `modules`.
pub fn has(modules: &str) -> bool {
    let there = python().args(["-c", &format!("import {modules}")]).output();
    there.is_ok_and(|output| output.status.success())
}

fn python() -> Command {
    Command::new(std::env::var("PYTHON").unwrap_or_else(|_| "python3".into()))
}
