//! One stage through burn-train: resume, train, keep the best epoch.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use burn::module::{Module, ModuleDisplay, ParamGroup};
use burn::tensor::Device;
use burn::train::metric::LossMetric;
use burn::train::{
    ExecutionStrategy, InferenceStep, Interrupter, Learner, LearnerModel, MultiDeviceOptim,
    SupervisedTraining, TrainStep,
};

use super::average::Averaged;
use super::batch::StepOutput;
use super::checkpoint::{
    KeepBest, WholeCheckpointer, keep_only, last_whole, restore, weights_path,
};
use super::config::{Sampling, StageConfig};
use super::event::{Event, Listener};
use super::history::{EpochLog, History, locked};
use super::loader::{EpochLoader, Portion, Source};
use super::metric::{TaskScore, score_name};
use super::patience::Patience;
use super::progress::StageProgress;
use super::watch::{Fault, Watch};
use crate::label::Vocabulary;
use crate::network::Tasks;
use crate::optim::{Sam, renumbered};
use crate::{Error, Result};

/// Rows in a validation batch; only speed and memory depend on it.
const VALIDATION_BATCH: usize = 512;

/// Where a stage's batches come from, and which rows it uses.
pub(super) struct StageRows<B> {
    pub(super) source: Arc<dyn Source<B>>,
    pub(super) rows: Vec<usize>,
}

/// A stage of a run.
pub(super) struct Stage<'a> {
    pub(super) name: &'static str,
    /// Of the labels.
    pub(super) vocabulary: Vocabulary,
    /// What it trains; rows without a label of these are left out.
    pub(super) tasks: Tasks,
    /// Which of them the validation split can judge: their scores choose the epoch.
    pub(super) judged: Tasks,
    pub(super) config: &'a StageConfig,
    /// The parameters of a backbone that learns, by depth.
    pub(super) depths: Vec<ParamGroup>,
    pub(super) seed: u64,
    pub(super) folder: PathBuf,
    pub(super) history: Arc<Mutex<History>>,
    pub(super) interrupter: Interrupter,
    pub(super) listener: Listener,
    /// Where it trains; the first of them keeps the model.
    pub(super) devices: Vec<Device>,
}

