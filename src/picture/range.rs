//! Values that are drawn whatever they are.

/// A value in its range; zero if it is no number.
pub(super) fn within(value: f32, low: f32, high: f32) -> f32 {
    if value.is_nan() {
        0.0
    } else {
        value.clamp(low, high)
    }
}

/// A value from -1 to 1 in words, with its sign; what is rounded to zero has none but a plus.
pub(super) fn signed(value: f32) -> String {
    let hundredths = (100.0 * within(value, -1.0, 1.0)).round();
    // Adding zero makes a negative zero positive.
    format!("{:+.2}", hundredths / 100.0 + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_rounded_to_zero_is_not_negative() {
        let told = [-0.004, -0.006, -0.0, 0.004, 0.1, -7.0, f32::NAN].map(signed);
        let expected = [
            "+0.00", "-0.01", "+0.00", "+0.00", "+0.10", "-1.00", "+0.00",
        ];
        assert_eq!(told, expected);
    }
}
