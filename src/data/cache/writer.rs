//! Writing a feature file.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::partial::{self, Partial};
use super::reader::FeatureCache;
use super::{Fingerprint, ROWS_KEY, header, row};
use crate::data::file::write_whole;
use crate::{Error, Result};

/// Writes a cache row by row, in file order and in bounded memory.
///
/// Rows go to `<path>.partial`; the cache itself appears whole when it is finished. A writer opened
/// again after an interruption, with the same names, width and fingerprint, goes on at
/// [`CacheWriter::next_row`]; the finished file is then the same byte for byte.
///
/// # Example
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("features.safetensors");
/// use countenance::data::cache::{CacheWriter, Fingerprint};
///
/// let names = vec!["1/00001.jpg".to_string(), "1/00002.jpg".to_string()];
/// let fingerprint = Fingerprint::builder().rows(&names).build();
/// let mut writer = CacheWriter::open(&path, &names, 3, &fingerprint)?;
/// for _row in writer.next_row()..names.len() {
///     writer.push(&[0.1, 0.2, 0.3])?;
/// }
/// let cache = writer.finish()?;
/// assert_eq!(cache.row(1), [0.1, 0.2, 0.3]);
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Debug)]
pub struct CacheWriter {
    path: PathBuf,
    header: Vec<u8>,
    rows: usize,
    width: usize,
    partial: Partial,
    /// The rows of the block that is not yet on the disk.
    block: Vec<u8>,
}

impl CacheWriter {
    /// Starts the cache at `path`, or goes on with an interrupted one. A finished cache already at
    /// `path` stays until this one is finished.
    ///
    /// # Errors
    /// [`Error::Io`] if the file system refuses; [`Error::File`] if another writer is at work on the
    /// same cache; [`Error::Argument`] if `width` is 0.
    pub fn open(
        path: &Path,
        names: &[String],
        width: usize,
        fingerprint: &Fingerprint,
    ) -> Result<Self> {
        if width == 0 {
            return Err(Error::argument("feature width", "at least 1", width));
        }
        let header = header_of(path, names, width, fingerprint)?;
        let row_bytes = width * size_of::<f32>();
        let partial = Partial::open(partial::path_for(path), &header, names.len(), row_bytes)?;
        Ok(Self {
            path: path.to_path_buf(),
            header,
            rows: names.len(),
            width,
            partial,
            block: Vec::new(),
        })
    }

    /// Removes the unfinished file of exactly this cache: a writer that was killed between putting
    /// the finished cache in place and tidying up leaves it.
    ///
    /// # Errors
    /// As [`CacheWriter::open`] for names that no cache can hold; a file that the system keeps is
    /// left.
    pub fn tidy(
        path: &Path,
        names: &[String],
        width: usize,
        fingerprint: &Fingerprint,
    ) -> Result<()> {
        let header = header_of(path, names, width, fingerprint)?;
        partial::remove_leftover(&partial::path_for(path), &header);
        Ok(())
    }

    /// Whether [`CacheWriter::open`] would begin anew what is there of an unfinished cache: it is of
    /// other names, of another width or with another fingerprint.
    ///
    /// # Errors
    /// As [`CacheWriter::open`] for names that no cache can hold.
    pub fn discards(
        path: &Path,
        names: &[String],
        width: usize,
        fingerprint: &Fingerprint,
    ) -> Result<bool> {
        let header = header_of(path, names, width, fingerprint)?;
        Ok(partial::has_other_rows(&partial::path_for(path), &header))
    }

    /// The row that [`CacheWriter::push`] takes next; above 0 in a writer that goes on with an
    /// interrupted cache.
    pub fn next_row(&self) -> usize {
        self.partial.rows_done() + self.block.len() / self.row_bytes()
    }

    /// The rows already saved that `wanted` picks by their features.
    ///
    /// # Errors
    /// [`Error::Io`] if the file system refuses.
    pub fn saved_rows(&mut self, wanted: impl Fn(&[f32]) -> bool) -> Result<Vec<usize>> {
        let mut found = Vec::new();
        let mut features = vec![0.0; self.width];
        let mut row = 0;
        let mut block = 0;
        while let Some(bytes) = self.partial.saved(block)? {
            for bytes in bytes.chunks_exact(self.row_bytes()) {
                let values = bytes.as_chunks().0.iter().copied().map(f32::from_le_bytes);
                features
                    .iter_mut()
                    .zip(values)
                    .for_each(|(to, from)| *to = from);
                if wanted(&features) {
                    found.push(row);
                }
                row += 1;
            }
            block += 1;
        }
        Ok(found)
    }

    /// Goes back so far that `row` is made again; [`CacheWriter::next_row`] says where.
    ///
    /// # Errors
    /// [`Error::Io`] if the file system refuses.
    pub fn rewind(&mut self, row: usize) -> Result<()> {
        self.block.clear();
        self.partial.rewind(row)
    }

