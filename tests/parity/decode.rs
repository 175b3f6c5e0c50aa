//! Decoding against Pillow's own: every kind of file, and how far JPEG decoders differ.

use std::path::Path;

use countenance::data::image::{ImageLimits, decode};

use crate::fixture::Fixture;

/// Checks that no value of `kind` is more than `furthest` levels off Pillow's.
fn check(fixture: &Fixture, kind: &str, furthest: u8) {
    let file = fixture.bytes(&format!("{kind}.file"));
    let expected = fixture.bytes(&format!("{kind}.pixels"));
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
        "profile_turned",
        "profile_behind_turned",
        "behind_turned",
        "xmp_turned",
    ] {
        check(&fixture, &format!("png_{kind}"), 0);
    }
}

#[test]
fn bmp_gif_webp_and_tiff_files_of_every_kind_decode_as_in_pillow() {
    let fixture = Fixture::open("decode");
    for kind in [
        "bmp_rgb",
        "bmp_palette",
        "gif_palette",
        "webp_lossless",
        "webp_turned",
        "tiff_lzw",
        "tiff_palette",
        "tiff_grey_alpha",
        "tiff_cmyk",
        "tiff_bilevel",
        "tiff_turned",
    ] {
        check(&fixture, kind, 0);
    }
    for kind in ["webp_lossy", "tiff_jpeg", "tiff_jpeg_ycbcr"] {
        check(&fixture, kind, 4);
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
