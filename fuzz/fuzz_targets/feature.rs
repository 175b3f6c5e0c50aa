//! Feature files of other programs: safetensors, `.npy` and `.npz`.
#![no_main]

mod file;

use countenance::data::cache::is_absent;
use countenance::data::feature::FeatureFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    file::with_file(bytes, |path| {
        if let Ok(file) = FeatureFile::open(path) {
            let mut row = vec![0.0; file.width()];
            for index in 0..file.rows().min(64) {
                file.copy_row(index, &mut row);
                assert!(is_absent(&row) || row.iter().all(|value| value.is_finite()));
            }
            assert!(file.names().is_none_or(|names| names.len() == file.rows()));
        }
    });
});
