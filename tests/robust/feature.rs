//! Feature files of other programs: read, joined, and refused.

use std::path::{Path, PathBuf};

use countenance::data::cache::{CacheWriter, Fingerprint};
use countenance::data::feature::{FeatureFile, FeatureFiles};
use countenance::{Error, Result};

use crate::memory::peak;

fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/feature");
    folder.join(name)
}

/// Every number of a file, row after row.
fn numbers(file: &FeatureFile) -> Vec<f32> {
    let mut all = vec![0.0; file.rows() * file.width()];
    for (row, out) in all.chunks_exact_mut(file.width()).enumerate() {
        file.copy_row(row, out);
    }
    all
}

/// What all the fixtures hold.
fn expected() -> Vec<f32> {
    let row = |row: u8| [0u8, 1, 2].map(|column| 2.0 * f32::from(row) - f32::from(column) / 4.0);
    (0..5).flat_map(row).collect()
}

fn refused(result: Result<FeatureFile>) -> String {
    match result {
        Ok(file) => panic!("{} was read", file.path().display()),
        Err(error @ (Error::File { .. } | Error::Line { .. } | Error::Argument { .. })) => {
            error.to_string()
        }
        Err(error) => panic!("another kind of error: {error:?}"),
    }
}

/// A folder to write files into.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn copy(&self, name: &str) -> PathBuf {
        self.write(name, std::fs::read(fixture(name)).unwrap())
    }

    /// A cache of rows of the width `width`, each of its number and `more`.
    fn cache(&self, name: &str, rows: &[&str], width: usize, more: f32) -> PathBuf {
        let path = self.0.path().join(name);
        let names: Vec<String> = rows.iter().map(|row| row.to_string()).collect();
        let fingerprint = Fingerprint::builder().build();
        let mut writer = CacheWriter::open(&path, &names, width, &fingerprint).unwrap();
        for row in 0..rows.len() {
            writer.push(&vec![row as f32 + more; width]).unwrap();
        }
        writer.finish().unwrap();
        path
    }
}

/// A version 1 `.npy` file with a header and `data` behind it.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn features_are_the_same_in_every_form_that_numpy_and_pytorch_write() {
    let mut read = 0;
    for entry in std::fs::read_dir(fixture("")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let file = FeatureFile::open(&path).unwrap();
        assert_eq!((file.rows(), file.width()), (5, 3), "{}", path.display());
        assert_eq!(numbers(&file), expected(), "{}", path.display());
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let is_named = stem.starts_with("named") || path.ends_with("several.safetensors");
        let names = (0..5).map(|row| format!("a/{row}.jpg")).collect::<Vec<_>>();
        let names = is_named.then_some(&names[..]);
        assert_eq!(file.names(), names, "{}", path.display());
        read += 1;
    }
    assert_eq!(read, 27);
}

