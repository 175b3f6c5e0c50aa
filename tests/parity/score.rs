//! Correlations, errors, areas under the curve, classification and the bootstrap against
//! scikit-learn, pingouin and NumPy, in double precision.

use countenance::metric::bootstrap::{Bootstrap, merged, quantile};
use countenance::metric::classification;
use countenance::metric::deviation::Deviation;
use countenance::metric::f1::BinaryCounts;
use countenance::metric::group::Groups;
use countenance::metric::moment::PairMoments;
use countenance::metric::ranking::Ranking;
use countenance::metric::sign::SignAgreement;

use crate::fixture::Fixture;

const TOLERANCE: f64 = 1e-10;

fn floats(fixture: &Fixture, name: &str) -> Vec<f64> {
    fixture.data(name).try_to_vec().unwrap()
}

fn integers(fixture: &Fixture, name: &str) -> Vec<u32> {
    let values = fixture.data(name).try_to_vec::<i64>().unwrap();
    values.into_iter().map(|value| value as u32).collect()
}

fn flags(fixture: &Fixture, name: &str) -> Vec<bool> {
    let values = integers(fixture, name);
    values.into_iter().map(|value| value == 1).collect()
}

/// The names of the cases below `prefix`.
fn cases(fixture: &Fixture, prefix: &str, tensor: &str) -> Vec<String> {
    let names = fixture.under(prefix).into_keys();
    let cases = names.filter_map(|name| Some(name.strip_suffix(tensor)?.to_string()));
    cases.collect()
}

fn check(name: &str, found: &[Option<f64>], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let scale = expected.iter().fold(1.0, |top: f64, &v| top.max(v.abs()));
    let mut largest = 0.0f64;
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let found = found.unwrap_or_else(|| panic!("{name}: score {place} is absent"));
        let difference = (found - expected).abs();
        assert!(
            difference <= TOLERANCE * scale,
            "{name}: score {place} is {found}, expected {expected}"
        );
        largest = largest.max(difference);
    }
    println!(
        "parity | score | {name} | {largest:.2e} | {:.2e}",
        largest / scale
    );
}

#[test]
fn scores_of_pairs_match() {
    let fixture = Fixture::open("score");
    let cases = cases(&fixture, "pair/", "/scores");
    assert_eq!(cases.len(), 9);
    for case in cases {
        let name = format!("pair/{case}");
        let predicted = floats(&fixture, &format!("{name}/predicted"));
        let pairs = predicted
            .into_iter()
            .zip(floats(&fixture, &format!("{name}/label")));
        let moments: PairMoments = pairs.clone().collect();
        let errors: Deviation = pairs.clone().collect();
        let signs: SignAgreement = pairs.collect();
        let mut expected = floats(&fixture, &format!("{name}/scores"));
        // 0 / 0 is 0 here, and NaN there; of a single constant pingouin's is 0 but for rounding.
        assert_eq!(expected[0].is_nan(), case.starts_with("constant"), "{name}");
        assert_eq!(expected[1].is_nan(), case == "constant_both", "{name}");
        for score in &mut expected[..2] {
            *score = if score.is_nan() { 0.0 } else { *score };
        }
        let found = [
            moments.pcc(),
            moments.icc(),
            errors.mae(),
            errors.mse(),
            errors.rmse(),
            signs.sagr(),
            moments.ccc(),
        ];
        check(&name, &found, &expected);
    }
}

#[test]
fn areas_under_the_curve_match() {
    let fixture = Fixture::open("score");
    let cases = cases(&fixture, "ranking/", "/auc");
    assert_eq!(cases.len(), 6);
    for case in cases {
        let name = format!("ranking/{case}");
        let mut ranking = Ranking::new();
        let scores = floats(&fixture, &format!("{name}/score"));
        for (label, score) in flags(&fixture, &format!("{name}/label"))
            .into_iter()
            .zip(scores)
        {
            ranking.push(label, score);
        }
        let expected = floats(&fixture, &format!("{name}/auc"));
        check(&name, &[ranking.auc()], &expected);
    }
}

