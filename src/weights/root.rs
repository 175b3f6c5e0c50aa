//! Where in a file networks begin, and which of several is meant.

use std::collections::BTreeSet;

use super::Family;

/// A network in a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Root {
    /// What stands before the names of its tensors, with the dot behind.
    pub prefix: String,
    /// Whose network it is.
    pub family: Family,
}

/// The tensors that tell a network, each with whose it is.
const ANCHORS: [(&str, Family); 12] = [
    ("au_regressor.sc", Family::Openface3),
    ("au.sc", Family::MtlAbaw4),
    ("head.sc", Family::MeGraphAu),
    ("head.main_sc", Family::MeGraphAu),
    ("conv_stem.weight", Family::Timm),
    ("backbone.model0.conv1.weight", Family::Yunet),
    ("prelu3.weight", Family::Mtcnn),
    ("features.0.weight", Family::Vgg),
    ("conv1_1.weight", Family::Vgg),
    ("layer1.0.conv1.weight", Family::ResNet),
    (
        "layers.0.blocks.0.attn.relative_position_bias_table",
        Family::Swin,
    ),
    (
        "features.1.0.attn.relative_position_bias_table",
        Family::Swin,
    ),
];

/// What stands before timm's network inside the others.
const INSIDE: [&str; 3] = ["base_model.", "extractor.", "extractor.backbone."];

/// Every network that tensors of these names are of; of one family alone if that is given.
pub(super) fn roots(names: &BTreeSet<&str>, kind: Option<Family>) -> Vec<Root> {
    let kind = kind.map(|kind| match kind {
        Family::Hsemotion => Family::Timm,
        kind => kind,
    });
    let mut roots = Vec::new();
    for name in names {
        for (anchor, family) in ANCHORS {
            let Some(prefix) = name.strip_suffix(anchor) else {
                continue;
            };
            let begins = prefix.is_empty() || prefix.ends_with('.');
            if begins && kind.is_none_or(|kind| kind == family) {
                let prefix = prefix.to_string();
                roots.push(Root { prefix, family });
            }
        }
    }
    let inside: BTreeSet<String> = roots
        .iter()
        .filter(|root| root.family != Family::Timm)
        .flat_map(|root| INSIDE.map(|inside| format!("{}{inside}", root.prefix)))
        .collect();
    roots.retain(|root| {
        let head = format!("{}conv_head.weight", root.prefix);
        let whole = names.contains(head.as_str()) && !inside.contains(&root.prefix);
        root.family != Family::Timm || whole
    });
    // What stands beside a network that is about faces is not what was meant.
    let is_trunk = |root: &Root| root.family.is_trunk();
    if !roots.iter().all(is_trunk) {
        roots.retain(|root| !is_trunk(root));
    }
    roots
}

/// A choice among networks.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Choice {
    /// The one of this index; what to tell people of it.
    One(usize, Option<String>),
    /// There is none.
    None,
    /// These are there, and which one is meant is not said, or none of them.
    Unclear(Vec<String>),
}

/// Which of `roots` is meant: that under `key`, the only one, or as timm does the averaged weights
/// (EMA) beside the others. The best ones so far are meant only if they are named.
pub(super) fn choose(roots: &[Root], key: Option<&str>) -> Choice {
    if roots.is_empty() {
        return Choice::None;
    }
    let asked: Vec<usize> = match key {
        None => (0..roots.len()).collect(),
        Some(key) => under(roots, key),
    };
    let of = |kind| -> Vec<usize> {
        let kinds = asked.iter().copied();
        kinds
            .filter(|&index| Kind::of(&roots[index].prefix) == kind)
            .collect()
    };
    let family = |index: usize| roots[index].family;
    const AVERAGED: &str = "as in timm, the averaged weights (EMA)";
    let (taken, what) = match (of(Kind::Averaged).as_slice(), of(Kind::Raw).as_slice()) {
        _ if asked.len() == 1 => return Choice::One(asked[0], None),
        (&[averaged], &[raw]) if family(averaged) == family(raw) => (averaged, AVERAGED),
        (&[averaged], &[]) => (averaged, AVERAGED),
        (&[], &[raw]) => (raw, "the weights"),
        _ => return Choice::Unclear(roots.iter().map(|root| shown(&root.prefix)).collect()),
    };
    let others = asked.iter().filter(|&&index| index != taken);
    let others: Vec<_> = others.map(|&index| shown(&roots[index].prefix)).collect();
    let taken_key = shown(&roots[taken].prefix);
    let remark = format!(
        "{what} under \"{taken_key}\" were taken; others: convert --weights {}",
        others.join(" or ")
    );
    Choice::One(taken, Some(remark))
}

/// The networks that `key` names: exactly, by its beginning, or by any part.
fn under(roots: &[Root], key: &str) -> Vec<usize> {
    let key = match key.trim_end_matches('.') {
        "" => {
            return (0..roots.len())
                .filter(|&i| roots[i].prefix.is_empty())
                .collect();
        }
        key => format!("{key}."),
    };
    let all = |suits: &dyn Fn(&str) -> bool| -> Vec<usize> {
        (0..roots.len())
            .filter(|&i| suits(&roots[i].prefix))
            .collect()
    };
    let ways = [
        all(&|prefix| prefix == key),
        all(&|prefix| prefix.starts_with(&key)),
        all(&|prefix| prefix.contains(&format!(".{key}"))),
    ];
    ways.into_iter()
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// What the weights under a prefix are to a training program.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Raw,
    /// Averaged over the last steps.
    Averaged,
    /// Those that scored best so far.
    Best,
}

impl Kind {
    fn of(prefix: &str) -> Self {
        let lower = prefix.to_lowercase();
        let mut words = lower.split(|c: char| !c.is_alphanumeric());
        if words.clone().any(|word| word == "best") {
            Self::Best
        } else if words.any(|word| word == "ema") {
            Self::Averaged
        } else {
            Self::Raw
        }
    }
}

/// A prefix as a key that names it.
pub(super) fn shown(prefix: &str) -> String {
    match prefix.trim_end_matches('.') {
        "" => ".".to_string(),
        key => key.to_string(),
    }
}
