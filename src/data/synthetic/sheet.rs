//! A contact sheet: what each unit and each expression looks like.

use image::{Rgb, RgbImage, imageops};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tiny_skia::{Color, Pixmap};

use super::face::Face;
use super::identity::{Identity, Movement};
use super::label::Behaviour;
use super::render::render;
use super::scene::Scene;
use crate::label::{ActionUnit, Expression};
use crate::picture::text::{self, Align, Style};

/// Side of one face on the sheet, in pixels.
const SIDE: u32 = 144;
const MARGIN: u32 = 24;
const CAPTION: u32 = 30;
const HEADING: u32 = 48;
/// Faces in a row.
const COLUMNS: u32 = 8;
/// Rows of examples of each expression.
const EXAMPLES: u32 = 3;

/// Draws a contact sheet: every action unit at rest and at full strength on one face, and below it
/// examples of every expression as they occur in the synthetic set.
///
/// The same seed gives the same sheet.
pub fn sheet(seed: u64) -> RgbImage {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let units = ActionUnit::AFF_WILD2;
    let unit_rows = (2 * units.len() as u32).div_ceil(COLUMNS);
    let row = SIDE + CAPTION;
    let expressions_top = MARGIN + HEADING + unit_rows * row;
    let width = 2 * MARGIN + COLUMNS * SIDE;
    let height = expressions_top + HEADING + CAPTION + EXAMPLES * SIDE + MARGIN;
    let mut pixmap = Pixmap::new(width, height).expect("the sheet is not empty");
    pixmap.fill(Color::WHITE);
    let mut faces = Vec::new();

    heading(&mut pixmap, "Action units: at rest and active", MARGIN);
    for (index, unit) in units.into_iter().enumerate() {
        let identity = plain(Identity::draw(&mut rng));
        let (column, line) = (2 * index as u32 % COLUMNS, 2 * index as u32 / COLUMNS);
        let (x, y) = (MARGIN + column * SIDE, MARGIN + HEADING + line * row);
        for (offset, strength) in [(0, 0.0), (SIDE, 1.0)] {
            let mut movement = Movement::default();
            movement.units[index] = strength;
            if unit == ActionUnit::AU26 {
                // A jaw drops with the lips apart, or hardly shows.
                movement.units[index - 1] = strength;
            }
            let scene = Scene::studio();
            let face = Face::new(&identity, &movement, &scene.turn);
            let image = render(&identity, &face, &scene, SIDE, &mut rng);
            faces.push((x + offset, y, image));
        }
        let caption = format!("{unit} {}", unit.name());
        write(&mut pixmap, &caption, x + SIDE, y + SIDE + 19, 15.0);
    }

    heading(&mut pixmap, "Expressions, as they occur", expressions_top);
    for (column, expression) in Expression::AFF_WILD2.into_iter().enumerate() {
        let x = MARGIN + column as u32 * SIDE;
        let top = expressions_top + HEADING;
        write(&mut pixmap, expression.name(), x + SIDE / 2, top + 15, 15.0);
        for example in 0..EXAMPLES {
            let behaviour = loop {
                let behaviour = Behaviour::draw(&mut rng);
                if behaviour.expression == column {
                    break behaviour;
                }
            };
            let identity = Identity::draw(&mut rng);
            let scene = Scene::draw(&mut rng).moment(&mut rng);
            let face = Face::new(&identity, &behaviour.movement, &scene.turn);
            let image = render(&identity, &face, &scene, SIDE, &mut rng);
            faces.push((x, top + CAPTION + example * SIDE, image));
        }
    }
    let data = pixmap.data();
    let mut sheet = RgbImage::from_fn(width, height, |x, y| {
        let at = 4 * (y * width + x) as usize;
        Rgb([data[at], data[at + 1], data[at + 2]])
    });
    for (x, y, face) in faces {
        imageops::replace(&mut sheet, &face, i64::from(x), i64::from(y));
    }
    sheet
}

/// The person without what hides the movements.
fn plain(identity: Identity) -> Identity {
    Identity {
        beard: 0.0,
        glasses: false,
        ..identity
    }
}

fn heading(pixmap: &mut Pixmap, title: &str, y: u32) {
    let style = Style {
        size: 21.0,
        colour: [28, 32, 38],
        align: Align::Left,
        bold: true,
    };
    text::write(pixmap, title, MARGIN as f32, (y + 22) as f32, style);
}

fn write(pixmap: &mut Pixmap, caption: &str, x: u32, y: u32, size: f32) {
    let style = Style {
        size,
        colour: [60, 66, 74],
        align: Align::Centre,
        bold: false,
    };
    text::write(pixmap, caption, x as f32, y as f32, style);
}
