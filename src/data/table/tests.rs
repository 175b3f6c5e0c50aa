//! Wrong tables with what is said of them, right ones in odd forms, and tables that were written.

use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::Labels;
use crate::data::mark::NamesBuilder;
use crate::label::{AffectRange, CodedUnit, Expression};
use crate::{Error, Result};

fn read_as(text: impl AsRef<[u8]>, config: &LabelConfig) -> Result<Table> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    std::fs::write(&path, text).unwrap();
    read(&path, config)
}

fn read_text(text: impl AsRef<[u8]>) -> Table {
    let shown = String::from_utf8_lossy(text.as_ref()).into_owned();
    read_as(text, &LabelConfig::new()).unwrap_or_else(|error| panic!("{shown}\n{error}"))
}

/// What is said of a table, behind its folder.
fn refusal(text: impl AsRef<[u8]>, config: &LabelConfig) -> String {
    let shown = String::from_utf8_lossy(text.as_ref()).into_owned();
    let error = match read_as(text, config) {
        Err(error) => error.to_string(),
        Ok(table) => panic!("{shown} is read: {table:?}"),
    };
    let place = error
        .find("labels.csv")
        .unwrap_or_else(|| panic!("{shown}: {error}"));
    error[place..].to_string()
}

fn of(vocabulary: Vocabulary) -> LabelConfig {
    LabelConfig::new().with_vocabulary(Some(vocabulary))
}

