//! Non-maximum suppression: of boxes that are one face, the most certain stays.

use super::detection::Bounds;

/// The places of the boxes that stay, the most certain first; of equally certain ones the earlier.
///
/// Greedy: a box stays unless one that stays, and is at least as certain, has an `overlap` with it above
/// `most`.
pub(super) fn suppress(
    boxes: &[Bounds],
    confidence: &[f32],
    most: f32,
    overlap: impl Fn(&Bounds, &Bounds) -> f32,
) -> Vec<usize> {
    let mut order: Vec<usize> = (0..boxes.len()).collect();
    order.sort_by(|&a, &b| confidence[b].total_cmp(&confidence[a]));
    let mut kept: Vec<usize> = Vec::new();
    for place in order {
        let covers = |&other: &usize| overlap(&boxes[other], &boxes[place]) > most;
        if !kept.iter().any(covers) {
            kept.push(place);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(starts: &[f32]) -> Vec<Bounds> {
        let square = |&x: &f32| Bounds {
            x,
            y: 0.0,
            width: 10.0,
            height: 10.0,
        };
        starts.iter().map(square).collect()
    }

    #[test]
    fn the_most_certain_of_boxes_that_overlap_stays() {
        let boxes = row(&[0.0, 1.0, 30.0, 2.0]);
        let kept = suppress(&boxes, &[0.7, 0.9, 0.8, 0.95], 0.3, Bounds::overlap);
        assert_eq!(kept, [3, 2]);
    }

    #[test]
    fn what_a_suppressed_box_covers_stays() {
        // Each overlaps its neighbour by a half, and only that.
        let boxes = row(&[0.0, 4.0, 8.0]);
        let kept = suppress(&boxes, &[0.9, 0.8, 0.7], 0.3, Bounds::overlap);
        assert_eq!(kept, [0, 2]);
    }

    #[test]
    fn equally_certain_boxes_stay_in_their_order() {
        let kept = suppress(&row(&[60.0, 0.0, 30.0]), &[0.5; 3], 0.3, Bounds::overlap);
        assert_eq!(kept, [0, 1, 2]);
    }
}
