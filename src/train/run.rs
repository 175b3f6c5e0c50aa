//! A run directory: what it holds, how it starts and how it goes on.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use burn::tensor::Device;
use burn::train::Interrupter;

use super::branch::copy_run;
use super::check::{check, rooted};
use super::config::TrainConfig;
use super::difference::difference;
use super::event::{Event, Listener};
use super::folder::{CONFIG, Folder, must_hold_a_run, newest};
use super::history::History;
use crate::data::file::write_whole;
use crate::{Error, Result};

/// The folder of one training run.
///
/// | entry | holds |
/// |---|---|
/// | `config.json` | the [`TrainConfig`]: enough to repeat the run |
/// | `data.json` | the number of each split's rows, and their digest: the run goes on with no others |
/// | `synthetic/` | the rendered set, where no data was given |
/// | `features/` | the cached features of each split; where feature files were given, `files.json` has their digests: the run goes on with no others |
/// | `checkpoints/<stage>/` | the last two epochs and the best |
/// | `metrics.csv` | losses and scores of every epoch |
/// | `curves.png` | the same as a picture |
/// | `confusion.png`, `confusion.csv` | which expressions of the validation split were taken for which |
/// | `report.json` | the scores on the validation split |
/// | `heads.safetensors` | the model whose heads it began with, if there is one |
/// | `model.safetensors` | the trained network with its config |
pub struct Run {
    folder: Folder,
    /// Whether this process has started it, and not gone on with it.
    is_new: bool,
    pub(super) config: TrainConfig,
    pub(super) device: Device,
    /// Where the stages train; the first is `device`.
    pub(super) devices: Vec<Device>,
    pub(super) history: Arc<Mutex<History>>,
    pub(super) interrupter: Interrupter,
    pub(super) listener: Listener,
}

impl Run {
    /// Looks at everything that a run with `config` needs, and creates nothing: the ranges of the
    /// config, the data set with its annotations, that its images are there, and the weights.
    ///
    /// # Errors
    /// [`Error::Argument`] if the config is out of range, or more images than it allows are not
    /// there; whatever keeps the annotations or the weights from being read.
    pub fn check(config: &TrainConfig, device: &Device) -> Result<()> {
        check(config, device)
    }

    /// Starts a run in `folder`, which must be empty or not be there yet. Relative paths in the
    /// config become absolute, so that the run goes on from any folder, and a recipe becomes the
    /// settings that it has for these rows ([`TrainConfig::fitted`]).
    ///
    /// # Errors
    /// As [`check`](Self::check), before anything is created; [`Error::Argument`] if the folder
    /// holds a run, [`Error::File`] if it holds anything else; [`Error::Io`] if it cannot be written.
    pub fn create(folder: &Path, config: TrainConfig, device: &Device) -> Result<Self> {
        let config = config.fitted()?;
        check(&config, device)?;
        Self::start(Folder::take(folder)?, config, device)
    }

