//! The parts of a face as curves.

use super::point::Point;

/// An eye between its lids.
pub(super) struct Eye {
    pub(super) upper: Vec<Point>,
    pub(super) lower: Vec<Point>,
    /// The fold above the upper lid.
    pub(super) fold: Vec<Point>,
    pub(super) iris: Point,
    pub(super) radius: f32,
}

/// What shows of the nose from the front.
pub(super) struct Nose {
    pub(super) base: Vec<Point>,
    pub(super) nostrils: [Point; 2],
    pub(super) bridge: [Vec<Point>; 2],
    pub(super) tip: Point,
}

/// The lips.
pub(super) struct Mouth {
    /// Outer edge of the upper lip, corner to corner.
    pub(super) top: Vec<Point>,
    /// Inner edge of the upper lip.
    pub(super) upper: Vec<Point>,
    /// Inner edge of the lower lip.
    pub(super) lower: Vec<Point>,
    /// Outer edge of the lower lip.
    pub(super) bottom: Vec<Point>,
    /// Height of the gap between the lips.
    pub(super) gap: f32,
    /// How strongly the lips press; darkens the line between them.
    pub(super) press: f32,
}

/// A fold or wrinkle of the skin.
pub(super) struct Crease {
    pub(super) points: Vec<Point>,
    pub(super) width: f32,
    /// 0 to 1; how dark it is.
    pub(super) depth: f32,
}
