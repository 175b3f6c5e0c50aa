//! The mean of a few numbers, and how far it is certain.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// The share of cases in which the true mean lies in the interval.
pub const LEVEL: f64 = 0.95;

/// A mean over seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The mean itself.
    pub value: f64,
    /// How far it is certain to both sides, by Student's t; a single number does not tell.
    pub half_width: Option<f64>,
}

impl Mean {
    /// Of numbers that are alike and independent; `None` of none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let value = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|each| (each - value).powi(2)).sum();
        let freedom = count - 1.0;
        let half_width = (values.len() > 1).then(|| {
            let student = StudentsT::new(0.0, 1.0, freedom).expect("degrees of freedom above 0");
            let point = student.inverse_cdf(0.5 + LEVEL / 2.0);
            point * (squares / freedom / count).sqrt()
        });
        (!values.is_empty()).then_some(Self { value, half_width })
    }

    /// Its interval.
    pub fn interval(&self) -> Option<[f64; 2]> {
        let half_width = self.half_width?;
        Some([self.value - half_width, self.value + half_width])
    }
}
