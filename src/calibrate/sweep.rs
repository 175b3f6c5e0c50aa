//! The best place of one class's offset, exactly.

/// The rows of a search for offsets.
pub(super) struct Sweep<'a> {
    rows: &'a [(&'a [f32], usize)],
    classes: usize,
    labelled: Vec<u64>,
    /// Kept between sweeps.
    crossings: Vec<Crossing>,
}

/// A row, and from which offset on it is the class that moves.
#[derive(Clone, Copy)]
struct Crossing {
    at: f64,
    /// The class that it is below.
    other: u32,
    label: u32,
}

/// How many rows are told as each class, and how many of them rightly.
struct Tally<'a> {
    labelled: &'a [u64],
    told: Vec<u64>,
    right: Vec<u64>,
    f1: Vec<f64>,
}

impl<'a> Tally<'a> {
    fn new(labelled: &'a [u64]) -> Self {
        let classes = labelled.len();
        Self {
            labelled,
            told: vec![0; classes],
            right: vec![0; classes],
            f1: vec![0.0; classes],
        }
    }

    fn push(&mut self, class: usize, label: usize) {
        self.told[class] += 1;
        self.right[class] += u64::from(class == label);
    }

    fn take(&mut self, class: usize, label: usize) {
        self.told[class] -= 1;
        self.right[class] -= u64::from(class == label);
    }

    /// Brings a class's F1 up to date.
    fn update(&mut self, class: usize) {
        let all = self.told[class] + self.labelled[class];
        self.f1[class] = match all {
            0 => 0.0,
            all => (2 * self.right[class]) as f64 / all as f64,
        };
    }

    /// The sum over the classes, in one order, so that the same counts give the same bits.
    fn sum(&self) -> f64 {
        self.f1.iter().sum()
    }
}

impl<'a> Sweep<'a> {
    pub fn new(rows: &'a [(&'a [f32], usize)], classes: usize) -> Self {
        let mut labelled = vec![0; classes];
        for (_, label) in rows {
            labelled[*label] += 1;
        }
        Self {
            rows,
            classes,
            labelled,
            crossings: Vec::with_capacity(rows.len()),
        }
    }

    /// Moves one class after the other to its best place until none gains; those that are not `free` stay.
    pub fn ascend(&mut self, free: &[bool], start: Vec<f64>) -> Vec<f64> {
        let mut offsets = start;
        let mut best = self.score(&offsets);
        let classes: Vec<usize> = (0..self.classes).filter(|class| free[*class]).collect();
        // How many in a row have not gained: when all have not, none will.
        let mut idle = 0;
        for &class in classes.iter().cycle() {
            if idle == classes.len() {
                break;
            }
            idle += 1;
            let (sum, place) = self.best_place(class, &offsets);
            if sum <= best {
                continue;
            }
            let stood = std::mem::replace(&mut offsets[class], place);
            // A place between numbers that are next to each other may not be what it seemed; and as the
            // score only rises, this ends.
            match self.score(&offsets) {
                score if score > best => (best, idle) = (score, 0),
                _ => offsets[class] = stood,
            }
        }
        offsets
    }

    /// The sum of the F1 of all classes.
    fn score(&self, offsets: &[f64]) -> f64 {
        let mut tally = Tally::new(&self.labelled);
        for (logits, label) in self.rows {
            let (class, _) = top(logits, offsets, usize::MAX);
            tally.push(class, *label);
        }
        (0..self.classes).for_each(|class| tally.update(class));
        tally.sum()
    }

    /// The largest score that the offset of `class` makes while the others stay, and where: midway between the
    /// neighbouring crossings, or 1 beyond the outermost; of several the nearest to where it stands.
    fn best_place(&mut self, class: usize, offsets: &[f64]) -> (f64, f64) {
        let mut tally = Tally::new(&self.labelled);
        self.crossings.clear();
        for (logits, label) in self.rows {
            let (other, height) = top(logits, offsets, class);
            tally.push(other, *label);
            self.crossings.push(Crossing {
                at: height - f64::from(logits[class]),
                other: other as u32,
                label: *label as u32,
            });
        }
        self.crossings
            .sort_unstable_by(|one, next| one.at.total_cmp(&next.at));
        (0..self.classes).for_each(|class| tally.update(class));

        let stands = offsets[class];
        let first = self
            .crossings
            .first()
            .map_or(stands, |first| first.at - 1.0);
        let mut best = (tally.sum(), first);
        for (place, crossing) in self.crossings.iter().enumerate() {
            let (other, label) = (crossing.other as usize, crossing.label as usize);
            tally.take(other, label);
            tally.push(class, label);
            tally.update(other);
            let next = self.crossings.get(place + 1).map(|next| next.at);
            if next == Some(crossing.at) {
                continue;
            }
            tally.update(class);
            let sum = tally.sum();
            let here = next.map_or(crossing.at + 1.0, |next| (crossing.at + next) / 2.0);
            let nearer = || (here - stands).abs() < (best.1 - stands).abs();
            if sum > best.0 || (sum == best.0 && nearer()) {
                best = (sum, here);
            }
        }
        best
    }
}

/// The class with the largest `logit + offset`, the first of several, and how large that is; one class is
/// left out.
fn top(logits: &[f32], offsets: &[f64], left_out: usize) -> (usize, f64) {
    let mut best = (0, f64::NEG_INFINITY);
    for (class, (logit, offset)) in logits.iter().zip(offsets).enumerate() {
        let height = f64::from(*logit) + offset;
        if height > best.1 && class != left_out {
            best = (class, height);
        }
    }
    best
}
