//! Rows that count more or less than others, from the table to the trained network.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use burn::tensor::Device;
use countenance::data::cache::{CacheWriter, Fingerprint};
use countenance::data::split::{IMAGE_FOLDER, SplitName};
use countenance::label::{ActionUnit, Expression};
use countenance::metric::Report;
use countenance::train::{GivenFeatures, Order, Run, Sampling, TrainConfig};

use crate::set::{Set, turn};

/// Numbers in [-1, 1) that follow from `seed` alone.
fn numbers(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    }
}

const WIDTH: usize = 8;
const RIGHT: usize = 240;
const JUDGED: usize = 240;

/// What stands in the table beside the right rows.
#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    Absent,
    /// As many rows again with the opposite labels, which count as any other or as this.
    Weighing(Option<f32>),
}

/// A table of rows whose labels follow from their features, with a feature file beside it, and rows whose
/// labels say the opposite.
fn write(folder: &Path, wrong: Wrong) -> TrainConfig {
    let mut random = numbers(7);
    let mut text = String::from("image,split,weight,expression,AU1,AU4_r,valence,arousal\n");
    let (mut names, mut features) = (Vec::new(), Vec::new());
    let rows = [
        ("train", RIGHT, false),
        ("train", RIGHT, true),
        ("validation", JUDGED, false),
    ];
    for (split, count, is_wrong) in rows {
        for _ in 0..count {
            let row: Vec<f32> = (0..WIDTH).map(|_| random()).collect();
            let weight = match (is_wrong, wrong) {
                (true, Wrong::Absent) => continue,
                (true, Wrong::Weighing(Some(weight))) => weight.to_string(),
                _ => String::new(),
            };
            let sign = if is_wrong { -1.0 } else { 1.0 };
            let class = usize::from(row[0] > 0.0) + 2 * usize::from(row[1] > 0.0);
            let class = if is_wrong { 3 - class } else { class };
            let unit = u8::from(sign * row[2] > 0.2);
            let degree = (2.5 + 2.5 * sign * row[3]).round();
            let name = format!("{}.jpg", names.len());
            writeln!(
                text,
                "{name},{split},{weight},{},{unit},{degree},{},{}",
                ["Anger", "Fear", "Happiness", "Sadness"][class],
                sign * row[4],
                sign * row[5],
            )
            .unwrap();
            names.push(name);
            features.extend(row);
        }
    }
    let table = folder.join("labels.csv");
    fs::write(&table, text).unwrap();
    let path = folder.join("features.safetensors");
    let fingerprint = Fingerprint::builder().rows(&names).build();
    let mut writer = CacheWriter::open(&path, &names, WIDTH, &fingerprint).unwrap();
    writer.push(&features).unwrap();
    writer.finish().unwrap();
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut config = TrainConfig::new()
        .with_data(Some(text(&table)))
        .with_features(Some(GivenFeatures::new(vec![text(&path)])));
    for stage in config.heads_mut() {
        // As many steps with half the rows.
        let epochs = if wrong == Wrong::Absent { 120 } else { 60 };
        *stage = stage
            .clone()
            .adamw()
            .with_epochs(epochs)
            .with_batch_size(32);
        stage.learning_rate = 0.01;
        stage.sam = None;
    }
    config
}

fn trained(wrong: Wrong, order: Order, sampling: Sampling) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let mut config = write(folder.path(), wrong).with_order(order);
    config.expression.sampling = sampling;
    config.joint.sampling = sampling;
    let run = Run::create(&folder.path().join("run"), config, &Device::default()).unwrap();
    run.execute().unwrap().report
}

#[test]
fn half_the_rows_with_wrong_labels_and_hardly_a_weight_are_learnt_as_if_they_were_not_there() {
    let _turn = turn();
    for (order, sampling) in [
        (Order::Staged, Sampling::Shuffled),
        (Order::Staged, Sampling::Balanced),
        (Order::Joint, Sampling::Shuffled),
    ] {
        let of = |wrong| {
            let report = trained(wrong, order, sampling);
            [report.p_au, report.p_ex, report.p_va].map(Option::unwrap)
        };
        let without = of(Wrong::Absent);
        let light = of(Wrong::Weighing(Some(1e-6)));
        let heavy = of(Wrong::Weighing(None));
        for (task, name) in ["P_AU", "P_EX", "P_VA"].into_iter().enumerate() {
            let all = [without[task], light[task], heavy[task]];
            assert!(all[0] > 0.6, "{name}, {order:?}, {sampling:?}: {all:?}");
            assert!(
                all[1] > all[0] - 0.1,
                "{name}, {order:?}, {sampling:?}: {all:?}"
            );
            assert!(
                all[2] < all[0] - 0.25,
                "{name}, {order:?}, {sampling:?}: {all:?}"
            );
        }
    }
}

