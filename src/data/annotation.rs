//! s-Aff-Wild2's annotation and list files.
//!
//! The challenge's header has five names over sixteen fields, so that a header-driven reader
//! misreads it; other programs spell all sixteen names out. Lines are counted here rather than by a
//! CSV reader: the format has no quoting, and the usual reader miscounts them behind CRLF line ends
//! and blank lines.
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("annotations.txt");
//! use countenance::data::annotation::{self, AnnotationConfig, HEADER};
//!
//! // Valence and arousal are missing (-5), and so is the third action unit (-1).
//! let line = "video/00001.jpg,-5,-5,4,0,1,-1,0,0,0,1,0,0,0,0,0";
//! std::fs::write(&path, format!("{HEADER}\n{line}\n")).unwrap();
//!
//! let config = AnnotationConfig::new().with_keep_partial_action_units(true);
//! let rows = annotation::read(&path, &config)?;
//! assert_eq!(rows[0].labels.expression, Some(4));
//! assert_eq!(rows[0].labels.valence_arousal, [None, None]);
//! assert_eq!(rows[0].labels.action_units[..3], [Some(0.0), Some(1.0), None]);
//! # Ok::<(), countenance::Error>(())
//! ```

mod field;
mod header;

use std::io::Write;
use std::path::Path;

use burn::config::Config;
use sha2::{Digest, Sha256};

use self::field::{Form, NO_CLASS, NO_DIMENSION};
use self::header::Columns;
use crate::data::file::write_whole;
use crate::data::line::{Fault, Lines};
use crate::label::{ACTION_UNITS, ActionUnit, EXPRESSIONS};
use crate::{Error, Labels, Result};

pub(super) use self::field::{image as image_inside, whole};
pub use self::header::HEADER;

/// How annotation files are read.
#[derive(Config, Debug)]
pub struct AnnotationConfig {
    /// Whether a row with some of its action units missing keeps the others. By default such a row
    /// counts as having none, as in the challenge.
    #[config(default = false)]
    pub keep_partial_action_units: bool,
    /// Whether nothing but the challenge's own form is read, to the letter. By default other
    /// programs' ways of writing the same are read too:
    ///
    /// - blanks and tabs around a field or at the end of a line, and lines of nothing else;
    /// - whole numbers with a point: `7.0` for 7, `-1.0` for -1;
    /// - a header in any letter case and with blanks, or with all sixteen names spelled out, in
    ///   which case each field is found by its name, whatever the order;
    /// - one of valence and arousal missing (-5), where the other counts for itself.
    #[config(default = false)]
    pub strict: bool,
}

/// One annotated image. Rows may repeat an image: a row is known by its place in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// `<video>/<frame>.jpg`, below the folder of images, with `/` between parts.
    pub image: String,
    /// The labels, each of which may be missing.
    pub labels: Labels,
    /// The line in its file, counted from 1; 0 for a row that comes from no file.
    pub line: u64,
}

/// Reads an annotation file; rows keep the file's order, repeated ones included. Blank lines are
/// passed over. CRLF line ends and a byte-order mark are accepted; what else is,
/// [`AnnotationConfig::strict`] says.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read; [`Error::Line`] for the first line that breaks the
/// format: a wrong header, a wrong number of fields, a value that is no number or outside its
/// range, an image path that leaves its folder, bytes that are not UTF-8.
pub fn read(path: &Path, config: &AnnotationConfig) -> Result<Vec<Row>> {
    let mut lines = Lines::open(path, config.strict)?;
    let columns = lines.header(|text| Columns::read(text, config.strict))?;
    let mut rows = Vec::new();
    while let Some((line, text)) = lines.next()? {
        let row = parse_row(&text, line, &columns, config).map_err(|fault| fault.at(path, line))?;
        rows.push(row);
    }
    Ok(rows)
}

/// Reads a list of images: the annotation header, or unless `config` is strict the name of its first
/// column alone, then one image path per line, in order. Blanks within a path are part of it.
///
/// # Errors
/// As [`read`], for the header and the paths.
pub fn read_list(path: &Path, config: &AnnotationConfig) -> Result<Vec<String>> {
    let mut lines = Lines::open(path, config.strict)?;
    lines.header(|text| header::check_list(text, config.strict))?;
    let mut images = Vec::new();
    while let Some((line, text)) = lines.next()? {
        if text.contains(',') {
            return Err(Fault::new("one image path", &text).at(path, line));
        }
        images.push(field::image(&text).map_err(|fault| fault.at(path, line))?);
    }
    Ok(images)
}

