//! One predictor for many threads, for a long time.

use std::path::Path;

use burn::tensor::Device;
use countenance::backbone::{EfficientNetConfig, Variant};
use countenance::data::image::RgbImage;
use countenance::network::NetworkConfig;
use countenance::predict::{Prediction, Predictor};

use crate::memory::resident;

fn predictor(folder: &Path) -> Predictor {
    let backbone = EfficientNetConfig::new(Variant::Tiny);
    let config =
        NetworkConfig::paper(backbone.feature_width()).with_backbone(Some(backbone.into()));
    let path = folder.join("model.safetensors");
    let device = Device::default();
    config.init(&device).save(&path).unwrap();
    Predictor::load(&path).unwrap()
}

fn faces(count: u8) -> Vec<RgbImage> {
    let face = |seed: u8| {
        RgbImage::from_fn(112, 112, |x, y| {
            let value = |factor: u32| (x * factor + y * u32::from(seed)) as u8;
            image::Rgb([value(1), value(3), value(7)])
        })
    };
    (1..=count).map(face).collect()
}

/// Every number of a prediction, bit for bit.
fn bits(prediction: &Prediction) -> Vec<u32> {
    let units = prediction.action_units.iter().map(|&(_, score)| score);
    let expressions = prediction.expressions.iter();
    let expressions = expressions.flat_map(|score| [score.logit, score.probability]);
    let affect = prediction.valence_arousal.into_iter().flatten();
    units
        .chain(expressions)
        .chain(affect)
        .map(f32::to_bits)
        .collect()
}

fn in_batches(predictor: &Predictor, faces: &[RgbImage], size: usize) -> Vec<Vec<u32>> {
    let batches = faces.chunks(size);
    let predictions = batches.flat_map(|batch| predictor.predict_batch(batch).unwrap());
    predictions
        .map(|prediction| bits(&prediction.unwrap()))
        .collect()
}

#[test]
fn the_same_bits_whatever_the_batch_and_however_many_threads() {
    let folder = tempfile::tempdir().unwrap();
    let predictor = predictor(folder.path());
    let faces = faces(13);
    let expected = in_batches(&predictor, &faces, 1);
    assert!(expected.iter().all(|bits| bits.len() == 12 + 2 * 8 + 2));
    assert_ne!(expected[0], expected[1]);
    for threads in [1, 2, 3, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        for size in [1, 2, 3, 5, 8, 13] {
            let found = pool.install(|| in_batches(&predictor, &faces, size));
            assert!(found == expected, "{threads} threads, batches of {size}");
        }
    }
}

#[test]
fn threads_that_share_a_predictor_get_what_one_gets_alone() {
    let folder = tempfile::tempdir().unwrap();
    let predictor = predictor(folder.path());
    let faces = faces(12);
    let expected = in_batches(&predictor, &faces, 1);
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let (predictor, faces, expected) = (&predictor, &faces, &expected);
            scope.spawn(move || {
                for round in 0..4 {
                    let size = 1 + (thread + round) % 5;
                    assert!(in_batches(predictor, faces, size) == *expected);
                }
            });
        }
    });
}

/// The growth in bytes over `count` predictions that follow as many to get warm.
fn growth(count: usize) -> Option<usize> {
    let folder = tempfile::tempdir().unwrap();
    let predictor = predictor(folder.path());
    let faces = faces(2);
    let predict = |count: usize| {
        for round in 0..count {
            predictor.predict(&faces[round % 2]).unwrap();
        }
    };
    predict(count / 10);
    let before = resident()?;
    predict(count);
    Some(resident()?.saturating_sub(before))
}

#[test]
#[ignore = "takes a minute; run by `.ci/faults/run`, alone in its process"]
fn ten_thousand_predictions_leave_memory_flat() {
    let growth = growth(10_000).unwrap_or(0);
    println!("10000 predictions: {growth} bytes more");
    assert!(growth < 4 << 20, "{growth} bytes more");
}
