//! Where something can be written so that it covers no face and nothing else that is written.

use crate::face::Bounds;

/// How many rings around a face are looked through for a free place.
const RINGS: usize = 60;
/// Less than this much of a pixel in common is none.
const TOUCHING: f32 = 0.5;

/// A picture with faces in it, and what is taken already.
pub(super) struct Space {
    size: [f32; 2],
    faces: Vec<Bounds>,
    taken: Vec<Bounds>,
}

impl Space {
    /// A picture of this width and height. Of `faces`, with the lines around them, the part in it counts.
    pub fn new(size: [f32; 2], faces: Vec<Bounds>) -> Self {
        Self {
            size,
            faces: faces.into_iter().map(|face| cut(face, size)).collect(),
            taken: Vec::new(),
        }
    }

    /// Takes a free place of this width and height that touches a face from outside, if there is one.
    pub fn beside(&mut self, face: usize, size: [f32; 2]) -> Option<Bounds> {
        let places = self.around(self.faces[face], size);
        let free = places.into_iter().find(|place| self.is_free(place))?;
        self.taken.push(free);
        Some(free)
    }

    /// Takes the place of this width and height that is best for something small: beside the face, in
    /// its corner, or the nearest free one; at last one over other faces. None is left if so many are
    /// taken that no text could be read there.
    pub fn near(&mut self, face: usize, size: [f32; 2]) -> Option<Bounds> {
        let own = self.faces[face];
        let beside = self.around(own, size);
        let inside = corners(own, size);
        let rings = (1..=RINGS).flat_map(|ring| {
            let away = ring as f32 * size[1].min(size[0]);
            self.around(grown(own, away), size)
        });
        let free = beside
            .iter()
            .copied()
            .find(|place| self.is_free(place))
            .or_else(|| inside.into_iter().find(|place| self.is_clear(place, face)))
            .or_else(|| rings.into_iter().find(|place| self.is_free(place)))
            .or_else(|| {
                let mut over = beside.iter().copied();
                over.find(|place| self.holds(place) && self.is_untaken(place))
            })?;
        self.taken.push(free);
        Some(free)
    }

    /// Takes a place for a face if it [is allowed](Self::allows) there; whether it was.
    pub fn claim(&mut self, place: Bounds, own: usize, share: f32) -> bool {
        let allowed = self.allows(&place, own, share);
        if allowed {
            self.taken.push(place);
        }
        allowed
    }

    /// Whether a place for a face is in the picture, covers nothing that is taken, and covers other faces
    /// with no more than a share of it.
    pub fn allows(&self, place: &Bounds, own: usize, share: f32) -> bool {
        let others = self.faces.iter().enumerate();
        let others = others.filter(|(face, _)| *face != own);
        let covered: f32 = others.map(|(_, face)| place.intersection(face)).sum();
        self.holds(place) && self.is_untaken(place) && covered <= share * place.area()
    }

    fn is_free(&self, place: &Bounds) -> bool {
        self.is_clear(place, usize::MAX)
    }

    /// Whether nothing is there but perhaps one face.
    fn is_clear(&self, place: &Bounds, face: usize) -> bool {
        let mut others = self.faces.iter().enumerate();
        self.holds(place)
            && self.is_untaken(place)
            && !others.any(|(other, bounds)| other != face && overlaps(place, bounds))
    }

    fn is_untaken(&self, place: &Bounds) -> bool {
        !self.taken.iter().any(|taken| overlaps(place, taken))
    }

    fn holds(&self, place: &Bounds) -> bool {
        let [width, height] = self.size;
        place.x >= 0.0
            && place.y >= 0.0
            && place.x + place.width <= width
            && place.y + place.height <= height
    }

    /// Places that touch `bounds` from outside, the most usual first. Along its sides they are moved into
    /// the picture.
    fn around(&self, bounds: Bounds, [width, height]: [f32; 2]) -> Vec<Bounds> {
        let Bounds { x, y, .. } = bounds;
        let (right, bottom) = (x + bounds.width, y + bounds.height);
        let along = |start: f32, length: f32, own: f32, most: f32| {
            let places = [start, start + length - own, start + (length - own) / 2.0];
            places.map(|place| place.clamp(0.0, (most - own).max(0.0)))
        };
        let columns = along(x, bounds.width, width, self.size[0]);
        let rows = along(y, bounds.height, height, self.size[1]);
        let at = |x: f32, y: f32| Bounds {
            x,
            y,
            width,
            height,
        };
        let mut places = Vec::with_capacity(12);
        for (&column, &row) in columns.iter().zip(&rows) {
            places.push(at(right, row));
            places.push(at(x - width, row));
            places.push(at(column, bottom));
            places.push(at(column, y - height));
        }
        places
    }
}

