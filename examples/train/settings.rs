//! What a run is told: the config file or the defaults, with the flags on top. A flag that would
//! change nothing is an error.

use std::path::Path;

use countenance::optim::{BaseOptimizerConfig, BaseSgdConfig, EmaConfig, SamConfig};
use countenance::temporal::{TemporalConfig, TemporalForm};
use countenance::train::{
    GivenFeatures, Order, Recipe, Run, Schedule, StageConfig, TemporalStageConfig, TrainConfig,
};
use countenance::{Error, Result};

use crate::arguments::{Arguments, Optimizer, OrderArgument, RecipeArgument, TemporalArgument};
use crate::shared::weights::located;

/// Four layers of three steps: they look at 31 steps, more than the window has.
const CONVOLUTION: TemporalForm = TemporalForm::Convolution {
    layers: 4,
    kernel: 3,
};

/// The settings of a new run.
pub fn config(arguments: &Arguments) -> Result<TrainConfig> {
    let mut config = match &arguments.config {
        Some(path) => TrainConfig::load(path)?,
        None if arguments.data.is_some() => TrainConfig::new().with_recipe(Some(Recipe::Auto)),
        None => TrainConfig::synthetic(),
    };
    if let Some(root) = &arguments.data {
        config.data = Some(text("--data", root)?);
    }
    arguments.labels.put(&mut config.labels);
    arguments.division.put(&mut config.division);
    if let Some(name) = &arguments.backbone {
        config.weights = Some(text("--backbone", &located(name)?)?);
    }
    if let Some(model) = &arguments.heads {
        config.heads = Some(text("--heads", Path::new(model))?);
    }
    if !arguments.given.features.is_empty() {
        let files = arguments.given.features.iter();
        let files = files
            .map(|file| text("--features", file))
            .collect::<Result<_>>()?;
        let names = arguments.given.names.as_deref();
        let names = names.map(|list| text("--names", list)).transpose()?;
        config.features = Some(GivenFeatures::new(files).with_names(names));
    }
    if config.features.is_some() && config.data.is_none() {
        let expected = "--data, whose labels they are learnt with";
        return Err(idle("--features", expected, "none"));
    }
    config.order = match arguments.order {
        Some(OrderArgument::Staged) => Order::Staged,
        Some(OrderArgument::Joint) => Order::Joint,
        Some(OrderArgument::Whole) => Order::Whole,
        None => config.order,
    };
    if let Some(form) = arguments.temporal {
        let mut temporal = config
            .temporal
            .take()
            .unwrap_or_else(TemporalStageConfig::new);
        temporal.head.form = match (form, temporal.head.form) {
            (TemporalArgument::Transformer, kept @ TemporalForm::Transformer { .. })
            | (TemporalArgument::Convolution, kept @ TemporalForm::Convolution { .. }) => kept,
            (TemporalArgument::Transformer, _) => TemporalConfig::new().form,
            (TemporalArgument::Convolution, _) => CONVOLUTION,
        };
        config.temporal = Some(temporal);
    }
    if let Some(temporal) = &mut config.temporal {
        temporal.head.causal |= arguments.causal;
        temporal.frame_rate = arguments.frame_rate.unwrap_or(temporal.frame_rate);
        let stage = &mut temporal.stage;
        stage.epochs = arguments.temporal_epochs.unwrap_or(stage.epochs);
    }
    config.recipe = match arguments.recipe {
        Some(RecipeArgument::Auto) => Some(Recipe::Auto),
        Some(RecipeArgument::Paper) => Some(Recipe::Paper),
        Some(RecipeArgument::Small) => Some(Recipe::Small),
        None => config.recipe,
    };
    config.strict |= arguments.strict;
    config.keep_partial_action_units |= arguments.keep_partial_action_units;
    refuse_idle(arguments, &config)?;
    let set = |setting: &mut usize, flag: Option<usize>| *setting = flag.unwrap_or(*setting);
    for stage in config.heads_mut() {
        optimized(stage, arguments.optimizer);
        // A recipe counts epochs in steps of so many rows.
        set(&mut stage.batch_size, arguments.batch_size);
    }
    // What it sets goes before what a flag says.
    let mut config = config.fitted()?;
    set(&mut config.whole.epochs, arguments.whole_epochs);
    set(&mut config.backbone.stage.epochs, arguments.backbone_epochs);
    set(&mut config.synthetic.train, arguments.synthetic_train);
    set(
        &mut config.synthetic.validation,
        arguments.synthetic_validation,
    );
    config.seed = arguments.seed.unwrap_or(config.seed);
    config.max_unreadable = arguments.max_unreadable.unwrap_or(config.max_unreadable);
    for stage in config.heads_mut() {
        set(&mut stage.epochs, arguments.epochs);
        stage.learning_rate = arguments.learning_rate.unwrap_or(stage.learning_rate);
    }
    if let Some(decay) = arguments.ema {
        let average = |stage: &mut StageConfig| {
            let ema = stage.ema.take().unwrap_or_else(EmaConfig::new);
            stage.ema = Some(ema.with_decay(decay));
        };
        config.heads_mut().into_iter().for_each(average);
        average(&mut config.whole);
    }
    if let Some(rho) = arguments.rho {
        set_rho(&mut config, arguments.optimizer, rho)?;
    }
    Ok(config)
}

