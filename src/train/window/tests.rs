use std::collections::BTreeSet;

use tempfile::TempDir;

use super::*;
use crate::data::cache::{CacheWriter, Fingerprint};
use crate::smoothing::Sequences;

const ROWS: usize = 30;

/// Two videos of ten frames a second, one of twenty frames and one of eight, and two rows that are no frames.
/// Every even row is labelled; of row 6 there is no feature, and of the others their number.
fn source(drawing: Drawing) -> (TempDir, WindowSource) {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..ROWS).map(|row| format!("{row}.jpg")).collect();
    let fingerprint = Fingerprint::builder().rows(&names).build();
    let path = folder.path().join("features.safetensors");
    let mut writer = CacheWriter::open(&path, &names, 2, &fingerprint).unwrap();
    for row in 0..ROWS {
        let value = if row == 6 { f32::NAN } else { row as f32 };
        writer.push(&[value; 2]).unwrap();
    }
    let labels = (0..ROWS).map(|row| Labels {
        action_units: vec![(row % 2 == 0).then_some(1.0)],
        ..Labels::default()
    });
    let place = |row: usize| match row {
        0..20 => (Some("a"), Some(row as u32)),
        20..28 => (Some("b"), Some(row as u32)),
        _ => (None, None),
    };
    let (videos, frames): (Vec<_>, Vec<_>) = (0..ROWS).map(place).unzip();
    let split = SplitFeatures {
        pool: None,
        variants: vec![Arc::new(writer.finish().unwrap())],
        labels: Arc::new(labels.collect()),
        weights: Some((0..ROWS).map(|row| 1.0 + row as f32).collect()),
        sequences: Some(Sequences::of(&videos, &frames, 10.0).unwrap()),
    };
    let asked = Asked {
        tasks: Tasks::ACTION_UNIT,
        units: 1,
        seed: 3,
    };
    let grid = Grid::new(0.6, 10.0, false);
    (folder, WindowSource::new(asked, &split, grid, drawing))
}

/// The rows that are read in these windows.
fn read(source: &WindowSource, windows: &[usize], epoch: usize) -> Vec<usize> {
    let batch = source.batch(windows, epoch, &Device::default()).unwrap();
    let frames = batch.windows.frames().into_data();
    let rows: Vec<usize> = frames
        .iter::<f32>()
        .step_by(2)
        .map(|row| row as usize)
        .collect();
    assert_eq!(rows.len(), batch.labels.len());
    assert!(
        batch
            .labels
            .iter()
            .all(|labels| labels.action_units == [Some(1.0)])
    );
    rows
}

fn labelled() -> Vec<usize> {
    (0..ROWS).step_by(2).filter(|&row| row != 6).collect()
}

#[test]
fn what_is_judged_is_every_labelled_frame_once_in_the_middle_of_its_window() {
    let (_folder, source) = source(Drawing::Reference);
    let all: Vec<usize> = (0..source.windows()).collect();
    for epoch in [1, 2] {
        assert_eq!(read(&source, &all, epoch), labelled());
    }
    let batch = source.batch(&[0, 2], 1, &Device::default()).unwrap();
    let present = batch
        .windows
        .present
        .into_data()
        .try_to_vec::<bool>()
        .unwrap();
    // The first frame has none before it; behind the fifth one is missing.
    let first = [false, false, false, true, true, true, true];
    let third = [true, true, true, true, true, false, true];
    assert_eq!(present, [first, third].concat());
    let times = batch.windows.times.into_data().try_to_vec::<f32>().unwrap();
    assert!((times[13] - 0.3).abs() < 1e-6 && times[0] == 0.0);
    // What is judged counts every row alike.
    assert!(batch.targets.weights.is_none());
    assert_eq!(source.name(2), "4.jpg");
}

#[test]
fn what_an_epoch_learns_is_drawn_from_the_seed_and_its_number_and_shows_every_labelled_frame() {
    let (_folder, source) = source(Drawing::Anywhere);
    // Parts of .7 s: three of one video, two of the other, and one row alone.
    assert_eq!(source.windows(), 6);
    let mut seen = BTreeSet::new();
    let mut drawn = BTreeSet::new();
    for epoch in 1..60 {
        for window in 0..source.windows() {
            let rows = read(&source, &[window], epoch);
            assert!(!rows.is_empty(), "window {window}");
            assert_eq!(rows, read(&source, &[window], epoch));
            assert!(rows.iter().all(|row| labelled().contains(row)), "{rows:?}");
            // No frame of another video, and those in their order.
            let of = |row: usize| [20, 28, ROWS].iter().filter(|&&end| row >= end).count();
            assert!(
                rows.windows(2)
                    .all(|pair| pair[0] < pair[1] && of(pair[0]) == of(pair[1]))
            );
            seen.extend(rows.clone());
            drawn.insert((window, rows));
        }
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), labelled());
    assert!(drawn.len() > 20, "{}", drawn.len());
    let batch = source.batch(&[5, 0], 1, &Device::default()).unwrap();
    let weights = batch.targets.weights.unwrap().into_data();
    assert_eq!(
        weights.iter::<f32>().next(),
        Some(1.0),
        "row 28 weighs the most"
    );
}