    /// Starts a run in the next free numbered folder below `runs`: `001`, `002` and so on. Of several
    /// processes that do so at once, each gets its own.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_below(runs: &Path, config: TrainConfig, device: &Device) -> Result<Self> {
        let config = config.fitted()?;
        check(&config, device)?;
        Self::start(Folder::take_next(runs)?, config, device)
    }

    /// The run with the highest number below `runs`, as [`create_below`](Self::create_below) numbers
    /// them.
    pub fn newest_below(runs: &Path) -> Option<PathBuf> {
        newest(runs)
    }

    /// Makes the folder a run's: the config is what tells it from an empty one.
    fn start(folder: Folder, config: TrainConfig, device: &Device) -> Result<Self> {
        let written = rooted(config).and_then(|config| {
            write_config(&folder, &config)?;
            Ok(config)
        });
        match written {
            Ok(config) => Self::open(folder, true, config, device),
            Err(error) => {
                folder.give_back();
                Err(error)
            }
        }
    }

    /// Goes on with the run in `folder`, where it was interrupted.
    ///
    /// # Errors
    /// [`Error::File`] if there is no run, or its files are damaged; [`Error::Argument`] if another
    /// process is at work in it.
    pub fn resume(folder: &Path, device: &Device) -> Result<Self> {
        let folder = Folder::open(folder)?;
        let config = Self::config_in(folder.path())?;
        Self::open(folder, false, config, device)
    }

    /// Goes on with the run in `folder`, which must have been started with `config`. The share of
    /// images that may be unreadable alone may be another, and is so from now on.
    ///
    /// # Errors
    /// As [`resume`](Self::resume); [`Error::File`] that names a setting that is another;
    /// [`Error::Io`] if the new share cannot be written.
    pub fn resume_as(folder: &Path, config: TrainConfig, device: &Device) -> Result<Self> {
        let config = rooted(config)?.fitted()?;
        let run = Self::resume(folder, device)?;
        let before = rooted(run.config.clone())?.with_max_unreadable(config.max_unreadable);
        if let Some(found) = difference(&config, &before) {
            let expected = "the settings of this run";
            let found = format!("{found}; choose another folder for the run");
            return Err(Error::file(run.path(CONFIG), expected, found));
        }
        if run.config.max_unreadable == config.max_unreadable {
            return Ok(run);
        }
        config.check()?;
        write_config(&run.folder, &config)?;
        Ok(Self { config, ..run })
    }

    /// Starts a run in `folder` that takes over of the one in `from` whatever is the same work with the
    /// settings `config`: the backbone, the features and the stages that nothing differs in; with another
    /// attention alone the expression stage is what is trained anew.
    ///
    /// # Errors
    /// As [`check`](Self::check); [`Error::Io`] or [`Error::File`] if `from` is not a run; [`Error::Argument`]
    /// if another process is at work in it, or `folder` holds a run; [`Error::File`] if it holds anything
    /// else; [`Error::Io`] if it cannot be written.
    pub fn branch(
        from: &Path,
        folder: &Path,
        config: TrainConfig,
        device: &Device,
    ) -> Result<Self> {
        let mut config = config.fitted()?;
        check(&config, device)?;
        let source = Folder::open(from)?;
        let mut was = Self::config_in(from)?;
        let other_faces = config.synthetic.to_string() != was.synthetic.to_string();
        if config.data.is_none() && was.data.is_none() && other_faces {
            let expected = "that of the run that is branched, whose faces are used";
            return Err(Error::argument("synthetic", expected, &config.synthetic));
        }
        for config in [&mut config, &mut was] {
            if config.data.is_none() {
                config.data = Some(from.join("synthetic").to_string_lossy().into_owned());
            }
        }
        let [config, was] = [rooted(config)?, rooted(was)?];
        let folder = Folder::take_for_branch(folder)?;
        match copy_run(source.path(), &was, folder.path(), &config) {
            Ok(()) => Self::start(folder, config, device),
            Err(error) => {
                folder.give_back();
                Err(error)
            }
        }
    }

    /// The config of the run in `folder`.
    ///
    /// # Errors
    /// [`Error::File`] if there is none, it is damaged or out of range, or has a recipe: a run writes down
    /// what it made of it.
    pub fn config_in(folder: &Path) -> Result<TrainConfig> {
        must_hold_a_run(folder)?;
        let path = folder.join(CONFIG);
        let config = TrainConfig::load(&path)?;
        match config.recipe {
            None => Ok(config),
            Some(recipe) => Err(Error::file(
                path,
                "`recipe` null beside the settings that came of it, as a run writes them",
                format!("{recipe}; begin another run with these settings"),
            )),
        }
    }

    fn open(folder: Folder, is_new: bool, config: TrainConfig, device: &Device) -> Result<Self> {
        let history = History::open(&folder.path().join("metrics.csv"))?;
        Ok(Self {
            folder,
            is_new,
            config,
            device: device.clone(),
            devices: vec![device.clone()],
            history: Arc::new(Mutex::new(history)),
            interrupter: Interrupter::new(),
            listener: Listener::default(),
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

    /// Tells `listener`, from several threads, what the run is at; otherwise it is silent.
    pub fn told_to(mut self, listener: impl Fn(Event<'_>) + Send + Sync + 'static) -> Self {
        self.listener = Listener::new(listener);
        self
    }

    /// The run directory.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `name` within the run directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Tells a line for people.
    pub(super) fn note(&self, line: &str) {
        self.listener.tell(Event::Note(line));
    }

    /// Leaves nothing behind of a run that was started in vain.
    pub(super) fn give_back(&self) {
        if self.is_new {
            self.folder.give_back();
        }
    }
}

fn write_config(folder: &Folder, config: &TrainConfig) -> Result<()> {
    write_whole(&folder.path().join(CONFIG), |file| {
        writeln!(file, "{}", config.written())
    })
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
        assert!(error.contains("no such weights.pt"), "{error}");
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
    fn a_recipe_that_no_run_has_written_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let device = Device::default();
        drop(Run::create(folder.path(), TrainConfig::new(), &device).unwrap());
        let path = folder.path().join(CONFIG);
        let text = std::fs::read_to_string(&path).unwrap();
        let other = text.replace("\"recipe\": null", "\"recipe\": \"Small\"");
        assert_ne!(other, text);
        std::fs::write(&path, other).unwrap();
        let error = refused(Run::resume(folder.path(), &device));
        assert!(
            error.contains("config.json: expected `recipe` null"),
            "{error}"
        );
        assert!(error.contains("found Small; begin another run"), "{error}");
        std::fs::write(&path, text).unwrap();
        Run::resume(folder.path(), &device).unwrap();
    }

    #[test]
    fn resuming_nothing_names_the_missing_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = refused(Run::resume(folder.path(), &Device::default()));
        assert!(error.contains("config.json"), "{error}");
    }
}
