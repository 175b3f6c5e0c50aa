//! Weights that others publish, by name.

use std::path::{Path, PathBuf};

use super::hsemotion::{self, PUBLISHED};
use super::{RemoteFile, mtcnn};
use crate::{Error, Result};

/// Where HSEmotion publishes its networks; their own program fetches them from there.
const HSEMOTION: &str =
    "https://github.com/HSE-asavchenko/face-emotion-recognition/blob/main/models/";
/// Where YuNet's authors publish its checkpoint.
const YUNET: &str = "https://github.com/ShiqiYu/libfacedetection.train/raw/master/weights/";
/// Where facenet-pytorch has the three networks of its MTCNN.
const MTCNN: &str = "https://github.com/timesler/facenet-pytorch/raw/master/data/";

/// The bytes and the SHA-256 of YuNet's checkpoint.
const YUNET_IS: (u64, &str) = (
    747_497,
    "9c7c9e14a4d60e57491d77e4d8b0d451bd834f300e05c0dea7fd1f6533817b06",
);
/// The bytes and the SHA-256 of MTCNN's files in facenet-pytorch 2.6.0, in the order of the cascade.
const MTCNN_IS: [(u64, &str); 3] = [
    (
        28_570,
        "a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f",
    ),
    (
        403_147,
        "bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86",
    ),
    (
        1_559_269,
        "165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d",
    ),
];

/// Weights that others publish under a name.
///
/// ```
/// use countenance::weights::Publication;
///
/// // What would be fetched, and from where; `locate` does it in a build with `download`.
/// let detector = Publication::named("yunet")?.expect("a known name");
/// assert_eq!(detector.files[0].file, "yunet_n.pth");
/// assert!(Publication::named("model.safetensors")?.is_none(), "a file");
/// assert!(Publication::named("hsemotion:enet_b99").is_err());
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Publication {
    /// The name, such as `hsemotion:enet_b0_8_best_vgaf`, `yunet` or `mtcnn`.
    pub name: String,
    /// The files.
    pub files: Vec<RemoteFile>,
    /// Whose they are, and on what terms.
    pub terms: &'static str,
}

impl Publication {
    /// The publication of a name; none if the text is no name, and so a path.
    ///
    /// HSEmotion publishes neither lengths nor digests: the length that the server announces is what is
    /// checked.
    ///
    /// # Errors
    /// [`Error::Argument`] with the known names for a text that begins as a name and is none of them.
    pub fn named(text: &str) -> Result<Option<Self>> {
        let known = |(files, terms): (Vec<RemoteFile>, &'static str)| Self {
            name: text.to_string(),
            files,
            terms,
        };
        Ok(match text {
            "yunet" => Some(known(yunet())),
            "mtcnn" => Some(known(mtcnn())),
            _ => match text.strip_prefix("hsemotion:") {
                Some(name) => Some(known(hsemotion(text, name)?)),
                None => None,
            },
        })
    }

    /// What is given to whatever reads the weights, once they are in `folder`: the file, or the folder
    /// that several files are in.
    pub fn path(&self, folder: &Path) -> PathBuf {
        match self.files.as_slice() {
            [one] => folder.join(&one.file),
            _ => folder.join(&self.name),
        }
    }

    /// Where in `folder` one of the files is.
    pub fn path_of(&self, file: &RemoteFile, folder: &Path) -> PathBuf {
        match self.files.as_slice() {
            [_] => folder.join(&file.file),
            _ => folder.join(&self.name).join(&file.file),
        }
    }

    /// The command that brings the files into `folder`, as [`locate`](super::locate()) would.
    pub fn command(&self, folder: &Path) -> String {
        let mut words = vec!["curl -L --create-dirs".to_string()];
        for file in &self.files {
            let path = self.path_of(file, folder);
            words.push(format!(
                "-o {} {}",
                quoted(&path.display()),
                quoted(&file.url)
            ));
        }
        words.join(" ")
    }

    /// The publication in `folder`, if all of its files are there.
    ///
    /// # Errors
    /// [`Error::File`] if one of them is another file than the one that is published.
    pub fn cached(&self, folder: &Path) -> Result<Option<PathBuf>> {
        for file in &self.files {
            let path = self.path_of(file, folder);
            if !path.is_file() {
                return Ok(None);
            }
            if let Some(found) = file.differs(&path)? {
                let expected = format!("{} as it is published (remove it to fetch it)", self.name);
                return Err(Error::file(path, expected, found));
            }
        }
        Ok(Some(self.path(folder)))
    }
}

fn yunet() -> (Vec<RemoteFile>, &'static str) {
    let file = pinned(YUNET, "yunet_n.pth", YUNET_IS);
    let terms = "YuNet by its authors: BSD by their README, Apache 2.0 by their LICENSE; trained on \
                 WIDER FACE, which is for research";
    (vec![file], terms)
}