    /// Adds one row, or several that follow one another. A row is finite, or NaN throughout where the
    /// image could not be read.
    ///
    /// # Errors
    /// [`Error::File`] for a row that is neither, which is not added; [`Error::Io`] if the file system
    /// refuses.
    ///
    /// # Panics
    /// If `features` is not a whole number of rows, or more than are left.
    pub fn push(&mut self, features: &[f32]) -> Result<()> {
        let given = features.len() / self.width;
        assert_eq!(
            features.len(),
            given * self.width,
            "whole rows of {} features",
            self.width
        );
        let left = self.rows - self.next_row();
        assert!(given <= left, "{given} rows where {left} are left");
        for row in features.chunks_exact(self.width) {
            if let Some(column) = row::fault(row) {
                return Err(Error::file(
                    &self.path,
                    "finite features, or NaN throughout in the row of an unreadable image",
                    format!(
                        "{} for row {}, column {column}, counted from 0",
                        row[column],
                        self.next_row()
                    ),
                ));
            }
            self.block
                .extend(row.iter().flat_map(|value| value.to_le_bytes()));
            if self.block.len() == self.partial.next_block_rows() * self.row_bytes() {
                self.partial.append(&self.block)?;
                self.block.clear();
            }
        }
        Ok(())
    }

    /// Puts the finished cache in place and opens it.
    ///
    /// # Errors
    /// [`Error::Io`] if the file system refuses.
    ///
    /// # Panics
    /// If rows are missing.
    pub fn finish(mut self) -> Result<FeatureCache> {
        assert_eq!(
            self.next_row(),
            self.rows,
            "a cache is finished with all its rows"
        );
        write_whole(&self.path, |out| {
            out.write_all(&self.header)?;
            self.partial.copy_to(out)
        })?;
        self.partial.remove()?;
        // Every row was looked at as it was added.
        FeatureCache::open_checked(&self.path)
    }

    fn row_bytes(&self) -> usize {
        self.width * size_of::<f32>()
    }
}

fn header_of(
    path: &Path,
    names: &[String],
    width: usize,
    fingerprint: &Fingerprint,
) -> Result<Vec<u8>> {
    let names_json = serde_json::json!(names).to_string();
    let metadata: BTreeMap<_, _> = fingerprint
        .metadata()
        .chain([(ROWS_KEY.to_string(), names_json)])
        .collect();
    header::encode(path, names.len(), width, &metadata)
}

#[cfg(test)]
mod tests {
    use super::super::partial::BLOCK_ROWS;
    use super::*;

    const WIDTH: usize = 3;
    /// Two whole blocks and a short one.
    const ROWS: usize = 2 * BLOCK_ROWS + 7;

    struct Run {
        folder: tempfile::TempDir,
    }

    impl Run {
        fn new() -> Self {
            Self {
                folder: tempfile::tempdir().unwrap(),
            }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("features.safetensors")
        }

        fn partial(&self) -> PathBuf {
            self.folder.path().join("features.safetensors.partial")
        }

        fn open(&self, weights: &[u8]) -> CacheWriter {
            let (names, fingerprint) = identity(weights);
            CacheWriter::open(&self.path(), &names, WIDTH, &fingerprint).unwrap()
        }

        fn tidy(&self, weights: &[u8]) {
            let (names, fingerprint) = identity(weights);
            CacheWriter::tidy(&self.path(), &names, WIDTH, &fingerprint).unwrap();
        }

        /// Goes on to the end and gives the cache's bytes.
        fn complete(&self) -> Vec<u8> {
            let mut writer = self.open(b"a");
            for row in writer.next_row()..ROWS {
                writer.push(&features(row)).unwrap();
            }
            writer.finish().unwrap();
            assert!(!self.partial().exists());
            std::fs::read(self.path()).unwrap()
        }
    }

    fn identity(weights: &[u8]) -> (Vec<String>, Fingerprint) {
        let names: Vec<_> = (0..ROWS).map(|row| format!("v/{row:05}.jpg")).collect();
        let fingerprint = Fingerprint::builder().weights(weights).rows(&names).build();
        (names, fingerprint)
    }

    fn features(row: usize) -> [f32; WIDTH] {
        [row as f32, -(row as f32), 1.0 / (row + 1) as f32]
    }

    #[test]
    fn rows_come_back_in_order_under_their_names() {
        let run = Run::new();
        run.complete();
        let cache = FeatureCache::open(&run.path()).unwrap();
        assert_eq!((cache.rows(), cache.width()), (ROWS, WIDTH));
        assert!((0..ROWS).all(|row| cache.row(row) == features(row)));
        assert_eq!(cache.names().unwrap()[300], "v/00300.jpg");
        assert_eq!(cache.fingerprint().unwrap().len(), 64);
    }

