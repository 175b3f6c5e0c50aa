//! From the bins of a timeline to the columns of a picture.

use super::bin::Bin;
use super::person::Person;

/// Which bins each column of a picture shows.
pub(super) struct Columns {
    /// The first one and the one behind the last.
    bins: Vec<(usize, usize)>,
}

impl Columns {
    /// For `count` columns over `seconds` from the first bin on, of which each has so many `frames` and
    /// lasts `bin` seconds. A column without a frame shows what the frame before it showed.
    pub fn new(count: usize, seconds: f64, frames: &[u32], bin: f64) -> Self {
        let mut shown = vec![0; frames.len()];
        let mut last = 0;
        for (place, frames) in frames.iter().enumerate() {
            if *frames > 0 {
                last = place;
            }
            shown[place] = last;
        }
        let most = frames.len().max(1);
        let bin_at = |column: usize| column as f64 / count as f64 * seconds / bin;
        let bins = (0..count).map(|column| {
            let first = (bin_at(column) as usize).min(most - 1);
            let end = (bin_at(column + 1).ceil() as usize).clamp(first + 1, most);
            match shown.get(first) {
                Some(&before) if frames[first..end].iter().all(|frames| *frames == 0) => {
                    (before, before + 1)
                }
                _ => (first, end),
            }
        });
        Self {
            bins: bins.collect(),
        }
    }

    /// What each column shows of somebody; nothing where they were not seen.
    pub fn of(&self, person: &Person) -> Vec<Option<Bin>> {
        let columns = self.bins.iter().map(|&(first, end)| {
            let mut bins = person.bins.range(first..end).map(|(_, bin)| bin);
            let mut merged = bins.next()?.clone();
            bins.for_each(|bin| merged.merge(bin));
            Some(merged)
        });
        columns.collect()
    }
}
