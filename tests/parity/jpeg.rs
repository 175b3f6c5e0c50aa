//! JPEG files of every structure that the standard allows, against libjpeg-turbo's own decoding.

use std::path::Path;

use countenance::data::image::{ImageLimits, decode};

use crate::fixture::Fixture;

/// The furthest that a value may be off, in levels of 255.
const FURTHEST: u8 = 4;

/// Checks every file whose name begins with `group`, of which there must be `count`.
fn check(group: &str, count: usize) {
    let fixture = Fixture::open("jpeg");
    let names: Vec<String> = fixture
        .under(group)
        .into_keys()
        .filter_map(|name| Some(format!("{group}{}", name.strip_suffix(".file")?)))
        .collect();
    assert_eq!(names.len(), count, "{group}");
    let mut furthest = 0;
    for name in &names {
        let file = fixture.bytes(&format!("{name}.file"));
        let expected = fixture.bytes(&format!("{name}.pixels"));
        let actual = decode(&file, Path::new(name), &ImageLimits::new());
        let actual = actual.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(actual.as_raw().len(), expected.len(), "{name}");
        let differences = actual.iter().zip(&expected);
        let found = differences.map(|(a, e)| a.abs_diff(*e)).max().unwrap();
        assert!(found <= FURTHEST, "{name} is {found} levels off");
        furthest = furthest.max(found);
    }
    println!("parity | jpeg | {group} {count} files | {furthest} of 255");
}

#[test]
fn jpeg_files_of_every_sampling_and_order_of_scans_decode_as_in_libjpeg_turbo() {
    check("structure.", 140);
}

#[test]
fn jpeg_files_that_contradict_themselves_on_colour_decode_as_in_libjpeg_turbo() {
    check("colour.", 48);
}

/// What became of files whose end is missing: a repair tool's end marker behind the cut, zeros that
/// were reserved for the rest, both, or nothing.
#[test]
fn jpeg_files_are_read_with_all_of_their_data_and_refused_with_less() {
    let fixture = Fixture::open("jpeg");
    let end = [0xff, 0xd9];
    for sampling in ["2x2,1x1,1x1", "1x1,2x2,2x2", "1x1,1x1,1x1"] {
        for structure in [
            "interleaved",
            "interleaved_restarts",
            "one_each",
            "progressive",
            "progressive_one_each",
        ] {
            let file = fixture.bytes(&format!("structure.{sampling}.{structure}.file"));
            let read = |bytes: &[u8]| decode(bytes, Path::new(structure), &ImageLimits::new());
            let whole = read(&file).unwrap();
            let data = file.strip_suffix(&end).unwrap();
            let ends: [&[u8]; 4] = [b"", &[0; 2], &[0; 900], b"\xff\xd9 a film \xff\xda"];
            for end in ends {
                assert_eq!(read(&[data, end].concat()).unwrap(), whole, "{structure}");
            }
            for cut in (4..data.len() - 3).step_by(5) {
                for end in [&[][..], &end, &[0; 900], &[&[0; 900][..], &end].concat()] {
                    let cut_off = [&data[..cut], end].concat();
                    let error = read(&cut_off).err().unwrap_or_else(|| {
                        panic!("{sampling} {structure}: read {cut} of {} bytes", data.len())
                    });
                    assert!(
                        error.to_string().contains("expected a whole JPEG"),
                        "{error}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_message_says_how_much_of_a_cut_off_file_is_there() {
    let fixture = Fixture::open("jpeg");
    let file = fixture.bytes("structure.2x2,1x1,1x1.interleaved.file");
    let cut = [&file[..file.len() - 120], &[0xff, 0xd9]].concat();
    let error = decode(&cut, Path::new("face.jpg"), &ImageLimits::new()).unwrap_err();
    let text = error.to_string();
    let start = "face.jpg: expected a whole JPEG image, found ";
    let found = text.strip_prefix(start).unwrap_or_else(|| panic!("{text}"));
    let share = found.strip_suffix(" % of the data of a scan").unwrap();
    assert!((40..95).contains(&share.parse::<u32>().unwrap()), "{text}");
}