#[test]
fn scores_of_confusion_matrices_match() {
    let fixture = Fixture::open("score");
    let cases = cases(&fixture, "matrix/", "/counts");
    assert_eq!(cases.len(), 5);
    for case in cases {
        let name = format!("matrix/{case}");
        let counts = integers(&fixture, &format!("{name}/counts"));
        let counts: Vec<u64> = counts.into_iter().map(u64::from).collect();
        let matrix: Vec<&[u64]> = counts.chunks_exact(counts.len().isqrt()).collect();
        let found = [
            classification::accuracy(&matrix),
            classification::balanced_accuracy(&matrix),
            classification::macro_f1(&matrix),
            classification::weighted_f1(&matrix),
        ];
        check(&name, &found, &floats(&fixture, &format!("{name}/scores")));
        for (score, found) in [
            ("precision", classification::precision(&matrix)),
            ("recall", classification::recall(&matrix)),
            ("f1", classification::f1(&matrix)),
        ] {
            let name = format!("{name}/{score}");
            check(&name, &found, &floats(&fixture, &name));
        }
    }
}

/// The rows of the fixture's videos.
struct Videos {
    groups: Groups,
    pairs: Vec<(f64, f64)>,
    present: Vec<bool>,
}

impl Videos {
    fn open(fixture: &Fixture) -> Self {
        let predicted = floats(fixture, "draw/predicted");
        Self {
            groups: Groups::of(integers(fixture, "draw/video")),
            pairs: predicted
                .into_iter()
                .zip(floats(fixture, "draw/label"))
                .collect(),
            present: flags(fixture, "draw/present"),
        }
    }

    fn moments(&self) -> Vec<PairMoments> {
        let pairs = self.pairs.iter().copied();
        self.groups
            .gather(pairs, |moments: &mut PairMoments, (x, y)| {
                moments.push(x, y)
            })
    }
}

#[test]
fn statistics_that_are_merged_score_as_the_rows_written_out_do() {
    let fixture = Fixture::open("score");
    let videos = Videos::open(&fixture);
    let moments = videos.moments();
    let pairs = || videos.pairs.iter().copied();
    let errors = videos
        .groups
        .gather(pairs(), |errors: &mut Deviation, (x, y)| errors.push(x, y));
    let signs = videos
        .groups
        .gather(pairs(), |signs: &mut SignAgreement, (x, y)| {
            signs.push(x, y)
        });
    let binary = || {
        videos
            .present
            .iter()
            .copied()
            .zip(pairs().map(|pair| pair.0))
    };
    let counts = videos
        .groups
        .gather(binary(), |counts: &mut BinaryCounts, (label, score)| {
            counts.push(label, score > 0.1)
        });
    let mut ranking = Ranking::new();
    binary().for_each(|(label, score)| ranking.push(label, score));
    let ranked = ranking.ranked(videos.groups.of_rows());

    let times = integers(&fixture, "draw/times");
    let expected = floats(&fixture, "draw/scores");
    let mut columns = vec![Vec::new(); 8];
    for (times, expected) in times.chunks_exact(12).zip(expected.chunks_exact(8)) {
        let moments = merged(&moments, times);
        let errors = merged(&errors, times);
        let found = [
            moments.pcc(),
            moments.icc(),
            moments.ccc(),
            errors.mae(),
            errors.mse(),
            merged(&signs, times).sagr(),
            ranked.auc(times),
            Some(merged(&counts, times).f1()),
        ];
        check("draw", &found, expected);
        for (column, score) in columns.iter_mut().zip(found) {
            column.extend(score);
        }
    }
    let shares = floats(&fixture, "draw/shares");
    let expected = floats(&fixture, "draw/quantiles");
    for (mut column, expected) in columns.into_iter().zip(expected.chunks_exact(shares.len())) {
        column.sort_by(f64::total_cmp);
        let found: Vec<_> = shares
            .iter()
            .map(|&share| quantile(&column, share))
            .collect();
        check("quantiles", &found, expected);
    }
}

#[test]
fn the_interval_is_that_of_an_independent_bootstrap() {
    let fixture = Fixture::open("score");
    let expected = floats(&fixture, "draw/interval");
    let bootstrap = Bootstrap {
        resamples: 20_000,
        ..Bootstrap::default()
    };
    let moments = Videos::open(&fixture).moments();
    let found = bootstrap.interval(&moments, PairMoments::ccc).unwrap();
    // Both are of 20,000 draws, each of its own.
    let width = expected[1] - expected[0];
    for (found, expected) in [(found.low, expected[0]), (found.high, expected[1])] {
        assert!(
            (found - expected).abs() < 0.03 * width,
            "{found} {expected}"
        );
    }
}
