//! Which of the faces found around places is each place's.

use super::detection::{Bounds, Detection};

/// The least overlap of a face with a place, as intersection over union, with which it may be the place's.
const LEAST: f32 = 0.1;
/// The overlap above which two boxes are one face: two faces that a detector tells apart overlap less, and
/// one that is found twice nearly is twice the same box.
const SAME: f32 = 0.5;

/// Of the faces that were `found` around each of the `places`, the one that is there. A face belongs to the
/// place that it overlaps most, and no two places have the same; one whose own face is another's may have
/// the next best.
pub(super) fn shared_out(places: &[Bounds], found: &[Vec<Detection>]) -> Vec<Option<Detection>> {
    let mut pairs: Vec<(f32, usize, &Detection)> = Vec::new();
    for (place, (bounds, faces)) in places.iter().zip(found).enumerate() {
        let near = faces
            .iter()
            .map(|face| (face.bounds.overlap(bounds), place, face));
        pairs.extend(near.filter(|(overlap, ..)| *overlap >= LEAST));
    }
    // Of equal ones the earlier place's, for the order is kept.
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut shared: Vec<Option<Detection>> = vec![None; places.len()];
    let mut taken: Vec<Bounds> = Vec::new();
    for (_, place, face) in pairs {
        let same = |other: &Bounds| other.overlap(&face.bounds) > SAME;
        if shared[place].is_none() && !taken.iter().any(same) {
            shared[place] = Some(*face);
            taken.push(face.bounds);
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(x: f32) -> Bounds {
        Bounds {
            x,
            y: 0.0,
            width: 10.0,
            height: 10.0,
        }
    }

    fn face(x: f32) -> Detection {
        Detection {
            bounds: bounds(x),
            confidence: 0.9,
            landmarks: [[x; 2]; 5],
        }
    }

    #[test]
    fn a_face_is_that_of_the_place_that_it_overlaps_most() {
        // The second place sees the first one's face too, a hair beside, and has it not.
        let found = [vec![face(1.0)], vec![face(1.2)]];
        let shared = shared_out(&[bounds(0.0), bounds(4.0)], &found);
        assert_eq!(shared, [Some(face(1.0)), None]);
        let shared = shared_out(&[bounds(4.0), bounds(0.0)], &found);
        assert_eq!(shared, [None, Some(face(1.2))]);
    }

    #[test]
    fn a_place_whose_face_is_anothers_has_the_next_best() {
        let both = vec![face(1.0), face(9.0)];
        let shared = shared_out(&[bounds(0.0), bounds(4.0)], &[both.clone(), both]);
        assert_eq!(shared, [Some(face(1.0)), Some(face(9.0))]);
    }

    #[test]
    fn what_is_far_from_a_place_is_not_there() {
        let found = [vec![face(9.5)], vec![]];
        assert_eq!(
            shared_out(&[bounds(0.0), bounds(0.0)], &found),
            [None, None]
        );
        assert_eq!(shared_out(&[], &[]), []);
    }
}
