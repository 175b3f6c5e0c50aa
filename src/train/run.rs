//! A run directory: what it holds, how it starts and how it goes on.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use burn::tensor::Device;
use burn::train::Interrupter;

use super::config::TrainConfig;
use super::data;
use super::history::History;
use crate::attention::Attention;
use crate::data::file::{try_lock, write_whole};
use crate::{Error, Result};

/// The folder of one training run.
///
/// | entry | holds |
/// |---|---|
/// | `config.json` | the [`TrainConfig`]: enough to repeat the run |
/// | `data.json` | the number of each split's rows, and their digest: the run goes on with no others |
/// | `synthetic/` | the rendered set, where no data was given |
/// | `features/` | the cached features of each split |
/// | `checkpoints/<stage>/` | the last two epochs and the best |
/// | `metrics.csv` | losses and scores of every epoch |
/// | `curves.png` | the same as a picture |
/// | `report.json` | the scores on the validation split |
/// | `model.safetensors` | the trained network with its config |
pub struct Run {
    folder: PathBuf,
    pub(super) config: TrainConfig,
    pub(super) device: Device,
    /// Where the stages train; the first is `device`.
    pub(super) devices: Vec<Device>,
    pub(super) history: Arc<Mutex<History>>,
    pub(super) interrupter: Interrupter,
    // Held, not read: the lock goes when the run does.
    _lock: File,
}

impl Run {
    /// Starts a run in `folder`, which must not hold one yet.
    ///
    /// # Errors
    /// [`Error::Argument`] if the config is out of range or the folder holds a run;
    /// [`Error::Io`] if the folder cannot be written, or the backbone's weights cannot be opened.
    pub fn create(folder: &Path, config: TrainConfig, device: &Device) -> Result<Self> {
        config.check()?;
        // A mistyped path is said before anything is rendered or written.
        if let Some(weights) = &config.weights {
            File::open(weights).map_err(Error::io("open", weights))?;
        }
        let lock = claim(folder)?;
        // What a killed branch left without a config is no beginning of this run.
        refuse_if(&folder.join("metrics.csv"), folder)?;
        Self::start(folder, config, device, lock)
    }

    /// Makes the claimed `folder` a run's: the config is what tells it from an empty one.
    fn start(folder: &Path, config: TrainConfig, device: &Device, lock: File) -> Result<Self> {
        let path = folder.join("config.json");
        write_whole(&path, |file| writeln!(file, "{config}"))?;
        Self::open(folder, config, device, lock)
    }

    /// Goes on with the run in `folder`, where it was interrupted.
    ///
    /// # Errors
    /// [`Error::Io`] if there is no run; [`Error::File`] if its files are damaged;
    /// [`Error::Argument`] if another process is at work in it.
    pub fn resume(folder: &Path, device: &Device) -> Result<Self> {
        let config = Self::config_in(folder)?;
        config.check()?;
        let lock = lock(folder)?;
        Self::open(folder, config, device, lock)
    }

    /// Starts a run in `folder` like the finished one in `from`, but with another attention: only
    /// the expression stage is trained anew, everything else is taken over.
    ///
    /// # Errors
    /// As [`create`](Self::create), and [`Error::Io`] or [`Error::File`] if `from` is not a run;
    /// [`Error::Argument`] if another process is at work in it.
    pub fn branch(
        from: &Path,
        folder: &Path,
        attention: Attention,
        device: &Device,
    ) -> Result<Self> {
        let mut config = Self::config_in(from)?;
        let _source = lock(from)?;
        let claimed = claim(folder)?;
        if config.data.is_none() {
            config.data = Some(from.join("synthetic").to_string_lossy().into_owned());
        }
        for part in [
            "features",
            "checkpoints/backbone",
            "checkpoints/au",
            "checkpoints/va",
        ] {
            copy_files(&from.join(part), &folder.join(part))?;
        }
        let mut history = History::open(&from.join("metrics.csv"))?;
        history.move_to(&folder.join("metrics.csv"));
        history.rewind("ex", 0)?;
        data::take_over(from, folder)?;
        Self::start(folder, config.with_attention(attention), device, claimed)
    }

    /// The config of the run in `folder`.
    ///
    /// # Errors
    /// [`Error::Io`] if there is none, [`Error::File`] if it is damaged.
    pub fn config_in(folder: &Path) -> Result<TrainConfig> {
        crate::config::load(&folder.join("config.json"), &TrainConfig::new())
    }

