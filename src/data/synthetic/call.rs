//! The picture in the documentation: drawn people as on a video call, marked as faces in a photograph are.
//!
//! Where the faces are and what they do is known as they are drawn; no network has a part in it. (YuNet
//! finds all of them.)

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{RgbImage, imageops};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::face::Face;
use super::identity::Identity;
use super::label::Behaviour;
use super::point::{HALF, Point};
use super::render::render;
use super::scene::{Scene, Turn};
use crate::face::{Bounds, Detection};
use crate::label::{ActionUnit, Expression};
use crate::picture::{MarkedFace, OverlayScores, photograph};

/// Side of one person's picture, and how many stand in a row.
const SIDE: u32 = 336;
const COLUMNS: u32 = 3;
/// The first of them, in s-Aff-Wild2's order.
const SHOWN: [Expression; 6] = [
    Expression::Happiness,
    Expression::Surprise,
    Expression::Neutral,
    Expression::Sadness,
    Expression::Anger,
    Expression::Disgust,
];

/// A drawn face: its picture, where it is in it, what it does.
struct Drawn {
    image: RgbImage,
    detection: Detection,
    behaviour: Behaviour,
}

fn person(expression: &Expression, rng: &mut ChaCha8Rng) -> Drawn {
    let behaviour = loop {
        let behaviour = Behaviour::draw(rng);
        let units = behaviour.active.iter().filter(|&&active| active).count();
        if Expression::AFF_WILD2[behaviour.expression] == *expression && units < 5 {
            break behaviour;
        }
    };
    let identity = Identity::draw(rng);
    let place = Scene::draw(rng);
    let mut scene = Scene::studio();
    scene.turn = Turn {
        yaw: 0.5 * place.turn.yaw,
        ..Turn::default()
    };
    scene.backdrop.clothes = place.backdrop.clothes;
    // Even grounds keep the file small.
    scene.backdrop.bottom = scene.backdrop.top;
    scene.light.slope = [0.0; 2];
    // Room for the scores at the right, and none below the shoulders.
    scene.scale = 0.72;
    scene.shift = [-15.0, 8.0];
    let face = Face::new(&identity, &behaviour.movement, &scene.turn);
    let image = render(&identity, &face, &scene, SIDE, rng);
    let zoom = SIDE as f32 / (2.0 * HALF);
    let pixel = |point: Point| {
        [0, 1].map(|axis| (scene.scale * point[axis] + scene.shift[axis] + HALF) * zoom)
    };
    let outline = face.outline.iter().map(|&point| pixel(point));
    let (low, high) = outline.fold(([f32::MAX; 2], [f32::MIN; 2]), |(low, high), point| {
        let both = [0, 1];
        (
            both.map(|axis| low[axis].min(point[axis])),
            both.map(|axis| high[axis].max(point[axis])),
        )
    });
    let lips = &face.mouth.top;
    let landmarks = [
        face.eyes[0].iris,
        face.eyes[1].iris,
        face.nose.tip,
        lips[0],
        lips[lips.len() - 1],
    ];
    Drawn {
        image,
        detection: Detection {
            bounds: Bounds::between(low, high),
            confidence: 1.0,
            landmarks: landmarks.map(pixel),
        },
        behaviour,
    }
}

/// The call, and the people in it.
fn call() -> (RgbImage, Vec<Drawn>) {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let rows = SHOWN.len() as u32 / COLUMNS;
    let mut image = RgbImage::new(COLUMNS * SIDE, rows * SIDE);
    let mut people = Vec::new();
    for (place, expression) in SHOWN.iter().enumerate() {
        let mut drawn = person(expression, &mut rng);
        let (x, y) = (place as u32 % COLUMNS * SIDE, place as u32 / COLUMNS * SIDE);
        imageops::replace(&mut image, &drawn.image, i64::from(x), i64::from(y));
        let away = [x as f32, y as f32];
        drawn.detection.bounds.x += away[0];
        drawn.detection.bounds.y += away[1];
        for point in &mut drawn.detection.landmarks {
            *point = [point[0] + away[0], point[1] + away[1]];
        }
        people.push(drawn);
    }
    (image, people)
}

/// The call with every face marked, its labels in the place of scores.
fn marked() -> RgbImage {
    let (image, people) = call();
    let labels: Vec<_> = people
        .iter()
        .map(|drawn| {
            let active = drawn.behaviour.active.map(f32::from);
            let units: Vec<_> = ActionUnit::AFF_WILD2.into_iter().zip(active).collect();
            let class = Expression::AFF_WILD2[drawn.behaviour.expression].clone();
            (units, [(class, 1.0)])
        })
        .collect();
    let faces: Vec<_> = people
        .iter()
        .zip(&labels)
        .map(|(drawn, (units, class))| MarkedFace {
            detection: &drawn.detection,
            scores: OverlayScores {
                action_units: units,
                expressions: class,
                valence_arousal: Some(drawn.behaviour.valence_arousal),
                ..OverlayScores::default()
            },
        })
        .collect();
    photograph(&image, &faces)
}

#[test]
fn every_drawn_face_has_room_for_its_scores() {
    let picture = marked();
    let width = COLUMNS * SIDE;
    assert_eq!(picture.dimensions(), (width, width * 2 / 3), "no table");
}

/// `cargo test --release --lib picture_in_the_documentation -- --ignored`
#[test]
#[ignore = "writes docs/photograph.png"]
fn the_picture_in_the_documentation_is_drawn() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/photograph.png");
    let mut png = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut png, CompressionType::Best, FilterType::Adaptive);
    let mut picture = marked();
    // Nobody sees steps of two levels, and they are a quarter shorter.
    picture.iter_mut().for_each(|level| *level &= !1);
    picture.write_with_encoder(encoder).unwrap();
    assert!(png.len() < 200_000, "{} bytes", png.len());
    std::fs::write(path, png).unwrap();
}