/// The settings of the run in `folder`, with what may change on the way.
pub fn resumed(arguments: &Arguments, folder: &Path) -> Result<TrainConfig> {
    let mut config = Run::config_in(folder)?;
    refuse_idle(arguments, &config)?;
    config.max_unreadable = arguments.max_unreadable.unwrap_or(config.max_unreadable);
    Ok(config)
}

fn optimized(stage: &mut StageConfig, optimizer: Option<Optimizer>) {
    let sgd = |sam| {
        let stage = StageConfig::new().with_schedule(Schedule::Constant);
        stage
            .with_optimizer(BaseOptimizerConfig::Sgd(BaseSgdConfig::new()))
            .with_sam(sam)
    };
    let chosen = match optimizer {
        Some(Optimizer::Sam) => sgd(Some(SamConfig::new())),
        Some(Optimizer::Sgd) => sgd(None),
        Some(Optimizer::Adamw) => StageConfig::new().adamw(),
        None => return,
    };
    stage.optimizer = chosen.optimizer;
    stage.schedule = chosen.schedule;
    stage.sam = chosen.sam;
}

/// Sets the radius wherever there is one.
fn set_rho(config: &mut TrainConfig, optimizer: Option<Optimizer>, rho: f64) -> Result<()> {
    let mut radii = 0;
    for sam in config
        .heads_mut()
        .into_iter()
        .filter_map(|stage| stage.sam.as_mut())
    {
        sam.rho = rho;
        radii += 1;
    }
    let found = match optimizer {
        _ if radii > 0 => return Ok(()),
        Some(Optimizer::Sgd) => "--optimizer sgd",
        Some(Optimizer::Adamw) => "--optimizer adamw",
        _ => "a config without it",
    };
    Err(idle(
        "--rho",
        "sharpness-aware minimisation, as with --optimizer sam",
        found,
    ))
}

/// Refuses flags that would change nothing with these settings.
fn refuse_idle(arguments: &Arguments, config: &TrainConfig) -> Result<()> {
    let order = match config.order {
        Order::Staged => "--order staged",
        Order::Joint => "--order joint",
        Order::Whole => "--order whole",
    };
    let of_time = [
        (arguments.causal, "--causal"),
        (arguments.frame_rate.is_some(), "--frame-rate"),
        (arguments.temporal_epochs.is_some(), "--temporal-epochs"),
    ];
    let of_time = of_time.into_iter().find(|(is_given, _)| *is_given);
    let of_labels = arguments.labels.given().or(arguments.division.given());
    for (is_idle, flag, expected, found) in [
        (
            of_labels.is_some() && config.data.is_none(),
            of_labels.unwrap_or_default(),
            "--data",
            "a set that is rendered here, whose labels are told",
        ),
        (
            of_time.is_some() && config.temporal.is_none(),
            of_time.map_or("", |(_, flag)| flag),
            "--temporal",
            "no temporal head",
        ),
        (
            arguments.whole_epochs.is_some() && config.order != Order::Whole,
            "--whole-epochs",
            "--order whole",
            order,
        ),
        (
            arguments.backbone_epochs.is_some() && config.weights.is_some(),
            "--backbone-epochs",
            "a backbone that is trained here",
            "weights for it in --config",
        ),
        (
            arguments.synthetic_train.is_some() && config.data.is_some(),
            "--synthetic-train",
            "a set that is rendered here",
            "a data set in --config",
        ),
        (
            arguments.synthetic_validation.is_some() && config.data.is_some(),
            "--synthetic-validation",
            "a set that is rendered here",
            "a data set in --config",
        ),
        (
            arguments.recipe.is_some() && config.data.is_none(),
            "--recipe",
            "--data",
            "a set that is rendered here, which has settings of its own",
        ),
        (
            arguments.max_unreadable.is_some() && config.features.is_some(),
            "--max-unreadable",
            "images",
            "features, of which each that is missing is left out",
        ),
        (
            arguments.backbone_epochs.is_some() && config.features.is_some(),
            "--backbone-epochs",
            "a backbone that is trained here",
            "features in --config",
        ),
        (
            arguments.max_unreadable.is_some() && config.data.is_none(),
            "--max-unreadable",
            "--data",
            "a set that is rendered here, whose images are readable",
        ),
    ] {
        if is_idle {
            return Err(idle(flag, expected, found));
        }
    }
    Ok(())
}

fn idle(flag: &str, expected: &str, found: &str) -> Error {
    Error::Argument {
        what: flag.into(),
        expected: expected.into(),
        found: found.into(),
    }
}

/// A path as the config holds it.
fn text(flag: &str, path: &Path) -> Result<String> {
    match path.to_str() {
        Some(text) => Ok(text.to_string()),
        None => Err(Error::Argument {
            what: flag.into(),
            expected: "a path in UTF-8, as it is written to config.json".into(),
            found: path.display().to_string(),
        }),
    }
}
