//! The whole cache, made of the parts that several machines extracted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::fingerprint::Fingerprint;
use super::reader::FeatureCache;
use super::shard::Shard;
use super::writer::CacheWriter;
use crate::{Error, Result};

/// A part as it was found.
struct Part<'a> {
    path: &'a Path,
    cache: FeatureCache,
    shard: Shard,
    /// That of the whole.
    fingerprint: Fingerprint,
}

/// Puts the parts of a cache together; the file is byte for byte the one that a single extraction
/// writes.
///
/// The parts may be given in any order. Each is read as it is copied, so that memory stays bounded.
///
/// # Errors
/// [`Error::File`] if a file is no part of a cache, a part of another one (other weights, other
/// preprocessing, another list, another number of parts), or does not hold the rows that it says;
/// [`Error::Argument`] if a part is missing or there twice; [`Error::Io`] if a file cannot be read or
/// written.
pub fn merge(out: &Path, parts: &[PathBuf]) -> Result<FeatureCache> {
    let mut found = parts
        .iter()
        .map(|path| open(path))
        .collect::<Result<Vec<_>>>()?;
    let Some(first) = found.first() else {
        return Err(Error::argument("the parts", "all parts of a cache", "none"));
    };
    for part in &found[1..] {
        agree(first, part)?;
    }
    found.sort_by_key(|part| part.shard.number);
    complete(&found)?;

    let (width, fingerprint) = (found[0].cache.width(), found[0].fingerprint.clone());
    let names: Vec<String> = found.iter().flat_map(names).cloned().collect();
    for part in &found {
        let expected = part.shard.range(names.len()).len();
        if part.cache.rows() != expected {
            let expected = format!("{expected} of the {} rows of all parts", names.len());
            return Err(Error::file(
                part.path,
                expected,
                part.cache.rows().to_string(),
            ));
        }
    }
    if !fingerprint.is_of_rows(&names) {
        let expected = "parts whose rows are together the list that they were made from";
        return Err(Error::file(found[0].path, expected, "other row names"));
    }
    let mut writer = CacheWriter::open(out, &names, width, &fingerprint)?;
    let mut start = 0;
    for part in &found {
        let values = part.cache.as_slice();
        // An interrupted merge goes on behind the rows that it has already copied.
        let copied = writer
            .next_row()
            .saturating_sub(start)
            .min(part.cache.rows());
        writer.push(&values[copied * width..])?;
        start += part.cache.rows();
    }
    writer.finish()
}

fn open(path: &Path) -> Result<Part<'_>> {
    let cache = FeatureCache::open(path)?;
    let expected = "a part of a cache, as --shard writes it";
    let shard = match cache.metadata(super::SHARD_KEY) {
        Some(text) => text
            .parse()
            .map_err(|_| Error::file(path, expected, format!("part {text:?}")))?,
        None => return Err(Error::file(path, expected, "a whole one")),
    };
    let fingerprint = Fingerprint::of_whole(cache.all_metadata());
    match fingerprint {
        Some(fingerprint) if cache.names().is_some() => Ok(Part {
            path,
            cache,
            shard,
            fingerprint,
        }),
        _ => {
            let found = "no row names, or a fingerprint that is not of them";
            Err(Error::file(path, expected, found))
        }
    }
}

fn names<'a>(part: &'a Part) -> &'a [String] {
    part.cache.names().unwrap_or_default()
}

/// Refuses `other` unless it is of the same cache as `first`.
fn agree(first: &Part, other: &Part) -> Result<()> {
    let expected = format!("a part of the same cache as {}", first.path.display());
    let refuse = |found: String| Err(Error::file(other.path, &expected, found));
    if other.shard.count != first.shard.count {
        return refuse(format!("part {}", other.shard));
    }
    let metadata: BTreeMap<_, _> = other.fingerprint.metadata().collect();
    if let Some(found) = first.fingerprint.difference(&metadata) {
        return refuse(found);
    }
    match other.cache.width() == first.cache.width() {
        true => Ok(()),
        false => refuse(format!("features of width {}", other.cache.width())),
    }
}

