//! Places that cannot be written, and links.

use std::path::Path;

use countenance::Error;
use countenance::data::annotation::{self, AnnotationConfig};
use countenance::data::cache::{CacheWriter, Fingerprint};
use countenance::data::file::write_whole;
use countenance::data::image::{ImageLimits, read};
use countenance::data::split::{Split, SplitName};

#[test]
fn a_file_where_a_folder_should_be_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, b"precious").unwrap();
    let below = file.join("features.safetensors");
    let fingerprint = Fingerprint::builder().build();
    let error = CacheWriter::open(&below, &[], 1, &fingerprint).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert!(
        error.to_string().contains("features.safetensors"),
        "{error}"
    );
    assert!(write_whole(&below, |_| Ok(())).is_err());
    assert_eq!(std::fs::read(&file).unwrap(), b"precious");
}

#[test]
fn a_folder_where_a_file_should_be_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result");
    std::fs::create_dir(&path).unwrap();
    let error = write_whole(&path, |_| Ok(())).unwrap_err().to_string();
    assert!(error.contains("result"), "{error}");
    assert!(path.is_dir());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let error = read(&path, &ImageLimits::new()).unwrap_err().to_string();
    assert!(
        error.ends_with("result: expected a file, found a folder"),
        "{error}"
    );
}

/// Data sets are put together from links, and an annotation file cannot make one: they are followed.
#[cfg(unix)]
#[test]
fn a_link_within_the_images_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    image::RgbImage::new(4, 4)
        .save(elsewhere.path().join("00001.png"))
        .unwrap();
    let images = folder.path().join("cropped_aligned");
    std::fs::create_dir(&images).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), images.join("1")).unwrap();
    let split = split_of(folder.path(), "1/00001.png").unwrap();
    read(&split.image_path(&split.rows[0]), &ImageLimits::new()).unwrap();
    for leaving in ["../1/00001.png", "/etc/passwd", "1/../../secret.png"] {
        let error = split_of(folder.path(), leaving).unwrap_err().to_string();
        let place = "training_set_annotations.txt:2: expected a relative image path";
        assert!(error.contains(place), "{error}");
    }
}

#[cfg(unix)]
fn split_of(root: &Path, image: &str) -> countenance::Result<Split> {
    let row = format!("{image},-5,-5,4{}", ",-1".repeat(12));
    let text = format!("{}\n{row}\n", annotation::HEADER);
    std::fs::write(root.join(SplitName::Training.file_name()), text).unwrap();
    Split::open(root, SplitName::Training, &AnnotationConfig::new())
}
