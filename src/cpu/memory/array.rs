//! The numbers of a tensor on burn's CPU backend.

use std::ops::Deref;

use burn::backend::flex::FlexTensor;
use burn::backend::{DispatchDevice, Flex, TensorMetadata};
use burn::tensor::{DType, Device, Tensor};

use super::buffer::Buffer;

/// Whether tensors of the device lie in the memory of burn's CPU backend, without autodiff.
pub(crate) fn is_here(device: &Device) -> bool {
    matches!(device.as_dispatch(), DispatchDevice::Flex(_))
}

/// 32-bit floats in this processor's memory, in row-major order. Clones share the numbers.
#[derive(Clone, Debug)]
pub(crate) struct Array(FlexTensor);

impl Array {
    /// # Panics
    /// If the number of `values` is not that of `shape`.
    pub fn new(values: impl Into<Buffer>, shape: impl Into<Vec<usize>>) -> Self {
        Self(FlexTensor::from_data(values.into().into_data(shape)))
    }

    /// The numbers of burn's own tensor, copied only where they are in another order.
    pub fn of(tensor: FlexTensor) -> Self {
        match tensor.as_slice::<f32>() {
            Some(_) => Self(tensor),
            None => Self(tensor.to_contiguous()),
        }
    }

    /// The numbers of a tensor, copied only where they are in another order; nothing unless it is of
    /// 32-bit floats in the memory of burn's CPU backend, and off autodiff.
    pub fn of_tensor<const D: usize>(tensor: Tensor<D>) -> Option<Self> {
        if tensor.dtype() != DType::F32 || declines() {
            return None;
        }
        tensor.try_into_primitive::<Flex>().ok().map(Self::of)
    }

    /// The tensor of these numbers, off autodiff.
    ///
    /// # Panics
    /// If there are not `D` axes.
    pub fn into_tensor<const D: usize>(self) -> Tensor<D> {
        Tensor::from_primitive::<Flex>(self.0)
    }

    /// burn's own tensor of these numbers.
    pub fn into_primitive(self) -> FlexTensor {
        self.0
    }

    /// The numbers.
    pub fn values(&self) -> &[f32] {
        self.0
            .as_slice()
            .expect("an array is made of 32-bit floats in row-major order")
    }

    /// The numbers, copied only where another array shares them.
    pub fn into_values(self) -> Buffer {
        Buffer::of(self.0.into_data())
    }

    /// The sizes of the axes, outermost first.
    pub fn shape(&self) -> Vec<usize> {
        self.0.shape().to_vec()
    }
}

impl Deref for Array {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.values()
    }
}

/// Whether the engine is to take nothing: the tests compare it with burn's own operations.
#[cfg(not(test))]
pub(crate) const fn declines() -> bool {
    false
}

#[cfg(test)]
thread_local! {
    static DECLINES: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

#[cfg(test)]
pub(crate) fn declines() -> bool {
    DECLINES.get()
}

/// Does `work` without the engine, by burn's own operations.
#[cfg(test)]
pub(crate) fn declining<T>(work: impl FnOnce() -> T) -> T {
    DECLINES.set(true);
    let result = work();
    DECLINES.set(false);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_in_the_tensor_s_order_and_are_not_copied_without_need() {
        let device = Device::flex();
        let tensor = Tensor::<2>::from_data([[1f32, 2., 3.], [4., 5., 6.]], &device);
        let shared = Array::of_tensor(tensor.clone()).unwrap();
        assert_eq!(*shared, [1., 2., 3., 4., 5., 6.]);
        let again = Array::of_tensor(tensor.clone()).unwrap();
        assert_eq!(shared.as_ptr(), again.as_ptr());
        let row = Array::of_tensor(tensor.clone().narrow(0, 1, 1)).unwrap();
        assert_eq!(
            (&*row, row.as_ptr()),
            (&[4., 5., 6.][..], shared[3..].as_ptr())
        );
        let turned = Array::of_tensor(tensor.clone().transpose()).unwrap();
        assert_eq!(*turned, [1., 4., 2., 5., 3., 6.]);
        assert!(Array::of_tensor(tensor.cast(DType::F64)).is_none());
    }

    #[test]
    fn a_training_device_is_not_here() {
        assert!(is_here(&Device::flex()));
        assert!(!is_here(&Device::flex().autodiff()));
        let tensor = Tensor::<1>::zeros([3], &Device::flex().autodiff());
        assert!(Array::of_tensor(tensor).is_none());
    }
}
