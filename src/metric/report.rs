//! The scores of one split, as JSON and as a table.
//!
//! # Example
//! ```
//! use countenance::Labels;
//! use countenance::label::Vocabulary;
//! use countenance::metric::{Report, RowScores, ScoreAccumulator};
//!
//! let mut scores = ScoreAccumulator::new(&Vocabulary::aff_wild2());
//! let labels = Labels { expression: Some(0), ..Labels::default() };
//! let row = RowScores { expression_logits: &[0.0; 8], ..RowScores::default() };
//! scores.push(&labels, &row)?;
//! let report = scores.report();
//! // What has no label to stand on is null.
//! let json = serde_json::to_string(&report).unwrap();
//! assert!(json.contains(r#""p_au":null"#));
//! assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
//! println!("{}", report.table(None));
//! # Ok::<(), countenance::Error>(())
//! ```

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::label::{ActionUnit, Expression, Labels};
use crate::metric::{mean_of_present, name};

/// Scores by name, in a vocabulary's order; one that no row has a label for is `None`.
pub type Named<N> = Vec<(N, Option<f64>)>;

/// The scores of one split (section 4.2 of the paper): F1 in [0, 1], concordance and correlations in
/// [-1, 1], errors in degrees.
///
/// A score that no row has a label for is `None`, `null` in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Mean over the action units that have labels of each unit's own score: F1 where it is present or
    /// absent, [`au_icc`](Self::au_icc) where it has an intensity.
    pub p_au: Option<f64>,
    /// Macro F1 over the expressions.
    pub p_ex: Option<f64>,
    /// Mean of the two concordance coefficients; absent unless both are there.
    pub p_va: Option<f64>,
    /// `P_MTL = P_AU + P_EX + P_VA`; absent unless all three are there.
    pub p_mtl: Option<f64>,
    /// F1 of each action unit that is present or absent.
    #[serde(with = "name")]
    pub au_f1: Named<ActionUnit>,
    /// Of each intensity, the intraclass correlation ICC(3,1); no key where there is none.
    #[serde(with = "name", default, skip_serializing_if = "Vec::is_empty")]
    pub au_icc: Named<ActionUnit>,
    /// Of each intensity, Pearson's correlation.
    #[serde(with = "name", default, skip_serializing_if = "Vec::is_empty")]
    pub au_pcc: Named<ActionUnit>,
    /// Of each intensity, the mean absolute error, from 0 to 5; the lower the better.
    #[serde(with = "name", default, skip_serializing_if = "Vec::is_empty")]
    pub au_mae: Named<ActionUnit>,
    /// F1 of each expression.
    #[serde(with = "name")]
    pub ex_f1: Named<Expression>,
    /// The concordance coefficients.
    pub ccc: Concordances,
    /// How many rows the scores were computed from.
    pub rows: RowCounts,
}

/// Concordance correlation coefficients over a whole split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concordances {
    /// Of valence.
    pub valence: Option<f64>,
    /// Of arousal.
    pub arousal: Option<f64>,
}

/// Numbers of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowCounts {
    /// In the split.
    pub total: u64,
    /// With at least one labelled action unit.
    pub au: u64,
    /// With a labelled expression.
    pub ex: u64,
    /// With labelled valence or arousal.
    pub va: u64,
    /// With labelled valence.
    pub valence: u64,
    /// With labelled arousal.
    pub arousal: u64,
}

impl RowCounts {
    /// Counts one row.
    pub fn push(&mut self, labels: &Labels) {
        let [valence, arousal] = labels.valence_arousal.map(|value| value.is_some());
        self.total += 1;
        self.au += u64::from(labels.has_action_units());
        self.ex += u64::from(labels.expression.is_some());
        self.va += u64::from(labels.has_valence_arousal());
        self.valence += u64::from(valence);
        self.arousal += u64::from(arousal);
    }
}

impl fmt::Display for RowCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            total,
            au,
            ex,
            va,
            valence,
            arousal,
        } = self;
        write!(f, "{total}, labelled: AU {au}, EX {ex}, VA {va}")?;
        match valence == va && arousal == va {
            true => Ok(()),
            false => write!(f, " (valence {valence}, arousal {arousal})"),
        }
    }
}

