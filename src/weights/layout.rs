//! Where the tensors of a module lie in another program's file, in both directions.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::TensorData;

use super::assign::slots;
use super::{Checkpoint, ImportReport, NotFiniteTensor, WeightsSource};
use crate::{Error, Result};

/// The place of one of a module's tensors in a file.
///
/// The tensor is its parts in order, one after the other; each part is a matrix turned by a right
/// angle, or as it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// The tensor's path in the module.
    pub path: String,
    /// Its shape there.
    pub shape: Vec<usize>,
    /// The names of its parts in the file.
    pub parts: Vec<String>,
    /// The shape of each part in the file.
    pub part_shape: Vec<usize>,
    /// Whether the file has each part with rows and columns exchanged.
    pub transposed: bool,
}

/// The names of a tensor in a file.
pub(super) enum Named {
    /// One tensor holds it.
    One(String),
    /// One tensor for each index along the first axis.
    Each(Box<dyn Fn(usize) -> String>),
    /// So many tensors, each an equal piece of the first axis.
    Pieces(usize, Box<dyn Fn(usize) -> String>),
}

/// The places of every tensor of `module` that `name` names.
///
/// A linear map's weights are `[input, output]` here and `[output, input]` in PyTorch. They are the
/// tensors named `weight` of two axes, or of three with the first over the maps; a convolution's
/// have four and lie alike.
pub(super) fn places<M: Module>(module: &M, name: impl Fn(&str) -> Option<Named>) -> Vec<Place> {
    slots(module)
        .into_iter()
        .filter_map(|(path, shape)| {
            let named = name(&path)?;
            let transposed = path.ends_with("weight") && matches!(shape.len(), 2 | 3);
            let (parts, mut part_shape) = match named {
                Named::One(name) => (vec![name], shape.clone()),
                Named::Each(name) => ((0..shape[0]).map(name).collect(), shape[1..].to_vec()),
                Named::Pieces(count, name) => {
                    let mut piece = shape.clone();
                    piece[0] /= count;
                    ((0..count).map(name).collect(), piece)
                }
            };
            if transposed {
                part_shape.reverse();
            }
            Some(Place {
                path,
                shape,
                parts,
                part_shape,
                transposed,
            })
        })
        .collect()
}

/// The tensors of a module, read from a file; they are complete if the report is.
///
/// Of a tensor that is missing or does not fit, nothing is read. `parts` are what the file's program
/// calls the parts of such a network. If nothing is missing, tensors of other parts are left aside:
/// they are of something beside the network.
pub(super) fn read(
    checkpoint: &mut Checkpoint,
    places: &[Place],
    parts: &[&str],
) -> Result<(BTreeMap<String, TensorData>, ImportReport)> {
    let named = || places.iter().flat_map(|place| &place.parts);
    if named().all(|name| checkpoint.shape(name).is_some()) {
        checkpoint.keep(parts);
    }
    if let Some(unreadable) = named().find(|name| checkpoint.is_unreadable(name)) {
        checkpoint.read(unreadable)?;
    }
    let expected: Vec<(String, Vec<usize>)> = places
        .iter()
        .flat_map(|place| {
            let parts = place.parts.iter();
            parts.map(|part| (part.clone(), place.part_shape.clone()))
        })
        .collect();
    let found = checkpoint.shapes();
    let mut report = ImportReport::compare(&expected, &found);
    report.source = WeightsSource::Checkpoint;
    let fits = |part: &String, place: &Place| {
        found
            .get(part.as_str())
            .is_some_and(|&(shape, dtype)| shape == place.part_shape.as_slice() && dtype.is_float())
    };
    let mut tensors = BTreeMap::new();
    for place in places {
        if place.parts.iter().all(|part| fits(part, place)) {
            let data = place.read(checkpoint, &mut report.not_finite)?;
            tensors.insert(place.path.clone(), data);
        }
    }
    report.fitting -= report.not_finite.len();
    Ok((tensors, report))
}

/// A module's tensors under the names that another program gives them.
///
/// # Panics
/// If `tensors` lacks one of `places`.
pub(super) fn export(
    tensors: &BTreeMap<String, TensorData>,
    places: &[Place],
) -> Vec<(String, TensorData)> {
    let mut out = Vec::new();
    for place in places {
        let values = floats(&tensors[&place.path]);
        let size = values.len() / place.parts.len();
        for (index, name) in place.parts.iter().enumerate() {
            let part = &values[index * size..(index + 1) * size];
            let part = match (place.transposed, place.part_shape.as_slice()) {
                (true, &[rows, columns]) => transposed(part, columns, rows),
                _ => part.to_vec(),
            };
            out.push((
                name.clone(),
                TensorData::new(part, place.part_shape.clone()),
            ));
        }
    }
    out.sort_by(|left, right| left.0.cmp(&right.0));
    out
}

impl Place {
    /// The same place in a file that holds every tensor as the module does.
    pub fn straight(mut self) -> Self {
        if std::mem::take(&mut self.transposed) {
            self.part_shape.reverse();
        }
        self
    }

    fn read(&self, checkpoint: &Checkpoint, bad: &mut Vec<NotFiniteTensor>) -> Result<TensorData> {
        let mut values = Vec::with_capacity(self.shape.iter().product());
        for name in &self.parts {
            let part = floats(&checkpoint.read(name)?);
            bad.extend(NotFiniteTensor::find(name, &self.part_shape, &part));
            match (self.transposed, self.part_shape.as_slice()) {
                (true, &[rows, columns]) => values.extend(transposed(&part, rows, columns)),
                _ => values.extend(part),
            }
        }
        let expected: usize = self.shape.iter().product();
        match values.len() == expected {
            true => Ok(TensorData::new(values, self.shape.clone())),
            false => Err(Error::file(
                checkpoint.path(),
                format!("{expected} numbers for {}", self.path),
                values.len().to_string(),
            )),
        }
    }
}

/// The numbers in single precision, bit for bit where they are that already.
fn floats(data: &TensorData) -> Vec<f32> {
    data.clone().convert::<f32>().iter::<f32>().collect()
}

/// A matrix of `rows` rows with rows and columns exchanged.
fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns)
        .flat_map(|column| (0..rows).map(move |row| values[row * columns + column]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_twice_changes_nothing() {
        let values: Vec<f32> = (0..6).map(|value| value as f32).collect();
        let turned = transposed(&values, 2, 3);
        assert_eq!(turned, [0., 3., 1., 4., 2., 5.]);
        assert_eq!(transposed(&turned, 3, 2), values);
    }
}
