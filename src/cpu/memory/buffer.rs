//! The numbers of large tensors, in memory that is used again and again.

use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};

use burn::backend::Bytes;
use burn::tensor::{AllocationProperty, DType, TensorData};
use burn_std::{AccessError, AccessPolicy, AllocationController};

use super::lease::Lease;
use crate::cpu::simd::{LANES, Lanes, numbers, numbers_mut};

/// 32-bit floats that become a tensor's, and come from one, without a copy.
#[derive(Debug)]
pub(crate) struct Buffer(TensorData);

/// Numbers below which the allocator does as well.
const LEAST: usize = 1 << 16;

impl Buffer {
    /// `length` numbers of unknown content.
    pub fn room(length: usize) -> Self {
        if length < LEAST {
            return vec![0.0; length].into();
        }
        let memory = Box::new(Lease::new(length.div_ceil(LANES)));
        // SAFETY: the memory holds `length` floats, all of which were written before: at first by
        // the system, with zeros.
        let bytes = unsafe { Bytes::from_controller(memory, length * size_of::<f32>()) };
        Self(TensorData::from_bytes(bytes, [length], DType::F32))
    }

    /// The numbers in arrays, without what does not fill one; nothing of them unless `wanted`.
    pub fn slots(&mut self, wanted: bool) -> &mut [[f32; LANES]] {
        let length = if wanted { self.len() } else { 0 };
        self[..length].as_chunks_mut().0
    }

    /// The numbers of `data`.
    ///
    /// # Panics
    /// If they are not 32-bit floats.
    pub fn of(data: TensorData) -> Self {
        assert_eq!(data.dtype(), DType::F32, "a buffer is of 32-bit floats");
        Self(data)
    }

    /// The numbers as data of `shape`.
    ///
    /// # Panics
    /// If their number is not that of `shape`.
    pub fn into_data(self, shape: impl Into<Vec<usize>>) -> TensorData {
        let (bytes, _, dtype) = self.0.into_parts();
        TensorData::from_bytes(bytes, shape.into(), dtype)
    }
}

impl From<Vec<f32>> for Buffer {
    fn from(values: Vec<f32>) -> Self {
        let length = values.len();
        Self(TensorData::new(values, [length]))
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.0.as_slice().expect("a buffer is of 32-bit floats")
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        self.0.as_mut_slice().expect("a buffer is of 32-bit floats")
    }
}

impl AllocationController for Lease {
    fn alloc_align(&self) -> usize {
        align_of::<Lanes>()
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Other
    }

    unsafe fn memory_mut(
        &mut self,
        _: AccessPolicy,
    ) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        let numbers = numbers_mut(self);
        let length = size_of_val(numbers);
        // SAFETY: the same memory; the caller writes no byte without a value.
        Ok(unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), length) })
    }

    fn memory(&self, _: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        let numbers = numbers(self);
        // SAFETY: the same memory.
        Ok(unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), size_of_val(numbers)) })
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[test]
    fn numbers_survive_the_way_through_a_tensor() {
        for length in [1, 7, LEAST - 1, LEAST, LEAST + 5, 3 * LEAST + 16] {
            let mut buffer = Buffer::room(length);
            for (index, value) in buffer.iter_mut().enumerate() {
                *value = index as f32;
            }
            let start = buffer.as_ptr();
            let tensor = Tensor::<2>::from_data(buffer.into_data([1, length]), &Device::flex());
            let copy = tensor.clone() + 1.0;
            let back = Buffer::of(tensor.into_data());
            assert_eq!(back.as_ptr(), start, "copied");
            assert_eq!(back.len(), length);
            assert!(
                (0..)
                    .zip(&*back)
                    .all(|(index, value)| index as f32 == *value)
            );
            let sums: Vec<f32> = copy.into_data().try_into_vec().expect("floats");
            assert!(
                (1..)
                    .zip(&sums)
                    .all(|(index, value)| index as f32 == *value)
            );
        }
    }

    #[test]
    fn what_is_dropped_is_used_again() {
        let length = 5 * LEAST + 3;
        let mut old = Vec::new();
        // Other tests use buffers too; one of a few finds its own memory again.
        let again = (0..100).any(|_| {
            let buffer = Buffer::room(length);
            let start = buffer.as_ptr() as usize;
            let seen = old.contains(&start);
            old.push(start);
            seen
        });
        assert!(again, "always new memory");
    }
}
