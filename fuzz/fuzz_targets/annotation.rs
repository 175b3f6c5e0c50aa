//! Annotation and list files. What is read is written and read again, the same.
#![no_main]

mod file;

use countenance::data::annotation::{self, AnnotationConfig};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    file::with_file(bytes, |path| {
        for strict in [false, true] {
            let keep = AnnotationConfig::new()
                .with_keep_partial_action_units(true)
                .with_strict(strict);
            let _ = annotation::read_list(path, &keep);
            let Ok(rows) = annotation::read(path, &keep) else {
                continue;
            };
            for row in &rows {
                assert!(
                    !row.image
                        .split('/')
                        .any(|part| part == ".." || part.is_empty())
                );
            }
            let again = path.with_extension("again");
            annotation::write(&again, &rows).unwrap();
            let mut read = annotation::read(&again, &keep).unwrap();
            for (read, row) in read.iter_mut().zip(&rows) {
                read.line = row.line;
            }
            assert_eq!(read, rows);
        }
    });
});
