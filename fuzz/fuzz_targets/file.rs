//! The bytes under test as a file: what a user supplies is always one.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Calls `read` with the path of a file that holds `bytes`, in memory where the system has such
/// files.
pub fn with_file(bytes: &[u8], read: impl FnOnce(&Path)) {
    thread_local! {
        static FILE: std::cell::RefCell<NamedTempFile> = std::cell::RefCell::new(new_file());
    }
    FILE.with_borrow_mut(|file| {
        file.as_file().set_len(0).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(bytes).unwrap();
        read(file.path());
    });
}

fn new_file() -> NamedTempFile {
    NamedTempFile::new_in("/dev/shm")
        .or_else(|_| NamedTempFile::new())
        .unwrap()
}

/// The same for text within a call of [`with_file`].
#[allow(dead_code, reason = "not every target writes again what it has read")]
pub fn with_text(text: &str, read: impl FnOnce(&Path)) {
    let mut file = new_file();
    file.write_all(text.as_bytes()).unwrap();
    read(file.path());
}
