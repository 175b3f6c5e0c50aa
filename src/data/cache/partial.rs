//! The rows of an unfinished cache, so that an interrupted extraction goes on where it stopped.
//!
//! The file is a 32-byte identity, then blocks of rows, each followed by a SHA-256 over the
//! identity, the block's number and its bytes. A block counts only if its checksum holds, so a torn
//! or damaged tail is noticed and made again.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::data::file::{name_beside, remove_unless_locked, try_lock};
use crate::{Error, Result};

/// Rows between two synchronisations with the disk: the most work that an interruption costs.
pub(super) const BLOCK_ROWS: usize = 256;
/// Length of an identity and of a checksum in bytes.
const DIGEST: usize = 32;

/// The unfinished rows of a cache of `rows` rows of `row_bytes` bytes each.
#[derive(Debug)]
pub(super) struct Partial {
    path: PathBuf,
    file: File,
    identity: [u8; DIGEST],
    rows: usize,
    row_bytes: usize,
    /// Whole, checked blocks in the file.
    blocks: usize,
}

impl Partial {
    /// Continues the file at `path` if it belongs to a cache with this `header`; otherwise starts it
    /// anew. Holds the file against other writers until dropped.
    pub(super) fn open(
        path: PathBuf,
        header: &[u8],
        rows: usize,
        row_bytes: usize,
    ) -> Result<Self> {
        let file = loop {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(Error::io("create", &path))?;
            if !try_lock(&file).map_err(Error::io("lock", &path))? {
                let expected = "to be the only writer of this cache";
                return Err(Error::file(path, expected, "another one at work"));
            }
            // Between opening and locking, the writer before may have finished and removed it.
            if is_at(&file, &path) {
                break file;
            }
        };
        let mut partial = Self {
            path,
            file,
            identity: identity(header),
            rows,
            row_bytes,
            blocks: 0,
        };
        partial
            .recover()
            .map_err(Error::io("continue", &partial.path))?;
        Ok(partial)
    }

    /// Rows that are safe on the disk.
    pub(super) fn rows_done(&self) -> usize {
        (self.blocks * BLOCK_ROWS).min(self.rows)
    }

    /// Rows that the next block holds; 0 when all are done.
    pub(super) fn next_block_rows(&self) -> usize {
        self.block_rows(self.blocks)
    }

    /// Adds the next block and brings it to the disk.
    pub(super) fn append(&mut self, block: &[u8]) -> Result<()> {
        debug_assert_eq!(block.len(), self.next_block_rows() * self.row_bytes);
        let checksum = self.checksum(self.blocks, block);
        let end = self.block_start(self.blocks);
        let mut write = || {
            self.file.seek(SeekFrom::Start(end))?;
            self.file.write_all(block)?;
            self.file.write_all(&checksum)?;
            self.file.sync_data()
        };
        write().map_err(Error::io("write", &self.path))?;
        self.blocks += 1;
        Ok(())
    }

    /// Copies all rows to `out`, checking them once more.
    pub(super) fn copy_to(&mut self, out: &mut impl Write) -> io::Result<()> {
        for block in 0..self.blocks {
            let bytes = self.read_block(block)?.ok_or_else(|| {
                let text = format!("block {block} of {} was damaged", self.path.display());
                io::Error::new(io::ErrorKind::InvalidData, text)
            })?;
            out.write_all(&bytes)?;
        }
        Ok(())
    }

    /// The rows that are safe on the disk, block by block.
    pub(super) fn saved(&mut self, block: usize) -> Result<Option<Vec<u8>>> {
        match block < self.blocks {
            true => self
                .read_block(block)
                .map_err(Error::io("read", &self.path)),
            false => Ok(None),
        }
    }

    /// Forgets the block of `row` and all behind it.
    pub(super) fn rewind(&mut self, row: usize) -> Result<()> {
        self.blocks = self.blocks.min(row / BLOCK_ROWS);
        let cut = self.file.set_len(self.block_start(self.blocks));
        cut.and_then(|()| self.file.sync_data())
            .map_err(Error::io("write", &self.path))
    }

