//! Commands for people to copy: this program, or one beside it, as this one was started.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The cargo features that this build has beyond the default ones.
const FEATURES: [(&str, bool); 8] = [
    ("ndarray", cfg!(feature = "ndarray")),
    ("wgpu", cfg!(feature = "wgpu")),
    ("vulkan", cfg!(feature = "vulkan")),
    ("metal", cfg!(feature = "metal")),
    ("cuda", cfg!(feature = "cuda")),
    ("rocm", cfg!(feature = "rocm")),
    ("tui", cfg!(feature = "tui")),
    ("download", cfg!(feature = "download")),
];

/// The command that starts `example`, to be followed by its arguments.
pub fn of(example: &str) -> String {
    let program = beside(example);
    match env::var_os("CARGO").and(env::var_os("CARGO_MANIFEST_DIR")) {
        Some(package) => with_cargo(example, Path::new(&package)),
        // One found by its name alone is in the search path, as those beside it are.
        None if program.exists() || program.components().count() == 1 => {
            quoted(program.as_os_str())
        }
        None => with_cargo(example, Path::new(env!("CARGO_MANIFEST_DIR"))),
    }
}

/// The very command that this program was started with.
pub fn again() -> String {
    let name = env::current_exe().ok();
    let name = name.as_deref().and_then(Path::file_stem);
    let name = name.unwrap_or_default().to_string_lossy();
    let arguments = env::args_os().skip(1).map(|text| quoted(&text));
    let words: Vec<String> = [of(&name)].into_iter().chain(arguments).collect();
    words.join(" ")
}

/// `text` as one word of a shell.
pub fn quoted(text: &OsStr) -> String {
    let text = text.to_string_lossy();
    match shlex::try_quote(&text) {
        Ok(word) => word.into_owned(),
        // No file has such a name and no program such an argument.
        Err(_) => text.into_owned(),
    }
}

/// As `cargo run` started it.
fn with_cargo(example: &str, package: &Path) -> String {
    let mut words = vec!["cargo run".to_string()];
    if !cfg!(debug_assertions) {
        words.push("--release".into());
    }
    // Cargo looks for the package in this folder and in those above it.
    let is_above = env::current_dir().is_ok_and(|folder| folder.starts_with(package));
    if !is_above {
        let manifest = package.join("Cargo.toml");
        words.push(format!("--manifest-path {}", quoted(manifest.as_os_str())));
    }
    let mut features: Vec<&str> = FEATURES
        .iter()
        .filter(|(_, compiled_in)| *compiled_in)
        .map(|(name, _)| *name)
        .collect();
    if !cfg!(feature = "flex") {
        words.push("--no-default-features".into());
        if cfg!(feature = "train") {
            features.push("train");
        }
    }
    if !features.is_empty() {
        words.push(format!("--features {}", features.join(",")));
    }
    words.push(format!("--example {example} --"));
    words.join(" ")
}

/// The program `example` in the folder that this one was started from.
fn beside(example: &str) -> PathBuf {
    let started = env::args_os().next().unwrap_or_default();
    let name = format!("{example}{}", env::consts::EXE_SUFFIX);
    Path::new(&started).with_file_name(name)
}
