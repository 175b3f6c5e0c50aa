//! The scores of several runs in one cell.

/// Mean and sample standard deviation, which a single value does not have.
pub fn spread(values: &[f64]) -> String {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    match values.len() {
        0 => "-".to_string(),
        1 => format!("{mean:.3}"),
        _ => format!("{mean:.3} ± {:.3}", (squares / (count - 1.0)).sqrt()),
    }
}
