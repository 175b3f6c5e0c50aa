//! Photographs: the faces are cut out first, into a folder beside the feature file, so that neither part of
//! the work begins anew after an interruption.

use std::path::Path;

use countenance::data::cache::{FeatureCache, Lookup};
use countenance::extract::{Extracted, Extraction};
use countenance::face::{Cropping, remove_crops};
use countenance::{Error, Result};

use crate::made_anew;
use crate::shared::crop::cut;

/// Extracts every face of the photographs of `extraction` to `out`, by way of the folder `crops`; the
/// features, and a remark on what has none.
pub fn extract(
    cropping: &Cropping<'_>,
    extraction: Extraction<'_>,
    (out, crops): (&Path, &Path),
    stop: &dyn Fn() -> bool,
    run: impl Fn(&Extraction<'_>) -> Result<Extracted>,
) -> Result<(FeatureCache, String)> {
    match FeatureCache::find(out, &extraction.fingerprint)? {
        Lookup::Fresh(cache) => {
            remove_crops(crops)?;
            return Ok((cache, "made before".to_string()));
        }
        Lookup::Stale(found) => made_anew(out, &found),
        Lookup::Absent => {}
    }
    let cropped = cut(cropping, crops, stop)?;
    if cropped.faces.is_empty() {
        remove_crops(crops)?;
        return Err(Error::Argument {
            what: "the images".into(),
            expected: "a face in one of them".into(),
            found: "none".into(),
        });
    }
    let faces = cropped.faces.iter();
    let (rows, images): (Vec<_>, Vec<_>) = faces
        .map(|face| (face.row(cropping.names), face.path.clone()))
        .unzip();
    let extracted = run(&Extraction {
        names: &rows,
        images: &images,
        // A crop that was written can be read.
        max_unreadable: 0.0,
        ..extraction
    })?;
    remove_crops(crops)?;
    Ok((extracted.cache, cropped.remark()))
}
