//! One row's labels.

/// One row's labels in the orders of a [`Vocabulary`](super::Vocabulary); each may be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// Valence and arousal, each in [-1, 1]; one may be missing without the other.
    pub valence_arousal: [Option<f32>; 2],
    /// Index into the vocabulary's expressions; of soft labels, that of the largest share.
    pub expression: Option<usize>,
    /// Soft labels: the share of each of the vocabulary's expressions, which add up to 1; empty where the
    /// label is one class, or missing.
    pub shares: Vec<f32>,
    /// One for each of the vocabulary's action units: 0 or 1 of an occurrence, 0 to 5 of an intensity.
    /// Empty where none is labelled.
    pub action_units: Vec<Option<f32>>,
}

impl Labels {
    /// The label of the unit at this place of the vocabulary.
    pub fn action_unit(&self, place: usize) -> Option<f32> {
        self.action_units.get(place).copied().flatten()
    }

    /// Whether any action unit is labelled.
    pub fn has_action_units(&self) -> bool {
        self.action_units.iter().any(Option::is_some)
    }

    /// Whether valence or arousal is labelled.
    pub fn has_valence_arousal(&self) -> bool {
        self.valence_arousal.iter().any(Option::is_some)
    }

    /// Whether no task is labelled at all.
    pub fn is_empty(&self) -> bool {
        !self.has_valence_arousal() && self.expression.is_none() && !self.has_action_units()
    }
}
