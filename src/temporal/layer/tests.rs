use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Distribution, Tolerance};

use super::*;
use crate::temporal::{Grid, TemporalForm, WindowBuilder};

const FEATURES: usize = 6;
const STEPS: usize = 9;

fn forms() -> [TemporalForm; 2] {
    let transformer = TemporalForm::Transformer {
        layers: 2,
        heads: 2,
        feed_forward: 16,
    };
    [
        transformer,
        TemporalForm::Convolution {
            layers: 3,
            kernel: 3,
        },
    ]
}

fn config(form: TemporalForm, causal: bool) -> TemporalConfig {
    TemporalConfig::new()
        .with_form(form)
        .with_width(12)
        .with_causal(causal)
}

/// A head whose last map is not zero any more.
fn trained(form: TemporalForm, causal: bool, device: &Device) -> Temporal {
    struct Draw;
    impl ModuleMapper for Draw {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let draw = Distribution::Normal(0.0, 0.4);
            param.map(|tensor| tensor.random_like(draw))
        }
    }
    device.seed(5);
    config(form, causal).init(FEATURES, device).map(&mut Draw)
}

fn features(device: &Device) -> Tensor<3> {
    Tensor::random([2, STEPS, FEATURES], Distribution::Normal(0.0, 1.0), device)
}

fn times(device: &Device) -> Tensor<2> {
    let times: Tensor<1> = Tensor::arange(0..STEPS as i64, device).float() / 10.0;
    times.unsqueeze::<2>().expand([2, STEPS])
}

fn present(missing: &[usize], device: &Device) -> Tensor<2, Bool> {
    let row = (0..STEPS).map(|step| !missing.contains(&step));
    let row: Vec<bool> = row.collect();
    Tensor::<1, Bool>::from_data(row.as_slice(), device)
        .unsqueeze::<2>()
        .expand([2, STEPS])
}

fn bits(values: Tensor<3>) -> Vec<u32> {
    values.into_data().iter::<f32>().map(f32::to_bits).collect()
}

#[test]
fn before_training_every_feature_comes_out_as_it_came_in() {
    let device = Device::default();
    let input = features(&device);
    for form in forms() {
        let temporal = config(form, false).init(FEATURES, &device);
        let output = temporal.forward(input.clone(), present(&[], &device), times(&device));
        assert_eq!(bits(output), bits(input.clone()));
    }
}

#[test]
fn a_causal_head_says_the_same_of_a_frame_whatever_comes_after_it() {
    let device = Device::default();
    let input = features(&device);
    for form in forms() {
        for (causal, is_same) in [(true, true), (false, false)] {
            let temporal = trained(form, causal, &device);
            let until = |input: Tensor<3>, missing: &[usize], step: usize| {
                let output = temporal.forward(input, present(missing, &device), times(&device));
                bits(output.narrow(1, 0, step))
            };
            for step in 1..STEPS {
                let other = input.clone().slice_assign(
                    [0..2, step..STEPS, 0..FEATURES],
                    features(&device).narrow(1, step, STEPS - step),
                );
                let expected = until(input.clone(), &[], step);
                let same = until(other.clone(), &[], step) == expected;
                assert_eq!(same, is_same, "{form:?}, step {step}");
                let gone: Vec<usize> = (step..STEPS).collect();
                let same = until(other, &gone, step) == expected;
                assert_eq!(same, is_same, "{form:?}, step {step}");
            }
        }
    }
}

#[test]
fn what_stands_in_missing_frames_changes_nothing_and_may_be_no_number() {
    let device = Device::default();
    let input = features(&device);
    // The first ones too, of which a causal attention has nothing to look at.
    let missing = [0, 1, 4, 8];
    for form in forms() {
        for causal in [false, true] {
            let temporal = trained(form, causal, &device);
            let read = |input: Tensor<3>, times: Tensor<2>| {
                let output = temporal.forward(input, present(&missing, &device), times);
                let finite = output.clone().into_data();
                assert!(finite.iter::<f32>().all(f32::is_finite), "{form:?}");
                let there = [2, 3, 5, 6, 7].map(|step| output.clone().narrow(1, step, 1));
                bits(Tensor::cat(there.to_vec(), 1))
            };
            let expected = read(input.clone(), times(&device));
            let spoilt = missing.iter().fold(input.clone(), |input, &step| {
                let nan = Tensor::full([2, 1, FEATURES], f32::NAN, &device);
                input.slice_assign([0..2, step..step + 1, 0..FEATURES], nan)
            });
            let moved = missing.iter().fold(times(&device), |times, &step| {
                times.slice_fill([0..2, step..step + 1], 77.0)
            });
            assert_eq!(read(spoilt, moved), expected, "{form:?}");
        }
    }
}

