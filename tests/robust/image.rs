//! Images that cost more than they are worth, and those that cost hardly anything.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use countenance::Error;
use countenance::data::image::{ImageLimits, Preprocessing, RgbImage, decode};
use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, ImageFormat, Rgb};

use crate::memory::peak;

fn encode(image: RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    DynamicImage::from(image)
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

fn read(bytes: &[u8]) -> countenance::Result<RgbImage> {
    decode(bytes, Path::new("face.png"), &ImageLimits::new())
}

/// A PNG chunk with its length and checksum.
fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let body = [&kind[..], content].concat();
    let checksum = !body.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 * (crc & 1))
        })
    });
    let length = (content.len() as u32).to_be_bytes();
    [&length[..], &body, &checksum.to_be_bytes()].concat()
}

/// A PNG whose header says `side` times `side`, whatever its content holds.
pub fn claiming(side: u32) -> Vec<u8> {
    let mut png = encode(RgbImage::new(8, 8), ImageFormat::Png);
    let side = side.to_be_bytes();
    let header = [&side[..], &side, &[8, 2, 0, 0, 0]].concat();
    png.splice(8..33, chunk(b"IHDR", &header));
    png
}

#[test]
fn twenty_thousand_pixels_square_are_refused_before_memory_is_taken() {
    let (held, refused) = peak(|| read(&claiming(20_000)));
    let error = refused.unwrap_err().to_string();
    assert!(
        error.contains("at most 50000000 pixels, found 20000x20000"),
        "{error}"
    );
    assert!(held < 1 << 20, "{held} bytes for a refused image");
}

#[test]
fn an_image_that_promises_more_than_it_holds_is_refused_within_the_limits() {
    // Within the limit on pixels, so that the decoder begins.
    let (held, refused) = peak(|| read(&claiming(7_000)));
    assert!(matches!(refused, Err(Error::Image { .. })), "{refused:?}");
    let limit = 50_000_000 * 8 + (1 << 24);
    assert!(held < limit, "{held} bytes");
}

#[test]
fn a_bomb_beside_the_pixels_is_bounded() {
    // A stored deflate stream would be as long as its content; this one repeats a byte: 5 bits
    // stand for 258 zeros. 4 MB of it unpack to 1.6 GB.
    let mut stream = vec![0x78, 0x9c, 0b0000_0011];
    stream.resize(4 << 20, 0);
    for kind in [b"zTXt", b"iCCP"] {
        let content = [b"name\0\0", &stream[..]].concat();
        let mut png = encode(RgbImage::new(8, 8), ImageFormat::Png);
        png.splice(33..33, chunk(kind, &content));
        let (held, _) = peak(|| read(&png));
        assert!(held < 128 << 20, "{held} bytes for {kind:?}");
    }
}

#[test]
fn an_image_that_is_exchanged_while_it_is_read_is_one_of_the_two_or_unreadable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("face.png");
    // More than is read at once, and of different lengths.
    let pictures = [180, 240].map(|side| {
        RgbImage::from_fn(side, side, |x, y| {
            let value = (x * 7919 + y * 104_729 + side).wrapping_mul(2_654_435_761);
            Rgb([value as u8, (value >> 8) as u8, (value >> 16) as u8])
        })
    });
    let files = pictures
        .clone()
        .map(|picture| encode(picture, ImageFormat::Png));
    std::fs::write(&path, &files[0]).unwrap();
    let done = AtomicBool::new(false);
    let began = Instant::now();
    let in_time = || began.elapsed() < Duration::from_secs(20);
    let (mut whole, mut unreadable) = (0, 0);
    std::thread::scope(|scope| {
        // In place and in two halves, as a careless program would.
        scope.spawn(|| {
            for bytes in files.iter().cycle() {
                // A reader that fails does not say that it is done.
                if done.load(Ordering::Relaxed) || !in_time() {
                    break;
                }
                let mut file = std::fs::File::create(&path).unwrap();
                let (first, rest) = bytes.split_at(bytes.len() / 2);
                for part in [first, rest] {
                    file.write_all(part).unwrap();
                    std::thread::sleep(Duration::from_micros(300));
                }
            }
        });
        while (whole < 20 || unreadable < 20) && in_time() {
            match countenance::data::image::read(&path, &ImageLimits::new()) {
                Ok(image) => {
                    assert!(pictures.contains(&image));
                    whole += 1;
                }
                Err(Error::Image { .. }) => unreadable += 1,
                Err(error) => panic!("{error}"),
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(whole >= 20 && unreadable >= 20, "{whole} {unreadable}");
}

#[test]
fn one_pixel_is_an_image() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        let image = read(&encode(RgbImage::from_pixel(1, 1, Rgb([9, 9, 9])), format)).unwrap();
        let input = Preprocessing::imagenet(32).apply(&image);
        assert!(input.iter().all(|value| value.is_finite()));
    }
}

#[test]
fn of_an_animation_the_picture_that_others_show_is_read() {
    let first = RgbImage::from_pixel(8, 8, Rgb([200, 10, 10]));
    let png = encode(first.clone(), ImageFormat::Png);
    let data = &png[33..png.len() - 12];
    let second = encode(RgbImage::new(8, 8), ImageFormat::Png);
    let frame = |number: u32| {
        let place = [8u32, 8, 0, 0].map(u32::to_be_bytes).concat();
        let content = [&number.to_be_bytes()[..], &place, &[0, 1, 0, 10, 0, 0]].concat();
        chunk(b"fcTL", &content)
    };
    // The second frame's data are the first's of another picture behind a number of their own.
    let other = [&2u32.to_be_bytes()[..], &second[41..second.len() - 16]].concat();
    let animated = [
        &png[..33],
        &chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]),
        &frame(0),
        data,
        &frame(1),
        &chunk(b"fdAT", &other),
        &chunk(b"IEND", &[]),
    ]
    .concat();
    assert_eq!(read(&animated).unwrap(), first);
    let mut gif = Vec::new();
    let frames = [first.clone(), RgbImage::new(8, 8)];
    let frames = frames.map(|frame| Frame::new(DynamicImage::from(frame).into_rgba8()));
    GifEncoder::new(&mut gif).encode_frames(frames).unwrap();
    assert_eq!(read(&gif).unwrap(), first);
}
