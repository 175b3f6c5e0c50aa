//! A run's folder: taken by one process, refused where anything else is in it, and given back if
//! nothing came of the run.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::data::RECORD;
use crate::data::file::try_lock;
use crate::{Error, Result};

/// The run's config; a folder that has it holds a run.
pub(super) const CONFIG: &str = "config.json";
const LOCK: &str = ".lock";
/// What a run writes before it has done anything.
const BEGINNING: [&str; 3] = [CONFIG, RECORD, LOCK];
/// What a process that was killed before it wrote the config may leave: in a new run's folder, and
/// in that of a branch, which copies what was trained first.
const LEFT: [&str; 2] = [LOCK, ".config.json.unfinished-"];
/// The model whose heads are taken over, as it was when the run began with it.
pub(super) const BEGUN_WITH: &str = "heads.safetensors";
const LEFT_BY_BRANCH: [&str; 6] = [
    BEGUN_WITH,
    "features",
    "checkpoints",
    "metrics.csv",
    ".metrics.csv.unfinished-",
    RECORD,
];

/// The folder of a run, this process's alone for as long as it is open.
pub(super) struct Folder {
    path: PathBuf,
    /// The folders that were made for it, the innermost first.
    made: Vec<PathBuf>,
    // Held, not read: the lock goes when the run does.
    _lock: File,
}

impl Folder {
    /// Takes `path`, which must be empty or not there yet, for a new run.
    pub fn take(path: &Path) -> Result<Self> {
        Self::take_with(path, &LEFT)
    }

    /// Takes `path` for a branch of another run: also one in which a branch was killed.
    pub fn take_for_branch(path: &Path) -> Result<Self> {
        Self::take_with(path, &[LEFT.as_slice(), &LEFT_BY_BRANCH].concat())
    }

    fn take_with(path: &Path, left: &[&str]) -> Result<Self> {
        // Nothing is put beside other people's files, not even a lock.
        if path.exists() {
            refuse_others(path, left)?;
        }
        let made = make(path)?;
        let lock = match lock(path).and_then(|lock| refuse_others(path, left).map(|()| lock)) {
            Ok(lock) => lock,
            Err(error) => {
                remove_empty(&made);
                return Err(error);
            }
        };
        Ok(Self {
            path: path.to_path_buf(),
            made,
            _lock: lock,
        })
    }

    /// Takes the next free number below `parent`: `001`, `002` and so on, each by one process.
    pub fn take_next(parent: &Path) -> Result<Self> {
        let number = numbered(parent).max().map_or(1, |(number, _)| number + 1);
        Self::take_from(parent, number)
    }

    /// Takes the first free number from `number` on.
    fn take_from(parent: &Path, mut number: u64) -> Result<Self> {
        let mut made = make(parent)?;
        let path = loop {
            let path = parent.join(format!("{number:03}"));
            match fs::create_dir(&path) {
                Ok(()) => break path,
                // Another process was quicker.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(error) => {
                    remove_empty(&made);
                    return Err(Error::io("create", &path)(error));
                }
            }
        };
        made.insert(0, path.clone());
        match lock(&path) {
            Ok(lock) => Ok(Self {
                path,
                made,
                _lock: lock,
            }),
            Err(error) => {
                remove_empty(&made);
                Err(error)
            }
        }
    }

    /// Opens the folder of a run that is there.
    pub fn open(path: &Path) -> Result<Self> {
        must_hold_a_run(path)?;
        Ok(Self {
            path: path.to_path_buf(),
            made: Vec::new(),
            _lock: lock(path)?,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes what a run writes before it has done anything, and the folders that were made for it,
    /// unless it has done something.
    pub fn give_back(&self) {
        if is_worth_keeping(&self.path, &BEGINNING) {
            return;
        }
        for name in BEGINNING {
            let _ = fs::remove_file(self.path.join(name));
        }
        remove_empty_below(&self.path);
        remove_empty(&self.made);
    }
}

/// Refuses anything but the folder of a run.
pub(super) fn must_hold_a_run(path: &Path) -> Result<()> {
    let found = match (path.is_dir(), path.exists()) {
        (true, _) if path.join(CONFIG).exists() => return Ok(()),
        (true, _) => "another folder",
        (false, true) => "a file",
        (false, false) => "nothing",
    };
    let expected = format!("the folder of a run, which has a {CONFIG}");
    Err(Error::file(path, expected, found))
}

/// The run with the highest number below `parent`.
pub(super) fn newest(parent: &Path) -> Option<PathBuf> {
    let runs = numbered(parent).filter(|(_, path)| path.join(CONFIG).exists());
    runs.max().map(|(_, path)| path)
}

/// The folders below `parent` whose name is a number.
fn numbered(parent: &Path) -> impl Iterator<Item = (u64, PathBuf)> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let number: u32 = entry.file_name().to_str()?.parse().ok()?;
        Some((number.into(), entry.path()))
    })
}

/// Makes `path`; which folders that took, the innermost first.
fn make(path: &Path) -> Result<Vec<PathBuf>> {
    let missing = path.ancestors().take_while(|folder| {
        // What a relative path begins in is there.
        !folder.as_os_str().is_empty() && !folder.exists()
    });
    let made = missing.map(Path::to_path_buf).collect();
    fs::create_dir_all(path).map_err(Error::io("create", path))?;
    Ok(made)
}