#[test]
fn every_wrong_table_is_refused_with_its_line_and_column() {
    let plain = LabelConfig::new();
    let raf_db = of(Vocabulary::raf_db());
    let disfa = of(Vocabulary::disfa());
    let manikins = LabelConfig::new().with_affect_range(Some([1.0, 9.0]));
    for (text, config, expected) in [
        // The file and its header.
        (
            "",
            &plain,
            "labels.csv: expected a header and rows below it, found an empty file",
        ),
        (
            "\n \r\n",
            &plain,
            "labels.csv: expected a header and rows below it, found an empty file",
        ),
        (
            "image,AU1\n",
            &plain,
            "labels.csv: expected at least one row below the header, found the header alone",
        ),
        (
            "image,AU1\n,\n",
            &plain,
            "labels.csv: expected at least one row below the header, found the header alone",
        ),
        (
            "a.jpg,0.5,0.5\n",
            &plain,
            "labels.csv:1: expected a header with a column `image`, and columns of labels such as \
             valence, arousal, expression, AU12, found \"a.jpg,0.5,0.5\"",
        ),
        (
            "\nvalence,AU1\n0,1\n",
            &plain,
            "labels.csv:2: expected a header with a column `image`, and columns of labels such as \
             valence, arousal, expression, AU12, found \"valence,AU1\"",
        ),
        (
            "image,subject\na.jpg,Ada\n",
            &plain,
            "labels.csv:1: expected a column of labels that are read: valence, arousal, expression, \
             expression:<Name>, AU1 or another action unit, found \"image,subject\"",
        ),
        (
            "image,valence\na.jpg,0\n",
            &disfa,
            "labels.csv:1: expected a column of labels that are read: valence, arousal, expression, \
             expression:<Name>, AU1 or another action unit, found \"image,valence\"",
        ),
        (
            "image,valance\na.jpg,0\n",
            &plain,
            "labels.csv:1: expected columns whose names are known, or unlike any that is, found \
             \"valance\"; did you mean `valence`?",
        ),
        (
            "image,AU1,spilt\na.jpg,0,train\n",
            &plain,
            "labels.csv:1: expected columns whose names are known, or unlike any that is, found \
             \"spilt\"; did you mean `split`?",
        ),
        (
            "image,expresion:happy,expression:sad\na.jpg,0,1\n",
            &plain,
            "labels.csv:1: expected columns whose names are known, or unlike any that is, found \
             \"expresion:happy\"; did you mean `expression:happy`?",
        ),
        (
            "image,AU99\na.jpg,0\n",
            &plain,
            "labels.csv:1: expected action units of the Facial Action Coding System in the header, \
             found \"AU99\"",
        ),
        (
            "image,expression:,expression:sad\na.jpg,0,1\n",
            &plain,
            "labels.csv:1: expected the name of a class behind `expression:` in the header, found \
             \"expression:\"",
        ),
        (
            "image,AU1,au_01\na.jpg,0,0\n",
            &plain,
            "labels.csv:1: expected each kind of label and mark in one column, found columns 2 \
             (`AU1`) and 3 (`au_01`)",
        ),
        (
            "image,AU1,image\na.jpg,0,b.jpg\n",
            &plain,
            "labels.csv:1: expected each kind of label and mark in one column, found columns 1 \
             (`image`) and 3 (`image`)",
        ),
        (
            "file,AU1,path\na.jpg,0,b.jpg\n",
            &plain,
            "labels.csv:1: expected each kind of label and mark in one column, found columns 1 \
             (`file`) and 3 (`path`)",
        ),
        (
            "image,expression:happy,expression:joy\na.jpg,0,1\n",
            &plain,
            "labels.csv:1: expected each kind of label and mark in one column, found columns 2 \
             (`expression:happy`) and 3 (`expression:joy`)",
        ),
        (
            "image,AU01_c,AU01_r\na.jpg,0,1.5\n",
            &plain,
            "labels.csv:1: expected an action unit's occurrence or its intensity (a vocabulary says \
             which of them to read), found both, in `AU01_c` and `AU01_r`",
        ),
        (
            "image,expression:happy\na.jpg,1\n",
            &plain,
            "labels.csv:1: expected a column of soft labels for each class, two at least, found \
             \"expression:happy\"",
        ),
        (
            "image,\"AU1\na.jpg,0\n",
            &plain,
            "labels.csv:1: expected a quoted cell that is closed again, found \
             \"image,\\\"AU1\\na.jpg,0\"",
        ),
        // The rows' form.
        (
            "image,AU1,AU2\na.jpg,0,0\nb.jpg,1\n",
            &plain,
            "labels.csv:3: expected 3 cells, as many as columns in the header, found 2",
        ),
        (
            "image,AU1\r\n\r\na.jpg,0,1\r\n",
            &plain,
            "labels.csv:3: expected 2 cells, as many as columns in the header, found 3",
        ),
        (
            "image,AU1\na b, c.jpg,0\n",
            &plain,
            "labels.csv:2: expected 2 cells, as many as columns in the header, found 3",
        ),
        (
            "image,AU1\n\"a.jpg,0\nb.jpg,1\n",
            &plain,
            "labels.csv:2: expected a quoted cell that is closed again, found \"\\\"a.jpg,0\\nb.jpg,1\"",
        ),
        (
            "image,AU1\n\"a\".jpg,0\n",
            &plain,
            "labels.csv:2: expected a comma or the end of the line behind the closing quote of \
             column 1, found \".jpg,0\"",
        ),
        (
            "image,note,AU1\na.jpg,\"one\ntwo\",0\nb.jpg,,2\n",
            &plain,
            "labels.csv:4: expected in column 3 (`AU1`) 0 or 1, or empty where missing (an intensity \
             stands in a column with the ending `_r`), found \"2\"",
        ),
        // The images.
        (
            "image,AU1\n,1\n",
            &plain,
            "labels.csv:2: expected in column 1 (`image`) a relative image path that stays in its \
             folder, without control characters, found \"\"",
        ),
        (
            "AU1,path\n1,../a.jpg\n",
            &plain,
            "labels.csv:2: expected in column 2 (`path`) a relative image path that stays in its \
             folder, without control characters, found \"../a.jpg\"",
        ),
        (
            "image,AU1\n/etc/passwd,1\n",
            &plain,
            "labels.csv:2: expected in column 1 (`image`) a relative image path that stays in its \
             folder, without control characters, found \"/etc/passwd\"",
        ),
        (
            "image,AU1\n\"a\nb.jpg\",1\n",
            &plain,
            "labels.csv:2: expected in column 1 (`image`) a relative image path that stays in its \
             folder, without control characters, found \"a\\nb.jpg\"",
        ),
        // Valence and arousal.
        (
            "image,valence\na.jpg,half\n",
            &plain,
            "labels.csv:2: expected in column 2 (`valence`) a number in [-1, 1], or empty where \
             missing (another range is said with affect_range), found \"half\"",
        ),
        (
            "image,arousal\na.jpg,1.01\n",
            &plain,
            "labels.csv:2: expected in column 2 (`arousal`) a number in [-1, 1], or empty where \
             missing (another range is said with affect_range), found \"1.01\"",
        ),
        (
            "image,v,a\na.jpg,5,0.5\n",
            &manikins,
            "labels.csv:2: expected in column 3 (`a`) a number in [1, 9], or empty where missing \
             (another range is said with affect_range), found \"0.5\"",
        ),
        (
            "image,valence\na.jpg,inf\n",
            &plain,
            "labels.csv:2: expected in column 2 (`valence`) a number in [-1, 1], or empty where \
             missing (another range is said with affect_range), found \"inf\"",
        ),
        (
            "image,valence\na.jpg,\"0,5\"\n",
            &plain,
            "labels.csv:2: expected in column 2 (`valence`) a number in [-1, 1], or empty where \
             missing (another range is said with affect_range), found \"0,5\"",
        ),
        // Expressions.
        (
            "image,expression\na.jpg,happy\nb.jpg,3\n",
            &plain,
            "labels.csv:3: expected in column 2 (`expression`) the name of a class; for numbers say \
             what they mean, with expressions (their names in order) or a vocabulary, found \"3\"",
        ),
        (
            "image,label\na.jpg,8\n",
            &raf_db,
            "labels.csv:2: expected in column 2 (`label`) a class from 1 to 7 (Surprise, Fear, \
             Disgust, Happiness, Sadness, Anger, Neutral), or empty where missing (numbers from \
             another one on are said with first_class), found \"8\"",
        ),
        (
            "image,label\na.jpg,0\n",
            &raf_db,
            "labels.csv:2: expected in column 2 (`label`) a class from 1 to 7 (Surprise, Fear, \
             Disgust, Happiness, Sadness, Anger, Neutral), or empty where missing (numbers from \
             another one on are said with first_class), found \"0\"",
        ),
        (
            "image,label\na.jpg,bored\n",
            &raf_db,
            "labels.csv:2: expected in column 2 (`label`) one of Surprise, Fear, Disgust, Happiness, \
             Sadness, Anger, Neutral, or empty where missing, found \"bored\"",
        ),
        (
            "image,expression\na.jpg,happy\nb.jpg,JOY\n",
            &plain,
            "labels.csv: expected at least 2 classes of expressions, found Happiness alone",
        ),
        (
            "image,expression\na.jpg,\"sa\nd\"\n",
            &plain,
            "labels.csv:2: expected in column 2 (`expression`) the printable name of a class, of at \
             most 100 characters, found \"sa\\nd\"",
        ),
        (
            "image,expression:happy,expression:sad\na.jpg,1,-0.5\n",
            &plain,
            "labels.csv:2: expected in column 3 (`expression:sad`) votes or a probability, at least \
             0, found \"-0.5\"",
        ),
        (
            "image,expression:happy,expression:sad,expression\na.jpg,,,angry\n",
            &plain,
            "labels.csv:2: expected in column 4 (`expression`) one of Happiness, Sadness, or empty \
             where missing, found \"angry\"",
        ),
        // Action units.
        (
            "image,AU12\na.jpg,0.5\n",
            &plain,
            "labels.csv:2: expected in column 2 (`AU12`) 0 or 1, or empty where missing (an \
             intensity stands in a column with the ending `_r`), found \"0.5\"",
        ),
        (
            "image,AU12_r\na.jpg,5.1\n",
            &plain,
            "labels.csv:2: expected in column 2 (`AU12_r`) a number from 0 to 5, or empty where \
             missing, found \"5.1\"",
        ),
        (
            "image,AU12\na.jpg,6\n",
            &disfa,
            "labels.csv:2: expected in column 2 (`AU12`) a number from 0 to 5, or empty where \
             missing, found \"6\"",
        ),
        // Marks.
        (
            "image,AU1,split\na.jpg,1,learn\n",
            &plain,
            "labels.csv:2: expected in column 3 (`split`) train, validation or test, found \"learn\"",
        ),
        (
            "image,AU1,split\na.jpg,1,train\nb.jpg,1,\n",
            &plain,
            "labels.csv:3: expected in column 3 (`split`) train, validation or test in every row, or \
             in none, found \"\"",
        ),
        (
            "image,AU1,split\na.jpg,1,\nb.jpg,1,test\n",
            &plain,
            "labels.csv:3: expected in column 3 (`split`) train, validation or test in every row, or \
             in none, found \"test\"",
        ),
        (
            "image,AU1,frame\na.jpg,1,-1\n",
            &plain,
            "labels.csv:2: expected in column 3 (`frame`) a frame's number, from 0 to 4294967294, \
             found \"-1\"",
        ),
        (
            "image,AU1,weight\na.jpg,1,0\n",
            &plain,
            "labels.csv:2: expected in column 3 (`weight`) a weight above 0, found \"0\"",
        ),
        (
            "image,AU1,subject\na.jpg,1,\"A\tB\"\n",
            &plain,
            "labels.csv:2: expected in column 3 (`subject`) a name without control characters, \
             found \"A\\tB\"",
        ),
    ] {
        assert_eq!(refusal(text, config), expected, "{text}");
    }
}

