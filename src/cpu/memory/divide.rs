//! The division of a length, and of a map, among the tasks of a layer.

use std::ops::Range;

/// `0..length` in ranges of `each`, the last one shorter.
pub(crate) fn ranges(length: usize, each: usize) -> Vec<Range<usize>> {
    (0..length)
        .step_by(each)
        .map(|start| start..(start + each).min(length))
        .collect()
}

/// For every band, the part of every plane of `map` that lies in it. `unit` is how much of a plane
/// one unit of the bands is.
pub(crate) fn divide<'a, T>(
    map: &'a mut [T],
    plane: usize,
    bands: &[Range<usize>],
    unit: usize,
) -> Vec<Vec<&'a mut [T]>> {
    let count = map.len() / plane.max(1);
    let mut parts: Vec<_> = bands.iter().map(|_| Vec::with_capacity(count)).collect();
    for mut plane in map.chunks_exact_mut(plane) {
        for (band, part) in bands.iter().zip(&mut parts) {
            let (first, rest) = plane.split_at_mut(band.len() * unit);
            part.push(first);
            plane = rest;
        }
    }
    parts
}

/// The same, `panel` planes together: for every band its panels, one after another.
pub(crate) fn panels<'a, T>(
    map: &'a mut [T],
    plane: usize,
    bands: &[Range<usize>],
    unit: usize,
    panel: usize,
) -> Vec<Vec<&'a mut [T]>> {
    let mut panels: Vec<Vec<_>> = Vec::new();
    for parts in divide(map, plane, bands, unit) {
        let mut parts = parts.into_iter().peekable();
        while parts.peek().is_some() {
            panels.push(parts.by_ref().take(panel).collect());
        }
    }
    panels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_divided_map_has_every_part_of_every_plane_once() {
        let mut map: Vec<usize> = (0..3 * 10).collect();
        let parts = divide(&mut map, 10, &[0..2, 2..5], 2);
        assert_eq!(parts[0], [[0, 1, 2, 3], [10, 11, 12, 13], [20, 21, 22, 23]]);
        assert_eq!(parts[1][1], [14, 15, 16, 17, 18, 19]);
        let panels = panels(&mut map, 10, &[0..2, 2..5], 2, 2);
        let firsts: Vec<Vec<usize>> = panels
            .iter()
            .map(|panel| panel.iter().map(|part| part[0]).collect())
            .collect();
        assert_eq!(firsts, [vec![0, 10], vec![20], vec![4, 14], vec![24]]);
    }
}
