//! Resizing against Pillow's own output.

use countenance::data::image::{RgbImage, resize};

use crate::fixture::Fixture;

/// The image `name`, kept as its bytes, eight to an integer.
fn image(fixture: &Fixture, name: &str, width: u32, height: u32) -> RgbImage {
    let words = fixture.data(name).try_to_vec::<i64>().unwrap();
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.truncate((width * height * 3) as usize);
    RgbImage::from_raw(width, height, bytes).unwrap()
}

/// The same noise as the fixture's script makes.
fn noise(width: u32, height: u32) -> RgbImage {
    let bytes = (1..=width * height * 3)
        .map(|counter| {
            let mixed = counter.wrapping_mul(2_654_435_761);
            ((mixed ^ (mixed >> 15)).wrapping_mul(2_246_822_519) >> 24) as u8
        })
        .collect();
    RgbImage::from_raw(width, height, bytes).unwrap()
}

/// Checks that no value is more than `furthest` levels off Pillow's.
fn check(fixture: &Fixture, source: &RgbImage, name: &str, size: (u32, u32), furthest: u8) {
    let (width, height) = size;
    let expected = image(fixture, name, width, height);
    let actual = resize(source, width, height);
    let differences = || {
        actual
            .iter()
            .zip(expected.iter())
            .map(|(a, e)| a.abs_diff(*e))
    };
    let found = differences().max().unwrap();
    let off = differences().filter(|&difference| difference > 0).count();
    println!(
        "parity | resize | {name} | {found} of 255 | {off} of {} values",
        expected.len()
    );
    assert!(found <= furthest, "{name} is {found} levels off");
}

#[test]
fn every_pixel_is_pillows() {
    let fixture = Fixture::open("resize");
    let face = image(&fixture, "face", 112, 112);
    check(&fixture, &face, "face_to_224", (224, 224), 0);
    check(&fixture, &face, "face_to_260", (260, 260), 0);
    let gradient = image(&fixture, "gradient", 37, 53);
    check(&fixture, &gradient, "gradient_to_112", (112, 112), 0);
    check(&fixture, &noise(300, 200), "noise_to_224", (224, 224), 0);
    check(&fixture, &noise(300, 200), "noise_to_20x90", (20, 90), 0);
}

/// Pillow 13 takes the columns first where that is less work, which rounds differently.
#[test]
fn where_newer_versions_take_the_columns_first_every_pixel_is_within_one_level() {
    let fixture = Fixture::open("resize");
    check(&fixture, &noise(300, 200), "noise_to_90x20", (90, 20), 1);
}

#[test]
fn an_image_of_the_right_size_is_left_alone() {
    let fixture = Fixture::open("resize");
    let face = image(&fixture, "face_to_224", 224, 224);
    check(&fixture, &face, "face_to_224", (224, 224), 0);
}