#[test]
fn what_other_programs_are_content_with_is_refused_with_the_reason() {
    let mut left: Vec<_> = std::fs::read_dir(fixture("refused")).unwrap().collect();
    for (name, expected, found) in [
        (
            "objects.npy",
            "float16, float32 or float64",
            "pickled Python objects",
        ),
        (
            "integers.npy",
            "float16, float32 or float64",
            "elements of type <i8",
        ),
        ("vector.npy", "shape [rows, width]", "shape [5]"),
        ("cube.npy", "shape [rows, width]", "shape [5, 1, 3]"),
        ("texts.npy", "float16, float32 or float64", "texts"),
        (
            "complex.npy",
            "float16, float32 or float64",
            "elements of type <c8",
        ),
        (
            "structured.npy",
            "float16, float32 or float64",
            "[('a', '<f4'), ('b', '<f4')]",
        ),
        (
            "raw.npy",
            "float16, float32 or float64",
            "as NumPy writes bfloat16",
        ),
        ("no_columns.npy", "5 rows and 0 columns", "0 bytes"),
        (
            "too_large.npy",
            "finite float32",
            "1000000000000000000000000000000000000000 in row 3, column 0",
        ),
        ("one_nan.npy", "NaN throughout", "NaN in row 2, column 1"),
        (
            "two.npz",
            "one array of floats",
            "\"left\" of float32 and shape [5, 3], \"right\"",
        ),
        (
            "none.npz",
            "one array of floats",
            "\"labels\" of elements of type <i8",
        ),
        (
            "object_names.npz",
            "names, as texts in \"names\"",
            "pickled Python objects",
        ),
        ("few_names.npz", "5 row names", "found 4"),
        ("torch.pt", "an .npz archive", "a PyTorch file"),
        ("list.pkl", "safetensors, .npy or .npz", "a Python pickle"),
        ("two.safetensors", "one tensor", "\"a\", \"b\""),
        (
            "integers.safetensors",
            "F16, BF16, F32 or F64 in \"a\"",
            "\"I64\"",
        ),
        (
            "vector.safetensors",
            "shape [rows, width] in \"a\"",
            "shape [3]",
        ),
    ] {
        let path = fixture("refused").join(name);
        let error = refused(FeatureFile::open(&path));
        assert!(error.contains(name) && error.contains(expected), "{error}");
        assert!(error.contains(found), "{name}: {error}");
        left.retain(|entry| entry.as_ref().unwrap().path() != path);
    }
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn lying_headers_are_refused_in_little_memory() {
    let place = Place::new();
    let header = |kind: &str, shape: &str| {
        format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n")
    };
    let huge = usize::MAX;
    let whole = npy(&header("<f4", "(2, 3)"), &[0; 24]);
    for bytes in [
        npy(&header("<f4", "(1000000000000, 1000)"), &[0; 64]),
        npy(&header("<f4", &format!("({huge}, {huge})")), &[0; 64]),
        npy(&header("<f4", &format!("({huge}, 1)")), &[0; 64]),
        npy(&header("<f4", &format!("({}, 4)", huge / 16 + 1)), &[]),
        npy(&header("<f4", "(2, 3)"), &[0; 23]),
        npy(&header("<f4", "(2, 3)"), &[0; 25]),
        npy(&header("<f4", "(2, 3)").replace("False", "Maybe"), &[0; 24]),
        npy(&header("<f16", "(2, 3)"), &[0; 96]),
        npy(&header("", "(2, 3)"), &[0; 24]),
        npy(&header("é", "(2, 3)"), &[0; 24]),
        npy("", &[0; 24]),
        whole[..9].to_vec(),
        whole[..40].to_vec(),
        [b"\x93NUMPY\x02\x00\xff\xff\xff\xff", &whole[10..]].concat(),
        [b"\x93NUMPY\x04\x00", &whole[8..]].concat(),
        b"\x93NUMPY".to_vec(),
        b"PK\x03\x04".to_vec(),
        b"PK\x03\x04 and nothing behind it".to_vec(),
        b"a letter to my mother".to_vec(),
        Vec::new(),
    ] {
        let path = place.write("lying.npy", &bytes);
        let (held, result) = peak(|| FeatureFile::open(&path));
        let error = refused(result);
        assert!(error.contains("lying.npy: expected"), "{error}");
        assert!(held < 1 << 20, "{held} bytes for {error}");
    }
    FeatureFile::open(&place.write("whole.npy", whole)).unwrap();
}

#[test]
fn an_array_whose_header_says_nothing_is_in_the_way_of_its_own_use_alone() {
    let place = Place::new();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
    let (whole, odd) = (npy(header, &[0; 24]), npy("what is this\n", &[0; 8]));
    let archive = |members: &[(&str, &[u8])]| {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in members {
            let options = zip::write::SimpleFileOptions::default();
            archive.start_file(*name, options).unwrap();
            std::io::Write::write_all(&mut archive, bytes).unwrap();
        }
        place.write("odd.npz", archive.finish().unwrap().into_inner())
    };
    for name in ["notes.npy", "more/x.npy"] {
        let file = FeatureFile::open(&archive(&[(name, &odd), ("x.npy", &whole)])).unwrap();
        assert_eq!((file.rows(), file.width()), (2, 3));
    }
    for (members, named) in [
        ([("features.npy", &odd), ("x.npy", &whole)], "\"features\""),
        ([("names.npy", &odd), ("x.npy", &whole)], "\"names\""),
        ([("notes.npy", &odd), ("texts.txt", &whole)], "\"notes\""),
    ] {
        let members = members.map(|(name, bytes)| (name, &bytes[..]));
        let error = refused(FeatureFile::open(&archive(&members)));
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn an_array_that_cannot_be_unpacked_may_be_the_features() {
    let place = Place::new();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["embeddings.npy", "labels.npy"] {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(name, options).unwrap();
        std::io::Write::write_all(&mut archive, &npy(header, &[0; 24])).unwrap();
    }
    let mut archive = archive.finish().unwrap().into_inner();
    // Its own header and the list of entries say that it is packed in a way that nothing unpacks.
    for (start, method) in [(*b"PK\x03\x04", 8), (*b"PK\x01\x02", 10)] {
        let at = archive.windows(4).position(|bytes| bytes == start).unwrap();
        archive[at + method..][..2].copy_from_slice(&[1, 0]);
    }
    let error = refused(FeatureFile::open(&place.write("odd.npz", archive)));
    assert!(error.contains("\"embeddings\""), "{error}");
}

#[test]
fn a_deflated_array_costs_no_more_than_its_header_says() {
    let place = Place::new();
    // 64 MB of zeros, deflated to a thousandth, behind a header that wants none of them.
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
    let bytes = npy(header, &vec![0; 64 << 20]);
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive
        .start_file("x.npy", zip::write::SimpleFileOptions::default())
        .unwrap();
    std::io::Write::write_all(&mut archive, &bytes).unwrap();
    let archive = archive.finish().unwrap().into_inner();
    assert!(archive.len() < 1 << 20);
    let path = place.write("bomb.npz", archive);
    let (held, result) = peak(|| FeatureFile::open(&path));
    let error = refused(result);
    assert!(error.contains("2 rows and 3 columns in \"x\""), "{error}");
    assert!(held < 4 << 20, "{held} bytes");
}

#[test]
fn names_come_from_the_list_beside_a_file_or_from_the_one_that_is_given() {
    let text = "a b.jpg\n2.jpg\n3.jpg\n4.jpg\n5.jpg";
    let table = "name,x\n\"a b.jpg\",1\n2.jpg,2\n3.jpg,3\n4.jpg\n5.jpg,5,6\n";
    let array = r#"["a b.jpg","2.jpg","3.jpg","4.jpg","5.jpg"]"#;
    let names = ["a b.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg"];
    for (list, content) in [
        ("little_f4.txt", text.to_string()),
        (
            "little_f4.txt",
            format!("\u{feff}{}\r\n\r\n", text.replace('\n', "\r\n")),
        ),
        ("little_f4.csv", table.to_string()),
        ("little_f4.csv", table.replacen("name", "", 1)),
        (
            "little_f4.csv",
            table.split_once('\n').unwrap().1.to_string(),
        ),
        ("little_f4.json", array.to_string()),
    ] {
        let place = Place::new();
        let path = place.copy("little_f4.npy");
        let list = place.write(list, content);
        let file = FeatureFile::open(&path).unwrap();
        assert_eq!(file.names().unwrap(), names, "{}", list.display());
        assert_eq!(file.list(), Some(&*list));
        // The one that is given comes first, and one of the file itself before either.
        let other = place.write("other", "v\nw\nx\ny\nz\n");
        let file = FeatureFile::open_named(&path, Some(&other)).unwrap();
        assert_eq!(file.names().unwrap(), ["v", "w", "x", "y", "z"]);
        let file = FeatureFile::open_named(&place.copy("named.npz"), Some(&other)).unwrap();
        assert_eq!(file.names().unwrap()[0], "a/0.jpg");
        let files = FeatureFiles::open(&[place.copy("named.npz")], Some(&other));
        let error = files.unwrap_err().to_string();
        assert!(
            error.contains("a feature file without names in it"),
            "{error}"
        );
    }
}

#[test]
fn wrong_lists_are_refused_with_their_line() {
    for (list, content, found) in [
        (
            "little_f4.txt",
            "1\n2\n3\n4\n",
            "expected 5 row names, as the features have rows, found 4",
        ),
        (
            "little_f4.txt",
            "1\n2\n\n4\n5\n",
            "little_f4.txt:3: expected the name of a row, found nothing",
        ),
        ("little_f4.txt", "", "found 0"),
        ("little_f4.csv", "a\nb\nc\nd\ne\nf\ng\n", "found 7"),
        // One too many or too few is no header, nor a name.
        ("little_f4.csv", "a\nb\nc\nd\ne\nf\n", "found 6"),
        ("little_f4.csv", "name\na\nb\nc\nd\n", "found 4"),
        (
            "little_f4.csv",
            "1,x\n2,x\n,x\n4,x\n5,x\n",
            "little_f4.csv:3: expected the name",
        ),
        (
            "little_f4.json",
            "[1, 2, 3, 4, 5]",
            "a JSON array of row names",
        ),
        ("little_f4.json", "{}", "a JSON array of row names"),
    ] {
        let place = Place::new();
        let path = place.copy("little_f4.npy");
        place.write(list, content);
        let error = refused(FeatureFile::open(&path));
        assert!(error.contains(list) && error.contains(found), "{error}");
    }
    let place = Place::new();
    let path = place.copy("little_f4.npy");
    place.write("little_f4.txt", b"1\n2\n\xff\n4\n5\n");
    let error = refused(FeatureFile::open(&path));
    assert!(
        error.contains("expected text in UTF-8, found other bytes at 4"),
        "{error}"
    );
    place.write("little_f4.json", "[]");
    let error = refused(FeatureFile::open(&path));
    assert!(error.contains("one list of row names"), "{error}");
}

#[test]
fn files_are_joined_by_names_as_different_programs_write_them() {
    let place = Place::new();
    let first = place.cache(
        "first",
        &["a/1.jpg", "a/2.jpg", "b/1.jpg", "c/1.jpg"],
        2,
        0.0,
    );
    let second = place.cache(
        "second",
        &["./b/1", "a\\2.png", "a/1.jpg", "d/1.jpg"],
        1,
        10.0,
    );
    let files = FeatureFiles::open(&[first, second], None).unwrap();
    let join = files.join().unwrap();
    assert_eq!((join.rows(), join.width()), (3, 3));
    assert_eq!(join.names().unwrap(), ["a/1.jpg", "a/2.jpg", "b/1.jpg"]);
    let mut row = [0.0; 3];
    for (index, expected) in [[0.0, 0.0, 12.0], [1.0, 1.0, 11.0], [2.0, 2.0, 10.0]]
        .into_iter()
        .enumerate()
    {
        join.copy_row(index, &mut row);
        assert_eq!(row, expected);
    }
    let notes = join.notes();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes[0].contains("second: without 1 of the 4 rows")
            && notes[0].ends_with("left out: \"c/1.jpg\""),
        "{notes:?}"
    );
    assert!(
        notes[1].contains("first: without 1 of the 4 rows")
            && notes[1].ends_with("left out: \"d/1.jpg\""),
        "{notes:?}"
    );
    // The rows of a set, repeated ones too, with the mark where there are no features.
    let wanted = ["b/1.jpg", "e/1.jpg", "b/1.jpg"].map(str::to_string);
    let join = files.join_to(&wanted, "the set").unwrap();
    assert_eq!(join.rows(), 3);
    join.copy_row(2, &mut row);
    assert_eq!(row, [2.0, 2.0, 10.0]);
    join.copy_row(1, &mut row);
    assert!(row.iter().all(|value| value.is_nan()) && !join.is_whole(1));
}

#[test]
fn a_row_that_has_no_features_in_one_file_has_none_at_all() {
    let place = Place::new();
    let first = place.cache("first", &["a", "b"], 2, 0.0);
    let second = place.cache("second", &["a", "b"], 2, f32::NAN);
    let files = FeatureFiles::open(&[first, second], None).unwrap();
    let mut row = [0.0; 4];
    files.join().unwrap().copy_row(1, &mut row);
    assert!(row.iter().all(|value| value.is_nan()));
}

#[test]
fn names_that_may_mean_several_rows_are_refused() {
    let place = Place::new();
    let all = place.cache("all", &["a/1.jpg", "a/2.jpg"], 1, 0.0);
    for (rows, expected, found) in [
        (
            &["a/1.jpg", "a/1.jpg"][..],
            "one row of each name",
            "other features in row 1 than in row 0 (\"a/1.jpg\")",
        ),
        (
            &["a/1.png", "a/1.bmp"],
            "one row for \"a/1.jpg\"",
            "row 0 (\"a/1.png\") and row 1 (\"a/1.bmp\")",
        ),
        (
            &["./a/1.jpg", "a\\1.jpg"],
            "one row for \"a/1.jpg\"",
            "row 0 (\"./a/1.jpg\") and row 1 (\"a\\\\1.jpg\")",
        ),
        (
            &["b/1.jpg", "b/2.jpg"],
            "such as \"a/1.jpg\"",
            "such as \"b/1.jpg\"",
        ),
    ] {
        let other = place.cache("other", rows, 1, 0.0);
        let files = FeatureFiles::open(&[all.clone(), other], None).unwrap();
        let error = files.join().unwrap_err().to_string();
        assert!(
            error.contains("other: expected") && error.contains(expected),
            "{error}"
        );
        assert!(error.contains(found), "{error}");
    }
    // Two images of one name but for the ending, and features that leave it away.
    let stems = place.cache("stems", &["a/1"], 1, 0.0);
    let files = FeatureFiles::open(&[stems], None).unwrap();
    let wanted = ["a/1.jpg", "a/1.png"].map(str::to_string);
    let error = files.join_to(&wanted, "the set").unwrap_err().to_string();
    assert!(
        error.contains("a row each for \"a/1.jpg\" and \"a/1.png\""),
        "{error}"
    );
    // The exact name comes first, whatever else it may mean.
    let both = place.cache("both", &["a/1", "a/1.jpg"], 1, 0.0);
    let files = FeatureFiles::open(&[both], None).unwrap();
    let join = files.join_to(&wanted[..1], "the set").unwrap();
    let mut row = [0.0];
    join.copy_row(0, &mut row);
    assert_eq!(row, [1.0]);
}

#[test]
fn rows_that_repeat_a_name_with_the_same_features_are_one() {
    let place = Place::new();
    let path = place.0.path().join("twice");
    let names = ["a", "b", "a"].map(str::to_string);
    let fingerprint = Fingerprint::builder().build();
    let mut writer = CacheWriter::open(&path, &names, 1, &fingerprint).unwrap();
    writer.push(&[1.0, 2.0, 1.0]).unwrap();
    writer.finish().unwrap();
    let other = place.cache("other", &["b", "a"], 1, 0.0);
    let files = FeatureFiles::open(&[other, path], None).unwrap();
    let join = files.join().unwrap();
    assert!(join.notes().is_empty(), "{:?}", join.notes());
    let mut row = [0.0; 2];
    join.copy_row(1, &mut row);
    assert_eq!(row, [1.0, 1.0]);
}

#[test]
fn files_without_names_are_joined_by_their_number_of_rows_and_it_is_said() {
    let place = Place::new();
    let bare = fixture("little_f4.npy");
    let five = place.cache("five", &["a", "b", "c", "d", "e"], 1, 0.0);
    let four = place.cache("four", &["a", "b", "c", "d"], 1, 0.0);
    for paths in [[&bare, &five], [&five, &bare]] {
        let files = FeatureFiles::open(&paths, None).unwrap();
        let join = files.join().unwrap();
        assert_eq!(join.names().unwrap()[4], "e");
        let [note] = join.notes() else {
            panic!("{:?}", join.notes());
        };
        assert!(
            note.contains("little_f4.npy: without names") && note.contains("five"),
            "{note}"
        );
    }
    let files = FeatureFiles::open(&[&bare, &fixture("big_f2.npy")], None).unwrap();
    let join = files.join().unwrap();
    assert_eq!((join.names(), join.rows(), join.width()), (None, 5, 6));
    assert_eq!(join.notes().len(), 1);
    let files = FeatureFiles::open(&[&four, &bare], None).unwrap();
    let error = files.join().unwrap_err().to_string();
    assert!(
        error.contains("which are 4, found 5 rows without names"),
        "{error}"
    );
}