#[test]
fn what_is_no_text_and_what_is_too_much_is_refused() {
    let config = LabelConfig::new();
    let latin_1 = refusal(b"image,AU1\ncaf\xe9.jpg,1\n", &config);
    assert_eq!(
        latin_1,
        "labels.csv:2: expected UTF-8 text, found the byte 0xe9 at column 4"
    );
    let wide = refusal(b"\xff\xfei\0m\0a\0", &config);
    assert_eq!(
        wide,
        "labels.csv:1: expected UTF-8 text, found the byte 0xff at column 1"
    );
    let long = refusal(format!("image,AU1\n{}", "a".repeat(1 << 17)), &config);
    assert_eq!(
        long,
        "labels.csv:2: expected a line of text, found more than 65536 bytes"
    );
    let open = format!("image,AU1\n\"a.jpg,0\n{}", "b.jpg,1\n".repeat(20_000));
    assert!(
        refusal(open, &config).starts_with("labels.csv:2: expected a quoted cell that is closed")
    );
    let rows: String = (0..101)
        .map(|class| format!("a.jpg,class {class}\n"))
        .collect();
    assert_eq!(
        refusal(format!("image,class\n{rows}"), &config),
        "labels.csv:102: expected in column 2 (`class`) at most 100 classes, found \"class 100\""
    );
    let names: String = (0..101)
        .map(|class| format!(",expression:{class}"))
        .collect();
    assert_eq!(
        refusal(format!("image{names}\n"), &config),
        "labels.csv:1: expected soft labels of at most 100 classes, found 101"
    );
}

