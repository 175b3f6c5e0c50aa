//! The names that timm gives its EfficientNets, which tell their flavour.

use crate::backbone::{EfficientNetConfig, Flavour, Variant};

/// An EfficientNet as timm names it, such as `tf_efficientnet_b0.ns_jft_in1k`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Architecture {
    /// The name.
    pub name: String,
    /// Padding and epsilon: TensorFlow's behind `tf_`.
    pub flavour: Flavour,
    /// Which of the family, from B0 to B8.
    number: u8,
    /// Whether its published weights were trained on values from -1 to 1.
    pub from_minus_one: bool,
}

impl Architecture {
    /// The network of a name; `None` if it is none of timm's. "efficientnet" alone, or other
    /// programs' `efficientnet-b0`, do not tell the flavour.
    pub fn parse(text: &str) -> Option<Self> {
        const FILES: [&str; 7] = ["pt", "pth", "bin", "ckpt", "tar", "safetensors", "onnx"];
        // Before a slash stand the program and the user that publish it.
        let name = text.trim().rsplit(['/', ':']).next()?.to_ascii_lowercase();
        // How segmentation models name an encoder of timm's.
        let name = name.strip_prefix("tu-").unwrap_or(&name).to_string();
        let (flavour, rest) = match name.strip_prefix("tf_") {
            Some(rest) => (Flavour::Tensorflow, rest),
            None => (Flavour::Plain, name.as_str()),
        };
        let rest = rest.strip_prefix("efficientnet_b")?;
        let number = rest.chars().next()?.to_digit(10).filter(|&n| n <= 8)?;
        // timm has had `efficientnet_b2a` for `efficientnet_b2`.
        let rest = rest[1..].strip_prefix('a').unwrap_or(&rest[1..]);
        let usual = |c: char| c.is_ascii_alphanumeric() || "._".contains(c);
        if !rest.chars().all(usual) || !(rest.is_empty() || rest.starts_with(['.', '_'])) {
            return None;
        }
        let mut tags = rest.split(['.', '_']).filter(|tag| !tag.is_empty());
        if tags.clone().any(|tag| FILES.contains(&tag)) {
            return None;
        }
        Some(Self {
            flavour,
            number: number as u8,
            from_minus_one: matches!(tags.next(), Some("ap" | "ra4")),
            name,
        })
    }

    /// The network that a file is named after, as timm names its files.
    pub fn of_file(stem: &str) -> Option<Self> {
        // Behind a hyphen stands a digest.
        Self::parse(stem.split(['-', ' ', '(']).next()?)
    }

    /// Whether the network of `config` can be this one, by its sizes.
    pub fn suits(&self, config: &EfficientNetConfig) -> bool {
        let number = match config.variant {
            Variant::Tiny => return false,
            Variant::B0 => 0,
            Variant::B1 => 1,
            Variant::B2 => 2,
            Variant::B3 => 3,
            Variant::B4 => 4,
        };
        self.number == number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_timm_tell_the_flavour() {
        use Flavour::{Plain, Tensorflow};
        for (name, flavour, number) in [
            ("efficientnet_b0", Plain, 0),
            ("efficientnet_b0_ra", Plain, 0),
            ("efficientnet_b2a", Plain, 2),
            ("efficientnet_b0.ra_in1k", Plain, 0),
            ("tf_efficientnet_b0", Tensorflow, 0),
            ("tf_efficientnet_b2_ns", Tensorflow, 2),
            ("tf_efficientnet_b4.ns_jft_in1k", Tensorflow, 4),
            ("hf_hub:timm/tf_efficientnet_b0.aa_in1k", Tensorflow, 0),
            ("timm/efficientnet_b1.ft_in1k", Plain, 1),
            ("tu-tf_efficientnet_b3", Tensorflow, 3),
        ] {
            let found = Architecture::parse(name).expect(name);
            assert_eq!((found.flavour, found.number), (flavour, number), "{name}");
            assert!(!found.from_minus_one, "{name}");
        }
        for name in [
            "tf_efficientnet_b0_ap",
            "efficientnet_b0.ra4_e3600_r224_in1k",
        ] {
            assert!(
                Architecture::parse(name).expect(name).from_minus_one,
                "{name}"
            );
        }
    }

    #[test]
    fn other_names_tell_nothing() {
        for name in [
            "",
            "efficientnet",
            "efficientnet-b0",
            "timm-efficientnet-b0",
            "EfficientNet",
            "efficientnet_b",
            "efficientnet_b9",
            "efficientnet_b0x",
            "efficientnet_b0.pth",
            "efficientnet_b0 of 2022",
            "tf_efficientnetv2_b0",
            "tf_efficientnet_lite0",
            "resnet50",
        ] {
            assert_eq!(Architecture::parse(name), None, "{name}");
        }
    }

    #[test]
    fn files_are_named_after_networks_with_a_digest_behind() {
        let flavour = |stem| Architecture::of_file(stem).map(|found| found.flavour);
        assert_eq!(flavour("efficientnet_b0_ra-3dd342df"), Some(Flavour::Plain));
        assert_eq!(
            flavour("tf_efficientnet_b0_ns-c0e6a31c"),
            Some(Flavour::Tensorflow)
        );
        assert_eq!(flavour("efficientnet_b0 (1)"), Some(Flavour::Plain));
        assert_eq!(flavour("efficientnet-b0-355c32eb"), None);
        assert_eq!(flavour("model_best"), None);
    }
}