fn mtcnn() -> (Vec<RemoteFile>, &'static str) {
    let files = mtcnn::FILES.into_iter().zip(MTCNN_IS);
    let terms = "MTCNN by facenet-pytorch: MIT; trained on WIDER FACE and CelebA, which are for \
                 research";
    (
        files.map(|(file, is)| pinned(MTCNN, file, is)).collect(),
        terms,
    )
}

fn hsemotion(text: &str, name: &str) -> Result<(Vec<RemoteFile>, &'static str)> {
    let Some(hsemotion::Published { name, folder, .. }) =
        PUBLISHED.iter().find(|known| known.name == name)
    else {
        let names = PUBLISHED.map(|known| known.name);
        return Err(Error::argument(
            "published weights",
            format!("hsemotion: and one of {}", names.join(", ")),
            text,
        ));
    };
    let file = RemoteFile {
        file: format!("{name}.pt"),
        url: format!("{HSEMOTION}{folder}/{name}.pt?raw=true"),
        size: None,
        sha256: None,
    };
    let terms = match *folder {
        "pretrained_faces" => "HSEmotion's; trained on VGGFace2, which is for research",
        _ => "HSEmotion's; trained on AffectNet, which is for research",
    };
    Ok((vec![file], terms))
}

fn pinned(folder: &str, file: &str, (size, sha256): (u64, &str)) -> RemoteFile {
    RemoteFile {
        file: file.to_string(),
        url: format!("{folder}{file}"),
        size: Some(size),
        sha256: Some(sha256.to_string()),
    }
}

/// A path as one word of a shell.
fn quoted(path: &impl ToString) -> String {
    let path = path.to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+:\\".contains(c);
    match path.chars().all(plain) {
        true => path,
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_or_listed() {
        let known = |name| Publication::named(name).unwrap().unwrap();
        let url = known("hsemotion:enet_b2_8").files[0].url.clone();
        assert!(url.ends_with("/affectnet_emotions/enet_b2_8.pt?raw=true"));
        let url = known("hsemotion:state_vggface2_enet0_new").files[0]
            .url
            .clone();
        assert!(url.contains("/pretrained_faces/state_vggface2"));
        let error = Publication::named("hsemotion:../enet").unwrap_err();
        assert!(error.to_string().contains("enet_b0_8_best_vgaf"), "{error}");
        for path in ["", "yunet.pth", "./yunet", "YuNet", "mtcnn/pnet.pt"] {
            assert_eq!(Publication::named(path).unwrap(), None, "{path}");
        }
    }

    #[test]
    fn files_of_one_name_lie_together_and_a_single_one_alone() {
        let folder = Path::new("/cache");
        let known = |name| Publication::named(name).unwrap().unwrap();
        assert_eq!(known("yunet").path(folder), folder.join("yunet_n.pth"));
        assert_eq!(known("mtcnn").path(folder), folder.join("mtcnn"));
        let files: Vec<_> = known("mtcnn")
            .files
            .iter()
            .map(|file| known("mtcnn").path_of(file, folder))
            .collect();
        let expected = ["pnet.pt", "rnet.pt", "onet.pt"];
        assert_eq!(files, expected.map(|file| folder.join("mtcnn").join(file)));
    }

    #[test]
    fn the_command_brings_every_file_where_it_is_looked_for() {
        let folder = Path::new("/my cache");
        let mtcnn = Publication::named("mtcnn").unwrap().unwrap();
        let command = mtcnn.command(folder);
        for file in &mtcnn.files {
            let path = mtcnn.path_of(file, folder);
            let part = format!("-o '{}' {}", path.display(), file.url);
            assert!(command.contains(&part), "{command}");
        }
    }

    #[test]
    fn what_is_in_the_cache_is_what_is_published() {
        let folder = tempfile::tempdir().unwrap();
        let content = b"weights";
        let publication = Publication {
            name: "two".into(),
            files: ["one.pt", "other.pt"]
                .map(|file| {
                    let is = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c";
                    pinned("http://nowhere/", file, (content.len() as u64, is))
                })
                .into(),
            terms: "ours",
        };
        let path = |file: usize| publication.path_of(&publication.files[file], folder.path());
        assert_eq!(publication.cached(folder.path()).unwrap(), None);
        std::fs::create_dir(folder.path().join("two")).unwrap();
        std::fs::write(path(0), content).unwrap();
        assert_eq!(publication.cached(folder.path()).unwrap(), None, "half");
        std::fs::write(path(1), content).unwrap();
        let all = publication.cached(folder.path()).unwrap();
        assert_eq!(all, Some(folder.path().join("two")));
        std::fs::write(path(1), b"another").unwrap();
        let error = publication.cached(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("other.pt") && error.contains("SHA-256"),
            "{error}"
        );
        std::fs::write(path(1), b"short").unwrap();
        let error = publication.cached(folder.path()).unwrap_err().to_string();
        assert!(error.contains("it has 5 bytes, not 7"), "{error}");
    }
}
