use super::*;
use crate::label::{ActionUnit, Expression};
use crate::picture::space::overlaps;
use crate::testing::noise;

const GREY: [u8; 3] = [90, 90, 90];

const UNITS: [(ActionUnit, f32); 5] = [
    (ActionUnit::AU1, 0.9),
    (ActionUnit::AU2, 0.8),
    (ActionUnit::AU4, 0.1),
    (ActionUnit::AU25, 0.7),
    (ActionUnit::AU26, 0.7),
];
const EXPRESSIONS: [(Expression, f32); 2] =
    [(Expression::Surprise, 0.8), (Expression::Neutral, 0.2)];

fn scores() -> OverlayScores<'static> {
    OverlayScores {
        action_units: &UNITS,
        expressions: &EXPRESSIONS,
        valence_arousal: Some([0.1, 0.8]),
        ..OverlayScores::default()
    }
}

fn detection(bounds: [f32; 4]) -> Detection {
    Detection {
        bounds: bounds.into(),
        confidence: 0.9,
        landmarks: [[0.0; 2]; 5],
    }
}

fn drawn(artist: &mut FrameArtist, size: [u32; 2], boxes: &[(usize, [f32; 4])]) -> RgbImage {
    let mut picture = RgbImage::from_pixel(size[0], size[1], Rgb(GREY));
    let found: Vec<_> = boxes
        .iter()
        .map(|(id, bounds)| (*id, detection(*bounds)))
        .collect();
    let faces: Vec<_> = found
        .iter()
        .map(|(id, detection)| FrameFace {
            id: *id,
            detection,
            scores: scores(),
        })
        .collect();
    artist.draw(&mut picture, &faces);
    assert_eq!(picture.dimensions(), (size[0], size[1]));
    picture
}

/// The seats of faces in frame after frame.
fn seats(seating: &mut Seating, size: [u32; 2], boxes: &[(usize, [f32; 4])]) -> Vec<Option<Seat>> {
    let size = size.map(|side| side as f32);
    let scores = scores();
    let guests: Vec<Guest> = boxes
        .iter()
        .map(|&(id, bounds)| Guest {
            id,
            face: Bounds::from(bounds),
            sizes: Label::new(id, &scores).sizes(16.0),
        })
        .collect();
    let most = seating.begin(guests.len());
    seating.seat(size, &guests, most, 16.0, 2.0)
}

#[test]
fn the_box_is_in_its_persons_colour_and_what_is_told_is_beside_it() {
    let bounds = [300.0, 200.0, 100.0, 120.0];
    for id in [0, 4] {
        let picture = drawn(&mut FrameArtist::new(), [1000, 700], &[(id, bounds)]);
        let colour = colour::person(id);
        for (x, y) in [(301, 260), (398, 260), (350, 201), (350, 318)] {
            assert_eq!(picture.get_pixel(x, y).0, colour, "{x}, {y}");
        }
        // Inside the box the picture is as it was.
        for (x, y) in [(310, 210), (350, 260), (390, 310)] {
            assert_eq!(picture.get_pixel(x, y).0, GREY, "{x}, {y}");
        }
        let changed = picture
            .enumerate_pixels()
            .filter(|(.., pixel)| pixel.0 != GREY);
        let beside = changed.clone().filter(|(x, ..)| *x > 400);
        assert!(beside.count() > 20_000, "there is a panel");
        assert_eq!(changed.filter(|(x, ..)| *x < 300).count(), 0);
        let tagged = picture.enumerate_pixels();
        let tagged = tagged.filter(|(x, _, pixel)| *x > 400 && pixel.0 == colour);
        assert!(tagged.count() > 100, "it begins with the number");
    }
}

#[test]
fn a_longer_bar_means_a_more_probable_unit() {
    let inked = |value: f32, colour: Colour| {
        let units = [(ActionUnit::AU12, value)];
        let scores = OverlayScores {
            action_units: &units,
            ..OverlayScores::default()
        };
        let mut picture = RgbImage::from_pixel(640, 480, Rgb(GREY));
        let detection = detection([200.0, 100.0, 100.0, 100.0]);
        // Of no colour that bars have.
        let faces = [FrameFace {
            id: 1,
            detection: &detection,
            scores,
        }];
        FrameArtist::new().draw(&mut picture, &faces);
        picture.pixels().filter(|pixel| pixel.0 == colour).count()
    };
    use crate::picture::board::{ACTIVE, QUIET};
    assert!(inked(0.95, ACTIVE) > inked(0.6, ACTIVE) + 50);
    assert_eq!(inked(0.4, ACTIVE), 0);
    assert!(inked(0.4, QUIET) > inked(0.1, QUIET) + 50);
}

#[test]
fn small_movements_of_a_face_move_nothing_beside_it_and_large_ones_do() {
    let mut seating = Seating::default();
    let bounds = |number: usize, drift: f32| {
        let shake = noise(4, number as u32)
            .into_iter()
            .map(|move_by| 3.0 * move_by);
        let shake: Vec<f32> = shake.collect();
        let x = 300.0 + drift * number as f32;
        [
            x + shake[0],
            200.0 + shake[1],
            100.0 + shake[2],
            120.0 + shake[3],
        ]
    };
    let first = seats(&mut seating, [1000, 700], &[(7, bounds(0, 0.0))])[0].unwrap();
    let mut moved = 0;
    let mut before = first;
    for number in 1..200 {
        let seat = seats(&mut seating, [1000, 700], &[(7, bounds(number, 0.0))])[0].unwrap();
        moved += usize::from(seat.place != before.place);
        before = seat;
    }
    assert!(moved <= 6, "moved {moved} times");
    // Across the whole frame and back, it never jumps but once to the other side.
    let mut sides = vec![before.side];
    for number in 0..120 {
        let seat = seats(&mut seating, [1000, 700], &[(7, bounds(number, 4.0))])[0].unwrap();
        match *sides.last().unwrap() == seat.side {
            true => {
                let step = (seat.place.x - before.place.x).abs();
                assert!(step < 24.0, "{number}: {step}");
            }
            false => sides.push(seat.side),
        }
        before = seat;
    }
    assert_eq!(sides, [seat::Side::Right, seat::Side::Left]);
}

