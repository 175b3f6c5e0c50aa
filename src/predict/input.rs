//! Images to the features of each network.

use std::path::PathBuf;

use ::image::RgbImage;
use burn::tensor::Tensor;

use super::Predictor;
use crate::Result;
use crate::data::image::{DecodedBatch, ImageStream, Preprocessing};

impl Predictor {
    /// The features of each member, of faces cut out in each of the ways of [`crops`](Self::crops), or in
    /// one way for all. Networks that read images alike share their input. None of no face.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) if a network has no backbone.
    pub(super) fn features_of(&self, cut: &[Vec<&RgbImage>]) -> Result<Vec<Tensor<2>>> {
        let crops = self.crops();
        let inputs = self.members.iter().map(|member| {
            let crop = member.config().crop();
            let place = crops.iter().position(|known| *known == crop);
            let place = place.filter(|_| cut.len() > 1).unwrap_or(0);
            Ok((place, member.preprocessing_or_error()?))
        });
        let inputs: Vec<(usize, Preprocessing)> = inputs.collect::<Result<_>>()?;
        if cut[0].is_empty() {
            return Ok(Vec::new());
        }
        let (kinds, of_member) = distinct(&inputs);
        let batch = |(place, preprocessing): &(usize, Preprocessing)| {
            preprocessing.batch(&cut[*place], &self.device)
        };
        Ok(self.features(kinds.iter().map(batch).collect(), &of_member))
    }

    /// Decodes image files and computes the features of each member, batch by batch; nothing of a batch
    /// without an image that can be read.
    ///
    /// # Errors
    /// What `work` returns; [`Error::Argument`](crate::Error::Argument) if a network has no backbone.
    ///
    /// # Panics
    /// If `batch_size` is 0.
    pub(super) fn each_batch(
        &self,
        images: &[PathBuf],
        batch_size: usize,
        work: &mut dyn FnMut(Option<Vec<Tensor<2>>>, DecodedBatch) -> Result<()>,
    ) -> Result<()> {
        let inputs = self.members.iter();
        let inputs = inputs.map(|member| member.preprocessing_or_error());
        let inputs: Vec<Preprocessing> = inputs.collect::<Result<_>>()?;
        let (kinds, of_member) = distinct(&inputs);
        let stream = ImageStream {
            batch_size,
            ..ImageStream::of_several(images, kinds)
        };
        stream.for_each(|mut batch| {
            let inputs = batch.take_inputs(&self.device);
            work(
                inputs.map(|inputs| self.features(inputs, &of_member)),
                batch,
            )
        })
    }

    /// The features of each member from its input among `inputs`.
    fn features(&self, inputs: Vec<Tensor<4>>, of_member: &[usize]) -> Vec<Tensor<2>> {
        let members = self.members.iter().zip(of_member);
        members
            .map(|(member, &input)| member.model().features(inputs[input].clone()))
            .collect()
    }
}

/// The different ones of `all`, and for each of all its place among them.
fn distinct<T: Clone + PartialEq>(all: &[T]) -> (Vec<T>, Vec<usize>) {
    let mut kinds: Vec<T> = Vec::new();
    let places = all.iter().map(|one| {
        let known = kinds.iter().position(|kind| kind == one);
        known.unwrap_or_else(|| {
            kinds.push(one.clone());
            kinds.len() - 1
        })
    });
    let places = places.collect();
    (kinds, places)
}