    #[test]
    fn a_row_that_is_neither_a_feature_nor_a_mark_is_not_added() {
        let run = Run::new();
        let mut writer = run.open(b"a");
        writer.push(&[f32::NAN; WIDTH]).unwrap();
        for (broken, found) in [
            ([0.0, f32::NAN, 0.0], "NaN for row 1, column 1"),
            ([f32::INFINITY; WIDTH], "inf for row 1, column 0"),
        ] {
            let error = writer.push(&broken).unwrap_err().to_string();
            assert!(
                error.contains("features.safetensors") && error.contains(found),
                "{error}"
            );
            assert_eq!(writer.next_row(), 1);
        }
    }

    #[test]
    fn batches_of_any_size_give_the_same_file() {
        let expected = Run::new().complete();
        let all: Vec<_> = (0..ROWS).flat_map(features).collect();
        for batch in [1, 100, BLOCK_ROWS, BLOCK_ROWS + 1, ROWS] {
            let run = Run::new();
            let mut writer = run.open(b"a");
            for rows in all.chunks(batch * WIDTH) {
                writer.push(rows).unwrap();
            }
            writer.finish().unwrap();
            assert_eq!(
                std::fs::read(run.path()).unwrap(),
                expected,
                "batches of {batch}"
            );
        }
    }

    #[test]
    fn an_interrupted_cache_goes_on_and_ends_the_same() {
        let expected = Run::new().complete();
        for stop in [
            0,
            1,
            BLOCK_ROWS - 1,
            BLOCK_ROWS,
            BLOCK_ROWS + 1,
            2 * BLOCK_ROWS,
            ROWS,
        ] {
            let run = Run::new();
            let mut writer = run.open(b"a");
            (0..stop).for_each(|row| writer.push(&features(row)).unwrap());
            drop(writer);
            assert!(!run.path().exists());
            let saved = if stop == ROWS {
                ROWS
            } else {
                stop / BLOCK_ROWS * BLOCK_ROWS
            };
            assert_eq!(run.open(b"a").next_row(), saved);
            assert_eq!(run.complete(), expected, "stopped at row {stop}");
        }
    }

    #[test]
    fn a_partial_file_cut_at_any_byte_goes_on_from_its_whole_blocks() {
        let expected = Run::new().complete();
        let run = Run::new();
        let mut writer = run.open(b"a");
        (0..ROWS).for_each(|row| writer.push(&features(row)).unwrap());
        drop(writer);
        let partial = std::fs::read(run.partial()).unwrap();
        let block = BLOCK_ROWS * WIDTH * 4 + 32;
        assert_eq!(partial.len(), 32 + 2 * block + 7 * WIDTH * 4 + 32);
        let edges = [
            0,
            32,
            32 + block - 32,
            32 + block,
            32 + 2 * block,
            partial.len() - 32,
            partial.len(),
        ];
        let near = edges
            .iter()
            .flat_map(|&edge| edge.saturating_sub(2)..=edge + 2);
        for length in near
            .chain((0..partial.len()).step_by(997))
            .filter(|&length| length <= partial.len())
        {
            std::fs::write(run.partial(), &partial[..length]).unwrap();
            let whole = match length {
                length if length == partial.len() => ROWS,
                length => length.saturating_sub(32) / block * BLOCK_ROWS,
            };
            assert_eq!(run.open(b"a").next_row(), whole, "cut at {length}");
            assert_eq!(run.complete(), expected, "cut at {length}");
        }
    }

    #[test]
    fn a_damaged_block_and_all_behind_it_are_made_again() {
        let expected = Run::new().complete();
        let run = Run::new();
        let mut writer = run.open(b"a");
        (0..ROWS).for_each(|row| writer.push(&features(row)).unwrap());
        drop(writer);
        let partial = std::fs::read(run.partial()).unwrap();
        let block = BLOCK_ROWS * WIDTH * 4 + 32;
        for (place, saved) in [
            (5, 0),
            (40, 0),
            (32 + block - 1, 0),
            (32 + block, BLOCK_ROWS),
            (32 + 2 * block - 20, BLOCK_ROWS),
            (partial.len() - 1, 2 * BLOCK_ROWS),
        ] {
            let mut damaged = partial.clone();
            damaged[place] ^= 0x10;
            std::fs::write(run.partial(), damaged).unwrap();
            assert_eq!(run.open(b"a").next_row(), saved, "damaged at {place}");
            assert_eq!(run.complete(), expected, "damaged at {place}");
        }
        // A tail of another file, or of zeros after a power cut.
        let mut tail = partial[..32 + block].to_vec();
        tail.resize(partial.len() + 5000, 0);
        std::fs::write(run.partial(), tail).unwrap();
        assert_eq!(run.open(b"a").next_row(), BLOCK_ROWS);
        assert_eq!(run.complete(), expected);
    }