#[test]
fn configs_out_of_range_and_files_that_are_not_there_are_named() {
    let refuse = |config: &LabelConfig| {
        read_as("image,AU1\na.jpg,1\n", config)
            .unwrap_err()
            .to_string()
    };
    let named = |names: &[&str]| {
        let classes = names.iter().map(|name| name.parse().unwrap());
        LabelConfig::new().with_expressions(Some(classes.collect()))
    };
    assert_eq!(
        refuse(&named(&["happy"])),
        "expressions: expected 2 to 100 names, found 1"
    );
    assert_eq!(
        refuse(&named(&["happy", "Bored", "bored"])),
        "expressions: expected each class once, found bored twice"
    );
    for range in [
        [1.0, 1.0],
        [1.0, -1.0],
        [0.0, f32::INFINITY],
        [f32::NAN, 1.0],
    ] {
        let config = LabelConfig::new().with_affect_range(Some(range));
        assert!(refuse(&config).contains("two finite numbers"), "{range:?}");
    }
    let error = read(Path::new("nowhere.csv"), &LabelConfig::new()).unwrap_err();
    assert!(matches!(error, Error::Io { action: "open", .. }), "{error}");
}

/// Tables that all say the same of two images: happy with AU12 at a valence of 0.5, and sad without.
#[test]
fn the_same_labels_are_read_in_many_forms() {
    let expected = read_text(
        "image,valence,expression,AU12\nv/a b.jpg,0.5,Happiness,1\nv/c.jpg,-0.25,Sadness,0\n",
    );
    assert_eq!(expected.rows[0].labels.valence_arousal, [Some(0.5), None]);
    assert_eq!(expected.rows[0].labels.expression, Some(0));
    assert_eq!(expected.rows[0].labels.action_units, [Some(1.0)]);
    assert_eq!(expected.rows[1].labels.action_units, [Some(0.0)]);
    let [happy, sad] = [Expression::Happiness, Expression::Sadness];
    assert_eq!(*expected.vocabulary.expressions, [happy, sad]);
    assert_eq!(*expected.vocabulary.action_units, ["AU12".parse().unwrap()]);
    for text in [
        // Line ends, blank lines and what surrounds them.
        "image,valence,expression,AU12\r\nv/a b.jpg,0.5,Happiness,1\r\nv/c.jpg,-0.25,Sadness,0\r\n",
        "image,valence,expression,AU12\nv/a b.jpg,0.5,Happiness,1\nv/c.jpg,-0.25,Sadness,0",
        "\u{feff}image,valence,expression,AU12\nv/a b.jpg,0.5,Happiness,1\nv/c.jpg,-0.25,Sadness,0\n",
        "\n\nimage,valence,expression,AU12\n\nv/a b.jpg,0.5,Happiness,1\n  \nv/c.jpg,-0.25,Sadness,0\n\n",
        "image,valence,expression,AU12\n,,,\nv/a b.jpg,0.5,Happiness,1\nv/c.jpg,-0.25,Sadness,0\n,,,\n",
        // Orders, names and letter case of columns.
        "AU12,expression,image,valence\n1,Happiness,v/a b.jpg,0.5\n0,Sadness,v/c.jpg,-0.25\n",
        "IMAGE,Valence,EXPRESSION,au12\nv/a b.jpg,0.5,Happiness,1\nv/c.jpg,-0.25,Sadness,0\n",
        "Image Path,V,emotion,AU 12\nv/a b.jpg,0.5,Happiness,1\nv/c.jpg,-0.25,Sadness,0\n",
        "file,valence,label,AU012\nv/a b.jpg,0.5,Happiness,1\nv/c.jpg,-0.25,Sadness,0\n",
        "img-path,valence,class,AU12_c\nv/a b.jpg,0.5,Happiness,1\nv/c.jpg,-0.25,Sadness,0\n",
        " image , valence,expr ,AU12_occurrence\nv/a b.jpg,0.5,Happiness,1\nv/c.jpg,-0.25,Sadness,0\n",
        // Other columns, with names and without, and a column of the same kind that is called less well.
        ",image,valence,expression,AU12\n0,v/a b.jpg,0.5,Happiness,1\n1,v/c.jpg,-0.25,Sadness,0\n",
        "image,height,valence,expression,AU12\nv/a b.jpg,9,0.5,Happiness,1\nv/c.jpg,x,-0.25,Sadness,0\n",
        "image,path,valence,expression,AU12\nv/a b.jpg,/x,0.5,Happiness,1\nv/c.jpg,,-0.25,Sadness,0\n",
        "image,class,valence,expression,AU12\nv/a b.jpg,3,0.5,Happiness,1\nv/c.jpg,,-0.25,Sadness,0\n",
        // Quotes, blanks, separators.
        "\"image\",\"valence\",\"expression\",\"AU12\"\n\"v/a b.jpg\",\"0.5\",\"Happiness\",\"1\"\n\"v/c.jpg\",\"-0.25\",\"Sadness\",\"0\"\n",
        "image,valence,expression,AU12\r\n \"v/a b.jpg\" ,0.5,\"Happiness\" ,1\r\nv/c.jpg,-0.25,Sadness,\"0\"\r\n",
        "image , valence , expression , AU12\nv/a b.jpg\t, 0.5 , Happiness , 1\n v/c.jpg, -0.25, Sadness, 0 \n",
        "image;valence;expression;AU12\nv/a b.jpg;0.5;Happiness;1\nv/c.jpg;-0.25;Sadness;0\n",
        "image;valence;expression;AU12\nv/a b.jpg;0,5;Happiness;1\nv/c.jpg;-0,25;Sadness;0\n",
        "image\tvalence\texpression\tAU12\nv/a b.jpg\t0.5\tHappiness\t1\nv/c.jpg\t-0.25\tSadness\t0\n",
        "image\tvalence\tnote, if any\texpression\tAU12\nv/a b.jpg\t0.5\t\tHappiness\t1\nv/c.jpg\t-0.25\ta, b\tSadness\t0\n",
        "image,note,valence,expression,AU12\nv/a b.jpg,\"two\nlines\",0.5,Happiness,1\nv/c.jpg,\"a \"\"word\"\"\",-0.25,Sadness,0\n",
        "image,valence,expression,AU12\nv/a b.jpg,0.5,Happiness,1,\nv/c.jpg,-0.25,Sadness,0,,\n",
        // Spellings of values.
        "image,valence,expression,AU12\nv/a b.jpg,+0.50,happy,1.0\nv/c.jpg,-.25,SAD,0.0\n",
        "image,valence,expression,AU12\nv/a b.jpg,5e-1,joy,1e0\nv/c.jpg,-25e-2,sadness,-0\n",
        "image,valence,expression,AU12\n./v/a b.jpg,0.5,Happiness,1\n./v/c.jpg,-0.25,Sadness,0\n",
        // Missing labels beside.
        "image,valence,arousal,expression,AU12\nv/a b.jpg,0.5,,Happiness,1\nv/c.jpg,-0.25,,Sadness,0\n",
        "image,valence,arousal,expression,AU12\nv/a b.jpg,0.5,-5,Happiness,1\nv/c.jpg,-0.25,-2,Sadness,0\n",
        "image,valence,arousal,expression,AU12\nv/a b.jpg,0.5,NA,Happiness,1\nv/c.jpg,-0.25,nan,Sadness,0\n",
        "image,valence,arousal,expression,AU12\nv/a b.jpg,0.5,N/A,Happiness,1\nv/c.jpg,-0.25,null,Sadness,0\n",
    ] {
        let table = read_text(text);
        assert_eq!(table.vocabulary, expected.vocabulary, "{text}");
        for (row, expected) in table.rows.iter().zip(&expected.rows) {
            assert_eq!(
                (&row.image, &row.labels),
                (&expected.image, &expected.labels),
                "{text}"
            );
        }
        assert_eq!(table.rows.len(), 2, "{text}");
    }
}

