//! HSEmotion's networks: timm's, published under names that tell what their outputs are.

use std::path::Path;

/// A network that HSEmotion has published.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Published {
    /// Its name, which is that of its file.
    pub name: &'static str,
    /// The folder that it is published in.
    pub folder: &'static str,
    /// The outputs of its classifier.
    pub outputs: Option<usize>,
}

const EMOTIONS: &str = "affectnet_emotions";

/// The networks of this crate's kind that are published.
pub(super) const PUBLISHED: [Published; 7] = [
    published("enet_b0_8_best_vgaf", EMOTIONS, Some(8)),
    published("enet_b0_8_best_afew", EMOTIONS, Some(8)),
    published("enet_b0_8_va_mtl", EMOTIONS, Some(10)),
    published("enet_b0_7", EMOTIONS, Some(7)),
    published("enet_b2_8", EMOTIONS, Some(8)),
    published("enet_b2_7", EMOTIONS, Some(7)),
    // The face recognition network that the others were trained from.
    published("state_vggface2_enet0_new", "pretrained_faces", None),
];

/// Words in a file's name that speak of further training, after which the classes may be others.
const TRAINED_ON: [&str; 12] = [
    "finetune",
    "finetuned",
    "fine",
    "tuned",
    "ft",
    "retrained",
    "transfer",
    "raf",
    "rafdb",
    "ferplus",
    "student",
    "distilled",
];

const fn published(name: &'static str, folder: &'static str, outputs: Option<usize>) -> Published {
    Published {
        name,
        folder,
        outputs,
    }
}

impl Published {
    /// The published network that a file has its name from: `hsemotion_enet_b0_7 (1).pt` is one,
    /// `enet_b0_7_finetuned.pt` is none.
    pub fn named(path: &Path) -> Option<Self> {
        let stem = path.file_stem()?.to_string_lossy().to_lowercase();
        let words: Vec<&str> = stem
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        if words.iter().any(|word| TRAINED_ON.contains(word)) {
            return None;
        }
        PUBLISHED.into_iter().find(|published| {
            let name: Vec<&str> = published.name.split('_').collect();
            words.windows(name.len()).any(|part| part == name)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(file: &str) -> Option<usize> {
        Published::named(Path::new(file))?.outputs
    }

    #[test]
    fn published_names_tell_the_outputs_whatever_stands_around_them() {
        for (file, expected) in [
            ("enet_b0_8_best_vgaf.pt", 8),
            ("models/enet_b0_8_best_afew.pth", 8),
            ("enet_b0_8_va_mtl (1).pt", 10),
            ("hsemotion-enet_b0_7.safetensors", 7),
            ("ENET_B2_8_state_dict.pt", 8),
            ("enet-b2-7.v2.pt", 7),
        ] {
            assert_eq!(outputs(file), Some(expected), "{file}");
        }
    }

    #[test]
    fn names_that_are_only_like_them_tell_nothing() {
        for file in [
            "enet_b0_8.pt",
            "efficientnet_b0_7.pt",
            "myenet_b0_7.pt",
            "enet_b0_71.pt",
            "enet_b0_7_finetuned.pt",
            "enet_b0_8_best_vgaf_ft_rafdb.pt",
            "state_vggface2_enet0_new.pt",
            "hsemotion_8.pt",
        ] {
            assert_eq!(outputs(file), None, "{file}");
        }
    }
}
