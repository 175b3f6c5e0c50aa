//! Weights of every container: safetensors, the crate's own, and PyTorch's.
#![no_main]

mod file;

use countenance::weights::{Checkpoint, Family, native};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    file::with_file(bytes, |path| {
        if let Ok(file) = native::read(path) {
            let held: usize = file
                .tensors
                .values()
                .map(|data| data.as_bytes().len())
                .sum();
            assert!(held <= bytes.len());
        }
        let Ok(checkpoint) = Checkpoint::open(path) else {
            return;
        };
        let _ = Family::of(&checkpoint);
        let names: Vec<String> = checkpoint.names().map(str::to_string).collect();
        for name in names {
            if let Ok(data) = checkpoint.read(&name) {
                assert_eq!(Some(data.shape().as_slice()), checkpoint.shape(&name));
            }
        }
    });
});
