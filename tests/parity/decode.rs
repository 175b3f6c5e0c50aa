//! Decoding against Pillow's own: every kind of file, and how far JPEG decoders differ.

use std::path::Path;

use countenance::data::image::{ImageLimits, decode};

use crate::fixture::Fixture;

/// The bytes kept under `name`, behind their length.
fn bytes(fixture: &Fixture, name: &str) -> Vec<u8> {
    let words = fixture.data(name).try_to_vec::<i64>().unwrap();
    let mut bytes: Vec<u8> = words[1..]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    bytes.truncate(words[0] as usize);
    bytes
}

/// Checks that no value of `kind` is more than `furthest` levels off Pillow's.
fn check(fixture: &Fixture, kind: &str, furthest: u8) {
    let file = bytes(fixture, &format!("{kind}.file"));
    let expected = bytes(fixture, &format!("{kind}.pixels"));
    let actual = decode(&file, Path::new(kind), &ImageLimits::new()).unwrap();
    let size = if kind.ends_with("turned") {
        (40, 56)
    } else {
        (56, 40)
    };
    assert_eq!(actual.dimensions(), size, "{kind}");
    let differences = || actual.iter().zip(&expected).map(|(a, e)| a.abs_diff(*e));
    let found = differences().max().unwrap();
    let mean = differences().map(f64::from).sum::<f64>() / expected.len() as f64;
    println!("parity | decode | {kind} | {found} of 255 | mean {mean:.3}");
    assert!(found <= furthest, "{kind} is {found} levels off");
}

#[test]
fn png_files_of_every_kind_decode_as_in_pillow() {
    let fixture = Fixture::open("decode");
    for kind in [
        "rgb",
        "palette",
        "bilevel",
        "grey_alpha",
        "rgb_alpha",
        "turned",
    ] {
        check(&fixture, &format!("png_{kind}"), 0);
    }
}

/// The JPEG standard leaves the rounding of the transform and the interpolation of chroma open.
#[test]
fn jpeg_files_of_every_kind_decode_closely_to_pillow() {
    let fixture = Fixture::open("decode");
    for kind in [
        "444",
        "422",
        "420",
        "progressive",
        "restart",
        "grey",
        "cmyk",
        "turned",
    ] {
        check(&fixture, &format!("jpeg_{kind}"), 4);
    }
}
