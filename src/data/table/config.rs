//! What labels mean that do not say it themselves.

use std::collections::HashSet;

use burn::config::Config;

use super::class::{Classes, FEWEST, MOST, Numbers};
use crate::label::{AffectRange, Expression, Vocabulary};
use crate::{Error, Result};

/// What the labels of a table, or of a folder per class, mean.
///
/// # Example
/// ```
/// use countenance::data::table::LabelConfig;
/// use countenance::label::Vocabulary;
///
/// // Valence and arousal from 1 to 9, and classes as RAF-DB numbers them.
/// let config = LabelConfig::new()
///     .with_vocabulary(Some(Vocabulary::raf_db()))
///     .with_affect_range(Some([1.0, 9.0]));
/// config.check()?;
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct LabelConfig {
    /// What is read of the data, in which order: columns of anything else are passed over. Null reads
    /// whatever labels there are, action units in the order of their numbers.
    #[config(default = "None")]
    pub vocabulary: Option<Vocabulary>,
    /// What numbers in the column of expressions mean: the classes from the first number on, 2 to 100.
    /// Without a vocabulary it is also which expressions are read, in which order. Null takes the
    /// vocabulary's; without either, classes have to be told by their names.
    #[config(default = "None")]
    pub expressions: Option<Vec<Expression>>,
    /// The number of the first class, where classes are told by numbers; null is 1 in RAF-DB's order,
    /// as in its files, and 0 in any other.
    #[config(default = "None")]
    pub first_class: Option<usize>,
    /// Whether classes that the vocabulary or the expressions lack are missing labels; by default they
    /// are refused. Columns of soft labels of such are passed over instead, and the shares of the others
    /// count.
    #[config(default = false)]
    pub drop_other_classes: bool,
    /// The least and the largest value of valence and arousal in the labels, which are mapped to
    /// [-1, 1]; null takes the vocabulary's, or [-1, 1].
    #[config(default = "None")]
    pub affect_range: Option<[f32; 2]>,
}

impl LabelConfig {
    /// The largest number of a first class.
    pub const LAST_FIRST: usize = 1_000_000;

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the field.
    pub fn check(&self) -> Result<()> {
        if let Some(vocabulary) = &self.vocabulary {
            vocabulary.validate()?;
        }
        if let Some(classes) = &self.expressions {
            if !(FEWEST..=MOST).contains(&classes.len()) {
                let expected = format!("{FEWEST} to {MOST} names");
                return Err(Error::argument("expressions", expected, classes.len()));
            }
            let mut seen = HashSet::new();
            let mut names = classes.iter().map(|class| class.name().to_lowercase());
            if let Some(name) = names.find(|name| !seen.insert(name.clone())) {
                return Err(Error::argument(
                    "expressions",
                    "each class once",
                    format!("{name} twice"),
                ));
            }
        }
        if let Some(first) = self.first_class.filter(|&first| first > Self::LAST_FIRST) {
            let expected = format!("0 to {}", Self::LAST_FIRST);
            return Err(Error::argument("first_class", expected, first));
        }
        self.range().map(drop)
    }

    /// The range that valence and arousal stand in.
    pub(in crate::data) fn range(&self) -> Result<AffectRange> {
        let of_vocabulary = self.vocabulary.as_ref().and_then(|all| all.valence_arousal);
        match self.affect_range {
            Some([low, high]) => AffectRange::new(low, high),
            None => Ok(of_vocabulary.unwrap_or_default()),
        }
    }

    /// The classes in their order, where that is told; none at all if the vocabulary has none.
    pub(in crate::data) fn order(&self) -> Option<&[Expression]> {
        match &self.vocabulary {
            Some(vocabulary) => Some(&vocabulary.expressions),
            None => self.expressions.as_deref(),
        }
    }

    /// Reads classes of `order`, by their names and by their numbers.
    pub(in crate::data) fn classes(&self, order: &[Expression]) -> Classes {
        let classes = self.expressions.as_deref().unwrap_or(order);
        let of_data_set = usize::from(classes == Expression::RAF_DB);
        let numbers = Numbers {
            first: self.first_class.unwrap_or(of_data_set),
            classes: classes.to_vec(),
        };
        Classes::given(order.to_vec(), Some(numbers), self.drop_other_classes)
    }
}

/// The place of a class in an order.
pub(in crate::data) fn place(order: &[Expression], class: &Expression) -> Option<usize> {
    order.iter().position(|known| known.is_alike(class))
}
