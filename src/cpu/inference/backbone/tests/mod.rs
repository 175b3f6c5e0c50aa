//! The kernels against plain loops, and the compiled network against its layers.

mod kernel;
mod network;

fn assert_close(actual: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    let scale = expected
        .iter()
        .fold(1e-6f32, |top, value| top.max(value.abs()));
    for (index, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        let error = (actual - expected).abs() / scale;
        assert!(
            error <= tolerance,
            "{what}: at {index} {actual} instead of {expected}, {error:e} of the largest"
        );
    }
}
