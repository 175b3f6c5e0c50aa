//! The set's videos: who is in which, and every frame with its row.

use std::path::Path;

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::face::Face;
use super::identity::{Identity, Movement};
use super::label::{Behaviour, Presence};
use super::random::{between, pick};
use super::render::render;
use super::scene::Scene;
use crate::data::annotation::Row;
use crate::label::Labels;
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
    stream: u64,
    frames: Vec<Frame>,
    training: bool,
}

pub(super) struct Frame {
    pub(super) number: u32,
    /// How many rows name it.
    pub(super) rows: usize,
}

/// Who is filmed, and where.
pub(super) struct Studio {
    identity: Identity,
    pub(super) place: Scene,
}

/// A frame as it is written, and its rows.
pub(super) struct Shot {
    pub(super) image: Vec<u8>,
    /// Of its file's name.
    pub(super) ending: &'static str,
    /// Of each row that names it.
    pub(super) labels: Vec<Labels>,
}

/// What of a video is drawn apart from its pictures.
#[derive(Clone, Copy)]
pub(super) enum Beside {
    Performance,
    Features,
}

/// Whether rows name an image a second time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeats {
    /// None does.
    None,
    /// Some of validation do, as in s-Aff-Wild2.
    Validation,
}

/// Which frames of a video a set has.
#[derive(Clone, Copy)]
pub(super) enum Pace {
    /// One or two dozen, with others between them that it has not.
    Stills,
    /// So many, of which most follow each other.
    Film(usize),
}

impl Pace {
    fn frames(self, rng: &mut ChaCha8Rng) -> usize {
        match self {
            Self::Stills => between(rng, 12.0, 29.0) as usize,
            Self::Film(frames) => frames,
        }
    }

    /// How much later the next frame is.
    fn step(self, rng: &mut ChaCha8Rng) -> u32 {
        let step = match self {
            Self::Stills => between(rng, 1.0, 6.0),
            Self::Film(_) => match pick(rng, &[0.94, 0.05, 0.01]) {
                0 => 1.0,
                1 => between(rng, 2.0, 13.0),
                _ => between(rng, 30.0, 241.0),
            },
        };
        step as u32
    }
}

/// All videos of a set with so many rows for training and for validation, training first. No person
/// is in both halves.
pub(super) fn plan(
    [train, validation]: [usize; 2],
    seed: u64,
    repeats: Repeats,
    pace: Pace,
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
            let count = pace.frames(&mut rng).min(rest.len());
            let (these, later) = rest.split_at(count);
            rest = later;
            let mut number = between(&mut rng, 1.0, 900.0) as u32;
            let frames = these
                .iter()
                .map(|&twice| {
                    number += pace.step(&mut rng);
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

    /// How often its rows carry each task's label.
    pub(super) fn presence(&self) -> Presence {
        match self.training {
            true => Presence::TRAINING,
            false => Presence::VALIDATION,
        }
    }

    /// The numbers of its frames, rising.
    pub(super) fn numbers(&self) -> Vec<u32> {
        self.frames.iter().map(|frame| frame.number).collect()
    }

    /// What rows call the image of the frame of this number, below the images' folder.
    pub(super) fn image(&self, number: u32, ending: &str) -> String {
        format!("{}/{number:05}.{ending}", self.name)
    }

    /// Random numbers of its own for something beside its pictures.
    pub(super) fn random(&self, seed: u64, of: Beside) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(((of as u64 + 1) << 32) | self.stream);
        rng
    }

    /// Renders every frame into `<images>/<video>/`, what the face does drawn anew for each; asks `each`
    /// after each whether to go on.
    pub(super) fn render(
        &self,
        seed: u64,
        images: &Path,
        each: &dyn Fn() -> bool,
    ) -> Result<Vec<Row>> {
        let presence = self.presence();
        self.shoot(seed, images, &self.name, each, |studio, frame, rng| {
            let behaviour = Behaviour::draw(rng);
            let scene = studio.place.moment(rng);
            let picture = studio.picture(&behaviour.movement, &scene, rng);
            let rows = 0..frame.rows;
            Shot {
                image: jpeg(&picture),
                ending: "jpg",
                labels: rows.map(|_| behaviour.annotate(&presence, rng)).collect(),
            }
        })
    }

    /// Writes every frame, drawn by `draw`, into the folder `name` below `root`; asks `each` after each
    /// whether to go on.
    pub(super) fn shoot(
        &self,
        seed: u64,
        root: &Path,
        name: &str,
        each: &dyn Fn() -> bool,
        mut draw: impl FnMut(&Studio, &Frame, &mut ChaCha8Rng) -> Shot,
    ) -> Result<Vec<Row>> {
        let folder = root.join(name);
        std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(self.stream);
        let studio = Studio {
            identity: Identity::draw(&mut rng),
            place: Scene::draw(&mut rng),
        };
        let mut rows = Vec::new();
        for frame in &self.frames {
            let shot = draw(&studio, frame, &mut rng);
            let file = format!("{:05}.{}", frame.number, shot.ending);
            let path = folder.join(&file);
            std::fs::write(&path, shot.image).map_err(Error::io("write", &path))?;
            rows.extend(shot.labels.into_iter().map(|labels| Row {
                image: format!("{name}/{file}"),
                labels,
                line: 0,
            }));
            if !each() {
                return Err(Error::Interrupted);
            }
        }
        Ok(rows)
    }
}

impl Studio {
    /// A frame, as large as the set's.
    pub(super) fn picture(
        &self,
        movement: &Movement,
        scene: &Scene,
        rng: &mut ChaCha8Rng,
    ) -> RgbImage {
        let face = Face::new(&self.identity, movement, &scene.turn);
        render(&self.identity, &face, scene, SIDE, rng)
    }
}
