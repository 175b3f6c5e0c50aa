//! Networks that find faces.

mod own;
mod package;

use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;

pub(crate) use self::own::DETECTOR;
pub use self::own::save_detector;
use self::package::Package;
use super::layout::{self, Place};
use super::{Checkpoint, Family, ImportReport, assign, mtcnn, yunet};
use crate::face::DetectorNetwork;
use crate::face::mtcnn::{Mtcnn, OutputNet, ProposalNet, RefineNet};
use crate::face::yunet::YuNetConfig;
use crate::network::KIND_KEY;
use crate::{Error, Result};

/// A detector out of a file, and what became of every tensor; printed, it is the key report.
#[derive(Debug)]
pub struct DetectorImport {
    /// The detector.
    pub network: DetectorNetwork,
    /// What the file was taken for: YuNet's, MTCNN's, or this crate's own.
    pub family: Family,
    /// What fits and what does not, under the file's names.
    pub report: ImportReport,
    /// Tensors of the file that need no place: counters, and what training keeps beside a network.
    pub ignored: Vec<String>,
    /// A line on each decision: where the network was found.
    pub notes: Vec<String>,
}

/// Reads a detector: YuNet's training checkpoint; a folder with MTCNN's `pnet.pt`, `rnet.pt` and
/// `onet.pt`, or one of them with the others beside it; a package (`facenet_pytorch-*.whl`) that has
/// them; or what [`save_detector`] wrote.
///
/// # Errors
/// See [`DetectorImport::open`].
pub fn import_detector(path: &Path, device: &Device) -> Result<DetectorNetwork> {
    Ok(DetectorImport::open(path, None, device)?.network)
}

impl DetectorImport {
    /// Whether there is a detector at `path`, as far as that can be told without reading it whole.
    pub fn is_at(path: &Path) -> bool {
        let detects = |checkpoint: Checkpoint| match checkpoint.family() {
            Some(Family::Countenance) => is_own(&checkpoint),
            family => matches!(family, Some(Family::Yunet | Family::Mtcnn)),
        };
        Package::is_at(path) || Checkpoint::open(path).is_ok_and(detects)
    }

    /// Reads a detector as [`import_detector`] does, of one family if that is given.
    ///
    /// # Errors
    /// [`Error::Io`] if a file cannot be read, [`Error::File`] if it is broken, no detector or another
    /// one; [`Error::Weights`] if a tensor is missing, left over, not finite or does not fit.
    pub fn open(path: &Path, family: Option<Family>, device: &Device) -> Result<Self> {
        let import = Self::read(path, family, device)?;
        match family.filter(|&asked| asked != import.family) {
            None => Ok(import),
            Some(asked) => {
                let found = import.family.to_string();
                Err(Error::file(path, asked.to_string(), found))
            }
        }
    }

    fn read(path: &Path, family: Option<Family>, device: &Device) -> Result<Self> {
        if path.is_dir() {
            return Self::cascade(&Package::in_folder(path)?, device);
        }
        if let Some(package) = Package::in_zip(path)? {
            return Self::cascade(&package, device);
        }
        let mut checkpoint = Checkpoint::choose(path, family, None)?;
        match checkpoint.family() {
            Some(Family::Yunet) => {
                let network = YuNetConfig::new().init(device);
                let places = yunet::network_places(&network);
                let (network, report) = filled(&mut checkpoint, network, &places, &yunet::PARTS)?;
                Ok(Self {
                    network: DetectorNetwork::YuNet(Box::new(network)),
                    family: Family::Yunet,
                    report,
                    ignored: checkpoint.ignored().to_vec(),
                    notes: checkpoint.remarks().to_vec(),
                })
            }
            Some(Family::Mtcnn) => {
                let folder = path.parent().unwrap_or(Path::new("."));
                Self::cascade(&Package::in_folder(folder)?, device)
            }
            Some(Family::Countenance) if is_own(&checkpoint) => {
                let (network, fitting) = own::load(path, device)?;
                Ok(Self {
                    network,
                    family: Family::Countenance,
                    report: ImportReport {
                        fitting,
                        ..ImportReport::default()
                    },
                    ignored: Vec::new(),
                    notes: Vec::new(),
                })
            }
            other => {
                let expected = "a detector: YuNet's checkpoint, or MTCNN's three files";
                let found = match other {
                    Some(family) => format!("a network that reads faces ({family}): --model"),
                    None => "names of neither".to_string(),
                };
                Err(Error::file(path, expected, found))
            }
        }
    }

    /// MTCNN of its three files.
    fn cascade(package: &Package, device: &Device) -> Result<Self> {
        let mut report = ImportReport::default();
        let mut ignored = Vec::new();
        let network = Mtcnn {
            proposal: stage(package, 0, ProposalNet::new(device), mtcnn::proposal_places)
                .map(|read| read.into(&mut report, &mut ignored))?,
            refine: stage(package, 1, RefineNet::new(device), mtcnn::refine_places)
                .map(|read| read.into(&mut report, &mut ignored))?,
            output: stage(package, 2, OutputNet::new(device), mtcnn::output_places)
                .map(|read| read.into(&mut report, &mut ignored))?,
        };
        let names = package.names.iter().map(|name| name.display().to_string());
        Ok(Self {
            network: DetectorNetwork::Mtcnn(Box::new(network)),
            family: Family::Mtcnn,
            report,
            ignored,
            notes: vec![format!("from {}", names.collect::<Vec<_>>().join(", "))],
        })
    }
}

/// Says that what is given where faces are to be read finds them.
pub(crate) fn finds_faces(path: &Path) -> Error {
    let expected = "a network that reads faces";
    let found = "a detector, which finds them: --detector";
    Error::file(path, expected, found)
}

/// Whether a file of this crate says that it is a detector.
pub(super) fn is_own(checkpoint: &Checkpoint) -> bool {
    let kind = checkpoint.metadata().get(KIND_KEY);
    kind.is_some_and(|kind| kind == DETECTOR)
}

/// One of MTCNN's networks, and what became of its file's tensors.
struct Stage<M> {
    network: M,
    report: ImportReport,
    ignored: Vec<String>,
}

impl<M> Stage<M> {
    /// The network, with what is told of it added to what is told of all.
    fn into(self, report: &mut ImportReport, ignored: &mut Vec<String>) -> M {
        report.fitting += self.report.fitting;
        ignored.extend(self.ignored);
        self.network
    }
}

/// The network in the package's file `index`.
fn stage<M: Module>(
    package: &Package,
    index: usize,
    network: M,
    places: fn(&M) -> Vec<Place>,
) -> Result<Stage<M>> {
    let read = || {
        let kind = Some(Family::Mtcnn);
        let mut checkpoint = Checkpoint::choose(&package.files[index], kind, None)?;
        let places = places(&network);
        let (network, report) = filled(&mut checkpoint, network, &places, &mtcnn::PARTS)?;
        Ok(Stage {
            network,
            report,
            ignored: checkpoint.ignored().to_vec(),
        })
    };
    read().map_err(|error| package.named(index, error))
}

fn filled<M: Module>(
    checkpoint: &mut Checkpoint,
    network: M,
    places: &[Place],
    parts: &[&str],
) -> Result<(M, ImportReport)> {
    let (tensors, report) = layout::read(checkpoint, places, parts)?;
    let refused = Error::weights(checkpoint.path());
    match report.is_complete() {
        true => Ok((assign(network, tensors).map_err(refused)?, report)),
        false => Err(refused(Box::new(report))),
    }
}