#[test]
fn missing_labels_are_told_from_values() {
    let table = read_text(
        "image,valence,arousal,expression,AU1,AU2_r\n\
         a.jpg,-1,1,-1,-1,-1\n\
         b.jpg,,,NA,9,9\n\
         c.jpg,-5,-2,,,\n\
         d.jpg,0,,sad,1,\n\
         e.jpg,,0,happy,,2.5\n",
    );
    let labels: Vec<&Labels> = table.rows.iter().map(|row| &row.labels).collect();
    assert_eq!(labels[0].valence_arousal, [Some(-1.0), Some(1.0)]);
    assert_eq!(labels[0].expression, None);
    assert!(labels[0].action_units.is_empty());
    assert!(labels[1].is_empty() && labels[2].is_empty());
    assert_eq!(labels[3].action_units, [Some(1.0), None]);
    assert_eq!(labels[4].action_units, [None, Some(2.5)]);
    assert_eq!(labels[4].valence_arousal, [None, Some(0.0)]);
}

#[test]
fn another_range_of_affect_is_mapped_and_its_own_numbers_are_no_sentinels() {
    let manikins = LabelConfig::new().with_affect_range(Some([1.0, 9.0]));
    let table = read_as("image,valence,arousal\na.jpg,1,9\nb.jpg,5,-5\n", &manikins).unwrap();
    assert_eq!(
        table.rows[0].labels.valence_arousal,
        [Some(-1.0), Some(1.0)]
    );
    assert_eq!(table.rows[1].labels.valence_arousal, [Some(0.0), None]);
    let range = AffectRange::new(1.0, 9.0).unwrap();
    assert_eq!(table.vocabulary.valence_arousal, Some(range));
    let wide = LabelConfig::new().with_affect_range(Some([-10.0, 10.0]));
    let table = read_as("image,valence\na.jpg,-5\n", &wide).unwrap();
    assert_eq!(table.rows[0].labels.valence_arousal, [Some(-0.5), None]);
}

