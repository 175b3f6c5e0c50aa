//! Configs as JSON: what is taken is in range, and is the same when it is written and read again.
#![no_main]

mod file;

use burn::config::Config;
use countenance::backbone::{EfficientNetConfig, Variant};
use countenance::config::load;
use countenance::data::image::Preprocessing;
use countenance::model::{ClassifierConfig, ModelConfig};
use countenance::network::NetworkConfig;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    file::with_file(bytes, |path| {
        if let Ok(config) = load(path, &NetworkConfig::mtl_abaw4()) {
            again(&config);
            checked(ModelConfig::Network(config));
        }
        let backbone = EfficientNetConfig::new(Variant::Tiny);
        if let Ok(config) = load(path, &ClassifierConfig::new(backbone.into(), Vec::new())) {
            again(&config);
            checked(ModelConfig::Classifier(config));
        }
        if let Ok(config) = load(path, &Preprocessing::imagenet(224)) {
            again(&config);
            let _ = config.validate();
        }
    });
});

/// A config that passes its check answers what it is asked.
fn checked(config: ModelConfig) {
    if config.validate().is_ok() {
        assert!(config.feature_width() > 0);
        let _ = (config.action_units(), config.expressions());
    }
}

fn again<C: Config + std::fmt::Display>(config: &C) {
    let text = config.to_string();
    file::with_text(&text, |path| {
        assert_eq!(load(path, config).unwrap().to_string(), text);
    });
}
