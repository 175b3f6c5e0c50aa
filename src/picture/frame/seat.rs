//! Where beside a face its scores are told, and in which detail.

use crate::face::Bounds;

/// How much is told of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    /// The number alone.
    Number,
    /// Number and expression.
    Brief,
    /// In lines.
    Lines,
    /// With bars and the plane.
    Full,
}

/// Which side of the face the scores are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Right,
    Left,
    Below,
    Above,
    Inside,
}

/// A person to seat.
pub(super) struct Guest {
    pub id: usize,
    /// The part of the face's box that is in the frame.
    pub face: Bounds,
    /// The width and the height of each detail, the most first.
    pub sizes: [(Detail, [f32; 2]); 4],
}

/// Where a person's scores are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seat {
    pub detail: Detail,
    pub side: Side,
    /// In whole pixels.
    pub place: Bounds,
}