#[test]
fn a_window_without_any_frame_has_finite_gradients() {
    let device = Device::default().autodiff();
    let input = features(&device).require_grad();
    let all: Vec<usize> = (0..STEPS).collect();
    for form in forms() {
        let temporal = trained(form, true, &device);
        let output = temporal.forward(input.clone(), present(&all, &device), times(&device));
        let gradients = output.sum().backward();
        let gradient = input.grad(&gradients).unwrap();
        assert!(gradient.into_data().iter::<f32>().all(f32::is_finite));
    }
}

#[test]
fn a_frame_alone_is_a_window_of_one_step() {
    let device = Device::default();
    let rows: Tensor<2> = features(&device).narrow(1, 0, 1).squeeze_dim(1);
    for form in forms() {
        let temporal = trained(form, true, &device);
        let mut windows = WindowBuilder::new(3, FEATURES);
        let values: Vec<f32> = rows.clone().into_data().iter().collect();
        for (window, feature) in values.chunks(FEATURES).enumerate() {
            windows.push([None, None, Some((feature, 0.0))]);
            windows.read(window, 2);
        }
        let windows = windows.build(&device);
        let alone = temporal.alone(rows.clone()).into_data();
        let tolerance = Tolerance::absolute(1e-5);
        temporal
            .read(&windows)
            .into_data()
            .assert_approx_eq::<f32>(&alone, tolerance);
    }
}

/// What is said of the moment of 1.5 s in a signal that is filmed with `rate` frames a second.
fn said(temporal: &Temporal, rate: f64, device: &Device) -> Vec<f32> {
    let grid: Grid = temporal.config.grid();
    let times: Vec<f64> = (0..(3.0 * rate) as usize)
        .map(|frame| frame as f64 / rate)
        .collect();
    let feature = |time: f64| -> Vec<f32> {
        let value = |place: usize| ((1.0 + place as f64) * time + place as f64).sin() as f32;
        (0..FEATURES).map(value).collect()
    };
    let film: Vec<Vec<f32>> = times.iter().map(|&time| feature(time)).collect();
    let place = (1.5 * rate).round() as usize;
    let mut windows = WindowBuilder::new(grid.steps(), FEATURES);
    let frames = grid.around(&times, place);
    windows.push(frames.iter().map(|&frame| {
        let frame = frame?;
        Some((film[frame].as_slice(), (times[frame] - times[place]) as f32))
    }));
    windows.read(0, grid.reference());
    let read = temporal.read(&windows.build(device));
    let features = Tensor::<1>::from_floats(film[place].as_slice(), device);
    // What the head adds.
    (read.squeeze_dim::<1>(0) - features)
        .into_data()
        .iter()
        .collect()
}

#[test]
fn another_frame_rate_of_the_same_signal_gives_about_the_same() {
    let device = Device::default();
    for form in forms() {
        for causal in [false, true] {
            let temporal = trained(form, causal, &device);
            let expected = said(&temporal, 10.0, &device);
            let size = expected.iter().map(|value| value.abs()).fold(0.0, f32::max);
            for (rate, bound) in [
                (20.0, 1e-4),
                (30.0, 1e-4),
                (24.0, 0.2),
                (60.0, 1e-4),
                (6.0, 0.6),
            ] {
                let found = said(&temporal, rate, &device);
                let differences = expected.iter().zip(&found).map(|(a, b)| (a - b).abs());
                let most = differences.fold(0.0, f32::max) / size;
                println!("{form:?} causal {causal}: {rate} frames a second: {most:.4}");
                assert!(most <= bound, "{form:?}: {rate} frames a second: {most}");
            }
        }
    }
}