    /// Removes the file once the cache is finished, before anybody else can lock it.
    pub(super) fn remove(self) -> Result<()> {
        std::fs::remove_file(&self.path).map_err(Error::io("remove", &self.path))
    }

    /// Finds the whole blocks of an earlier run and cuts off whatever follows them.
    fn recover(&mut self) -> io::Result<()> {
        let mut found = [0; DIGEST];
        self.file.seek(SeekFrom::Start(0))?;
        if read_whole(&mut self.file, &mut found)? && found == self.identity {
            while self.next_block_rows() > 0 && self.read_block(self.blocks)?.is_some() {
                self.blocks += 1;
            }
            self.file.set_len(self.block_start(self.blocks))?;
        } else {
            self.file.set_len(0)?;
            self.file.seek(SeekFrom::Start(0))?;
            self.file.write_all(&self.identity)?;
        }
        self.file.sync_data()
    }

    /// The bytes of `block`, or `None` if it is incomplete or damaged.
    fn read_block(&mut self, block: usize) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = vec![0; self.block_rows(block) * self.row_bytes];
        let mut checksum = [0; DIGEST];
        self.file.seek(SeekFrom::Start(self.block_start(block)))?;
        let whole = read_whole(&mut self.file, &mut bytes)?
            && read_whole(&mut self.file, &mut checksum)?
            && checksum == self.checksum(block, &bytes);
        Ok(whole.then_some(bytes))
    }

    fn block_rows(&self, block: usize) -> usize {
        self.rows.saturating_sub(block * BLOCK_ROWS).min(BLOCK_ROWS)
    }

    /// Where `block` starts in the file; blocks before it are full except the last of the cache,
    /// behind which nothing starts.
    fn block_start(&self, block: usize) -> u64 {
        let rows = (block * BLOCK_ROWS).min(self.rows);
        (DIGEST + rows * self.row_bytes + block * DIGEST) as u64
    }

    fn checksum(&self, block: usize, bytes: &[u8]) -> [u8; DIGEST] {
        Sha256::new()
            .chain_update(self.identity)
            .chain_update((block as u64).to_le_bytes())
            .chain_update(bytes)
            .finalize()
            .into()
    }
}

/// What a partial file belongs to: this layout and a cache with this header, and so with these
/// rows, this width and this fingerprint.
fn identity(header: &[u8]) -> [u8; DIGEST] {
    Sha256::new()
        .chain_update(b"countenance partial cache 1")
        .chain_update((BLOCK_ROWS as u64).to_le_bytes())
        .chain_update(header)
        .finalize()
        .into()
}

/// Whether `path` still names the open `file`.
fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let identity = |data: std::fs::Metadata| (data.dev(), data.ino());
        let [open, named] = [file.metadata(), path.metadata()].map(|data| data.map(identity).ok());
        open.is_some() && open == named
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

/// Fills `buffer`; `false` if the file ends before.
fn read_whole(file: &mut File, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes the file at `path` if it belongs to a cache with this `header` and nobody is writing it.
pub(super) fn remove_leftover(path: &Path, header: &[u8]) {
    if found_identity(path).is_some_and(|found| found == identity(header)) {
        remove_unless_locked(path);
    }
}

/// Whether the file at `path` has rows of a cache with another header than this one.
pub(super) fn has_other_rows(path: &Path, header: &[u8]) -> bool {
    let has_rows = std::fs::metadata(path).is_ok_and(|file| file.len() > DIGEST as u64);
    has_rows && found_identity(path).is_some_and(|found| found != identity(header))
}

/// Whose rows the file at `path` holds, if it is there.
fn found_identity(path: &Path) -> Option<[u8; DIGEST]> {
    let mut found = [0; DIGEST];
    let read = File::open(path).and_then(|mut file| read_whole(&mut file, &mut found));
    read.is_ok_and(|whole| whole).then_some(found)
}

/// `<cache>.partial`, beside the cache.
pub(super) fn path_for(cache: &Path) -> PathBuf {
    cache.with_file_name(name_beside(cache, "", ".partial"))
}
