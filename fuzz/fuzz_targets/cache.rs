//! Feature files, and the unfinished ones that an extraction goes on with.
#![no_main]

mod file;

use countenance::data::cache::{CacheWriter, FeatureCache, Fingerprint, is_absent};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    file::with_file(bytes, |path| {
        if let Ok(cache) = FeatureCache::open(path) {
            assert_eq!(cache.as_slice().len(), cache.rows() * cache.width());
            for row in (0..cache.rows().min(64)).map(|row| cache.row(row)) {
                assert!(is_absent(row) || row.iter().all(|value| value.is_finite()));
            }
            assert!(
                cache
                    .names()
                    .is_none_or(|names| names.len() == cache.rows())
            );
        }
    });
    // Whatever stands in the unfinished file, the finished one is whole.
    let path = std::path::Path::new("/dev/shm").join(format!("cache-{}", std::process::id()));
    let partial = path.with_extension("partial");
    std::fs::write(&partial, bytes).unwrap();
    let names = ["a", "b", "c"].map(str::to_string);
    let mut writer = CacheWriter::open(&path, &names, 2, &Fingerprint::builder().build()).unwrap();
    for row in writer.next_row()..3 {
        writer.push(&[row as f32, 1.0]).unwrap();
    }
    let cache = writer.finish().unwrap();
    assert_eq!(cache.as_slice(), [0.0, 1.0, 1.0, 1.0, 2.0, 1.0]);
    std::fs::remove_file(&path).unwrap();
});
