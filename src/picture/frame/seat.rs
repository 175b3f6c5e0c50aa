//! Where in a frame a person's scores are told, so that they stay there in the next one.

use std::collections::HashMap;

use crate::face::Bounds;
use crate::picture::space::{Space, grown};

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

/// Who sat where.
#[derive(Debug, Default)]
pub(super) struct Seating {
    frame: u64,
    known: HashMap<usize, Known>,
    /// The most faces that were lately in a frame, and when.
    crowd: (usize, u64),
}

#[derive(Clone, Copy, Debug)]
struct Known {
    seat: Seat,
    seen: u64,
    /// For how many frames there has been room for more.
    better: u64,
}

/// So many frames long a seat is kept for somebody who is away, and there must have been room for more
/// before more is told.
const PATIENCE: u64 = 25;
/// Of more faces than these, less is told.
const FULL: usize = 3;
const LINES: usize = 6;
/// Who sits there already may cover so much of others' faces, of the label's own area.
const TOLERANCE: f32 = 0.06;
/// Between a face and what is beside it, and how much of it the face may move within, in sizes of the text.
const GAP: f32 = 0.7;
const PLAY: f32 = 0.5;

impl Seating {
    /// Begins the next frame: the most that may be told in it, by how many faces there are or were a moment
    /// ago.
    pub fn begin(&mut self, faces: usize) -> Detail {
        self.frame += 1;
        if faces >= self.crowd.0 || self.frame - self.crowd.1 > PATIENCE {
            self.crowd = (faces, self.frame);
        }
        match self.crowd.0 {
            count if count <= FULL => Detail::Full,
            count if count <= LINES => Detail::Lines,
            _ => Detail::Brief,
        }
    }

    /// A seat for each person, or none where there is no room at all.
    pub fn seat(
        &mut self,
        size: [f32; 2],
        guests: &[Guest],
        most: Detail,
        text: f32,
        line: f32,
    ) -> Vec<Option<Seat>> {
        let frame = self.frame;
        self.known.retain(|_, known| frame - known.seen <= PATIENCE);
        let faces = guests.iter().map(|guest| grown(guest.face, line)).collect();
        let mut room = Room {
            size,
            text,
            space: Space::new(size, faces),
        };
        let mut order: Vec<usize> = (0..guests.len()).collect();
        order.sort_by_key(|&guest| guests[guest].id);
        let mut seats = vec![None; guests.len()];
        // Who has a seat first, so that nobody new takes it.
        for &guest in &order {
            let person = &guests[guest];
            if let Some(known) = self.known.get_mut(&person.id) {
                seats[guest] = room.keep(guest, person, known, most);
            }
        }
        for &guest in &order {
            let person = &guests[guest];
            let seat = seats[guest].or_else(|| room.find(guest, person, most));
            seats[guest] = seat;
            let Some(seat) = seat else { continue };
            let before = self.known.get(&person.id);
            let better = before.map_or(0, |known| known.better);
            let seen = frame;
            self.known.insert(person.id, Known { seat, seen, better });
        }
        seats
    }
}

/// A frame while people are seated in it.
struct Room {
    size: [f32; 2],
    text: f32,
    space: Space,
}

impl Room {
    /// The seat that somebody has, moved with the face, if it still is one and nothing better has been
    /// free for long.
    fn keep(
        &mut self,
        guest: usize,
        person: &Guest,
        known: &mut Known,
        most: Detail,
    ) -> Option<Seat> {
        let before = known.seat;
        let better = self.seats(person, most).into_iter().any(|seat| {
            let outside = before.side == Side::Inside && seat.side != Side::Inside;
            let preferred = seat.detail > before.detail || seat.detail == before.detail && outside;
            preferred && self.space.allows(&seat.place, guest, 0.0)
        });
        known.better = if better { known.better + 1 } else { 0 };
        if before.detail > most || known.better > PATIENCE {
            known.better = 0;
            return None;
        }
        let mut sizes = person.sizes.iter();
        let (_, size) = sizes.find(|(detail, _)| *detail == before.detail)?;
        let place = self.place(person.face, before.side, *size, Some(before.place))?;
        let kept = self.space.claim(place, guest, TOLERANCE);
        kept.then_some(Seat { place, ..before })
    }

    /// The best seat that is free; at last one over other faces, but never over what is told of them.
    fn find(&mut self, guest: usize, person: &Guest, most: Detail) -> Option<Seat> {
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
            let sides: &[Side] = match detail {
                Detail::Full => &[near, far],
                Detail::Lines => &[near, far, Below, Above, Inside],
                Detail::Brief | Detail::Number => &[Above, Below, Inside, near, far],
            };
            let sides = sides.to_vec().into_iter();
            sides.filter_map(move |side| {
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
