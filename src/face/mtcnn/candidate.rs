//! A box on its way through the cascade.

use crate::face::detection::{Bounds, Detection};
use crate::face::suppression::suppress;

/// A box by its corners: left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    pub corners: [f32; 4],
    /// By how much of its side each edge moves.
    pub offsets: [f32; 4],
    pub confidence: f32,
}

impl Candidate {
    fn bounds(&self) -> Bounds {
        let [left, top, right, bottom] = self.corners;
        Bounds::between([left, top], [right, bottom])
    }

    /// The corners, moved by the offsets in shares of the sides; a side is `more` longer than the
    /// distance of its edges.
    pub fn moved(&self, more: f32) -> [f32; 4] {
        let [left, top, right, bottom] = self.corners;
        let sides = [right - left + more, bottom - top + more];
        std::array::from_fn(|edge| self.corners[edge] + self.offsets[edge] * sides[edge % 2])
    }

    /// The face, with landmarks in shares of the box: five x, then five y.
    pub fn face(&self, landmarks: &[f32; 10]) -> Detection {
        let [left, top, right, bottom] = self.corners;
        let [width, height] = [right - left + 1.0, bottom - top + 1.0];
        let [moved_left, moved_top, moved_right, moved_bottom] = self.moved(1.0);
        Detection {
            bounds: Bounds::between([moved_left, moved_top], [moved_right, moved_bottom]),
            confidence: self.confidence,
            landmarks: std::array::from_fn(|point| {
                [
                    width * landmarks[point] + left - 1.0,
                    height * landmarks[5 + point] + top - 1.0,
                ]
            }),
        }
    }
}

/// The most certain of those that overlap by more than `most` of their union.
pub(super) fn kept(candidates: &[Candidate], most: f32) -> Vec<Candidate> {
    let bounds: Vec<Bounds> = candidates.iter().map(Candidate::bounds).collect();
    let confidence: Vec<f32> = candidates.iter().map(|box_| box_.confidence).collect();
    suppress(&bounds, &confidence, most, Bounds::overlap)
        .into_iter()
        .map(|place| candidates[place])
        .collect()
}

/// How much of the smaller box the two have in common, where edges count as pixels.
pub(super) fn covered(left: &Bounds, right: &Bounds) -> f32 {
    let whole = |bounds: &Bounds| Bounds {
        width: bounds.width + 1.0,
        height: bounds.height + 1.0,
        ..*bounds
    };
    let (left, right) = (whole(left), whole(right));
    left.intersection(&right) / left.area().min(right.area())
}

/// The square of the longer side around the same centre.
pub(super) fn squared([left, top, right, bottom]: [f32; 4]) -> [f32; 4] {
    let (width, height) = (right - left, bottom - top);
    let side = width.max(height);
    let left = left + width * 0.5 - side * 0.5;
    let top = top + height * 0.5 - side * 0.5;
    [left, top, left + side, top + side]
}
