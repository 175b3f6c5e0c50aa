//! Every picture is as it is to be looked at.

use std::path::Path;

use countenance::Error;
use countenance::data::image::{ImageLimits, RgbImage};
use countenance::video::{Ffmpeg, VideoFile};

use super::kit::{Kit, frames, open};

/// The furthest that a level of one picture is from the other's.
fn furthest(one: &RgbImage, other: &RgbImage) -> u8 {
    assert_eq!(one.dimensions(), other.dimensions());
    let pairs = one.iter().zip(other.iter());
    pairs
        .map(|(one, other)| one.abs_diff(*other))
        .max()
        .unwrap()
}

#[test]
fn pictures_of_every_kind_are_those_that_ffmpeg_itself_writes() {
    let Some(kit) = Kit::new() else { return };
    for (name, size, codec) in [
        ("h264.mp4", "320x240", "-c:v libx264 -pix_fmt yuv420p"),
        ("odd.mkv", "63x47", "-c:v ffv1 -pix_fmt yuv420p"),
        ("444.mp4", "62x46", "-c:v libx264 -pix_fmt yuv444p"),
        ("deep.mkv", "64x48", "-c:v ffv1 -pix_fmt yuv420p10le"),
        (
            "hevc.mp4",
            "64x64",
            "-c:v libx265 -pix_fmt yuv420p10le -x265-params log-level=none",
        ),
        ("grey.mkv", "64x48", "-c:v ffv1 -pix_fmt gray"),
        ("grey16.mkv", "64x48", "-c:v ffv1 -pix_fmt gray16le"),
        ("alpha.mov", "64x48", "-c:v png -pix_fmt rgba"),
        ("palette.gif", "64x48", "-c:v gif"),
        ("full.avi", "64x48", "-c:v mjpeg -pix_fmt yuvj420p"),
        (
            "tiny.mkv",
            "64x48",
            "-vf scale=1:1 -c:v ffv1 -pix_fmt yuv444p",
        ),
    ] {
        let source = format!("-f lavfi -i testsrc2=size={size}:rate=10:duration=0.5");
        let path = kit.make(name, &format!("{source} {codec}"));
        let stills = kit.path(&format!("{name}.%d.png"));
        kit.make(
            stills.to_str().unwrap(),
            &format!("-i {name} -pix_fmt rgb24"),
        );
        let frames = frames(&path);
        assert_eq!(frames.len(), 5, "{name}");
        for (place, frame) in frames.iter().enumerate() {
            let still = kit.path(&format!("{name}.{}.png", place + 1));
            let still = image::open(still).unwrap().into_rgb8();
            let away = furthest(&frame.picture, &still);
            assert!(away <= 2, "{name}, frame {place}: {away}");
        }
    }
}

