//! Runs that are stopped on their way and gone on with.

use std::path::Path;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use burn::train::Interrupter;
use countenance::Error;
use countenance::train::{Run, TrainConfig};

/// Executes a run in `folder`, which is stopped soon after each of these epochs, as lines of `metrics.csv`
/// begin with them, and gone on with.
pub fn brought_to_its_end(folder: &Path, config: &TrainConfig, stops: &[&'static str]) {
    for &epoch in stops {
        let device = Device::default();
        let run = match folder.join("config.json").exists() {
            true => Run::resume(folder, &device).unwrap(),
            false => Run::create(folder, config.clone(), &device).unwrap(),
        };
        let interrupter = Interrupter::new();
        let run = run.stopped_by(&interrupter);
        let metrics = folder.join("metrics.csv");
        let watcher = std::thread::spawn(move || {
            let started = Instant::now();
            let reached = || {
                let text = std::fs::read_to_string(&metrics).unwrap_or_default();
                text.lines().any(|line| line.starts_with(epoch))
            };
            while !reached() && started.elapsed() < Duration::from_secs(240) {
                std::thread::sleep(Duration::from_millis(1));
            }
            interrupter.stop(None);
        });
        // A stage of a few milliseconds may be over before the request arrives; the next one stops.
        match run.execute() {
            Ok(_) | Err(Error::Interrupted) => {}
            Err(error) => panic!("{epoch} {error}"),
        }
        watcher.join().unwrap();
    }
    let run = Run::resume(folder, &Device::default()).unwrap();
    run.execute().unwrap();
}
