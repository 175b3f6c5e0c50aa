//! One row of scores of several networks' rows.

use super::mean::{mean, shares};
use super::shared_class::shared_classes;
use super::softmax::LogSoftmax;
use super::table::ScoreTable;
use super::weight::BlendWeights;
use crate::label::{CodedUnit, Vocabulary};
use crate::metric::RowScores;
use crate::{Error, Result};

/// How the scores of several members become those of one.
///
/// - An action unit, told by name and scale, is the weighted mean over the members that read it. The blend
///   reads every unit that a member reads, in the order of the first that does.
/// - The expressions are the classes that all members with expressions share, in the first's order;
///   `p = sum over members k of w_k softmax(logits_k)` over the shared classes, and the blend's logit is
///   `ln p`.
/// - Valence and arousal are the weighted mean over the members that read them.
///
/// Weights are divided by the sum of the weights of the members that read the thing; where that is 0,
/// those members weigh the same. A member that weighs nothing is not looked at.
///
/// ```
/// use countenance::calibrate::{BlendPlan, BlendWeights, BlendedScores};
/// use countenance::label::Vocabulary;
/// use countenance::metric::RowScores;
///
/// // One network reads units and expressions, the other 41 units.
/// let (one, other) = (Vocabulary::aff_wild2(), Vocabulary::open_graph_au());
/// let plan = BlendPlan::new(&[&one, &other])?;
/// assert_eq!(plan.vocabulary().action_units.len(), 41);
/// assert_eq!(plan.vocabulary().expressions.len(), 8);
///
/// let rows = [
///     RowScores { action_units: &[0.2; 12], expression_logits: &[0.0; 8], valence_arousal: [0.5; 2] },
///     RowScores { action_units: &[0.6; 41], ..RowScores::default() },
/// ];
/// let mut blended = BlendedScores::default();
/// plan.row(&rows, &BlendWeights::equal(2), &mut blended);
/// // AU1 is read by both; AU5, the blend's 13th unit, by the second alone.
/// assert_eq!((blended.action_units[0], blended.action_units[12]), (0.4, 0.6));
/// assert_eq!(blended.valence_arousal, [0.5; 2]);
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BlendPlan {
    vocabulary: Vocabulary,
    members: Vec<Size>,
    /// For each unit the members that read it, with its place there.
    units: Vec<Vec<(usize, usize)>>,
    /// The members with expressions, with the place there of each class of the blend.
    expressions: Vec<(usize, Vec<usize>)>,
    /// The members that read valence and arousal.
    affect: Vec<usize>,
}

/// How many scores a member has.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Size {
    units: usize,
    classes: usize,
}

/// The scores of one row, blended; kept between rows so that its lists are allocated once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlendedScores {
    /// As [`RowScores::action_units`].
    pub action_units: Vec<f32>,
    /// As [`RowScores::expression_logits`]: logarithms of probabilities.
    pub expression_logits: Vec<f32>,
    /// As [`RowScores::valence_arousal`].
    pub valence_arousal: [f32; 2],
}

impl BlendedScores {
    /// The row.
    pub fn scores(&self) -> RowScores<'_> {
        RowScores {
            action_units: &self.action_units,
            expression_logits: &self.expression_logits,
            valence_arousal: self.valence_arousal,
        }
    }
}