/// The places in the corners of a face that is much larger.
fn corners(face: Bounds, [width, height]: [f32; 2]) -> Vec<Bounds> {
    if face.width < 2.5 * width || face.height < 2.5 * height {
        return Vec::new();
    }
    let (right, bottom) = (face.x + face.width - width, face.y + face.height - height);
    let corners = [
        (face.x, face.y),
        (right, face.y),
        (face.x, bottom),
        (right, bottom),
    ];
    let at = |(x, y)| Bounds {
        x,
        y,
        width,
        height,
    };
    corners.map(at).to_vec()
}

/// The part of a face's box that is in a picture of this width and height; none if it is less than a
/// pixel.
pub(super) fn part(bounds: Bounds, size: [f32; 2]) -> Option<Bounds> {
    let Bounds { x, y, .. } = bounds;
    let ends = [x, y, x + bounds.width, y + bounds.height];
    let part = cut(bounds, size);
    let seen = part.width >= 1.0 && part.height >= 1.0;
    (seen && ends.iter().all(|end| end.is_finite())).then_some(part)
}

/// A box without what is outside a picture of this width and height.
fn cut(bounds: Bounds, [width, height]: [f32; 2]) -> Bounds {
    let within = |[x, y]: [f32; 2]| [x.clamp(0.0, width), y.clamp(0.0, height)];
    let end = [bounds.x + bounds.width, bounds.y + bounds.height];
    Bounds::between(within([bounds.x, bounds.y]), within(end))
}

/// The same box with its sides so far further out.
pub(super) fn grown(bounds: Bounds, away: f32) -> Bounds {
    Bounds {
        x: bounds.x - away,
        y: bounds.y - away,
        width: bounds.width + 2.0 * away,
        height: bounds.height + 2.0 * away,
    }
}

/// Whether two boxes have more in common than a side.
pub(super) fn overlaps(one: &Bounds, other: &Bounds) -> bool {
    let along = |start: f32, length: f32, other_start: f32, other_length: f32| {
        (start + length).min(other_start + other_length) - start.max(other_start)
    };
    along(one.x, one.width, other.x, other.width) > TOUCHING
        && along(one.y, one.height, other.y, other.height) > TOUCHING
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(x: f32, y: f32, side: f32) -> Bounds {
        Bounds::from([x, y, side, side])
    }

    #[test]
    fn what_is_beside_a_face_covers_no_other_one() {
        // Right, left and below are other faces or the border.
        let faces = vec![
            face(0.0, 50.0, 40.0),
            face(45.0, 40.0, 60.0),
            face(0.0, 95.0, 40.0),
        ];
        let mut space = Space::new([200.0, 140.0], faces);
        let place = space.beside(0, [30.0, 20.0]).unwrap();
        assert_eq!((place.x, place.y), (0.0, 30.0), "above");
        // The place above is taken now.
        assert_eq!(space.beside(0, [30.0, 20.0]).map(|place| place.y), None);
    }

    #[test]
    fn a_number_goes_further_away_when_the_faces_are_crowded() {
        let faces: Vec<Bounds> = (0..100)
            .map(|number| face((number % 10 * 12) as f32, (number / 10 * 12) as f32, 11.0))
            .collect();
        let mut space = Space::new([400.0, 400.0], faces.clone());
        for number in 0..100 {
            let place = space.near(number, [14.0, 12.0]).expect("there is room");
            assert!(space.holds(&place));
            assert!(
                !faces.iter().any(|face| overlaps(&place, face)),
                "{place:?}"
            );
        }
        for (index, one) in space.taken.iter().enumerate() {
            let others = &space.taken[..index];
            assert!(!others.iter().any(|other| overlaps(one, other)), "{one:?}");
        }
    }

    #[test]
    fn nothing_leaves_a_picture_that_is_smaller() {
        let mut space = Space::new([10.0, 10.0], vec![face(2.0, 2.0, 5.0)]);
        assert_eq!(space.near(0, [14.0, 12.0]), None);
        assert_eq!(space.beside(0, [14.0, 4.0]), None);
    }

    #[test]
    fn a_face_that_fills_the_picture_has_its_number_in_its_corner() {
        let mut space = Space::new([100.0, 100.0], vec![face(-2.0, -2.0, 104.0)]);
        let place = space.near(0, [14.0, 12.0]).unwrap();
        assert_eq!((place.x, place.y), (0.0, 0.0));
    }
}
