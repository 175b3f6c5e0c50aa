//! Who a face is, and what it does: the numbers that the curves follow from.

use rand_chacha::ChaCha8Rng;

use super::random::{between, happens, normal};
use crate::label::ACTION_UNITS;

/// The geometry that tells one person from another. Lengths are factors of the average face.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) width: f32,
    pub(super) jaw: f32,
    pub(super) length: f32,
    pub(super) hairline: f32,
    pub(super) eye_size: f32,
    pub(super) eye_open: f32,
    pub(super) eye_spacing: f32,
    pub(super) eye_tilt: f32,
    pub(super) brow_thickness: f32,
    pub(super) brow_arch: f32,
    pub(super) brow_height: f32,
    pub(super) nose_width: f32,
    pub(super) nose_length: f32,
    pub(super) mouth_width: f32,
    pub(super) mouth_height: f32,
    pub(super) lips: f32,
    /// How deep this skin folds, from age: 0.6 young, 1.3 old.
    pub(super) folds: f32,
    /// 0 to 1, from light to dark.
    pub(super) skin: f32,
    pub(super) hair: usize,
    pub(super) long_hair: bool,
    pub(super) iris: usize,
    /// Opacity of the beard; 0 for none.
    pub(super) beard: f32,
    pub(super) glasses: bool,
    /// Lip colour over skin colour, 0 to 1.
    pub(super) lip_colour: f32,
}

impl Identity {
    pub(super) fn draw(rng: &mut ChaCha8Rng) -> Self {
        let mut factor = |spread: f32| 1.0 + spread * normal(rng).clamp(-2.0, 2.0);
        Self {
            width: factor(0.045),
            jaw: factor(0.07),
            length: factor(0.025),
            hairline: factor(0.08),
            eye_size: factor(0.06),
            eye_open: factor(0.06),
            eye_spacing: factor(0.03),
            eye_tilt: factor(0.6) - 1.0,
            brow_thickness: factor(0.2),
            brow_arch: factor(0.25),
            brow_height: 1.1 * (factor(1.0) - 1.0),
            nose_width: factor(0.1),
            nose_length: factor(0.05),
            mouth_width: factor(0.045),
            mouth_height: 0.9 * (factor(1.0) - 1.0),
            lips: factor(0.16),
            folds: between(rng, 0.6, 1.3),
            skin: between(rng, 0.0, 1.0),
            hair: between(rng, 0.0, 5.999) as usize,
            long_hair: happens(rng, 0.45),
            iris: between(rng, 0.0, 3.999) as usize,
            beard: if happens(rng, 0.18) {
                between(rng, 0.15, 0.55)
            } else {
                0.0
            },
            glasses: happens(rng, 0.1),
            lip_colour: between(rng, 0.3, 1.0),
        }
    }
}

/// How far each muscle moves, in [0, 1].
#[derive(Clone, Debug, Default)]
pub(super) struct Movement {
    /// The annotated units, in the order of s-Aff-Wild2.
    pub(super) units: [f32; ACTION_UNITS],
    /// Upper lid raiser, AU5.
    pub(super) upper_lid: f32,
    /// Nose wrinkler, AU9.
    pub(super) nose_wrinkle: f32,
    /// Chin raiser, AU17.
    pub(super) chin: f32,
    /// Lip stretcher, AU20.
    pub(super) stretch: f32,
    /// A grimace to one side: jaw and mouth drawn aside (AU30), that eye shut (AU46); in [-1, 1].
    pub(super) aside: f32,
    /// How much more the image's right half moves than its left; small, of either sign.
    pub(super) asymmetry: f32,
}
