//! What a PyTorch file's pickle says beside its tensors, found without interpreting it.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use crate::backbone::Flavour;

/// The longest pickle that is read, in bytes. That of a whole EfficientNet-B0 module is a hundredth
/// of this; a reader of pickles may need a hundred times their length in memory.
const LONGEST: u64 = 8 << 20;

/// What a file that is not a zip archive is searched for pickled names in, in bytes.
const SEARCHED: u64 = 8 << 20;

/// Functions that no checkpoint needs and that a pickle made for harm calls.
///
/// Nothing in a pickle is ever called here, so the list need not be complete: it only lets the
/// error say what would have happened elsewhere.
const HARMFUL: [(&str, &str); 22] = [
    ("os", "system"),
    ("os", "popen"),
    ("posix", "system"),
    ("posix", "popen"),
    ("nt", "system"),
    ("os", "execv"),
    ("posix", "execv"),
    ("subprocess", "Popen"),
    ("subprocess", "call"),
    ("subprocess", "run"),
    ("subprocess", "check_call"),
    ("subprocess", "check_output"),
    ("builtins", "eval"),
    ("builtins", "exec"),
    ("__builtin__", "eval"),
    ("__builtin__", "exec"),
    ("builtins", "__import__"),
    ("__builtin__", "__import__"),
    ("runpy", "_run_code"),
    ("pty", "spawn"),
    ("shutil", "rmtree"),
    ("webbrowser", "open"),
];

/// The pickle of a PyTorch file, as bytes.
#[derive(Debug)]
pub(super) struct Pickle(Vec<u8>);

impl Pickle {
    /// Reads the pickle of the file at `path`: of a zip archive the entry `data.pkl`, of another
    /// file its beginning.
    ///
    /// # Errors
    /// Of the kind [`io::ErrorKind::InvalidData`] if the archive is broken, has no pickle, or the
    /// pickle is compressed or long: unpacked, it could fill the memory.
    pub fn read(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut start = [0; 2];
        let archive = file.read_exact(&mut start).is_ok() && &start == b"PK";
        file.seek(SeekFrom::Start(0))?;
        let mut bytes = Vec::new();
        if !archive {
            file.take(SEARCHED).read_to_end(&mut bytes)?;
            return Ok(Self(bytes));
        }
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(broken)?;
            let name = entry.name().map_err(broken)?;
            if name != "data.pkl" && !name.ends_with("/data.pkl") {
                continue;
            }
            if entry.compression() != CompressionMethod::Stored {
                return Err(invalid("a compressed pickle, which PyTorch never writes"));
            }
            if entry.size() > LONGEST || entry.compressed_size() > LONGEST {
                let size = entry.size().max(entry.compressed_size());
                return Err(invalid(format!(
                    "a pickle of {size} bytes, more than the {LONGEST} that are read"
                )));
            }
            entry.take(LONGEST).read_to_end(&mut bytes)?;
            return Ok(Self(bytes));
        }
        Err(invalid(
            "a zip archive without data.pkl (not a PyTorch file, or cut short)",
        ))
    }

    /// The harmful function that the pickle names, as `module.function`, if it names one.
    pub fn harmful(&self) -> Option<String> {
        HARMFUL
            .iter()
            .find(|(module, function)| self.names(module, function))
            .map(|(module, function)| format!("{module}.{function}"))
    }

    /// The flavour of the EfficientNet whose whole module the pickle holds; `None` if it holds
    /// tensors alone, which do not tell.
    pub fn flavour(&self) -> Option<Flavour> {
        // Only TensorFlow's padding needs timm's own convolution.
        if self.contains(b"Conv2dSame") {
            Some(Flavour::Tensorflow)
        } else if self.contains(b"timm.models") {
            Some(Flavour::Plain)
        } else {
            None
        }
    }

    /// Whether the pickle names `function` of `module` in any of the ways there are.
    fn names(&self, module: &str, function: &str) -> bool {
        let global = format!("c{module}\n{function}\n");
        let text = |text: &str| [&[0x8c, text.len() as u8], text.as_bytes()].concat();
        let long = |text: &str| {
            [
                b"X",
                &(text.len() as u32).to_le_bytes()[..],
                text.as_bytes(),
            ]
            .concat()
        };
        self.contains(global.as_bytes())
            || (self.contains(&text(module)) && self.contains(&text(function)))
            || (self.contains(&long(module)) && self.contains(&long(function)) && {
                // The long spelling is also that of plain strings in the protocol that PyTorch
                // uses; a name is taken from two strings by an opcode of a later protocol.
                self.0.first() == Some(&0x80) && self.0.get(1).is_some_and(|&version| version >= 4)
            })
    }

    fn contains(&self, needle: &[u8]) -> bool {
        self.0.windows(needle.len()).any(|window| window == needle)
    }
}

fn broken(error: zip::result::ZipError) -> io::Error {
    match error {
        zip::result::ZipError::Io(error) => error,
        error => invalid(format!("a broken zip archive: {error}")),
    }
}

fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}
