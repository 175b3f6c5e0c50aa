//! Features that any program made, one file or several beside each other.
//!
//! | file | what of it is read |
//! |---|---|
//! | safetensors | the tensor `features`, or the only one: F16, BF16, F32 or F64 of shape `[rows, width]`; names from `rows` in the metadata, a JSON array |
//! | `.npy` | an array of float16, float32 or float64 of shape `[rows, width]`, in any order of rows, columns and bytes |
//! | `.npz` | the array called `features`, or the only one such as above; names from an array of texts called `rows`, `names`, `images`, `files`, `paths` or alike |
//!
//! Names that a file does not hold are read from a list beside it: `x.txt` (a name a line), `x.csv`
//! (the first column, whose header is told by its word) or `x.json` (an array) for `x.npy`. Arrays of Python
//! objects are pickles, which may run any program, and are refused.
//!
//! A row is finite, or NaN throughout: as in a [cache](super::cache), the mark of an image that has no
//! feature, because it could not be read or no face was found in it. Such rows are not trained on or
//! scored. Any other number that is not finite float32 is an error that names its row and column.
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("dino.npy");
//! # let mut bytes = b"\x93NUMPY\x01\x00\x46\x00".to_vec();
//! # bytes.extend(format!("{:<69}\n", "{'descr': '<f2', 'fortran_order': False, 'shape': (2, 3), }").bytes());
//! # bytes.extend([0x00, 0x3c].repeat(6));
//! # std::fs::write(&path, bytes).unwrap();
//! # std::fs::write(path.with_extension("txt"), "a.jpg\nb.jpg\n").unwrap();
//! use countenance::data::feature::FeatureFile;
//!
//! // np.save("dino.npy", features.astype(np.float16)), and dino.txt with the images' names.
//! let file = FeatureFile::open(&path)?;
//! assert_eq!((file.rows(), file.width()), (2, 3));
//! assert_eq!(file.names().unwrap(), ["a.jpg", "b.jpg"]);
//! let mut row = [0.0; 3];
//! file.copy_row(1, &mut row);
//! assert_eq!(row, [1.0; 3]);
//! # Ok::<(), countenance::Error>(())
//! ```

mod bytes;
mod element;
mod file;
mod join;
mod list;
mod literal;
mod lookup;
mod matrix;
mod name;
mod npy;
mod npz;
mod place;
mod safetensors;
mod set;

pub use self::file::FeatureFile;
pub use self::join::Join;
pub use self::set::{FeatureFiles, FileDigest};
