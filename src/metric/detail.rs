//! Scores beside those of a [`Report`](super::Report): what other papers than the challenge's report.
//!
//! # Example
//! ```
//! use countenance::Labels;
//! use countenance::label::Vocabulary;
//! use countenance::metric::RowScores;
//! use countenance::metric::sample::Sample;
//!
//! let mut sample = Sample::new(&Vocabulary::raf_db());
//! for (label, logits) in [(3, [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]), (6, [0.0; 7])] {
//!     let labels = Labels { expression: Some(label), ..Labels::default() };
//!     sample.push(&labels, &RowScores { expression_logits: &logits, ..RowScores::default() });
//! }
//! let detail = sample.detail();
//! assert_eq!(detail.ex_accuracy, Some(0.5));
//! assert_eq!(detail.ex_recall[3].1, Some(1.0));
//! ```

use serde::{Deserialize, Serialize};

use crate::label::{ActionUnit, Expression};
use crate::metric::confusion::Confusion;
use crate::metric::name;
use crate::metric::report::Named;

/// Further scores of one split; one that no row has a label for is `None`, `null` in JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// The area under the ROC curve of each unit that is present or absent, in [0, 1]; `None` also
    /// where all its labels are the same.
    #[serde(with = "name")]
    pub au_auc: Named<ActionUnit>,
    /// The mean squared error of each intensity, in squared degrees; no key where there is none.
    #[serde(with = "name", default, skip_serializing_if = "Vec::is_empty")]
    pub au_mse: Named<ActionUnit>,
    /// The share of rows whose expression was predicted.
    pub ex_accuracy: Option<f64>,
    /// The mean recall of the expressions that have labels.
    pub ex_balanced_accuracy: Option<f64>,
    /// The mean F1 of the expressions, each weighted by its rows.
    pub ex_weighted_f1: Option<f64>,
    /// The precision of each expression; 0 for one never predicted.
    #[serde(with = "name")]
    pub ex_precision: Named<Expression>,
    /// The recall of each expression; 0 for one without labels.
    #[serde(with = "name")]
    pub ex_recall: Named<Expression>,
    /// Which expressions were taken for which; no key where there are none.
    #[serde(default, skip_serializing_if = "is_of_none")]
    pub confusion: Confusion,
    /// Pearson's correlation.
    pub va_pcc: AffectScores,
    /// The root of the mean squared error.
    pub va_rmse: AffectScores,
    /// The share of rows in which prediction and label have the same sign.
    pub va_sagr: AffectScores,
}

fn is_of_none(confusion: &Confusion) -> bool {
    confusion.classes().is_empty()
}

/// One score of valence and one of arousal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AffectScores {
    /// Of valence.
    pub valence: Option<f64>,
    /// Of arousal.
    pub arousal: Option<f64>,
}

impl From<[Option<f64>; 2]> for AffectScores {
    fn from([valence, arousal]: [Option<f64>; 2]) -> Self {
        Self { valence, arousal }
    }
}