impl Report {
    /// The report of single scores: the means and the sum follow from them.
    pub fn of(
        au_f1: Named<ActionUnit>,
        ex_f1: Named<Expression>,
        ccc: Concordances,
        rows: RowCounts,
    ) -> Self {
        let p_ex = mean_of_present(&values(&ex_f1));
        let p_va = ccc
            .valence
            .zip(ccc.arousal)
            .map(|(valence, arousal)| (valence + arousal) / 2.0);
        let report = Self {
            p_au: None,
            p_ex,
            p_va,
            p_mtl: None,
            au_f1,
            au_icc: Vec::new(),
            au_pcc: Vec::new(),
            au_mae: Vec::new(),
            ex_f1,
            ccc,
            rows,
        };
        report.summed()
    }

    /// The same report with the scores of these intensities, which count for the mean of the units.
    pub fn with_intensities(
        self,
        au_icc: Named<ActionUnit>,
        au_pcc: Named<ActionUnit>,
        au_mae: Named<ActionUnit>,
    ) -> Self {
        let report = Self {
            au_icc,
            au_pcc,
            au_mae,
            ..self
        };
        report.summed()
    }

    /// The mean over the units and the sum of the three, of the single scores.
    fn summed(self) -> Self {
        let units = [values(&self.au_f1), values(&self.au_icc)].concat();
        let p_au = mean_of_present(&units);
        let p_mtl = p_au
            .zip(self.p_ex)
            .zip(self.p_va)
            .map(|((p_au, p_ex), p_va)| p_au + p_ex + p_va);
        Self {
            p_au,
            p_mtl,
            ..self
        }
    }

    /// The report as text: the paper's Table 1 columns, then each unit, class and coefficient.
    /// With `chance`, every line of scores has chance level below it, and a score that is lower, or an
    /// error that is larger, has a mark.
    pub fn table(&self, chance: Option<&Report>) -> String {
        let mut text = String::new();
        let mut marked = false;
        let mut block =
            |title: &str, shown, names: &[String], places: Range<usize>, scores: Scores| {
                let names = &names[places.clone()];
                let scores = |report: &Report| match scores(report).get(places.clone()) {
                    Some(scores) => scores.to_vec(),
                    None => vec![None; places.len()],
                };
                let widths: Vec<usize> = names.iter().map(|name| width(name)).collect();
                let mut line = |label: &str, cells: &[(String, bool)]| {
                    text.push_str(&format!("{label:<10}"));
                    let mut taken = 0;
                    for ((cell, mark), width) in cells.iter().zip(&widths) {
                        let width = width - taken;
                        text.push_str(&format!("{cell:>width$}"));
                        // The mark takes the first of the blanks before the next cell.
                        taken = usize::from(*mark);
                        text.extend(mark.then_some(BELOW));
                        marked |= mark;
                    }
                    text.push('\n');
                };
                let plain = |text: &String| (text.clone(), false);
                let plain_cell = |score| (cell(score), false);
                line(shown, &names.iter().map(plain).collect::<Vec<_>>());
                let found = scores(self);
                match chance.map(scores) {
                    None => line("", &found.into_iter().map(plain_cell).collect::<Vec<_>>()),
                    Some(chance) => {
                        let below = found.iter().zip(&chance).map(|(&score, &chance)| {
                            let below =
                                score.zip(chance).is_some_and(|(score, chance)| {
                                    match title == ERROR {
                                        true => score > chance,
                                        false => score < chance,
                                    }
                                });
                            (cell(score), below)
                        });
                        line("score", &below.collect::<Vec<_>>());
                        line(
                            "chance",
                            &chance.into_iter().map(plain_cell).collect::<Vec<_>>(),
                        );
                    }
                }
            };
        let blocks: [(&str, Vec<String>, Scores); 7] = [
            (
                "",
                ["P_AU", "P_EX", "P_VA", "P_MTL"].map(String::from).to_vec(),
                |report| vec![report.p_au, report.p_ex, report.p_va, report.p_mtl],
            ),
            ("AU F1", names(&self.au_f1), |report| values(&report.au_f1)),
            ("AU ICC", names(&self.au_icc), |report| {
                values(&report.au_icc)
            }),
            ("AU PCC", names(&self.au_pcc), |report| {
                values(&report.au_pcc)
            }),
            (ERROR, names(&self.au_mae), |report| values(&report.au_mae)),
            ("EX F1", names(&self.ex_f1), |report| values(&report.ex_f1)),
            (
                "VA CCC",
                ["Valence", "Arousal"].map(String::from).to_vec(),
                |report| vec![report.ccc.valence, report.ccc.arousal],
            ),
        ];
        for (title, names, scores) in blocks {
            for (number, places) in lines(&names).into_iter().enumerate() {
                let shown = if number == 0 { title } else { "" };
                block(title, shown, &names, places, scores);
            }
        }
        text.push_str(&format!("rows      {}\n", self.rows));
        if marked {
            let worse = match self.au_mae.is_empty() {
                true => "lower",
                false => "worse",
            };
            text.push_str(&format!("{BELOW} {worse} than chance\n"));
        }
        text
    }
}

