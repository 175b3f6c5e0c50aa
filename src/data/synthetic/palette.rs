//! Skin, hair and eyes in colour.

use super::identity::Identity;
use super::scene::Colour;

const HAIR: [Colour; 6] = [
    [28.0, 24.0, 24.0],
    [58.0, 40.0, 30.0],
    [104.0, 70.0, 44.0],
    [188.0, 150.0, 96.0],
    [140.0, 72.0, 40.0],
    [158.0, 156.0, 154.0],
];
pub(super) const IRIS: [Colour; 4] = [
    [74.0, 48.0, 32.0],
    [98.0, 76.0, 46.0],
    [84.0, 112.0, 132.0],
    [84.0, 108.0, 80.0],
];
pub(super) const WHITE: Colour = [250.0, 248.0, 244.0];
pub(super) const BLACK: Colour = [18.0, 14.0, 14.0];

/// The colours of one person.
pub(super) struct Palette {
    pub(super) skin: Colour,
    pub(super) shade: Colour,
    pub(super) crease: Colour,
    pub(super) lips: Colour,
    pub(super) hair: Colour,
    pub(super) brow: Colour,
}

impl Palette {
    pub(super) fn of(identity: &Identity) -> Self {
        const LIGHT: Colour = [246.0, 212.0, 188.0];
        const MIDDLE: Colour = [206.0, 154.0, 118.0];
        const DARK: Colour = [118.0, 78.0, 56.0];
        let skin = if identity.skin < 0.55 {
            mix(LIGHT, MIDDLE, identity.skin / 0.55)
        } else {
            mix(MIDDLE, DARK, (identity.skin - 0.55) / 0.45)
        };
        let hair = HAIR[identity.hair];
        Self {
            skin,
            shade: mix(skin, [70.0, 34.0, 24.0], 0.42),
            crease: mix(skin, [52.0, 22.0, 16.0], 0.72),
            lips: mix(
                mix(skin, [150.0, 58.0, 56.0], 0.45),
                [168.0, 46.0, 56.0],
                0.5 * identity.lip_colour,
            ),
            hair,
            // Fair brows would vanish on fair skin, and grey ones on dark.
            brow: mix(hair, [36.0, 24.0, 20.0], 0.45 + 0.4 * identity.skin),
        }
    }
}

/// `one` with a share of `other`.
pub(super) fn mix(one: Colour, other: Colour, share: f32) -> Colour {
    [0, 1, 2].map(|channel| one[channel] + share * (other[channel] - one[channel]))
}
