//! Who sits where from frame to frame.

use std::collections::HashMap;

use super::room::Room;
use super::seat::{Detail, Guest, Seat};

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
        let mut room = Room::new(size, guests, text, line);
        let mut order: Vec<usize> = (0..guests.len()).collect();
        order.sort_by_key(|&guest| guests[guest].id);
        let mut seats = vec![None; guests.len()];
        // Who has a seat first, so that nobody new takes it.
        for &guest in &order {
            let person = &guests[guest];
            if let Some(known) = self.known.get_mut(&person.id) {
                let better = room.has_better(guest, person, known.seat, most);
                known.better = if better { known.better + 1 } else { 0 };
                if known.seat.detail <= most && known.better <= PATIENCE {
                    seats[guest] = room.keep(guest, person, known.seat);
                }
            }
        }
        for &guest in &order {
            let person = &guests[guest];
            let seat = seats[guest].or_else(|| room.find(guest, person, most));
            seats[guest] = seat;
            let Some(seat) = seat else { continue };
            let before = self.known.get(&person.id);
            // Who has moved has the best seat.
            let stayed = before.filter(|before| {
                before.seat.detail == seat.detail && before.seat.side == seat.side
            });
            let better = stayed.map_or(0, |before| before.better);
            let seen = frame;
            self.known.insert(person.id, Known { seat, seen, better });
        }
        seats
    }
}
