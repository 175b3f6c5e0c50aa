//! A frame with its faces, and where in it something can be told of them.

use super::seat::{Detail, Guest, Seat, Side};
use crate::face::Bounds;
use crate::picture::space::{Space, grown};

/// Who sits there already may cover so much of others' faces, of the label's own area.
const TOLERANCE: f32 = 0.06;
/// Between a face and what is beside it, and how much of it the face may move within, in sizes of the text.
const GAP: f32 = 0.7;
const PLAY: f32 = 0.5;

/// A frame while people are seated in it.
pub(super) struct Room {
    size: [f32; 2],
    text: f32,
    space: Space,
}

impl Room {
    /// A frame of this width and height with people in it, text of a size, and lines so thick.
    pub fn new(size: [f32; 2], guests: &[Guest], text: f32, line: f32) -> Self {
        let faces = guests.iter().map(|guest| grown(guest.face, line)).collect();
        Self {
            size,
            text,
            space: Space::new(size, faces),
        }
    }

    /// The seat that somebody had, moved with the face, if it still is one.
    pub fn keep(&mut self, guest: usize, person: &Guest, before: Seat) -> Option<Seat> {
        let mut sizes = person.sizes.iter();
        let (_, size) = sizes.find(|(detail, _)| *detail == before.detail)?;
        let place = self.place(person.face, before.side, *size, Some(before.place))?;
        let kept = self.space.claim(place, guest, TOLERANCE);
        kept.then_some(Seat { place, ..before })
    }

    /// Whether a seat is free where more could be told, or as much without covering the face.
    pub fn has_better(&self, guest: usize, person: &Guest, before: Seat, most: Detail) -> bool {
        self.seats(person, most).into_iter().any(|seat| {
            let outside = before.side == Side::Inside && seat.side != Side::Inside;
            let better = seat.detail > before.detail || seat.detail == before.detail && outside;
            better && self.space.allows(&seat.place, guest, 0.0)
        })
    }

    /// The best seat that is free; at last one over other faces, but never over what is told of them.
    pub fn find(&mut self, guest: usize, person: &Guest, most: Detail) -> Option<Seat> {
        let seats = self.seats(person, most);
        let free = seats
            .iter()
            .find(|seat| self.space.allows(&seat.place, guest, 0.0));
        let over = || {
            let mut numbers = seats.iter().filter(|seat| seat.detail == Detail::Number);
            numbers.find(|seat| self.space.allows(&seat.place, guest, 1.0))
        };
        let seat = *free.or_else(over)?;
        self.space.claim(seat.place, guest, 1.0);
        Some(seat)
    }

    /// Where a person may sit in an empty frame, the best first.
    fn seats(&self, person: &Guest, most: Detail) -> Vec<Seat> {
        use Side::{Above, Below, Inside, Left, Right};

        // Where there is more room.
        let middle = person.face.x + person.face.width / 2.0;
        let [near, far] = match middle < self.size[0] / 2.0 {
            true => [Right, Left],
            false => [Left, Right],
        };
        let told = person.sizes.iter().filter(|(detail, _)| *detail <= most);
        let seats = told.flat_map(|&(detail, size)| {
            let sides = match detail {
                Detail::Full => vec![near, far],
                Detail::Lines => vec![near, far, Below, Above, Inside],
                Detail::Brief | Detail::Number => vec![Above, Below, Inside, near, far],
            };
            sides.into_iter().filter_map(move |side| {
                let place = self.place(person.face, side, size, None)?;
                Some(Seat {
                    detail,
                    side,
                    place,
                })
            })
        });
        seats.collect()
    }

    /// The place on a side of a face, or none if the frame ends there. It follows the face from the place
    /// where it was, if that is beside it, only as far as it must.
    fn place(
        &self,
        face: Bounds,
        side: Side,
        [width, height]: [f32; 2],
        before: Option<Bounds>,
    ) -> Option<Bounds> {
        let (gap, play) = (GAP * self.text, PLAY * self.text);
        let (right, bottom) = (face.x + face.width, face.y + face.height);
        let [x, y] = match side {
            Side::Right => [right + gap, face.y],
            Side::Left => [face.x - gap - width, face.y],
            Side::Below => [face.x, bottom],
            Side::Above => [face.x, face.y - height],
            Side::Inside => [face.x, face.y],
        };
        let beside = matches!(side, Side::Right | Side::Left);
        let [x, y] = match before.filter(|_| beside) {
            Some(before) => [
                x - (x - before.x).clamp(-play, play),
                y - (y - before.y).clamp(-play, play),
            ],
            None => [x, y],
        };
        let most = [self.size[0] - width, self.size[1] - height];
        if most[0] < 0.0 || most[1] < 0.0 {
            return None;
        }
        let x = x.clamp(0.0, most[0]).floor();
        let y = y.clamp(0.0, most[1]).floor();
        // Moved into the frame, it must not have got over the face.
        let nearest = gap - play - 1.0;
        let apart = match side {
            Side::Right => x >= right + nearest,
            Side::Left => x + width <= face.x - nearest,
            Side::Below => y + 1.0 >= bottom,
            Side::Above => y + height <= face.y + 1.0,
            Side::Inside => face.width > 1.6 * width && face.height > 2.5 * height,
        };
        apart.then_some(Bounds {
            x,
            y,
            width,
            height,
        })
    }
}
