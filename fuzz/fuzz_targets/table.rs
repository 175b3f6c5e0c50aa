//! Tables of labels. What is read is written and read again, the same.
#![no_main]

mod file;

use countenance::data::table::{self, LabelConfig};
use countenance::label::Vocabulary;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    file::with_file(bytes, |path| {
        let told = |name| Vocabulary::preset(name).unwrap();
        for vocabulary in [None, Some(told("aff-wild2")), Some(told("disfa"))] {
            let config = LabelConfig::new().with_vocabulary(vocabulary);
            let Ok(read) = table::read(path, &config) else {
                continue;
            };
            for row in &read.rows {
                assert!(
                    !row.image
                        .split('/')
                        .any(|part| part == ".." || part.is_empty())
                );
            }
            // A table whose labels are all missing says nothing of what they are about.
            if read.vocabulary == Vocabulary::default() {
                continue;
            }
            let again = path.with_extension("again");
            table::write(&again, &read).unwrap();
            let config = LabelConfig::new().with_vocabulary(Some(read.vocabulary.clone()));
            let mut written = table::read(&again, &config).unwrap();
            for (written, row) in written.rows.iter_mut().zip(&read.rows) {
                written.line = row.line;
            }
            assert_eq!(written.vocabulary, read.vocabulary);
            assert_eq!(written.rows, read.rows);
            assert_eq!(written.parts, read.parts);
            for row in 0..read.rows.len() {
                let (written, read) = (&written.marks, &read.marks);
                assert_eq!(written.videos.get(row), read.videos.get(row));
                assert_eq!(written.subjects.get(row), read.subjects.get(row));
                assert_eq!(written.frame(row), read.frame(row));
                assert_eq!(written.weight(row), read.weight(row));
            }
        }
    });
});