/// Some of a report's scores.
type Scores = fn(&Report) -> Vec<Option<f64>>;

/// How wide the scores of a line may be together; a block of more has several lines.
const LINE: usize = 90;

fn names<N: fmt::Display>(scores: &Named<N>) -> Vec<String> {
    scores.iter().map(|(name, _)| name.to_string()).collect()
}

fn values<N>(scores: &Named<N>) -> Vec<Option<f64>> {
    scores.iter().map(|(_, score)| *score).collect()
}

/// The width of a column with its gap.
fn width(name: &str) -> usize {
    name.chars().count().max(6) + 1
}

/// Which columns stand in which line.
fn lines(names: &[String]) -> Vec<Range<usize>> {
    let mut lines: Vec<Range<usize>> = Vec::new();
    let mut taken = LINE;
    for (place, name) in names.iter().enumerate() {
        match lines.last_mut() {
            Some(line) if taken + width(name) <= LINE => line.end = place + 1,
            _ => {
                lines.push(place..place + 1);
                taken = 0;
            }
        }
        taken += width(name);
    }
    lines
}

/// Marks a score that is lower than chance, or an error that is larger.
const BELOW: char = '*';

/// The block of errors, of which less is better.
const ERROR: &str = "AU MAE";

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table(None))
    }
}