/// Refuses a folder that holds anything but what `left` names, whole or as a beginning.
fn refuse_others(path: &Path, left: &[&str]) -> Result<()> {
    if !path.is_dir() {
        return Err(Error::file(path, "a folder for the run", "a file"));
    }
    let is_left = |name: &str| {
        left.iter().any(|known| match known.ends_with('-') {
            true => name.starts_with(known),
            false => name == *known,
        })
    };
    let mut other = None;
    for entry in fs::read_dir(path).map_err(Error::io("list", path))? {
        let name = entry.map_err(Error::io("list", path))?.file_name();
        let name = name.to_string_lossy().into_owned();
        if !is_left(&name) {
            other = Some(name);
        }
    }
    // Asked last: a run that begins meanwhile writes it before anything else.
    if path.join(CONFIG).exists() {
        return Err(Error::argument(
            "the run directory",
            "one without a run in it, or --resume to go on with that run",
            path.display(),
        ));
    }
    match other {
        None => Ok(()),
        Some(name) => Err(Error::file(
            path,
            "an empty folder for the run",
            format!("other files, such as {name}; choose another folder"),
        )),
    }
}

/// Refuses a second run in the same folder for as long as the file is open.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let file = File::create(&path).map_err(Error::io("create", &path))?;
    match try_lock(&file).map_err(Error::io("lock", &path))? {
        true => Ok(file),
        false => Err(Error::argument(
            "the run directory",
            "one that no other process is at work in",
            folder.display(),
        )),
    }
}

/// Whether there is any file below `folder` but, in itself, those named.
fn is_worth_keeping(folder: &Path, but: &[&str]) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return true;
    };
    entries.flatten().any(|entry| {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        match is_folder {
            true => is_worth_keeping(&entry.path(), &[]),
            false => !but.iter().any(|name| entry.file_name() == **name),
        }
    })
}

/// Removes the folders below `folder`, which hold nothing but each other.
fn remove_empty_below(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        remove_empty_below(&entry.path());
        let _ = fs::remove_dir(entry.path());
    }
}

/// Removes folders, the innermost first, as far as they are empty.
fn remove_empty(made: &[PathBuf]) {
    for folder in made {
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    fn refused(folder: Result<Folder>) -> String {
        match folder {
            Ok(folder) => panic!("{} was not refused", folder.path().display()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_folder_with_anything_else_in_it_is_refused_and_nothing_is_put_there() {
        let root = tempfile::tempdir().unwrap();
        for (name, found) in [
            ("letter.txt", "other files, such as letter.txt"),
            ("metrics.csv", "other files, such as metrics.csv"),
            (CONFIG, "--resume"),
        ] {
            let folder = root.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join(name), b"precious").unwrap();
            let error = refused(Folder::take(&folder));
            assert!(error.contains(found), "{error}");
            assert_eq!(names(&folder), [name]);
        }
        let file = root.path().join("file");
        fs::write(&file, b"precious").unwrap();
        let error = refused(Folder::take(&file));
        assert!(
            error.ends_with("expected a folder for the run, found a file"),
            "{error}"
        );
        assert_eq!(fs::read(&file).unwrap(), b"precious");
    }

    #[test]
    fn what_a_killed_process_left_is_taken_and_a_killed_branch_by_a_branch_alone() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path();
        fs::write(folder.join(LOCK), b"").unwrap();
        fs::write(folder.join(".config.json.unfinished-x1"), b"{").unwrap();
        Folder::take(folder).unwrap();
        fs::create_dir(folder.join("features")).unwrap();
        fs::write(folder.join("metrics.csv"), b"stage,epoch\n").unwrap();
        let error = refused(Folder::take(folder));
        assert!(
            error.contains("expected an empty folder for the run"),
            "{error}"
        );
        Folder::take_for_branch(folder).unwrap();
    }

    #[test]
    fn processes_that_start_at_once_take_a_number_each() {
        let root = tempfile::tempdir().unwrap();
        let runs = root.path().join("runs");
        // All have seen that the first is free.
        let taken: Vec<Folder> = std::thread::scope(|scope| {
            let take = || Folder::take_from(&runs, 1).unwrap();
            let threads: Vec<_> = (0..12).map(|_| scope.spawn(take)).collect();
            let threads = threads.into_iter();
            threads.map(|thread| thread.join().unwrap()).collect()
        });
        let expected: Vec<String> = (1..=12).map(|number| format!("{number:03}")).collect();
        assert_eq!(names(&runs), expected);
        assert_eq!(taken.len(), 12);
    }

    #[test]
    fn the_next_number_follows_the_highest_and_the_newest_run_has_a_config() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(newest(&root.path().join("runs")), None);
        for name in ["002", "010", "011", "notes"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        for name in ["002", "010", "notes"] {
            fs::write(root.path().join(name).join(CONFIG), b"{}").unwrap();
        }
        assert_eq!(newest(root.path()), Some(root.path().join("010")));
        let next = Folder::take_next(root.path()).unwrap();
        assert_eq!(next.path(), root.path().join("012"));
    }

    #[test]
    fn a_folder_is_given_back_with_those_made_for_it_unless_something_was_done() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b/run");
        let folder = Folder::take(&path).unwrap();
        fs::write(path.join(CONFIG), b"{}").unwrap();
        fs::create_dir_all(path.join("checkpoints/au")).unwrap();
        folder.give_back();
        assert!(names(root.path()).is_empty());

        let folder = Folder::take(&path).unwrap();
        fs::write(path.join(CONFIG), b"{}").unwrap();
        fs::create_dir_all(path.join("features")).unwrap();
        fs::write(path.join("features/training.partial"), b"rows").unwrap();
        folder.give_back();
        assert_eq!(names(&path), [LOCK, CONFIG, "features"]);

        let empty = root.path().join("mine");
        fs::create_dir(&empty).unwrap();
        Folder::take(&empty).unwrap().give_back();
        assert!(names(&empty).is_empty());
    }
}