    fn open(folder: &Path, config: TrainConfig, device: &Device, lock: File) -> Result<Self> {
        Ok(Self {
            folder: folder.to_path_buf(),
            config,
            device: device.clone(),
            devices: vec![device.clone()],
            history: Arc::new(Mutex::new(History::open(&folder.join("metrics.csv"))?)),
            interrupter: Interrupter::new(),
            _lock: lock,
        })
    }

    /// Trains each stage on several devices at once; the first one also does everything else.
    ///
    /// A step's rows are divided among the devices, each normalises over its own rows, and the
    /// gradients are averaged by the number of rows; the optimizer then takes one step on the first
    /// device. What follows from that:
    ///
    /// - Sharpness-aware minimisation climbs on each device along the gradient of that device's own
    ///   rows, and the gradients found there are averaged. That is how Foret et al. 2021 (section
    ///   4.1, *m-sharpness*) train on several accelerators; the neighbourhood is then that of
    ///   `batch_size / devices` rows.
    /// - Running statistics move by the statistics of a device's rows, averaged over the devices that
    ///   have reported when they are next read.
    /// - Threads of several devices draw and add in no fixed order, so that two runs agree as two
    ///   seeds do, and not bit for bit.
    ///
    /// # Errors
    /// [`Error::Argument`] if there is no device.
    pub fn on_devices(mut self, devices: Vec<Device>) -> Result<Self> {
        let Some(first) = devices.first() else {
            return Err(Error::argument("devices", "at least one", 0));
        };
        self.device = first.clone();
        self.devices = devices;
        Ok(self)
    }

    /// Lets `interrupter` stop the run at the end of its current step; what was finished stays. Several
    /// runs may share one.
    pub fn stopped_by(mut self, interrupter: &Interrupter) -> Self {
        self.interrupter = interrupter.clone();
        self
    }

    /// `name` within the run directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Copies the files of one folder into another, which is created; no folder, no files.
fn copy_files(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(to).map_err(Error::io("create", to))?;
    for entry in std::fs::read_dir(from).map_err(Error::io("list", from))? {
        let path = entry.map_err(Error::io("list", from))?.path();
        if let Some(name) = path.file_name() {
            std::fs::copy(&path, to.join(name)).map_err(Error::io("copy", &path))?;
        }
    }
    Ok(())
}

/// Takes `folder`, created if need be, for a new run.
fn claim(folder: &Path) -> Result<File> {
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let lock = lock(folder)?;
    refuse_if(&folder.join("config.json"), folder)?;
    Ok(lock)
}

fn refuse_if(file: &Path, folder: &Path) -> Result<()> {
    match file.exists() {
        false => Ok(()),
        true => Err(Error::argument(
            "the run directory",
            "one without a run in it, or --resume to go on with that run",
            folder.display(),
        )),
    }
}

/// Refuses a second run in the same folder for as long as the file is open.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(".lock");
    let file = File::create(&path).map_err(Error::io("create", &path))?;
    match try_lock(&file).map_err(Error::io("lock", &path))? {
        true => Ok(file),
        false => Err(Error::argument(
            "the run directory",
            "one that no other process is at work in",
            folder.display(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(run: Result<Run>) -> String {
        match run {
            Ok(_) => panic!("the run was not refused"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn weights_that_are_not_there_are_refused_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("run");
        let config = TrainConfig::new().with_weights(Some("no such weights.pt".into()));
        let error = refused(Run::create(&out, config, &Device::default()));
        assert!(
            error.starts_with("cannot open no such weights.pt"),
            "{error}"
        );
        assert!(!out.exists());
    }

    #[test]
    fn a_folder_takes_one_run_and_one_process() {
        let folder = tempfile::tempdir().unwrap();
        let device = Device::default();
        let run = Run::create(folder.path(), TrainConfig::new(), &device).unwrap();
        let busy = refused(Run::resume(folder.path(), &device));
        assert!(busy.contains("no other process"), "{busy}");
        drop(run);
        let taken = refused(Run::create(folder.path(), TrainConfig::new(), &device));
        assert!(taken.contains("--resume"), "{taken}");
        Run::resume(folder.path(), &device).unwrap();
    }

    #[test]
    fn what_a_killed_branch_left_is_not_taken_for_a_beginning() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("metrics.csv"), "stage,epoch\n").unwrap();
        let device = Device::default();
        let refused = refused(Run::create(folder.path(), TrainConfig::new(), &device));
        assert!(refused.contains("without a run in it"), "{refused}");
    }

    #[test]
    fn resuming_nothing_names_the_missing_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = refused(Run::resume(folder.path(), &Device::default()));
        assert!(error.contains("config.json"), "{error}");
    }
}