/// Writes `rows` as an annotation file that [`read`] reads back as they are, whole or not at all.
/// Partly labelled action units survive only where the reader keeps them, and one of valence and
/// arousal alone only where it is not strict.
///
/// # Errors
/// [`Error::Argument`] for a row that the format cannot hold; [`Error::Io`] if the file system
/// refuses.
pub fn write(path: &Path, rows: &[Row]) -> Result<()> {
    rows.iter().try_for_each(check_row)?;
    write_whole(path, |out| {
        writeln!(out, "{HEADER}")?;
        rows.iter().try_for_each(|row| write_row(out, row))
    })
}

/// SHA-256 over the images and labels of `rows` in their order, as 64 hexadecimal digits. Files that
/// are read alike, whatever their line ends, have the same digest.
pub fn digest(rows: &[Row]) -> String {
    let mut hash = Sha256::new();
    for row in rows {
        write_row(&mut hash, row).expect("a digest takes any bytes");
    }
    format!("{:x}", hash.finalize())
}

fn write_row(out: &mut impl Write, row: &Row) -> std::io::Result<()> {
    let [valence, arousal] = row
        .labels
        .valence_arousal
        .map(|value| value.unwrap_or(NO_DIMENSION));
    write!(out, "{},{valence},{arousal},", row.image)?;
    match row.labels.expression {
        Some(class) => write!(out, "{class}")?,
        None => write!(out, "{NO_CLASS}")?,
    }
    for place in 0..ACTION_UNITS {
        let unit = row.labels.action_unit(place);
        write!(out, ",{}", unit.map_or(NO_CLASS, |value| value as i64))?;
    }
    writeln!(out)
}

fn check_row(row: &Row) -> Result<()> {
    let refuse = |fault: Fault| {
        Error::argument(
            format!("annotation of {:?}", row.image),
            fault.expected,
            fault.found,
        )
    };
    field::image(&row.image).map_err(refuse)?;
    if row.image.contains(',') {
        return Err(refuse(Fault::new("a path without comma", &row.image)));
    }
    let mut units = row.labels.action_units.iter().flatten();
    if let Some(value) = units.find(|value| !matches!(value, 0.0 | 1.0)) {
        let expected = "action units that are 0 or 1";
        return Err(refuse(Fault::new(expected, &value.to_string())));
    }
    if row.labels.action_units.len() > ACTION_UNITS {
        let found = row.labels.action_units.len().to_string();
        return Err(refuse(Fault::new("12 action units", &found)));
    }
    let mut values = row.labels.valence_arousal.into_iter().flatten();
    if let Some(value) = values.find(|value| !(-1.0..=1.0).contains(value)) {
        return Err(refuse(Fault::new(
            "valence and arousal in [-1, 1]",
            &value.to_string(),
        )));
    }
    match row.labels.expression {
        Some(class) if class >= EXPRESSIONS => Err(refuse(Fault::new(
            "an expression index from 0 to 7",
            &class.to_string(),
        ))),
        _ => Ok(()),
    }
}