impl Stage<'_> {
    /// Trains `model`, from the last whole checkpoint if there is one, and returns it with the
    /// weights of its best epoch, in inference mode: their moving average, where the config asks for
    /// one.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if asked to stop; [`Error::NotFinite`] if a loss or a gradient is not;
    /// [`Error::Training`] if it cannot go on; whatever keeps rows from being read or checkpoints
    /// from being written.
    pub(super) fn run<M, B>(
        &self,
        model: M,
        train: StageRows<B>,
        validation: StageRows<B>,
    ) -> Result<M>
    where
        M: LearnerModel
            + ModuleDisplay
            + TrainStep<Input = B, Output = StepOutput>
            + InferenceStep<Input = B, Output = StepOutput>,
        B: Portion + Send + 'static,
    {
        let trained = self.trained(model, train, validation)?;
        self.tell_if_unfinished();
        // What stages leave is put together, and may learn together.
        Ok(renumbered(trained))
    }

    fn trained<M, B>(&self, model: M, train: StageRows<B>, validation: StageRows<B>) -> Result<M>
    where
        M: LearnerModel
            + ModuleDisplay
            + TrainStep<Input = B, Output = StepOutput>
            + InferenceStep<Input = B, Output = StepOutput>,
        B: Portion + Send + 'static,
    {
        let model = Averaged::new(model, self.config.ema.as_ref());
        std::fs::create_dir_all(&self.folder).map_err(Error::io("create", &self.folder))?;
        if train.rows.is_empty() {
            let found = format!("stage {}: no row to learn from", self.name);
            return Err(Error::Training(found));
        }
        let done = self.history().stage(self.name).count();
        let resumed = last_whole(&self.folder, done).unwrap_or(0);
        if resumed < done {
            self.history().rewind(self.name, resumed)?;
        }
        keep_only(&self.folder, &self.history().kept(self.name))?;
        if resumed > 0 {
            // Another network's checkpoint ends here and not in the midst of burn's training.
            let trained = restore(model.valid(), &self.folder, resumed)?;
            if resumed >= self.config.epochs || self.patience().is_over() {
                let best = match self.history().best(self.name) {
                    Some(best) if best != resumed => restore(trained, &self.folder, best)?,
                    _ => trained,
                };
                return Ok(best.into_evaluated());
            }
        }

        let batch_size = self.config.batch_size;
        let rows = train.rows.len() + validation.rows.len();
        // What the dashboard shows is not to be told over it.
        let listener = match has_dashboard() {
            true => Listener::default(),
            false => self.listener.clone(),
        };
        let train = EpochLoader::in_order(train.source, train.rows, batch_size, &self.devices[0])
            .shuffled(self.seed, resumed + 1);
        let train = match self.config.sampling {
            Sampling::Shuffled => train,
            Sampling::Balanced => train.balanced(),
        };
        let steps = train.batches() * self.config.epochs;
        let validation = EpochLoader::in_order(
            validation.source,
            validation.rows,
            VALIDATION_BATCH.min(batch_size * 2),
            &self.devices[0],
        );
        let loaders = [train.clone(), validation.clone()];
        let watch = Watch::new(self.interrupter.clone());
        let schedule = self.config.scheduler(steps, &self.depths)?;
        let learner = Learner::new(model, self.config.optimizer.init(), schedule);
        let (models, optimizers, schedulers) = WholeCheckpointer::all(&self.folder);
        let mut training =
            SupervisedTraining::new(&self.folder, Arc::new(train), Arc::new(validation))
                .metric_train_numeric(LossMetric::new())
                .metric_train(watch.clone())
                .metric_valid(watch.validating())
                .metric_valid_numeric(LossMetric::new())
                .metric_valid_numeric(TaskScore::new(self.judged, &self.vocabulary))
                .with_metric_logger(EpochLog::default())
                .with_custom_checkpointers(models, optimizers, schedulers)
                .with_checkpointing_strategy(KeepBest {
                    stage: self.name,
                    score: score_name(self.judged),
                    epochs: self.config.epochs,
                    patience: self.config.patience,
                    history: self.history.clone(),
                    interrupter: self.interrupter.clone(),
                    listener: listener.clone(),
                })
                .early_stopping(self.patience())
                .with_interrupter(self.interrupter.clone())
                .with_application_logger(None)
                .num_epochs(self.config.epochs);
        if !has_dashboard() {
            let progress = StageProgress::new(self.name, rows, listener);
            training = training.renderer(Box::new(progress));
        }
        if self.devices.len() > 1 {
            let devices = self.devices.clone();
            let strategy = ExecutionStrategy::multi(devices, MultiDeviceOptim::OptimMainDevice);
            training = training.with_training_strategy(strategy.into());
        }
        if resumed > 0 {
            training = training.checkpoint(resumed);
        }
        let result = training.launch(learner);
        if let Some(fault) = watch.found() {
            return Err(self.not_finite(fault, &loaders));
        }
        if let Some(error) = result.error {
            return Err(Error::Training(error.to_string()));
        }
        if result.interrupted.is_some() {
            return Err(Error::Interrupted);
        }
        match self.history().best(self.name) {
            Some(best) => Ok(restore(result.model, &self.folder, best)?.into_evaluated()),
            None => Err(Error::Training(format!(
                "stage {}: no epoch finished",
                self.name
            ))),
        }
    }

    fn not_finite<B: Send + 'static>(&self, fault: Fault, loaders: &[EpochLoader<B>; 2]) -> Error {
        let finished = self.history().stage(self.name).count();
        let [training, validation] = loaders;
        // Every device reports its part of a training step.
        let (loader, what, step) = match fault.validating {
            true => (validation, "validation loss", fault.step),
            false => (
                training,
                fault.what,
                fault.step.div_ceil(self.devices.len()),
            ),
        };
        let epoch = finished + 1;
        Error::NotFinite {
            stage: self.name.to_string(),
            epoch,
            step,
            what,
            images: loader.names(epoch, step),
            checkpoint: (finished > 0).then(|| weights_path(&self.folder, finished)),
        }
    }

    fn patience(&self) -> Patience {
        Patience {
            stage: self.name,
            epochs: self.config.patience,
            history: self.history.clone(),
        }
    }

    /// Says so where the last of several epochs was the best on validation rows: a training loss nearly
    /// always falls to the end.
    fn tell_if_unfinished(&self) {
        let history = self.history();
        let epochs = history.stage(self.name).count();
        let best = history.best_record(self.name);
        let is_last =
            best.is_some_and(|best| best.epoch == epochs && best.validation_loss.is_some());
        drop(history);
        if epochs > 1 && is_last {
            self.listener.tell(Event::Note(&format!(
                "{}: still improving in its last epoch, {epochs}: more epochs or a larger rate may help",
                self.name
            )));
        }
    }

    fn history(&self) -> MutexGuard<'_, History> {
        locked(&self.history)
    }
}