/// A score as text.
pub(super) fn cell(score: Option<f64>) -> String {
    let text = score.map_or_else(|| "-".to_string(), |score| format!("{score:.3}"));
    // A zero has no sign for people.
    let text = if text == "-0.000" { "0.000" } else { &text };
    text.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut au_f1 = ActionUnit::AFF_WILD2.map(|unit| (unit, Some(0.5))).to_vec();
        au_f1[7].1 = None;
        let mut ex_f1 = Expression::AFF_WILD2
            .map(|class| (class, Some(0.25)))
            .to_vec();
        ex_f1[2].1 = Some(0.0);
        let ccc = Concordances {
            valence: Some(0.5),
            arousal: Some(0.25),
        };
        let rows = RowCounts {
            total: 10,
            au: 9,
            ex: 8,
            va: 7,
            valence: 6,
            arousal: 7,
        };
        Report::of(au_f1, ex_f1, ccc, rows)
    }

    #[test]
    fn the_json_has_the_documented_shape_and_reads_back() {
        let json = serde_json::to_string(&report()).unwrap();
        assert_eq!(
            json,
            concat!(
                r#"{"p_au":0.5,"p_ex":0.21875,"p_va":0.375,"p_mtl":1.09375,"#,
                r#""au_f1":{"AU1":0.5,"AU2":0.5,"AU4":0.5,"AU6":0.5,"AU7":0.5,"AU10":0.5,"#,
                r#""AU12":0.5,"AU15":null,"AU23":0.5,"AU24":0.5,"AU25":0.5,"AU26":0.5},"#,
                r#""ex_f1":{"Neutral":0.25,"Anger":0.25,"Disgust":0.0,"Fear":0.25,"#,
                r#""Happiness":0.25,"Sadness":0.25,"Surprise":0.25,"Other":0.25},"#,
                r#""ccc":{"valence":0.5,"arousal":0.25},"#,
                r#""rows":{"total":10,"au":9,"ex":8,"va":7,"valence":6,"arousal":7}}"#,
            )
        );
        assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report());
        // Other keys may stand beside these.
        let more = json.replacen('{', r#"{"chance":{},"#, 1);
        assert_eq!(serde_json::from_str::<Report>(&more).unwrap(), report());
        for broken in [
            json.replace("AU15", "AU99"),
            json.replace("AU15", "AU12"),
            json.replace(r#""Disgust""#, r#""Fear""#),
        ] {
            serde_json::from_str::<Report>(&broken).unwrap_err();
        }
    }

    #[test]
    fn the_sum_is_absent_when_one_of_the_three_is() {
        let mut ccc = report().ccc;
        ccc.valence = None;
        let report = Report::of(report().au_f1, report().ex_f1, ccc, report().rows);
        assert_eq!((report.p_va, report.p_mtl), (None, None));
        assert!(report.p_au.is_some());
    }

    #[test]
    fn the_table_puts_chance_below_each_score() {
        let table = report().table(Some(&report()));
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0].split_whitespace().last(), Some("P_MTL"));
        assert_eq!(lines[1], "score       0.500  0.219  0.375  1.094");
        assert!(lines[2].starts_with("chance"));
        assert!(lines[4].contains(" - "));
        assert!(lines.iter().all(|line| line.len() <= 100), "{table}");
        assert!(!table.contains(BELOW));
        assert_eq!(report().to_string().lines().count(), 9);
        let rows = "rows      10, labelled: AU 9, EX 8, VA 7 (valence 6, arousal 7)";
        assert_eq!(lines.last(), Some(&rows));
    }

    #[test]
    fn a_score_lower_than_chance_has_a_mark_and_stays_in_its_column() {
        let mut low = report();
        (low.p_au, low.p_ex) = (Some(0.125), None);
        low.au_f1[1].1 = Some(0.499);
        low.ccc.valence = Some(-0.75);
        let plain = low.table(Some(&Report::of(
            ActionUnit::AFF_WILD2.map(|unit| (unit, None)).to_vec(),
            Expression::AFF_WILD2.map(|class| (class, None)).to_vec(),
            Concordances::default(),
            low.rows,
        )));
        let marked = low.table(Some(&report()));
        let lines: Vec<(&str, &str)> = plain.lines().zip(marked.lines()).collect();
        assert_eq!(lines[1].1, "score       0.125*     -  0.375  1.094");
        for (place, (plain, marked)) in lines.into_iter().enumerate() {
            // Chance and its names aside, the two differ in the marks alone.
            if !marked.starts_with("chance") {
                let expected = [0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0][place];
                assert_eq!(marked.matches(BELOW).count(), expected, "{marked}");
                assert_eq!(marked.replace("* ", "  ").trim_end_matches(BELOW), plain);
            }
        }
        assert!(marked.ends_with("* lower than chance\n"), "{marked}");
        assert!(!report().table(Some(&report())).contains(BELOW));
    }

    #[test]
    fn many_units_take_several_lines_and_none_take_none() {
        let units = ActionUnit::OPEN_GRAPH_AU
            .map(|unit| (unit, Some(0.5)))
            .to_vec();
        let report = Report::of(units, vec![], Concordances::default(), RowCounts::default());
        let table = report.table(Some(&report));
        assert!(table.lines().all(|line| line.len() <= 100), "{table}");
        assert_eq!(table.matches("0.500").count(), 2 + 2 * 41);
        assert_eq!(table.matches("AU F1").count(), 1);
        assert!(!table.contains("EX F1"), "{table}");
    }

    #[test]
    fn rows_count_valence_and_arousal_each_for_itself() {
        let mut rows = RowCounts::default();
        for valence_arousal in [
            [Some(0.5), None],
            [None, Some(0.1)],
            [Some(0.0); 2],
            [None; 2],
        ] {
            rows.push(&Labels {
                valence_arousal,
                ..Labels::default()
            });
        }
        let expected = RowCounts {
            total: 4,
            va: 3,
            valence: 2,
            arousal: 2,
            ..RowCounts::default()
        };
        assert_eq!(rows, expected);
    }
}