fn parse_row(
    text: &str,
    line: u64,
    columns: &Columns,
    config: &AnnotationConfig,
) -> Result<Row, Fault> {
    let form = Form {
        strict: config.strict,
    };
    let fields = columns.fields(text)?;
    let [image, valence, arousal, expression, units @ ..] = fields.map(|text| form.trimmed(text));
    let image = field::image(image)?;
    let valence_arousal = form.valence_arousal(valence, arousal)?;
    let expression = form.class(expression, "expression", EXPRESSIONS - 1)?;
    let units = ActionUnit::AFF_WILD2.into_iter().zip(units);
    let units = units.map(|(unit, text)| Ok(form.class(text, unit, 1)?.map(|label| label as f32)));
    let mut action_units = units.collect::<Result<Vec<_>, Fault>>()?;
    let is_dropped = !config.keep_partial_action_units && action_units.contains(&None);
    if is_dropped || action_units.iter().all(Option::is_none) {
        action_units.clear();
    }
    Ok(Row {
        image,
        labels: Labels {
            valence_arousal,
            expression,
            action_units,
            ..Labels::default()
        },
        line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "1/00001.jpg,0.5,-0.25,4,0,0,0,1,1,1,1,0,0,0,1,0";

    fn read_bytes(bytes: &[u8]) -> Result<Vec<Row>> {
        read_with(bytes, &AnnotationConfig::new())
    }

    fn read_with(bytes: &[u8], config: &AnnotationConfig) -> Result<Vec<Row>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("annotations.txt");
        std::fs::write(&path, bytes).unwrap();
        read(&path, config)
    }

    /// Reads one row behind the header.
    fn read_row(row: &str) -> Result<Row> {
        read_bytes(format!("{HEADER}\n{row}\n").as_bytes()).map(|mut rows| rows.remove(0))
    }

    fn strict() -> AnnotationConfig {
        AnnotationConfig::new().with_strict(true)
    }

    #[test]
    fn a_row_is_read_by_position() {
        let row = read_row(GOOD).unwrap();
        assert_eq!((row.image.as_str(), row.line), ("1/00001.jpg", 2));
        assert_eq!(row.labels.valence_arousal, [Some(0.5), Some(-0.25)]);
        assert_eq!(row.labels.expression, Some(4));
        let present: Vec<_> = row
            .labels
            .action_units
            .iter()
            .map(|unit| unit.unwrap())
            .collect();
        assert_eq!(present.iter().sum::<f32>(), 5.0);
        assert_eq!(
            [3, 6, 10, 11].map(|unit| present[unit]),
            [1.0, 1.0, 1.0, 0.0]
        );
    }

    #[test]
    fn sentinels_are_missing_labels() {
        let row = read_row(&format!("v/00002.jpg,-5,-5.0,-1{}", ",-1".repeat(12))).unwrap();
        assert!(row.labels.is_empty());
    }

    #[test]
    fn minus_one_is_a_valence() {
        let row = read_row(&GOOD.replace("0.5,-0.25", "-1,-1")).unwrap();
        assert_eq!(row.labels.valence_arousal, [Some(-1.0); 2]);
    }

    #[test]
    fn crlf_byte_order_mark_blank_lines_and_a_missing_last_line_end_are_accepted() {
        let text = format!("\u{feff}{HEADER}\r\n{GOOD}\r\n\r\n\n{GOOD}");
        let rows = read_bytes(text.as_bytes()).unwrap();
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 5]);
        assert_eq!(rows[0].labels, rows[1].labels);
    }

    #[test]
    fn repeated_rows_are_kept_in_order() {
        let second = GOOD.replace("0.5", "0.75");
        let rows =
            read_bytes(format!("{HEADER}\n{second}\n{GOOD}\n{second}\n").as_bytes()).unwrap();
        let valences: Vec<_> = rows
            .iter()
            .map(|row| row.labels.valence_arousal[0].unwrap())
            .collect();
        assert_eq!(valences, [0.75, 0.5, 0.75]);
    }

    #[test]
    fn a_header_alone_is_an_empty_set() {
        assert_eq!(read_bytes(HEADER.as_bytes()).unwrap(), []);
    }

    #[test]
    fn partial_action_units_count_only_when_asked_for() {
        let text = format!("{HEADER}\n1/00001.jpg,-5,-5,-1,1,-1{}\n", ",0".repeat(10));
        let whole = read_bytes(text.as_bytes()).unwrap();
        assert!(!whole[0].labels.has_action_units());
        let config = AnnotationConfig::new().with_keep_partial_action_units(true);
        let kept = read_with(text.as_bytes(), &config).unwrap();
        assert_eq!(
            kept[0].labels.action_units[..3],
            [Some(1.0), None, Some(0.0)]
        );
    }

    /// What reading a good row, then `broken`, says.
    fn refusal(broken: &str, config: &AnnotationConfig) -> String {
        let text = format!("{HEADER}\r\n{GOOD}\r\n{broken}\r\n");
        let error = read_with(text.as_bytes(), config).unwrap_err().to_string();
        assert!(
            error.contains("annotations.txt:3: expected"),
            "{broken}: {error}"
        );
        error
    }

    #[test]
    fn every_broken_row_is_refused_with_file_and_line() {
        for (broken, expected) in [
            (GOOD.replace("0.5", "half"), "valence in [-1, 1]"),
            (GOOD.replace("0.5", ""), "valence in [-1, 1]"),
            (GOOD.replace("0.5", "0. 5"), "valence in [-1, 1]"),
            (GOOD.replace("0.5", "NaN"), "valence in [-1, 1]"),
            (GOOD.replace("0.5", "1.001"), "valence in [-1, 1]"),
            (GOOD.replace("-0.25", "-inf"), "arousal in [-1, 1]"),
            (GOOD.replace("-0.25", "-4"), "arousal in [-1, 1]"),
            (GOOD.replace(",4,", ",8,"), "expression from 0 to 7"),
            (GOOD.replace(",4,", ",-2,"), "expression from 0 to 7"),
            (GOOD.replace(",4,", ",7.5,"), "expression from 0 to 7"),
            (GOOD.replace(",4,", ",NaN,"), "expression from 0 to 7"),
            (GOOD.replace(",4,", ",inf,"), "expression from 0 to 7"),
            (GOOD.replace(",4,", ",1e30,"), "expression from 0 to 7"),
            (GOOD.replace(",4,", ",,"), "expression from 0 to 7"),
            (GOOD.replace(",4,0", ",4,2"), "AU1 from 0 to 1"),
            (GOOD.replace(",4,0", ",4,0.5"), "AU1 from 0 to 1"),
            (GOOD.replace(",4,0", ",4,-2"), "AU1 from 0 to 1"),
            (format!("{}2", &GOOD[..GOOD.len() - 1]), "AU26 from 0 to 1"),
            (format!("{GOOD},0"), "16 fields, found 17"),
            (format!("{GOOD},"), "16 fields, found 17"),
            (GOOD[..GOOD.len() - 2].to_string(), "16 fields, found 15"),
            ("1/00001.jpg".to_string(), "16 fields, found 1"),
            (GOOD.replace("1/00001", "../00001"), "stays in its folder"),
            (
                GOOD.replace("1/00001", "1/../../00001"),
                "stays in its folder",
            ),
            (GOOD.replace("1/00001", "/1/00001"), "stays in its folder"),
            (GOOD.replace("1/00001", "1\\00001"), "stays in its folder"),
            (GOOD.replace("1/00001", "1/\r00001"), "stays in its folder"),
            (GOOD.replace("1/00001", "C:00001"), "stays in its folder"),
            (GOOD.replace("1/00001", "1//00001"), "stays in its folder"),
            (GOOD.replace("1/00001.jpg", ""), "stays in its folder"),
        ] {
            for config in [AnnotationConfig::new(), strict()] {
                let error = refusal(&broken, &config);
                assert!(error.contains(expected), "{broken}: {error}");
            }
        }
    }

    #[test]
    fn other_ways_of_writing_the_same_are_read_unless_the_form_is_strict() {
        let expected = read_row(GOOD).unwrap();
        for (text, refused) in [
            (GOOD.replace(',', ", "), "valence in [-1, 1]"),
            (GOOD.replace(',', "\t, "), "stays in its folder"),
            (format!("  {GOOD}"), ""),
            (format!("{GOOD} \t"), "AU26 from 0 to 1"),
            (GOOD.replace(",4,", ",4.0,"), "expression from 0 to 7"),
            (GOOD.replace(",0,", ",0.0,"), "AU1 from 0 to 1"),
            (GOOD.replace(",1,", ",1.,"), "AU6 from 0 to 1"),
            (GOOD.replace(",4,0,0", ",4e0,-0.0,0"), "expression"),
        ] {
            let row = read_row(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(row, expected, "{text}");
            if !refused.is_empty() {
                let error = refusal(&text, &strict());
                assert!(error.contains(refused), "{text}: {error}");
            }
        }
        let missing = format!("v/00002.jpg, -5, -5.0, -1.0{}", ", -1.0".repeat(12));
        assert!(read_row(&missing).unwrap().labels.is_empty());
    }

    #[test]
    fn one_of_valence_and_arousal_counts_without_the_other_unless_the_form_is_strict() {
        for (text, expected) in [
            (GOOD.replace("-0.25", "-5"), [Some(0.5), None]),
            (GOOD.replace("0.5", "-5.0"), [None, Some(-0.25)]),
        ] {
            let row = read_row(&text).unwrap();
            assert_eq!(row.labels.valence_arousal, expected);
            let error = refusal(&text, &strict());
            assert!(error.contains("both present or both -5"), "{error}");
        }
    }

    #[test]
    fn fields_under_a_spelled_out_header_are_found_by_name() {
        let expected = read_row(GOOD).unwrap();
        let fields: Vec<&str> = GOOD.split(',').collect();
        let names = "image valence arousal expression AU1 AU2 AU4 AU6 AU7 AU10 AU12 AU15 AU23 AU24 \
                     AU25 AU26";
        let names: Vec<&str> = names.split_whitespace().collect();
        for turn in 0..names.len() {
            let turned = |texts: &[&str]| {
                let mut texts = texts.to_vec();
                texts.rotate_left(turn);
                texts.join(", ")
            };
            let text = format!("{}\n{}\n", turned(&names), turned(&fields));
            let rows = read_bytes(text.as_bytes()).unwrap();
            assert_eq!(rows, std::slice::from_ref(&expected));
            let error = read_with(text.as_bytes(), &strict()).unwrap_err();
            assert!(error.to_string().contains(":1: expected the header"));
        }
    }

    #[test]
    fn lines_of_blanks_are_passed_over_also_before_the_header() {
        let text = format!("\u{feff} \t\r\n\r\n{HEADER}\r\n \r\n\t\r\n{GOOD}\r\n \r\n");
        let rows = read_bytes(text.as_bytes()).unwrap();
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [6]);
        assert!(read_with(text.as_bytes(), &strict()).is_err());
    }

    #[test]
    fn a_wrong_header_is_refused_in_line_1() {
        for text in [
            "",
            "\n",
            GOOD,
            "image,valence,arousal,expression\n",
            "\u{feff}",
        ] {
            for config in [AnnotationConfig::new(), strict()] {
                let error = read_with(text.as_bytes(), &config).unwrap_err().to_string();
                assert!(
                    error.contains("annotations.txt:1: expected the header"),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused_with_their_place() {
        let mut bytes = format!("{HEADER}\n{GOOD}\n1/").into_bytes();
        bytes.extend([0xff, b'\n']);
        let error = read_bytes(&bytes).unwrap_err().to_string();
        assert!(
            error.contains("annotations.txt:3: expected UTF-8"),
            "{error}"
        );
        assert!(error.contains("0xff at column 3"), "{error}");
    }

    #[test]
    fn a_file_without_line_ends_is_refused_before_it_is_read_whole() {
        let error = read_bytes(&vec![b'a'; 1 << 20]).unwrap_err().to_string();
        assert!(
            error.contains(":1: expected a line of text, found more than 65536"),
            "{error}"
        );
    }

    #[test]
    fn what_is_found_is_shown_short_and_without_control_characters() {
        let long = format!(
            "{HEADER}\n{}\n",
            GOOD.replace("0.5", &format!("\u{1b}[2J{}", "9".repeat(500)))
        );
        let error = read_bytes(long.as_bytes()).unwrap_err().to_string();
        assert!(!error.contains('\u{1b}') && error.len() < 300, "{error}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read(Path::new("no/such.txt"), &AnnotationConfig::new()).unwrap_err();
        assert!(error.to_string().starts_with("cannot open no/such.txt"));
    }

    #[test]
    fn a_list_is_one_path_per_line_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.txt");
        for config in [AnnotationConfig::new(), strict()] {
            std::fs::write(
                &path,
                format!("{HEADER}\r\nb/00002.jpg\r\na/00001.jpg\r\nb/00002.jpg"),
            )
            .unwrap();
            assert_eq!(
                read_list(&path, &config).unwrap(),
                ["b/00002.jpg", "a/00001.jpg", "b/00002.jpg"]
            );
            for broken in [GOOD, "../secret.jpg", "a/00001.jpg,"] {
                std::fs::write(&path, format!("{HEADER}\na/00001.jpg\n{broken}\n")).unwrap();
                let error = read_list(&path, &config).unwrap_err().to_string();
                assert!(error.contains("list.txt:3: expected"), "{error}");
            }
        }
    }

    #[test]
    fn a_list_of_another_program_is_read_and_blanks_within_a_path_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.txt");
        for header in [
            "image",
            "Image, Valence, Arousal, Expression, AUs",
            "image,valence,arousal,expression,AU1,AU2,AU4,AU6,AU7,AU10,AU12,AU15,AU23,AU24,AU25,AU26",
        ] {
            let text = format!("\u{feff}{header} \r\n\r\n \t\r\nmy video/00001.jpg \t\r\nb.jpg");
            std::fs::write(&path, text).unwrap();
            let images = read_list(&path, &AnnotationConfig::new()).unwrap();
            assert_eq!(images, ["my video/00001.jpg", "b.jpg"], "{header}");
            let error = read_list(&path, &strict()).unwrap_err().to_string();
            assert!(error.contains("list.txt:1: expected the header"), "{error}");
        }
        std::fs::write(&path, "a/00001.jpg\nb/00002.jpg\n").unwrap();
        assert!(read_list(&path, &AnnotationConfig::new()).is_err());
    }

    #[test]
    fn written_rows_read_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("annotations.txt");
        let mut rows = vec![read_row(GOOD).unwrap(); 3];
        rows[0].labels = Labels::default();
        rows[1].labels.valence_arousal = [Some(0.1 + 0.2), Some(-1.0 / 3.0)];
        rows[1].labels.action_units[5] = None;
        rows[1].line = 3;
        rows[2].labels.valence_arousal[0] = None;
        rows[2].line = 4;
        write(&path, &rows).unwrap();
        let keep = AnnotationConfig::new().with_keep_partial_action_units(true);
        assert_eq!(read(&path, &keep).unwrap(), rows);
    }

    #[test]
    fn a_digest_is_of_images_labels_and_their_order_and_not_of_the_file() {
        let keep = AnnotationConfig::new().with_keep_partial_action_units(true);
        let digest_of = |text: &str| digest(&read_with(text.as_bytes(), &keep).unwrap());
        let second = GOOD.replace("00001", "00002");
        let base = digest_of(&format!("{HEADER}\n{GOOD}\n{second}\n"));
        // Computed with Python's hashlib.
        let expected = "504d6557958decff82c1274a5621f6e7fb3b7bed7d60a317aa449670cb1f3d39";
        assert_eq!(base, expected);
        let spaced = format!(
            "\u{feff}{HEADER}\r\n{}\r\n\n{second}",
            GOOD.replace("0.5", ".50")
        );
        assert_eq!(digest_of(&spaced), base);
        for rows in [
            format!("{second}\n{GOOD}"),
            format!("{GOOD}\n{second}\n{GOOD}"),
            GOOD.to_string(),
            format!("{GOOD}\n{}", second.replace("00002", "00003")),
            format!("{GOOD}\n{}", second.replace("-0.25", "-0.26")),
            format!("{GOOD}\n{}", second.replace("0.5,-0.25", "-5,-5")),
            format!("{GOOD}\n{}", second.replace(",4,", ",-1,")),
            format!("{GOOD}\n{}", second.replace(",4,0", ",4,-1")),
        ] {
            assert_ne!(digest_of(&format!("{HEADER}\n{rows}\n")), base, "{rows}");
        }
    }

    #[test]
    fn a_row_that_the_format_cannot_hold_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("annotations.txt");
        let row = read_row(GOOD).unwrap();
        let broken = |change: fn(&mut Row)| {
            let mut row = row.clone();
            change(&mut row);
            write(&path, &[row]).unwrap_err().to_string()
        };
        assert!(broken(|row| row.image = "a,b.jpg".into()).contains("without comma"));
        assert!(broken(|row| row.image = "../b.jpg".into()).contains("stays in its folder"));
        assert!(broken(|row| row.labels.expression = Some(8)).contains("from 0 to 7"));
        let nan = broken(|row| row.labels.valence_arousal[1] = Some(f32::NAN));
        assert!(nan.contains("1/00001.jpg") && nan.contains("NaN"), "{nan}");
        assert!(!path.exists());
    }
}