#[test]
fn soft_labels_are_shares_of_what_the_row_has() {
    let table = read_text(
        "image,expression:sad,expression:bored,expression:Happy,emotion\n\
         a.jpg,2,0,6,\n\
         b.jpg,0,0,0,\n\
         c.jpg,,0.25,0.75,\n\
         d.jpg,0,0,0,bored\n\
         e.jpg,1,3,3,happy\n",
    );
    let names: Vec<&str> = table
        .vocabulary
        .expressions
        .iter()
        .map(Expression::name)
        .collect();
    assert_eq!(names, ["Sadness", "bored", "Happiness"]);
    let labels: Vec<&Labels> = table.rows.iter().map(|row| &row.labels).collect();
    assert_eq!(
        (labels[0].expression, &*labels[0].shares),
        (Some(2), &[0.25, 0.0, 0.75][..])
    );
    assert_eq!((labels[1].expression, labels[1].shares.len()), (None, 0));
    assert_eq!(
        (labels[2].expression, &*labels[2].shares),
        (Some(2), &[0.0, 0.25, 0.75][..])
    );
    assert_eq!((labels[3].expression, labels[3].shares.len()), (Some(1), 0));
    // Of several that are largest, the first.
    assert_eq!(labels[4].expression, Some(1));
    let all: f32 = labels[4].shares.iter().sum();
    assert!((all - 1.0).abs() < 1e-6);
}

#[test]
fn columns_that_are_called_as_classes_are_soft_labels_where_nothing_else_is() {
    let header = "Usage,Image name,neutral,happiness,surprise,unknown,NF";
    let table = read_text(format!(
        "{header}\nPublicTest,a.png,4,1,5,0,1\nTraining,b.png,10,0,0,0,0\n"
    ));
    assert_eq!(table.rows[0].labels.shares, [0.4, 0.1, 0.5]);
    assert_eq!(table.parts, [SplitName::Validation, SplitName::Training]);
    assert_eq!(table.ignored, ["unknown", "NF"]);
    let table = read_text("image,expression,neutral,sad\na,sad,x,y\nb,happy,x,y\n");
    assert_eq!(table.ignored, ["neutral", "sad"]);
    let table = read_text("image,AU1,other\na,1,x\n");
    assert_eq!(table.ignored, ["other"]);
}

#[test]
fn numbers_are_classes_of_a_told_order() {
    let classes = |config: &LabelConfig, cells: [&str; 3]| {
        let rows: String = cells.iter().map(|cell| format!("a.jpg,{cell}\n")).collect();
        let table = read_as(format!("image,expression\n{rows}"), config).unwrap();
        table
            .rows
            .iter()
            .map(|row| row.labels.expression)
            .collect::<Vec<_>>()
    };
    // RAF-DB counts from 1, AffectNet from 0.
    let raf_db = of(Vocabulary::raf_db());
    assert_eq!(classes(&raf_db, ["1", "7", "-1"]), [Some(0), Some(6), None]);
    assert_eq!(
        classes(&raf_db, ["happy", "4.0", ""]),
        [Some(3), Some(3), None]
    );
    let affectnet = of(Vocabulary::affectnet_8());
    assert_eq!(
        classes(&affectnet, ["0", "7", "1"]),
        [Some(0), Some(7), Some(1)]
    );
    let own = ["calm", "Tense"].map(|name| name.parse().unwrap()).to_vec();
    let own = LabelConfig::new().with_expressions(Some(own));
    assert_eq!(
        classes(&own, ["0", "1", "tense"]),
        [Some(0), Some(1), Some(1)]
    );
    let shifted = own.with_first_class(Some(5));
    // What numbers mean is one thing, and which classes are read another.
    let disgust = Vocabulary {
        expressions: ["anger", "disgust"]
            .map(|name| name.parse().unwrap())
            .to_vec()
            .into(),
        ..Vocabulary::default()
    };
    let fer = ["angry", "disgusted", "afraid"].map(|name| name.parse().unwrap());
    let mixed = of(disgust).with_expressions(Some(fer.to_vec()));
    let text = "image,expression\na.jpg,1\nb.jpg,2\n";
    assert_eq!(
        refusal(text, &mixed),
        "labels.csv:3: expected in column 2 (`expression`) one of Anger, Disgust, or empty where \
         missing, found \"2\""
    );
    let dropping = mixed.with_drop_other_classes(true);
    assert_eq!(classes(&dropping, ["1", "2", "10"]), [Some(1), None, None]);
    assert_eq!(
        classes(&dropping, ["afraid", "Anger", "x"]),
        [None, Some(0), None]
    );
    assert_eq!(
        classes(&shifted, ["5", "6", "calm"]),
        [Some(0), Some(1), Some(0)]
    );
}