#[test]
fn of_more_people_less_is_told_and_not_by_turns() {
    let mut seating = Seating::default();
    let person = |number: usize| (number, [40.0 + 180.0 * number as f32, 300.0, 60.0, 70.0]);
    let mut details = |count: usize| {
        let people: Vec<_> = (0..count).map(person).collect();
        let seats = seats(&mut seating, [1920, 1080], &people);
        let details: Vec<_> = seats
            .into_iter()
            .flatten()
            .map(|seat| seat.detail)
            .collect();
        assert_eq!(details.len(), count);
        details
    };
    assert_eq!(details(1), [seat::Detail::Full]);
    assert_eq!(details(10), [seat::Detail::Brief; 10]);
    // While a tenth face flickers, and for a while after.
    for _ in 0..10 {
        assert_eq!(details(2), [seat::Detail::Brief; 2]);
        assert_eq!(details(10), [seat::Detail::Brief; 10]);
    }
    let mut last = details(1);
    for _ in 0..80 {
        last = details(1);
    }
    assert_eq!(last, [seat::Detail::Full]);
}

#[test]
fn labels_stay_in_the_frame_and_do_not_cover_each_other() {
    for (size, count) in [
        ([640, 480], 1),
        ([640, 480], 4),
        ([1280, 720], 3),
        ([1280, 720], 12),
    ] {
        let mut seating = Seating::default();
        for frame in 0..60 {
            // People wander and meet.
            let people: Vec<_> = (0..count)
                .map(|number| {
                    let way = noise(4, number);
                    let time = frame as f32 / 20.0;
                    let at = |start: f32, speed: f32, side: u32| {
                        (0.5 + 0.5 * (3.0 * start + speed * time).sin()) * (side as f32 - 80.0)
                    };
                    let corner = [at(way[0], way[1], size[0]), at(way[2], way[3], size[1])];
                    (number as usize, [corner[0], corner[1], 80.0, 80.0])
                })
                .collect();
            let seats = seats(&mut seating, size, &people);
            let places: Vec<Bounds> = seats.iter().flatten().map(|seat| seat.place).collect();
            for (index, place) in places.iter().enumerate() {
                let [width, height] = size.map(|side| side as f32);
                assert!(
                    place.x >= 0.0 && place.x + place.width <= width,
                    "{place:?}"
                );
                assert!(
                    place.y >= 0.0 && place.y + place.height <= height,
                    "{place:?}"
                );
                let mut others = places[..index].iter();
                assert!(!others.any(|other| overlaps(place, other)), "{place:?}");
            }
            assert!(count > 4 || places.len() == people.len());
        }
    }
}

#[test]
fn where_there_is_no_room_beside_a_face_less_is_told() {
    let seat = |bounds| seats(&mut Seating::default(), [640, 480], &[(0, bounds)])[0].unwrap();
    assert_eq!(
        seat([200.0, 100.0, 200.0, 250.0]).detail,
        seat::Detail::Full
    );
    let wide = seat([60.0, 0.0, 520.0, 480.0]);
    assert_eq!(
        (wide.detail, wide.side),
        (seat::Detail::Lines, seat::Side::Inside)
    );
}

#[test]
fn any_picture_and_any_box_are_drawn() {
    let boxes = [
        [-40.0, -40.0, 80.0, 80.0],
        [f32::NAN, 0.0, 10.0, 10.0],
        [1e30, 1e30, 1e30, 1e30],
        [-1e30, -1e30, f32::MAX, f32::MAX],
        [5.0, 5.0, -3.0, 4.0],
        [0.0, 0.0, 1.0, 1.0],
        [0.4, 0.4, 1.2, 1.2],
        [f32::INFINITY, 0.0, 1.0, 1.0],
    ];
    let boxes: Vec<_> = boxes.into_iter().enumerate().collect();
    for size in [[0, 0], [1, 1], [3, 400], [900, 2], [300, 300]] {
        let mut artist = FrameArtist::new();
        for count in 0..=boxes.len() {
            drawn(&mut artist, size, &boxes[..count]);
            drawn(&mut artist, size, &boxes[boxes.len() - count..]);
        }
    }
    let alone = drawn(&mut FrameArtist::new(), [30, 20], &[]);
    assert!(alone.pixels().all(|pixel| pixel.0 == GREY));
}

#[test]
fn a_face_of_which_nothing_was_read_has_its_box_and_number() {
    let mut picture = RgbImage::from_pixel(640, 480, Rgb(GREY));
    let detection = detection([200.0, 100.0, 100.0, 100.0]);
    let scores = OverlayScores::default();
    let odd = OverlayScores {
        action_units: &[(ActionUnit::AU1, f32::NAN)],
        expressions: &[(Expression::Fear, f32::INFINITY)],
        valence_arousal: Some([f32::NAN, 9.0]),
        ..OverlayScores::default()
    };
    let faces = [scores, odd].map(|scores| FrameFace {
        id: 2,
        detection: &detection,
        scores,
    });
    FrameArtist::new().draw(&mut picture, &faces[..1]);
    let changed = picture.pixels().filter(|pixel| pixel.0 != GREY).count();
    assert!((1000..4000).contains(&changed), "{changed}");
    FrameArtist::new().draw(&mut picture, &faces[1..]);
}
