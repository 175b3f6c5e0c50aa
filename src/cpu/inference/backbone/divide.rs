//! The division of a map among the tasks of a layer.

use std::ops::Range;

use crate::cpu::matmul::PANEL;
use crate::cpu::simd::Lanes;

/// Divides a map among panels and bands: for every panel and every band in it, the vectors of each
/// of the panel's planes. `unit` is the number of vectors in one unit of the bands.
pub(super) fn divide<'a>(
    map: &'a mut [Lanes],
    plane: usize,
    bands: &[Range<usize>],
    unit: usize,
) -> Vec<Vec<&'a mut [Lanes]>> {
    let mut parts = Vec::new();
    for panel in map.chunks_mut(PANEL * plane) {
        let mut first = parts.len();
        parts.resize_with(first + bands.len(), || Vec::with_capacity(PANEL));
        for mut plane in panel.chunks_mut(plane) {
            for band in bands {
                let (part, rest) = plane.split_at_mut(band.len() * unit);
                parts[first].push(part);
                plane = rest;
                first += 1;
            }
            first -= bands.len();
        }
    }
    parts
}