#[test]
fn a_vocabulary_says_what_is_read_and_in_which_order() {
    let text = "image,AU25,AU12,AU01,AU99x,AU6_c,valence,expression\na.jpg,5,2,0,7,1,0.5,happy\n";
    let table = read_as(text, &of(Vocabulary::disfa())).unwrap();
    assert_eq!(table.vocabulary, Vocabulary::disfa());
    let [one, two] = [0, 5].map(|place| table.rows[0].labels.action_units[place]);
    assert_eq!((one, two), (Some(0.0), Some(2.0)));
    // AU6 is an intensity there.
    assert_eq!(table.ignored, ["AU99x", "AU6_c", "valence", "expression"]);
    let both = "image,AU12_c,AU12_r\na.jpg,1,2.5\n";
    let table = read_as(both, &of(Vocabulary::disfa())).unwrap();
    assert_eq!(table.rows[0].labels.action_units[5], Some(2.5));
    let table = read_as(both, &of(Vocabulary::bp4d())).unwrap();
    assert_eq!(table.rows[0].labels.action_units[6], Some(1.0));
}

#[test]
fn the_vocabulary_of_a_table_does_not_depend_on_the_order_of_its_rows() {
    let rows = [
        "zeal", "Bored", "happy", "other", "contempt", "neutral", "bored", "anger",
    ];
    let read = |rows: &[&str]| {
        let rows: String = rows
            .iter()
            .map(|class| format!("{class}.jpg,{class}\n"))
            .collect();
        read_text(format!("image,expression\n{rows}"))
    };
    let table = read(&rows);
    let names: Vec<&str> = table
        .vocabulary
        .expressions
        .iter()
        .map(Expression::name)
        .collect();
    let expected = [
        "Neutral",
        "Happiness",
        "Anger",
        "Contempt",
        "Other",
        "Bored",
        "zeal",
    ];
    assert_eq!(names, expected);
    let mut backwards = rows;
    backwards.reverse();
    let again = read(&backwards);
    assert_eq!(again.vocabulary, table.vocabulary);
    for (row, other) in table.rows.iter().zip(again.rows.iter().rev()) {
        assert_eq!((&row.image, &row.labels), (&other.image, &other.labels));
    }
    let units = read_text("image,AU25,AU01_r,AUL12,AU4,AU12\na.jpg,1,0.5,0,0,1\n");
    let names: Vec<String> = units
        .vocabulary
        .action_units
        .iter()
        .map(CodedUnit::to_string)
        .collect();
    assert_eq!(names, ["AU01_r", "AU4", "AU12", "AUL12", "AU25"]);
    let expected = [Some(0.5), Some(0.0), Some(1.0), Some(0.0), Some(1.0)];
    assert_eq!(units.rows[0].labels.action_units, expected);
}

#[test]
fn marks_are_read_with_the_rows() {
    let table = read_text(
        "image,AU1,split,video_id,frame,Subject,sample weight\n\
         a.jpg,1,train,one,00012,NA,2.5\n\
         b.jpg,1,VAL,,7.0,,\n\
         c.jpg,1,dev,one,,Ada,1\n\
         d.jpg,1,Testing,two,,NA,\n",
    );
    let [training, validation, test] = SplitName::ALL;
    assert_eq!(table.parts, [training, validation, validation, test]);
    let marks = &table.marks;
    let videos: Vec<_> = (0..4).map(|row| marks.videos.get(row)).collect();
    assert_eq!(videos, [Some("one"), None, Some("one"), Some("two")]);
    let subjects: Vec<_> = (0..4).map(|row| marks.subjects.get(row)).collect();
    assert_eq!(subjects, [Some("NA"), None, Some("Ada"), Some("NA")]);
    let frames: Vec<_> = (0..4).map(|row| marks.frame(row)).collect();
    assert_eq!(frames, [Some(12), Some(7), None, None]);
    let weights: Vec<_> = (0..4).map(|row| marks.weight(row)).collect();
    assert_eq!(weights, [2.5, 1.0, 1.0, 1.0]);
    // A column that is empty throughout says nothing.
    assert!(
        read_text("image,AU1,split\na.jpg,1,\nb.jpg,0,\n")
            .parts
            .is_empty()
    );
}

