//! Models that read the frames of a video together: frame by frame, as whole videos and as rows they say the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countenance::Result;
use countenance::data::mark::Marks;
use countenance::face::FaceReader;
use countenance::smoothing::Smoothing;
use countenance::temporal::{TemporalConfig, TemporalForm};
use countenance::video::{FollowerConfig, Frame, ReadFrame, VideoReader, VideoSession};
use image::RgbImage;

use crate::lamp;
use crate::studio::Studio;

/// Frames a second.
const RATE: f64 = 20.0;

fn forms() -> [TemporalForm; 2] {
    let transformer = TemporalForm::Transformer {
        layers: 1,
        heads: 2,
        feed_forward: 16,
    };
    [
        transformer,
        TemporalForm::Convolution {
            layers: 2,
            kernel: 3,
        },
    ]
}

fn config(form: TemporalForm, causal: bool) -> TemporalConfig {
    TemporalConfig::new()
        .with_form(form)
        .with_width(16)
        .with_causal(causal)
        .with_window(0.6)
        .with_rate(10.0)
}

/// Two people whose faces are lit differently in each frame; one is away for a while.
fn people(frames: usize) -> Vec<RgbImage> {
    (0..frames as u32)
        .map(|number| {
            let level = |step: u32| (180 + number * step % 70) as u8;
            let mut lamps = vec![([24, 18], level(13))];
            if !(8..11).contains(&number) {
                lamps.push(([6 + number / 2 % 20, 6], level(31)));
            }
            lamp::photograph(320, 240, &lamps)
        })
        .collect()
}

fn in_time(pictures: Vec<RgbImage>) -> impl Iterator<Item = Result<Frame>> + Send {
    pictures.into_iter().enumerate().map(|(number, picture)| {
        let time = number as f64 / RATE;
        Ok(Frame { time, picture })
    })
}

/// What is read of each face, by person and frame.
fn told(frames: &[ReadFrame]) -> BTreeMap<(usize, usize), Vec<f32>> {
    let faces = frames.iter().flat_map(|frame| {
        frame.faces.iter().map(|face| {
            let raw = face.raw.as_ref().unwrap();
            let units = raw.action_units.iter().map(|(_, score)| *score);
            let scores = units.chain(raw.valence_arousal.into_iter().flatten());
            ((face.id, frame.number), scores.collect())
        })
    });
    faces.collect()
}

fn assert_same(
    one: &BTreeMap<(usize, usize), Vec<f32>>,
    other: &BTreeMap<(usize, usize), Vec<f32>>,
) {
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        other.keys().collect::<Vec<_>>()
    );
    for ((place, one), other) in one.iter().zip(other.values()) {
        for (one, other) in one.iter().zip(other) {
            assert!((one - other).abs() < 1e-4, "{place:?}: {one} and {other}");
        }
    }
}

/// What the model says of the crops of each person as images of a video of their own.
fn rows(
    reader: &FaceReader,
    frames: &[ReadFrame],
    folder: &Path,
) -> BTreeMap<(usize, usize), Vec<f32>> {
    let pictures = people(frames.len());
    let mut places = Vec::new();
    let mut names = Vec::new();
    for frame in frames {
        for face in &frame.faces {
            let crop = reader
                .cut(&pictures[frame.number], &face.detection)
                .unwrap();
            let name = format!("{}/{:05}.png", face.id, frame.number);
            let path = folder.join(&name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            crop[0].save(&path).unwrap();
            places.push((face.id, frame.number));
            names.push(name);
        }
    }
    let images: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
    let sequences = Marks::of_names(&names)
        .sequences(names.len(), RATE)
        .unwrap();
    let read = reader
        .predictor()
        .read_files_in_time(&images, 8, &sequences, &mut |_, _| true);
    let scores = read.unwrap().into_iter().map(|read| {
        let read = read.unwrap();
        let units = read.action_units.iter().map(|(_, score)| *score);
        units
            .chain(read.valence_arousal.into_iter().flatten())
            .collect()
    });
    places.into_iter().zip(scores).collect()
}

#[test]
fn a_video_is_read_as_the_rows_of_each_persons_frames() {
    let studio = Studio::new();
    for (place, form) in forms().into_iter().enumerate() {
        for causal in [true, false] {
            let name = format!("timed {place} {causal}");
            let model = studio.place.timed(&name, config(form, causal));
            let reader = Arc::new(studio.reader_with(&model));
            let video = VideoReader::new(reader.clone());
            // Three steps behind a frame, and half of one.
            let delay = if causal { 0.0 } else { 0.35 };
            assert!((video.delay() - delay).abs() < 1e-12);
            let whole: Vec<ReadFrame> = video
                .read(in_time(people(24)))
                .unwrap()
                .collect::<Result<_>>()
                .unwrap();
            let numbers: Vec<usize> = whole.iter().map(|frame| frame.number).collect();
            assert_eq!(numbers, (0..24).collect::<Vec<_>>());
            let found = told(&whole);
            assert!(found.len() > 40, "{}", found.len());
            let folder = studio.place.path(format!("crops {place} {causal}"));
            assert_same(&found, &rows(&reader, &whole, &folder));

            // It does read them together.
            let alone = studio.reader_with(&model);
            let face = &whole[7].faces[0];
            let crop = alone.cut(&people(24)[7], &face.detection).unwrap();
            let alone = alone.predictor().predict(&crop[0]).unwrap();
            assert!(
                (alone.arousal().unwrap() - face.raw.as_ref().unwrap().arousal().unwrap()).abs()
                    > 1e-4
            );
        }
    }
}

#[test]
fn a_causal_model_reads_a_live_video_frame_by_frame_and_another_one_is_refused() {
    let studio = Studio::new();
    let off = Smoothing::Off.into();
    for (place, form) in forms().into_iter().enumerate() {
        let model = studio
            .place
            .timed(&format!("causal {place}"), config(form, true));
        let reader = Arc::new(studio.reader_with(&model));
        let whole: Vec<ReadFrame> = VideoReader::new(reader.clone())
            .read(in_time(people(16)))
            .unwrap()
            .collect::<Result<_>>()
            .unwrap();
        let mut session = VideoSession::new(reader, &FollowerConfig::new(), off).unwrap();
        let live = in_time(people(16)).map(|frame| {
            let frame = frame.unwrap();
            session.push(frame.time, frame.picture).unwrap()
        });
        assert_same(&told(&live.collect::<Vec<_>>()), &told(&whole));

        let model = studio
            .place
            .timed(&format!("centred {place}"), config(form, false));
        let reader = Arc::new(studio.reader_with(&model));
        let refused = VideoSession::new(reader, &FollowerConfig::new(), off);
        let error = refused.err().unwrap().to_string();
        assert!(error.contains("one that is causal"), "{error}");
    }
}