/// Refuses parts, sorted by their number, of which one is missing or there twice.
fn complete(parts: &[Part]) -> Result<()> {
    let count = parts[0].shard.count;
    let refuse = |found: String| {
        let expected = format!("each of {count} once");
        Err(Error::argument("the parts", expected, found))
    };
    if let Some([one, two]) = parts
        .array_windows()
        .find(|[one, two]| one.shard == two.shard)
    {
        let (one_path, two_path) = (one.path.display(), two.path.display());
        return refuse(format!("{} twice, in {one_path} and {two_path}", one.shard));
    }
    let missing: Vec<String> = (1..=count)
        .filter(|number| parts.iter().all(|part| part.shard.number != *number))
        .map(|number| format!("{number}/{count}"))
        .collect();
    match missing.is_empty() {
        true => Ok(()),
        false => refuse(format!("no {}", missing.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 3;
    const ROWS: usize = 700;

    fn names(rows: usize) -> Vec<String> {
        (0..rows).map(|row| format!("v/{row:05}.jpg")).collect()
    }

    fn fingerprint(weights: &[u8], names: &[String]) -> Fingerprint {
        // Lists are told apart by more than their names.
        Fingerprint::builder()
            .weights(weights)
            .rows(names)
            .images(&[Path::new("no such file")])
            .origin("a backbone")
            .build()
    }

    fn write(path: &Path, names: &[String], start: usize, fingerprint: &Fingerprint) {
        let mut writer = CacheWriter::open(path, names, WIDTH, fingerprint).unwrap();
        for row in writer.next_row()..names.len() {
            let row = (start + row) as f32;
            writer
                .push(&match row {
                    // An unreadable image.
                    5.0 => [f32::NAN; WIDTH],
                    row => [row, -row, 1.0 / (row + 1.0)],
                })
                .unwrap();
        }
        writer.finish().unwrap();
    }

    /// The parts of a list of `rows` rows, and the bytes of the single run's file.
    fn parts(folder: &Path, rows: usize, count: usize) -> (Vec<PathBuf>, Vec<u8>) {
        let names = names(rows);
        let whole = folder.join("whole");
        write(&whole, &names, 0, &fingerprint(b"a", &names));
        let parts = (1..=count)
            .map(|number| part(folder, b"a", &names, Shard::new(number, count).unwrap()))
            .collect();
        (parts, std::fs::read(whole).unwrap())
    }

    fn part(folder: &Path, weights: &[u8], names: &[String], shard: Shard) -> PathBuf {
        let path = folder.join(format!("part-{}", shard.to_string().replace('/', "-of-")));
        let rows = shard.range(names.len());
        let fingerprint = fingerprint(weights, names).of_shard(shard);
        write(&path, &names[rows.clone()], rows.start, &fingerprint);
        path
    }

    fn refused(parts: &[PathBuf]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let error = merge(&out, parts).unwrap_err().to_string();
        assert!(!out.exists());
        error
    }

    #[test]
    fn merged_parts_are_the_single_runs_bytes_in_any_order_and_number() {
        for (rows, count) in [(ROWS, 1), (ROWS, 2), (ROWS, 3), (5, 8), (0, 2)] {
            let folder = tempfile::tempdir().unwrap();
            let (mut parts, expected) = parts(folder.path(), rows, count);
            parts.reverse();
            let out = folder.path().join("merged");
            let merged = merge(&out, &parts).unwrap();
            assert_eq!(merged.rows(), rows);
            assert_eq!(std::fs::read(&out).unwrap(), expected, "{rows} in {count}");
        }
    }

    #[test]
    fn an_interrupted_merge_goes_on_to_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let (parts, expected) = parts(folder.path(), ROWS, 3);
        let out = folder.path().join("merged");
        let names = names(ROWS);
        let mut writer =
            CacheWriter::open(&out, &names, WIDTH, &fingerprint(b"a", &names)).unwrap();
        let first = FeatureCache::open(&folder.path().join("whole")).unwrap();
        writer.push(&first.as_slice()[..600 * WIDTH]).unwrap();
        drop(writer);
        merge(&out, &parts).unwrap();
        assert_eq!(std::fs::read(&out).unwrap(), expected);
    }

    #[test]
    fn a_missing_or_repeated_part_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (parts, _) = parts(folder.path(), ROWS, 4);
        assert!(refused(&parts[1..3]).contains("each of 4 once, found no 1/4, 4/4"));
        let twice = [&parts[..], &parts[2..3]].concat();
        assert!(refused(&twice).contains("3/4 twice"));
        assert!(refused(&[]).contains("found none"));
    }

    #[test]
    fn a_part_of_something_else_is_named_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let (mut parts, _) = parts(folder.path(), ROWS, 2);
        let whole = folder.path().join("whole");
        assert!(refused(&[parts[0].clone(), whole]).contains("found a whole one"));

        let other = tempfile::tempdir().unwrap();
        let second = Shard::new(2, 2).unwrap();
        parts[1] = part(other.path(), b"b", &names(ROWS), second);
        let error = refused(&parts);
        assert!(error.contains("another set of weights") && error.contains("part-2-of-2"));
        parts[1] = part(other.path(), b"a", &names(ROWS + 1), second);
        assert!(refused(&parts).contains("another list of images"));
        parts[1] = part(other.path(), b"a", &names(ROWS), Shard::new(2, 3).unwrap());
        assert!(refused(&parts).contains("found part 2/3"));
    }

    #[test]
    fn a_part_that_does_not_hold_its_rows_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (mut parts, _) = parts(folder.path(), ROWS, 2);
        let names = names(ROWS);
        let shard = Shard::new(2, 2).unwrap();
        let fingerprint = fingerprint(b"a", &names).of_shard(shard);
        let rows = shard.range(ROWS);
        let path = folder.path().join("other");
        parts[1] = path.clone();
        write(
            &path,
            &names[rows.start + 1..],
            rows.start + 1,
            &fingerprint,
        );
        assert!(refused(&parts).contains("rows of all parts"));
        let mut renamed = names[rows.clone()].to_vec();
        renamed.swap(0, 1);
        write(&path, &renamed, rows.start, &fingerprint);
        assert!(refused(&parts).contains("other row names"));
    }

    #[test]
    fn a_part_is_never_taken_for_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (parts, _) = parts(folder.path(), ROWS, 2);
        let whole = fingerprint(b"a", &names(ROWS));
        let error = FeatureCache::open_matching(&parts[0], &whole).unwrap_err();
        assert!(error.to_string().contains("a cache of part 1/2"), "{error}");
    }
}