/// A table with every kind of column, at random present and filled, and names that need quotes.
fn drawn(seed: u64) -> Table {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let units = [2_u8, 4, 9, 12, 25];
    let units = units
        .into_iter()
        .filter(|_| random.random_bool(0.7))
        .collect::<Vec<_>>();
    let mut vocabulary = Vocabulary {
        action_units: units
            .into_iter()
            .map(|number| {
                let unit = format!("AU{number}").parse().unwrap();
                match random.random_bool(0.5) {
                    true => CodedUnit::occurrence(unit),
                    false => CodedUnit::intensity(unit),
                }
            })
            .collect(),
        valence_arousal: random.random_bool(0.7).then(AffectRange::default),
        ..Vocabulary::default()
    };
    if random.random_bool(0.7) || vocabulary == Vocabulary::default() {
        let names = ["happy", "sad", "so, so", "\"quoted\"", "ängstlich", "a;b"];
        vocabulary.expressions = names.map(|name| name.parse().unwrap()).to_vec().into();
    }
    let classes = vocabulary.expressions.len();
    let rows = (0..random.random_range(1..20)).map(|row| {
        let chance = |random: &mut ChaCha8Rng| random.random_bool(0.7);
        let mut labels = Labels::default();
        if vocabulary.valence_arousal.is_some() {
            labels.valence_arousal = std::array::from_fn(|_| {
                chance(&mut random).then(|| random.random_range(-1.0..=1.0_f32))
            });
        }
        if classes > 0 && chance(&mut random) {
            let votes: Vec<f64> = (0..classes)
                .map(|_| f64::from(random.random_range(0..4)))
                .collect();
            let all: f64 = votes.iter().sum();
            let most = votes.iter().copied().fold(0.0, f64::max);
            labels.expression = votes.iter().position(|&vote| vote == most);
            if seed.is_multiple_of(2) && all > 0.0 {
                labels.shares = votes.iter().map(|vote| (vote / all) as f32).collect();
            }
        }
        let label = |coded: &CodedUnit, random: &mut ChaCha8Rng| match coded.scale {
            crate::label::Scale::Occurrence => f32::from(random.random_bool(0.5)),
            crate::label::Scale::Intensity => random.random_range(0.0..=5.0),
        };
        let units = vocabulary.action_units.iter();
        labels.action_units = units
            .map(|coded| chance(&mut random).then(|| label(coded, &mut random)))
            .collect();
        if labels.action_units.iter().all(Option::is_none) {
            labels.action_units.clear();
        }
        Row {
            image: ["a b/é,.jpg", "v;1/\"x\".jpg", "plain.jpg", " lead.jpg"][row % 4].to_string(),
            labels,
            line: 0,
        }
    });
    let rows: Vec<Row> = rows.collect();
    let mut names = || {
        let mut names = NamesBuilder::default();
        for _ in &rows {
            let name = ["Ada", "x, \"y\"", " z", "NA"][random.random_range(0..4)];
            names.push(random.random_bool(0.8).then_some(name));
        }
        names.build()
    };
    let (videos, subjects) = (names(), names());
    let frames = rows.iter().map(|_| random.random_range(0..1000)).collect();
    let weights = rows.iter().map(|_| random.random_range(0.1..9.0)).collect();
    let parts = rows
        .iter()
        .map(|_| SplitName::ALL[random.random_range(0..3)]);
    Table {
        parts: parts.collect(),
        marks: Marks::new(videos, subjects, frames, weights),
        vocabulary,
        rows,
        separator: Separator::Comma,
        ignored: Vec::new(),
    }
}

#[test]
fn a_table_that_is_written_is_read_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    for seed in 0..300 {
        let table = drawn(seed);
        write(&path, &table).unwrap();
        let again = read(&path, &of(table.vocabulary.clone())).unwrap();
        let shown = std::fs::read_to_string(&path).unwrap();
        assert_eq!(again.vocabulary, table.vocabulary, "{shown}");
        assert_eq!(again.parts, table.parts, "{shown}");
        assert_eq!(again.rows.len(), table.rows.len(), "{shown}");
        for (place, (row, was)) in again.rows.iter().zip(&table.rows).enumerate() {
            assert_eq!(
                (&row.image, &row.labels),
                (&was.image, &was.labels),
                "{shown}"
            );
            let marks = |marks: &Marks| {
                let name = |name: Option<&str>| name.map(str::to_string);
                let names = [&marks.videos, &marks.subjects].map(|names| name(names.get(place)));
                (names, marks.frame(place), marks.weight(place))
            };
            assert_eq!(marks(&again.marks), marks(&table.marks), "{shown}");
        }
    }
}

#[test]
fn an_image_outside_the_folder_is_not_written() {
    let mut table = read_text("image,AU1\na.jpg,1\n");
    table.rows[0].image = "../a.jpg".into();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    let error = write(&path, &table).unwrap_err().to_string();
    assert!(
        error.starts_with("the row of \"../a.jpg\": expected a relative"),
        "{error}"
    );
    assert!(!path.exists());
}

#[test]
fn valence_and_arousal_of_another_range_are_written_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    std::fs::write(&path, "image,valence,arousal\na.jpg,1,9\nb.jpg,3,5\n").unwrap();
    let config = LabelConfig::new().with_affect_range(Some([1.0, 9.0]));
    let table = read(&path, &config).unwrap();
    let found = table.rows[1].labels.valence_arousal;
    assert_eq!(found, [Some(-0.5), Some(0.0)]);
    write(&path, &table).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("a.jpg,1,9") && text.contains("b.jpg,3,5"),
        "{text}"
    );
    let again = read(&path, &of(table.vocabulary.clone())).unwrap();
    assert_eq!(again.rows[1].labels.valence_arousal, found);
}
