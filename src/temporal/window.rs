//! Windows as tensors.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

/// A batch of windows, each of as many steps, and which of their frames are to be read.
#[derive(Clone, Debug)]
pub struct Windows {
    /// `[batch, steps, features]`; of a step that is missing whatever stands there is not looked at.
    pub features: Tensor<3>,
    /// Which steps have a frame, `[batch, steps]`.
    pub present: Tensor<2, Bool>,
    /// Seconds from the window's reference, `[batch, steps]`, in order.
    pub times: Tensor<2>,
    /// The frames that are read, each as `window * steps + step`, `[frames]`.
    pub read: Tensor<1, Int>,
}

impl Windows {
    /// The features of the frames that are read, as they are.
    ///
    /// # Shapes
    /// - output: `[frames, feature_width]`
    pub fn frames(&self) -> Tensor<2> {
        self.select(self.features.clone())
    }

    /// Of a value for each step those of the frames that are read.
    pub(super) fn select(&self, values: Tensor<3>) -> Tensor<2> {
        let [batch, steps, width] = values.dims();
        let values: Tensor<2> = values.reshape([batch * steps, width]);
        values.select(0, self.read.clone())
    }
}

/// Lays windows out, one after another.
#[derive(Clone, Debug)]
pub struct WindowBuilder {
    steps: usize,
    width: usize,
    features: Vec<f32>,
    present: Vec<bool>,
    times: Vec<f32>,
    read: Vec<i64>,
}

impl WindowBuilder {
    /// No window yet of `steps` features of `width` numbers each.
    pub fn new(steps: usize, width: usize) -> Self {
        Self {
            steps,
            width,
            features: Vec::new(),
            present: Vec::new(),
            times: Vec::new(),
            read: Vec::new(),
        }
    }

    /// How many windows there are.
    pub fn len(&self) -> usize {
        self.present.len() / self.steps
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.present.is_empty()
    }

    /// Adds a window: of each step the feature and its time in seconds from the reference, or nothing.
    ///
    /// # Panics
    /// If there are not as many steps, or a feature is of another width.
    pub fn push<'a>(&mut self, frames: impl IntoIterator<Item = Option<(&'a [f32], f32)>>) {
        let windows = self.len();
        for frame in frames {
            self.present.push(frame.is_some());
            self.times.push(frame.map_or(0.0, |(_, time)| time));
            match frame {
                Some((feature, _)) => {
                    assert_eq!(feature.len(), self.width, "the width of a feature");
                    self.features.extend_from_slice(feature);
                }
                None => self.features.resize(self.features.len() + self.width, 0.0),
            }
        }
        let expected = (windows + 1) * self.steps;
        assert_eq!(
            self.present.len(),
            expected,
            "a window has {} steps",
            self.steps
        );
    }

    /// Reads a step of a window too.
    ///
    /// # Panics
    /// If there is no such step.
    pub fn read(&mut self, window: usize, step: usize) {
        assert!(
            window < self.len() && step < self.steps,
            "a step that is there"
        );
        self.read.push((window * self.steps + step) as i64);
    }

    /// The windows on `device`.
    pub fn build(self, device: &Device) -> Windows {
        let shape = [self.len(), self.steps];
        let [batch, steps] = shape;
        let features = TensorData::new(self.features, [batch, steps, self.width]);
        let frames = self.read.len();
        Windows {
            features: Tensor::from_data(features, device),
            present: Tensor::from_data(TensorData::new(self.present, shape), device),
            times: Tensor::from_data(TensorData::new(self.times, shape), device),
            read: Tensor::from_data(TensorData::new(self.read, [frames]), device),
        }
    }
}
