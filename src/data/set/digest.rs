//! By what a run knows its rows again.

use sha2::{Digest, Sha256};

use crate::data::annotation;
use crate::data::split::{Layout, Split};

/// SHA-256 over the rows of a part in their order, with everything that their labels and marks say, as
/// 64 hexadecimal digits. Files that are read alike have the same digest; of s-Aff-Wild2 it is
/// [`annotation::digest`].
pub fn digest(split: &Split) -> String {
    if split.layout == Layout::AffWild2 {
        return annotation::digest(&split.rows);
    }
    let mut hash = Text(Sha256::new());
    hash.text(&serde_json::to_string(&split.vocabulary).expect("a vocabulary is plain JSON"));
    for (place, row) in split.rows.iter().enumerate() {
        let labels = &row.labels;
        hash.text(&row.image);
        for value in labels.valence_arousal {
            hash.number(value);
        }
        hash.number(labels.expression.map(|class| class as f32));
        hash.numbers(labels.shares.iter().copied().map(Some));
        hash.numbers(labels.action_units.iter().copied());
        for name in [&split.marks.videos, &split.marks.subjects] {
            hash.text(name.get(place).unwrap_or_default());
        }
        hash.0
            .update(split.marks.frame(place).map_or([0xff; 4], u32::to_le_bytes));
        hash.number(Some(split.marks.weight(place)));
    }
    format!("{:x}", hash.0.finalize())
}

/// Writes into a digest so that different rows never are the same bytes.
struct Text(Sha256);

impl Text {
    fn text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
    }

    /// A missing number is a NaN, which no label is.
    fn number(&mut self, number: Option<f32>) {
        let bits = number.map_or(f32::NAN.to_bits(), |number| (number + 0.0).to_bits());
        self.0.update(bits.to_le_bytes());
    }

    fn numbers(&mut self, numbers: impl ExactSizeIterator<Item = Option<f32>>) {
        self.0.update((numbers.len() as u64).to_le_bytes());
        numbers.for_each(|number| self.number(number));
    }
}
