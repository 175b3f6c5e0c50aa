//! The set's videos: who is in which, and every frame with its row.

use std::path::Path;

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::face::Face;
use super::identity::Identity;
use super::label::{Behaviour, Presence};
use super::random::between;
use super::render::render;
use super::scene::Scene;
use crate::data::annotation::Row;
use crate::{Error, Result};

/// Side of the images, in pixels; that of s-Aff-Wild2's aligned crops.
pub(super) const SIDE: u32 = 112;
const JPEG_QUALITY: u8 = 92;
/// Share of validation rows that name an image a second time: 210 of s-Aff-Wild2's 26,876.
const REPEATED: f64 = 210.0 / 26_876.0;

/// One person in one place, filmed for some frames.
pub(super) struct Video {
    pub(super) name: String,
    /// The random stream it is drawn from.
    pub(super) stream: u64,
    pub(super) frames: Vec<Frame>,
    training: bool,
}

pub(super) struct Frame {
    pub(super) number: u32,
    /// How many rows name it.
    rows: usize,
}

/// Whether rows name an image a second time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeats {
    /// None does.
    None,
    /// Some of validation do, as in s-Aff-Wild2.
    Validation,
}

/// All videos of a set with so many rows for training and for validation, training first. No person
/// is in both halves.
pub(super) fn plan(
    [train, validation]: [usize; 2],
    seed: u64,
    repeats: Repeats,
) -> [Vec<Video>; 2] {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut stream = 0;
    [(train, true), (validation, false)].map(|(rows, training)| {
        let repeated = if training || repeats == Repeats::None {
            0
        } else {
            (rows as f64 * REPEATED).round() as usize
        };
        let images = rows - repeated;
        let mut twice = vec![false; images];
        // Few of many: a second draw of the same image is rare.
        let mut missing = repeated;
        while missing > 0 {
            let image = rng.random_range(0..images);
            missing -= usize::from(!twice[image]);
            twice[image] = true;
        }
        let mut rest = &twice[..];
        let mut videos = Vec::new();
        while !rest.is_empty() {
            stream += 1;
            let count = (between(&mut rng, 12.0, 29.0) as usize).min(rest.len());
            let (these, later) = rest.split_at(count);
            rest = later;
            let mut number = between(&mut rng, 1.0, 900.0) as u32;
            let frames = these
                .iter()
                .map(|&twice| {
                    number += between(&mut rng, 1.0, 6.0) as u32;
                    Frame {
                        number,
                        rows: if twice { 2 } else { 1 },
                    }
                })
                .collect();
            videos.push(Video {
                name: format!("face_{stream:04}"),
                stream,
                frames,
                training,
            });
        }
        videos
    })
}

/// A picture as the set's files have it.
pub(super) fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
        .encode_image(picture)
        .expect("memory takes every picture");
    bytes
}

impl Video {
    /// How many images the video holds.
    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    /// Renders every frame into `<images>/<video>/`; asks `each` after each whether to go on.
    pub(super) fn render(
        &self,
        seed: u64,
        images: &Path,
        each: impl Fn() -> bool,
    ) -> Result<Vec<Row>> {
        let folder = images.join(&self.name);
        std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(self.stream);
        let identity = Identity::draw(&mut rng);
        let place = Scene::draw(&mut rng);
        let presence = if self.training {
            Presence::TRAINING
        } else {
            Presence::VALIDATION
        };
        let mut rows = Vec::new();
        for frame in &self.frames {
            let behaviour = Behaviour::draw(&mut rng);
            let scene = place.moment(&mut rng);
            let face = Face::new(&identity, &behaviour.movement, &scene.turn);
            let picture = render(&identity, &face, &scene, SIDE, &mut rng);
            let name = format!("{:05}.jpg", frame.number);
            let path = folder.join(&name);
            std::fs::write(&path, jpeg(&picture)).map_err(Error::io("write", &path))?;
            for _ in 0..frame.rows {
                rows.push(Row {
                    image: format!("{}/{name}", self.name),
                    labels: behaviour.annotate(&presence, &mut rng),
                    line: 0,
                });
            }
            if !each() {
                return Err(Error::Interrupted);
            }
        }
        Ok(rows)
    }
}