impl BlendPlan {
    /// How members with these vocabularies are blended.
    ///
    /// # Errors
    /// [`Error::Argument`] without a member, if members with expressions share fewer than two, and if one
    /// reads a unit's occurrence and another its intensity.
    pub fn new(members: &[&Vocabulary]) -> Result<Self> {
        if members.is_empty() {
            return Err(Error::argument("members of a blend", "at least one", 0));
        }
        let mut units: Vec<(CodedUnit, Vec<(usize, usize)>)> = Vec::new();
        for (member, vocabulary) in members.iter().enumerate() {
            for (place, unit) in vocabulary.action_units.iter().enumerate() {
                match units.iter_mut().find(|(known, _)| known == unit) {
                    Some((_, readers)) => readers.push((member, place)),
                    None => units.push((*unit, vec![(member, place)])),
                }
            }
        }
        let (classes, expressions) = shared_classes(members)?;
        let affect: Vec<usize> = (0..members.len())
            .filter(|member| members[*member].valence_arousal.is_some())
            .collect();
        let vocabulary = Vocabulary {
            action_units: units.iter().map(|(unit, _)| *unit).collect(),
            expressions: classes.into(),
            valence_arousal: affect
                .first()
                .and_then(|member| members[*member].valence_arousal),
        };
        let twice = |(place, unit): (usize, &CodedUnit)| {
            let before = &vocabulary.action_units[..place];
            before.iter().any(|known| known.unit == unit.unit)
        };
        let mut all = vocabulary.action_units.iter().enumerate();
        if let Some((_, unit)) = all.find(|unit| twice(*unit)) {
            let expected = "a unit's occurrence or its intensity in all of them";
            let found = format!("both of {}", unit.unit);
            return Err(Error::argument("members of a blend", expected, found));
        }
        let size = |vocabulary: &&Vocabulary| Size {
            units: vocabulary.action_units.len(),
            classes: vocabulary.expressions.len(),
        };
        Ok(Self {
            members: members.iter().map(size).collect(),
            units: units.into_iter().map(|(_, readers)| readers).collect(),
            expressions,
            affect,
            vocabulary,
        })
    }

    /// What the blend reads, in its orders.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// How many members it is of.
    pub fn members(&self) -> usize {
        self.members.len()
    }