/// The two passes of a stage's steps, if it takes two.
pub(super) fn sam(config: &StageConfig) -> Option<Sam> {
    config.sam.as_ref().map(|sam| sam.init())
}

/// Whether burn-train's dashboard shows the stage instead of a line of progress.
fn has_dashboard() -> bool {
    cfg!(feature = "tui") && std::io::stdout().is_terminal()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use burn::data::dataloader::DataLoader;

    use super::*;
    use crate::Labels;
    use crate::data::cache::{CacheWriter, Fingerprint};
    use crate::head::ActionUnitHeadConfig;
    use crate::label::UnitSet;
    use crate::loss::AsymmetricLossConfig;
    use crate::optim::SamConfig;
    use crate::testing::noise;
    use crate::train::batch::FeatureBatch;
    use crate::train::model::{ActionUnitStage, UnitLoss};
    use crate::train::source::FeatureSource;

    /// As many as the paper's set has, roughly, at its width.
    const ROWS: usize = 100_000;
    const WIDTH: usize = 1288;

    /// Rows of a cache on the disk, written to `folder`, with labels that differ.
    fn source(folder: &std::path::Path) -> Arc<dyn Source<FeatureBatch>> {
        let names: Vec<String> = (0..ROWS).map(|row| row.to_string()).collect();
        let fingerprint = Fingerprint::builder().rows(&names).build();
        let path = folder.join("features.safetensors");
        let mut writer = CacheWriter::open(&path, &names, WIDTH, &fingerprint).unwrap();
        let values = noise(WIDTH + ROWS, 1);
        for row in 0..ROWS {
            writer.push(&values[row..][..WIDTH]).unwrap();
        }
        let labels = (0..ROWS).map(|row| Labels {
            action_units: (0..12)
                .map(|unit| Some(f32::from(u8::from((row * 7 + unit) % 3 == 0))))
                .collect(),
            ..Labels::default()
        });
        let cache = Arc::new(writer.finish().unwrap());
        Arc::new(FeatureSource::new(
            vec![cache],
            Arc::new(labels.collect()),
            &Vocabulary::aff_wild2(),
            0,
        ))
    }

    #[test]
    #[ignore = "takes 8 minutes of an idle machine"]
    fn an_epoch_of_the_action_units_takes_what_its_steps_take() {
        let folder = tempfile::tempdir().unwrap();
        let source = source(folder.path());
        let rows = |count| StageRows {
            source: source.clone(),
            rows: (0..count).collect(),
        };
        let device = Device::default().autodiff();
        let model = ActionUnitStage {
            head: ActionUnitHeadConfig::new(WIDTH).init(&device),
            loss: UnitLoss::new(
                &UnitSet::aff_wild2(),
                |units| AsymmetricLossConfig::new(vec![1.0; units.len()]).init(&device),
                &device,
            ),
            sam: Some(SamConfig::new().init()),
        };
        let config = StageConfig::new().with_epochs(1);

        // The steps alone, on one batch in memory; the first draws the weights.
        let loader = EpochLoader::in_order(source.clone(), (0..256).collect(), 256, &device);
        let batch = loader.iter().next().unwrap().unwrap();
        let mut optimizer = config.optimizer.init();
        let mut trained = model.clone();
        let mut seconds = Vec::new();
        for _ in 0..12 {
            let start = Instant::now();
            let step = TrainStep::step(&trained, batch.clone());
            trained = optimizer.step(config.learning_rate, trained, step.grads);
            seconds.push(start.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        let step = seconds[seconds.len() / 2];

        let history = History::open(&folder.path().join("metrics.csv")).unwrap();
        let stage = Stage {
            name: "au",
            vocabulary: Vocabulary::aff_wild2(),
            tasks: Tasks::ACTION_UNIT,
            judged: Tasks::ACTION_UNIT,
            config: &config,
            depths: Vec::new(),
            seed: 0,
            folder: folder.path().join("au"),
            history: Arc::new(Mutex::new(history)),
            interrupter: Interrupter::new(),
            listener: Listener::default(),
            devices: vec![device],
        };
        let start = Instant::now();
        stage.run(model, rows(ROWS), rows(512)).unwrap();
        let (epoch, steps) = (start.elapsed().as_secs_f64(), ROWS.div_ceil(256) as f64);
        let ratio = epoch / (steps * step);
        println!("an epoch: {epoch:.1} s, {steps} steps of {step:.3} s: ratio {ratio:.3}");
        assert!(ratio <= 1.05, "{ratio}");
    }
}
