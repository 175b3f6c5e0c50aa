//! The rows of the table: what is changed in the paper's network, and in how it is trained.

use std::path::{Path, PathBuf};

use countenance::attention::Attention;
use countenance::network::Coupling;
use countenance::train::{MapHalf, Order, TrainConfig};

use crate::addition::Additions;

/// A row of the table.
pub struct Row {
    /// What `--row` calls it, and how the folders of its runs begin.
    pub name: &'static str,
    /// What it is.
    pub label: &'static str,
    /// The name of the row that it changes something in, over which its differences are.
    pub over: &'static str,
    /// What it makes of the settings that all rows have, which add nothing.
    change: fn(TrainConfig, Additions) -> TrainConfig,
}

/// What all rows have.
pub struct Settings {
    pub config: TrainConfig,
    /// The weights of the baseline's VGG.
    pub baseline_weights: Option<String>,
}

/// The name of the paper's network, over which the others' differences are.
pub const REFERENCE: &str = "elementwise";

/// The name of the row whose tasks are trained at once.
const JOINT: &str = "joint";

/// All rows, in the table's order.
pub const ROWS: [Row; 16] = [
    Row {
        name: "baseline",
        label: "the challenge's baseline (VGG)",
        over: REFERENCE,
        change: |config, added| config.with_baseline(Some(added.baseline)),
    },
    Row {
        name: "none",
        label: "without cross attention",
        over: REFERENCE,
        change: |config, _| config.with_attention(Attention::None),
    },
    Row {
        name: REFERENCE,
        label: "cross attention (Eq. 6-7)",
        over: REFERENCE,
        change: |config, _| paper(config),
    },
    Row {
        name: "additive",
        label: "cross attention (additive)",
        over: REFERENCE,
        change: |config, _| config.with_attention(Attention::Additive { hidden: 64 }),
    },
    Row {
        name: "maps",
        label: "units from maps, nearest neighbours",
        over: REFERENCE,
        change: |config, added| paper(config).with_map_head(Some(added.map_of(MapHalf::Nearest))),
    },
    Row {
        name: "edges",
        label: "units from maps, edges (MEFL)",
        over: REFERENCE,
        change: |config, added| paper(config).with_map_head(Some(added.map_of(MapHalf::Both))),
    },
    Row {
        name: JOINT,
        label: "all tasks at once",
        over: REFERENCE,
        change: |config, _| joint(config),
    },
    Row {
        name: "affect",
        label: "joint, affect attends (Eq. 6-7)",
        over: JOINT,
        change: |config, _| joint(config).with_coupling(affect(Attention::Elementwise)),
    },
    Row {
        name: "affect-additive",
        label: "joint, affect attends (additive)",
        over: JOINT,
        change: |config, _| joint(config).with_coupling(affect(Attention::Additive { hidden: 64 })),
    },
    Row {
        name: "expression",
        label: "joint, expressions attend to affect",
        over: JOINT,
        change: |config, _| joint(config).with_coupling(Coupling::new().with_expression(true)),
    },
    Row {
        name: "matching",
        label: "joint, distribution matching",
        over: JOINT,
        change: |config, added| joint(config).with_matching(Some(added.matching)),
    },
    Row {
        name: "co-annotation",
        label: "joint, co-annotation",
        over: JOINT,
        change: |config, added| joint(config).with_co_annotation(Some(added.co_annotation)),
    },
    Row {
        name: "uncertainty",
        label: "joint, weights by uncertainty",
        over: JOINT,
        change: |config, _| joint(config).with_uncertainty(true),
    },
    Row {
        name: "transformer",
        label: "temporal head, transformer",
        over: REFERENCE,
        change: |config, added| paper(config).with_temporal(Some(added.transformer())),
    },
    Row {
        name: "convolution",
        label: "temporal head, convolution",
        over: REFERENCE,
        change: |config, added| paper(config).with_temporal(Some(added.convolution())),
    },
    Row {
        name: "together",
        label: "joint, all of these, transformer",
        over: REFERENCE,
        change: |config, added| {
            let coupling = affect(Attention::Elementwise).with_expression(true);
            joint(config)
                .with_coupling(coupling)
                .with_matching(Some(added.matching.clone()))
                .with_co_annotation(Some(added.co_annotation))
                .with_uncertainty(true)
                .with_temporal(Some(added.transformer()))
        },
    },
];

/// The paper's network.
fn paper(config: TrainConfig) -> TrainConfig {
    config.with_attention(Attention::Elementwise)
}

/// The paper's network, its tasks trained at once.
fn joint(config: TrainConfig) -> TrainConfig {
    paper(config).with_order(Order::Joint)
}

/// Valence and arousal that attend to action units and expressions.
fn affect(attention: Attention) -> Coupling {
    Coupling::new().with_valence_arousal(attention)
}

impl Row {
    /// Where its run with a seed is.
    pub fn folder(&self, out: &Path, seed: u64) -> PathBuf {
        out.join(format!("{}-seed{seed}", self.name))
    }

    /// The settings of its run with a seed.
    pub fn config(&self, settings: &Settings, seed: u64) -> TrainConfig {
        let (config, added) = Additions::taken(settings.config.clone().with_seed(seed));
        let config = (self.change)(config, added);
        match config.baseline {
            // The weights of the others' backbone are no VGG's.
            Some(_) => config.with_weights(settings.baseline_weights.clone()),
            None => config,
        }
    }

    /// Whether it is the paper's network, over which nothing is said of it.
    pub fn is_reference(&self) -> bool {
        self.name == REFERENCE
    }

    /// The paper's network.
    pub fn reference() -> &'static Self {
        let found = ROWS.iter().find(|row| row.name == REFERENCE);
        found.expect("it is one of them")
    }

    /// The row of a name.
    pub fn of(name: &str) -> Result<&'static Self, String> {
        let found = ROWS.iter().find(|row| row.name == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
            format!("expected one of {}", names.join(", "))
        })
    }

    /// Every row, its name and what it is.
    pub fn list() -> String {
        let lines = ROWS
            .iter()
            .map(|row| format!("{:<18}{}\n", row.name, row.label));
        lines.collect()
    }
}