/// Writes a matrix into an MP4 file, as telephones do.
fn turn(path: &Path, matrix: [i32; 4]) {
    let mut bytes = std::fs::read(path).unwrap();
    let header = bytes.windows(4).position(|name| name == b"tkhd").unwrap();
    let [a, b, c, d] = matrix.map(|number| number << 16);
    for (place, number) in [a, b, 0, c, d, 0, 0, 0, 1 << 30].into_iter().enumerate() {
        let at = header + 44 + 4 * place;
        bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn pictures_are_turned_as_the_file_says() {
    let Some(kit) = Kit::new() else { return };
    let colour = |picture: &RgbImage, x: u32, y: u32| {
        let (width, height) = picture.dimensions();
        let pixel = picture.get_pixel(x * (width - 1), y * (height - 1));
        ["red", "green", "blue"][(0..3).max_by_key(|&c| pixel[c]).unwrap()]
    };
    // Red above on the left, green on the right, blue below.
    let source = "-f lavfi -i color=red:size=40x60:rate=10:duration=0.3 \
                  -f lavfi -i color=lime:size=40x60:rate=10:duration=0.3 \
                  -f lavfi -i color=blue:size=80x60:rate=10:duration=0.3 \
                  -filter_complex [0][1]hstack[a];[a][2]vstack";
    for (matrix, size, corners) in [
        ([1, 0, 0, 1], (80, 120), ["red", "green", "blue", "blue"]),
        ([0, 1, -1, 0], (120, 80), ["blue", "red", "blue", "green"]),
        ([-1, 0, 0, -1], (80, 120), ["blue", "blue", "green", "red"]),
        ([0, -1, 1, 0], (120, 80), ["green", "blue", "red", "blue"]),
    ] {
        let path = kit.make("a.mp4", &format!("{source} -c:v libx264 -pix_fmt yuv444p"));
        turn(&path, matrix);
        assert_eq!(open(&path).size(), size);
        for frame in frames(&path) {
            let picture = &frame.picture;
            assert_eq!(picture.dimensions(), size);
            let seen = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(x, y)| colour(picture, x, y));
            assert_eq!(seen, corners, "{matrix:?}");
        }
    }
}

#[test]
fn pixels_that_are_not_square_become_square() {
    let Some(kit) = Kit::new() else { return };
    let source = "-f lavfi -i testsrc2=size=72x58:rate=10:duration=0.3";
    for (aspect, size) in [("64/45", (102, 58)), ("1/2", (72, 116)), ("1/1", (72, 58))] {
        let path = kit.make("a.mkv", &format!("{source} -vf setsar={aspect} -c:v ffv1"));
        assert_eq!(open(&path).size(), size);
        assert_eq!(frames(&path)[2].picture.dimensions(), size);
    }
}

#[test]
fn interlaced_pictures_have_no_comb() {
    let Some(kit) = Kit::new() else { return };
    // A bar that moves so fast that its two moments stand beside one another.
    let source = "-f lavfi -i color=black:size=96x64:rate=50:duration=1 \
                  -f lavfi -i color=white:size=16x64:rate=50:duration=1 \
                  -filter_complex [0][1]overlay=x=mod(n*4\\,96),format=yuv420p";
    let comb = |picture: &RgbImage| {
        let between = |distance: u32| -> u64 {
            let rows = 20..40u32;
            let row = |y: u32| (0..96).map(move |x| (x, y));
            let pairs = rows.flat_map(row);
            let level = |x, y| picture.get_pixel(x, y)[0];
            pairs
                .map(|(x, y)| u64::from(level(x, y).abs_diff(level(x, y + distance))))
                .sum()
        };
        between(1).saturating_sub(between(2))
    };
    let woven = "tinterlace=interleave_top,setfield=tff";
    let coded = "-c:v mpeg2video -q:v 2 -flags +ilme+ildct";
    let path = kit.make("a.mkv", &format!("{source},{woven} {coded}"));
    let still = kit.make("a.png", "-ss 0.4 -i a.mkv -frames:v 1 -pix_fmt rgb24");
    let still = image::open(still).unwrap().into_rgb8();
    let frames = frames(&path);
    assert_eq!(frames.len(), 25);
    let (stored, shown) = (comb(&still), comb(&frames[10].picture));
    assert!(stored > 10_000 && shown < stored / 4, "{stored} {shown}");
    assert!((frames[10].time - 0.4).abs() < 1e-3);
}

#[test]
fn a_picture_of_8k_is_a_video_of_one_frame_and_more_than_is_allowed_is_refused() {
    let Some(kit) = Kit::new() else { return };
    let path = kit.make(
        "a.mp4",
        "-f lavfi -i color=0x804020:size=7680x4320:rate=25 -frames:v 1 -c:v libx264 -preset ultrafast",
    );
    assert_eq!(open(&path).size(), (7680, 4320));
    let frames = frames(&path);
    assert_eq!(frames.len(), 1);
    let pixel = frames[0].picture.get_pixel(7679, 4319).0;
    let expected = [0x80, 0x40, 0x20u8];
    assert!(
        pixel
            .iter()
            .zip(expected)
            .all(|(one, other)| one.abs_diff(other) < 4),
        "{pixel:?}"
    );

    let limits = ImageLimits::new().with_max_pixels(33_000_000);
    let error = VideoFile::open_with(&Ffmpeg::find(), &path, &limits).unwrap_err();
    assert!(matches!(error, Error::Image { .. }));
    let text = error.to_string();
    assert!(
        text.ends_with("expected at most 33000000 pixels, found 7680x4320"),
        "{text}"
    );
}

#[test]
fn where_the_size_changes_later_pictures_are_fitted_in() {
    let Some(kit) = Kit::new() else { return };
    let mut bytes = Vec::new();
    for (colour, size) in [("red", "64x48"), ("blue", "96x48"), ("red", "64x48")] {
        let source = format!("-f lavfi -i color={colour}:size={size}:rate=25:duration=0.4");
        let part = kit.make(
            "part.ts",
            &format!("{source} -c:v libx264 -pix_fmt yuv420p"),
        );
        bytes.extend(std::fs::read(part).unwrap());
    }
    let path = kit.path("a.ts");
    std::fs::write(&path, bytes).unwrap();
    let frames = frames(&path);
    assert_eq!(frames.len(), 30);
    for (place, frame) in frames.iter().enumerate() {
        let picture = &frame.picture;
        assert_eq!(picture.dimensions(), (64, 48));
        let (middle, above) = (picture.get_pixel(32, 24), picture.get_pixel(32, 3));
        match place {
            10..20 => assert!(
                middle[2] > 200 && above[2] < 50,
                "{place}: {middle:?} {above:?}"
            ),
            _ => assert!(
                middle[0] > 200 && above[0] > 200,
                "{place}: {middle:?} {above:?}"
            ),
        }
    }
}

#[test]
fn an_image_is_a_video_of_one_frame() {
    let Some(kit) = Kit::new() else { return };
    let path = kit.path("a.png");
    let picture = RgbImage::from_fn(31, 17, |x, y| [x as u8 * 8, y as u8 * 9, 7].into());
    picture.save(&path).unwrap();
    let frames = frames(&path);
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0].picture, picture);
}
