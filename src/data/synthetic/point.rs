//! Where things are on the canvas: its origin is in the middle, x runs to the right and y down, and
//! one unit is one pixel of the 112-pixel image.

/// A position on the canvas, in pixels from its middle.
pub(super) type Point = [f32; 2];

/// From the middle of the canvas to its edge.
pub(super) const HALF: f32 = 56.0;