    /// Blends a row of each member, in their order, into `out`. A score that is not finite makes what is
    /// blended of it not finite.
    ///
    /// # Panics
    /// If there is not a row of each member with the scores of its vocabulary, or a weight of each in
    /// `weights`, which [`BlendWeights::validate`] checks.
    pub fn row(&self, rows: &[RowScores<'_>], weights: &BlendWeights, out: &mut BlendedScores) {
        assert_eq!(rows.len(), self.members.len(), "a row of each member");
        for (row, size) in rows.iter().zip(&self.members) {
            assert_eq!(row.action_units.len(), size.units, "a score of each unit");
            assert_eq!(
                row.expression_logits.len(),
                size.classes,
                "a logit of each class"
            );
        }
        out.action_units.clear();
        out.action_units.extend(self.units.iter().map(|readers| {
            let scores = readers
                .iter()
                .map(|&(member, place)| (member, rows[member].action_units[place]));
            mean(scores, &weights.action_units)
        }));
        self.blend_expressions(rows, &weights.expressions, &mut out.expression_logits);
        out.valence_arousal = [0, 1].map(|which| {
            let readers = self.affect.iter();
            let scores = readers.map(|&member| (member, rows[member].valence_arousal[which]));
            mean(scores, &weights.valence_arousal)
        });
    }

    fn blend_expressions(&self, rows: &[RowScores<'_>], weights: &[f32], out: &mut Vec<f32>) {
        out.clear();
        let shares = shares(self.expressions.iter().map(|(member, _)| *member), weights);
        // Of each member that weighs something, its logits by the blend's classes, what makes them
        // logarithms of probabilities, and the logarithm of its share.
        let members: Vec<_> = self
            .expressions
            .iter()
            .zip(shares)
            .filter(|(_, share)| *share > 0.0)
            .map(|((member, places), share)| {
                let logits = |class: usize| rows[*member].expression_logits[places[class]];
                let softmax = LogSoftmax::new((0..places.len()).map(logits), 1.0);
                (logits, softmax, share.ln())
            })
            .collect();
        out.extend((0..self.vocabulary.expressions.len()).map(|class| {
            let parts = members
                .iter()
                .map(|(logits, softmax, share)| softmax.at(logits(class)) + share);
            let top = parts.clone().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = parts.map(|part| (part - top).exp()).sum();
            // Finite also where 32 bits do not reach so far down.
            ((top + sum.ln()) as f32).clamp(f32::MIN, f32::MAX)
        }));
    }
}

/// Blends the tables of several members, of the same rows in the same order, as [`BlendPlan`] has it. A row
/// that one of them could not read is missing.
///
/// ```
/// use countenance::calibrate::{BlendWeights, ScoreTable, blend};
/// use countenance::label::Vocabulary;
/// use countenance::metric::RowScores;
///
/// let table = |score: f32| -> countenance::Result<ScoreTable> {
///     let mut table = ScoreTable::new(Vocabulary::bp4d());
///     table.push(Some(&RowScores { action_units: &[score; 12], ..RowScores::default() }))?;
///     Ok(table)
/// };
/// let weights = BlendWeights { action_units: vec![0.25, 0.75], ..BlendWeights::equal(2) };
/// let blended = blend(&[&table(1.0)?, &table(0.0)?], &weights)?;
/// assert_eq!(blended.action_units(), [0.25; 12]);
/// # Ok::<(), countenance::Error>(())
/// ```
///
/// # Errors
/// As [`BlendPlan::new`] and [`BlendWeights::validate`], and [`Error::Argument`] if the tables are not as
/// long as each other.
pub fn blend(members: &[&ScoreTable], weights: &BlendWeights) -> Result<ScoreTable> {
    let vocabularies: Vec<&Vocabulary> = members.iter().map(|table| table.vocabulary()).collect();
    let plan = BlendPlan::new(&vocabularies)?;
    weights.validate(members.len())?;
    let rows = members[0].rows();
    if let Some(other) = members.iter().find(|table| table.rows() != rows) {
        let expected = format!("{rows} rows, as the first has");
        return Err(Error::argument(
            "members of a blend",
            expected,
            other.rows(),
        ));
    }
    let mut table = ScoreTable::new(plan.vocabulary().clone());
    let mut blended = BlendedScores::default();
    for row in 0..rows {
        let read: Option<Vec<RowScores>> = members.iter().map(|table| table.row(row)).collect();
        match read {
            Some(read) => {
                plan.row(&read, weights, &mut blended);
                table.push(Some(&blended.scores()))?;
            }
            None => table.push(None)?,
        }
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::temperature::probabilities;
    use crate::label::ActionUnit;

    fn plan(members: &[&Vocabulary]) -> BlendPlan {
        BlendPlan::new(members).unwrap()
    }

    fn classes(logits: &[f32]) -> RowScores<'_> {
        RowScores {
            expression_logits: logits,
            ..RowScores::default()
        }
    }

    #[test]
    fn a_network_blended_with_itself_says_what_it_says() {
        let own = Vocabulary::aff_wild2();
        let row = RowScores {
            action_units: &[0.3; 12],
            expression_logits: &[3.0, -1.0, 0.5, 0.0, 2.0, 100.0, 0.0, -50.0],
            valence_arousal: [0.25, -0.5],
        };
        let mut out = BlendedScores::default();
        for members in 1..=4 {
            let plan = plan(&vec![&own; members]);
            assert_eq!((plan.vocabulary(), plan.members()), (&own, members));
            plan.row(&vec![row; members], &BlendWeights::equal(members), &mut out);
            let scores = out.scores();
            assert!(
                scores
                    .action_units
                    .iter()
                    .all(|score| (score - 0.3).abs() < 1e-6)
            );
            assert_eq!(scores.valence_arousal, row.valence_arousal);
            let apart = scores.expression_logits.iter().zip(row.expression_logits);
            assert!(
                apart
                    .clone()
                    .all(|(told, own)| (told - (own - 100.0)).abs() < 1e-4)
            );
        }
    }

    #[test]
    fn classes_are_told_by_name_and_probabilities_are_averaged() {
        // Neutral, Anger, Disgust, ... and Surprise, Fear, Disgust, Happiness, Sadness, Anger, Neutral.
        let (aff, raf) = (Vocabulary::aff_wild2(), Vocabulary::raf_db());
        let aff = Vocabulary {
            expressions: aff.expressions,
            ..Vocabulary::default()
        };
        let plan = plan(&[&aff, &raf]);
        assert_eq!(*plan.vocabulary().expressions, aff.expressions[..7]);
        let first = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 9.0];
        let second = [0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0];
        let weights = BlendWeights {
            expressions: vec![0.25, 0.75],
            ..BlendWeights::equal(2)
        };
        let mut out = BlendedScores::default();
        plan.row(&[classes(&first), classes(&second)], &weights, &mut out);
        // Other, which only the first has, takes nothing from the rest.
        let one = probabilities(&first[..7], 1.0);
        let two = probabilities(&[0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0], 1.0);
        for (logit, (one, two)) in out.expression_logits.iter().zip(one.iter().zip(two)) {
            assert!((logit.exp() - (0.25 * one + 0.75 * two)).abs() < 1e-6);
        }
    }

    #[test]
    fn members_that_weigh_nothing_count_where_no_other_reads() {
        let (bp4d, aff) = (Vocabulary::bp4d(), Vocabulary::aff_wild2());
        let plan = plan(&[&bp4d, &aff]);
        let weights = BlendWeights {
            action_units: vec![0.0, 1.0],
            expressions: vec![1.0, 0.0],
            valence_arousal: vec![1.0, 0.0],
        };
        let rows = [
            RowScores {
                action_units: &[0.25; 12],
                ..RowScores::default()
            },
            RowScores {
                action_units: &[0.75; 12],
                expression_logits: &[0.0; 8],
                valence_arousal: [0.5, 0.5],
            },
        ];
        let mut out = BlendedScores::default();
        plan.row(&rows, &weights, &mut out);
        // AU1 is both's, AU14 the first's alone, and the units of BP4D come first.
        assert_eq!((out.action_units[0], out.action_units[7]), (0.75, 0.25));
        assert_eq!(plan.vocabulary().action_units[7].unit, ActionUnit::AU14);
        assert_eq!(plan.vocabulary().action_units.len(), 14);
        assert_eq!(out.valence_arousal, [0.5; 2]);
        assert!(
            out.expression_logits
                .iter()
                .all(|logit| (logit + 8f32.ln()).abs() < 1e-6)
        );
    }

    #[test]
    fn logits_of_any_size_give_finite_ones_and_nan_stays() {
        let own = Vocabulary::raf_db();
        let plan = plan(&[&own, &own]);
        let mut out = BlendedScores::default();
        let mut hostile = [0.0; 7];
        (hostile[0], hostile[1]) = (f32::MAX, f32::MIN);
        plan.row(&[classes(&hostile); 2], &BlendWeights::equal(2), &mut out);
        assert!(out.expression_logits.iter().all(|logit| logit.is_finite()));
        assert_eq!(out.expression_logits[0], 0.0);
        hostile[1] = f32::NAN;
        plan.row(
            &[classes(&hostile), classes(&[0.0; 7])],
            &BlendWeights::equal(2),
            &mut out,
        );
        assert!(out.expression_logits.iter().all(|logit| logit.is_nan()));
    }

    #[test]
    fn members_that_cannot_be_blended_are_refused() {
        let message = |members: &[&Vocabulary]| BlendPlan::new(members).unwrap_err().to_string();
        assert!(message(&[]).starts_with("members of a blend: expected at least one"));
        let both = message(&[&Vocabulary::aff_wild2(), &Vocabulary::disfa()]);
        assert!(both.ends_with("found both of AU1"), "{both}");
        let other = |names: [&str; 2]| Vocabulary {
            expressions: names.map(|name| name.parse().unwrap()).to_vec().into(),
            ..Vocabulary::default()
        };
        let (one, none) = (other(["bored", "fear"]), other(["bored", "awake"]));
        let raf = Vocabulary::raf_db();
        assert!(message(&[&raf, &one]).ends_with("found Fear alone"));
        assert!(message(&[&raf, &none]).ends_with("found none"));
        plan(&[&raf, &Vocabulary::bp4d()]);
    }

    #[test]
    fn rows_that_a_member_could_not_read_are_missing_and_lengths_must_agree() {
        let table = |rows: &[bool]| {
            let mut table = ScoreTable::new(Vocabulary::raf_db());
            for &read in rows {
                table
                    .push(read.then(|| classes(&[0.0; 7])).as_ref())
                    .unwrap();
            }
            table
        };
        let weights = BlendWeights::equal(2);
        let (one, other) = (table(&[true, true, false]), table(&[true, false, false]));
        let blended = blend(&[&one, &other], &weights).unwrap();
        let read: Vec<bool> = (0..3).map(|row| blended.is_read(row)).collect();
        assert_eq!(read, [true, false, false]);
        let short = blend(&[&one, &table(&[true])], &weights)
            .unwrap_err()
            .to_string();
        assert!(
            short.ends_with("expected 3 rows, as the first has, found 1"),
            "{short}"
        );
        assert!(blend(&[&one], &weights).is_err());
        assert!(blend(&[], &weights).is_err());
    }
}