/// The labels of a rendered set as a table in which every other training row weighs next to nothing, and
/// says what `shift` makes of it.
fn table(set: &Set, shift: usize) -> TrainConfig {
    let units = ActionUnit::AFF_WILD2.map(|unit| unit.to_string()).join(",");
    let mut text = format!("image,split,weight,expression,valence,arousal,{units}\n");
    let cell = |value: Option<f32>| value.map(|value| value.to_string()).unwrap_or_default();
    for part in [SplitName::Training, SplitName::Validation] {
        for (place, row) in set.rows(part).into_iter().enumerate() {
            let is_light = part == SplitName::Training && place % 2 == 1;
            let moved = if is_light { shift } else { 0 };
            let class = row
                .labels
                .expression
                .map(|class| Expression::AFF_WILD2[(class + moved) % 8].name());
            let [valence, arousal] = row.labels.valence_arousal;
            let units = (0..12).map(|unit| row.labels.action_unit(unit));
            let units = units
                .map(|value| cell(value.map(|value| if moved > 0 { 1.0 - value } else { value })));
            writeln!(
                text,
                "{IMAGE_FOLDER}/{},{part},{},{},{},{},{}",
                row.image,
                if is_light { "1e-30" } else { "1" },
                class.unwrap_or_default(),
                cell(valence.map(|value| if moved > 0 { -value } else { value })),
                cell(arousal),
                units.collect::<Vec<_>>().join(","),
            )
            .unwrap();
        }
    }
    let path = set.path("data").join(format!("labels_{shift}.csv"));
    fs::write(&path, text).unwrap();
    let mut config = set.config();
    config.data = Some(path.to_string_lossy().into_owned());
    config
}

#[test]
fn what_a_row_of_next_to_no_weight_says_changes_no_bit_of_any_stage() {
    let _turn = turn();
    let set = Set::new(48, |_, place, row| {
        // Every class has a row that counts, and every row all labels.
        row.labels.expression = Some(place / 2 % 8);
        row.labels.valence_arousal = [
            Some(0.3 - (place % 5) as f32 / 9.0),
            Some((place % 7) as f32 / 9.0),
        ];
        row.labels.action_units = (0..12)
            .map(|unit| Some(((place + unit) % 3 / 2) as f32))
            .collect();
    });
    for (name, change) in [
        ("staged", (|_| ()) as fn(&mut TrainConfig)),
        ("balanced", |config| {
            config.expression.sampling = Sampling::Balanced
        }),
        ("joint", |config| config.order = Order::Joint),
        ("whole", |config| {
            config.order = Order::Whole;
            config.whole.epochs = 1;
            config.whole.batch_size = 16;
        }),
        ("mixed", |config| {
            config.order = Order::Whole;
            config.whole.epochs = 1;
            config.whole.batch_size = 16;
            config.whole.mixup = Some(0.4);
        }),
        ("backbone", |config| {
            config.weights = None;
            config.backbone.stage.epochs = 1;
            config.backbone.stage.batch_size = 16;
            config.backbone.stage.mixup = Some(0.4);
        }),
    ] {
        let runs = [1, 3].map(|shift| {
            let mut config = table(&set, shift);
            change(&mut config);
            let run = format!("{name}_{shift}");
            set.run(&run, config).unwrap();
            run
        });
        for file in ["metrics.csv", "model.safetensors", "report.json"] {
            let [one, other] = runs
                .each_ref()
                .map(|run| fs::read(set.path(run).join(file)).unwrap());
            assert!(one == other, "{name}: {file} differs");
        }
    }
    // What counts is learnt: another weight of a row that counts is another network.
    let [path, other] =
        ["labels_1.csv", "labels_other.csv"].map(|name| set.path("data").join(name));
    let text = fs::read_to_string(path).unwrap();
    let text = text.replacen(",training,1,", ",training,2,", 1);
    fs::write(&other, text).unwrap();
    let mut config = set.config();
    config.data = Some(other.to_string_lossy().into_owned());
    set.run("other", config).unwrap();
    let [one, other] =
        ["staged_1", "other"].map(|run| fs::read(set.path(run).join("metrics.csv")).unwrap());
    assert!(one != other);
}