    #[test]
    fn a_partial_file_of_something_else_is_started_anew() {
        let run = Run::new();
        let mut writer = run.open(b"other weights");
        (0..BLOCK_ROWS).for_each(|_| writer.push(&[9.0; WIDTH]).unwrap());
        drop(writer);
        assert_eq!(run.open(b"a").next_row(), 0);
        assert_eq!(run.complete(), Run::new().complete());
    }

    #[test]
    fn tidying_removes_what_a_killed_writer_of_this_cache_left_and_nothing_else() {
        let run = Run::new();
        let mut writer = run.open(b"b");
        writer.push(&features(0)).unwrap();
        run.tidy(b"b");
        assert!(run.partial().exists(), "it is being written");
        drop(writer);
        run.tidy(b"a");
        assert!(run.partial().exists(), "it is another cache's");
        run.tidy(b"b");
        assert!(!run.partial().exists());
        run.tidy(b"b");
    }

    #[test]
    fn a_writer_that_goes_back_ends_the_same() {
        let expected = Run::new().complete();
        let run = Run::new();
        let mut writer = run.open(b"a");
        (0..ROWS).for_each(|row| writer.push(&features(row)).unwrap());
        drop(writer);
        let mut writer = run.open(b"a");
        let odd = writer.saved_rows(|row| row[0] == 300.0 || row[0] == 5.0);
        assert_eq!(odd.unwrap(), [5, 300]);
        for (row, start) in [
            (ROWS - 1, 2 * BLOCK_ROWS),
            (300, BLOCK_ROWS),
            (400, BLOCK_ROWS),
            (5, 0),
        ] {
            writer.rewind(row).unwrap();
            assert_eq!(writer.next_row(), start, "back to {row}");
        }
        drop(writer);
        assert_eq!(run.complete(), expected);
    }

    #[test]
    fn damage_between_writing_and_finishing_is_noticed() {
        let run = Run::new();
        let mut writer = run.open(b"a");
        (0..ROWS).for_each(|row| writer.push(&features(row)).unwrap());
        let mut bytes = std::fs::read(run.partial()).unwrap();
        bytes[100] ^= 1;
        std::fs::write(run.partial(), bytes).unwrap();
        let error = writer.finish().unwrap_err().to_string();
        assert!(
            error.contains("block 0 of") && error.contains("damaged"),
            "{error}"
        );
        assert!(!run.path().exists());
        run.complete();
    }

    #[test]
    fn two_writers_of_one_cache_are_not_allowed() {
        let run = Run::new();
        let first = run.open(b"a");
        let fingerprint = Fingerprint::builder().build();
        let error = CacheWriter::open(&run.path(), &[], WIDTH, &fingerprint).unwrap_err();
        assert!(error.to_string().contains("the only writer"), "{error}");
        drop(first);
        assert!(CacheWriter::open(&run.path(), &[], WIDTH, &fingerprint).is_ok());
    }

    #[test]
    fn a_finished_cache_stays_until_the_next_one_is_finished() {
        let run = Run::new();
        let old = run.complete();
        let mut writer = run.open(b"b");
        (0..300).for_each(|row| writer.push(&features(row)).unwrap());
        drop(writer);
        assert_eq!(std::fs::read(run.path()).unwrap(), old);
    }

    #[test]
    fn an_open_cache_keeps_its_rows_while_it_is_replaced() {
        let run = Run::new();
        run.complete();
        let cache = FeatureCache::open(&run.path()).unwrap();
        let mut writer = run.open(b"b");
        writer.push(&[7.0; ROWS * WIDTH]).unwrap();
        let replaced = writer.finish().unwrap();
        assert_eq!(
            (cache.row(5), replaced.row(5)),
            (&features(5)[..], &[7.0; WIDTH][..])
        );
    }

    #[test]
    fn an_empty_list_gives_an_empty_cache_and_no_width_is_refused() {
        let run = Run::new();
        let fingerprint = Fingerprint::builder().build();
        let writer = CacheWriter::open(&run.path(), &[], WIDTH, &fingerprint).unwrap();
        assert_eq!(writer.finish().unwrap().rows(), 0);
        let error = CacheWriter::open(&run.path(), &[], 0, &fingerprint).unwrap_err();
        assert!(error.to_string().contains("feature width"), "{error}");
    }

    #[test]
    #[should_panic(expected = "whole rows of 3 features")]
    fn half_a_row_panics() {
        let _ = Run::new().open(b"a").push(&[1.0; 4]);
    }

    #[test]
    #[should_panic(expected = "with all its rows")]
    fn finishing_early_panics() {
        let _ = Run::new().open(b"a").finish();
    }
}
