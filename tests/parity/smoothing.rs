//! Smoothing over time against SciPy at regular times, and against its definition in NumPy at others.

use countenance::smoothing::Smoothing;

use crate::fixture::Fixture;

const RATE: f64 = 25.0;
const TOLERANCE: f64 = 1e-6;

/// Smooths `values` at `times` in every way that the fixture has under `prefix`.
fn check(fixture: &Fixture, prefix: &str, times: &[f64], values: &str) {
    let values = fixture.data(values).try_to_vec::<f32>().unwrap();
    let expected = fixture.under(prefix);
    assert!(expected.len() > 11, "{prefix}");
    for (name, expected) in expected {
        let smoothing: Smoothing = name.parse().unwrap();
        let smoothed = smoothing.apply(times, &values).unwrap();
        let expected = expected.try_to_vec::<f32>().unwrap();
        assert_eq!(smoothed.len(), expected.len());
        let mut largest = 0.0f64;
        for (at, (smoothed, expected)) in smoothed.iter().zip(&expected).enumerate() {
            assert_eq!(smoothed.is_nan(), expected.is_nan(), "{prefix}{name}: {at}");
            if !expected.is_nan() {
                largest = largest.max((f64::from(*smoothed) - f64::from(*expected)).abs());
            }
        }
        println!("parity | smoothing | {prefix}{name} | {largest:.2e}");
        assert!(
            largest <= TOLERANCE,
            "{prefix}{name} differs by {largest:e}"
        );
    }
}

#[test]
fn regular_times_are_smoothed_as_scipy_does() {
    let fixture = Fixture::open("smoothing");
    let rows = fixture.data("values").shape()[0];
    let times: Vec<f64> = (0..rows).map(|row| row as f64 / RATE).collect();
    check(&fixture, "scipy/", &times, "values");
}

#[test]
fn irregular_times_and_missing_values_are_smoothed_as_defined() {
    let fixture = Fixture::open("smoothing");
    let milliseconds = fixture.data("milliseconds").try_to_vec::<i64>().unwrap();
    let times: Vec<f64> = milliseconds
        .iter()
        .map(|&time| time as f64 / 1000.0)
        .collect();
    check(&fixture, "numpy/", &times, "gaps");
}
