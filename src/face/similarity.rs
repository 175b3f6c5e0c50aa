//! The similarity transform that brings landmarks to a template.

/// Turning, scaling and moving: `(x, y) -> (a x - b y + c, b x + a y + d)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity {
    /// Scale times the cosine of the angle.
    pub a: f32,
    /// Scale times the sine of the angle.
    pub b: f32,
    /// Where the origin comes to lie, `[c, d]`.
    pub shift: [f32; 2],
}

impl Similarity {
    /// The transform that brings `from` closest to `to`: the least sum of squared distances (Umeyama,
    /// IEEE PAMI 13, 1991; without mirroring). `None` if all points of `from` are one, or a number is
    /// not finite.
    ///
    /// With both sets around their centres, as complex numbers: `a + i b = sum(conj(from) to) /
    /// sum(|from|^2)`.
    ///
    /// ```
    /// use countenance::face::Similarity;
    ///
    /// let turned = Similarity::fit(&[[0.0, 0.0], [1.0, 0.0]], &[[5.0, 5.0], [5.0, 7.0]]).unwrap();
    /// assert_eq!(turned.scale(), 2.0);
    /// assert_eq!(turned.apply([2.0, 0.0]), [5.0, 9.0]);
    /// ```
    ///
    /// # Panics
    /// If there are not as many points in both, or none.
    pub fn fit(from: &[[f32; 2]], to: &[[f32; 2]]) -> Option<Self> {
        assert_eq!(from.len(), to.len(), "each point has its place");
        assert!(!from.is_empty(), "at least one point");
        let centre = |points: &[[f32; 2]]| {
            let sum = points.iter().fold([0.0; 2], |sum: [f64; 2], point| {
                [sum[0] + f64::from(point[0]), sum[1] + f64::from(point[1])]
            });
            sum.map(|sum| sum / points.len() as f64)
        };
        let (start, end) = (centre(from), centre(to));
        let (mut real, mut imaginary, mut size) = (0.0, 0.0, 0.0);
        for (from, to) in from.iter().zip(to) {
            let [x, y] = [f64::from(from[0]) - start[0], f64::from(from[1]) - start[1]];
            let [u, v] = [f64::from(to[0]) - end[0], f64::from(to[1]) - end[1]];
            real += x * u + y * v;
            imaginary += x * v - y * u;
            size += x * x + y * y;
        }
        let (a, b) = (real / size, imaginary / size);
        let shift = [
            end[0] - (a * start[0] - b * start[1]),
            end[1] - (b * start[0] + a * start[1]),
        ];
        let all = [a, b, shift[0], shift[1]];
        all.iter().all(|number| number.is_finite()).then(|| Self {
            a: a as f32,
            b: b as f32,
            shift: shift.map(|shift| shift as f32),
        })
    }

    /// Where a point comes to lie.
    pub fn apply(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        [
            self.a * x - self.b * y + self.shift[0],
            self.b * x + self.a * y + self.shift[1],
        ]
    }

    /// By how much lengths grow.
    pub fn scale(&self) -> f32 {
        self.a.hypot(self.b)
    }

    /// The transform back; `None` if this one brings everything to one point.
    pub fn inverse(&self) -> Option<Self> {
        let square = self.a * self.a + self.b * self.b;
        let (a, b) = (self.a / square, -self.b / square);
        let [c, d] = self.shift;
        let inverse = Self {
            a,
            b,
            shift: [-(a * c - b * d), -(b * c + a * d)],
        };
        (inverse.a.is_finite() && inverse.b.is_finite()).then_some(inverse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_that_were_moved_are_brought_back() {
        let points = [[3.0, 1.0], [10.0, -2.0], [7.0, 8.0], [0.5, 4.0]];
        let there = Similarity {
            a: 1.2,
            b: -0.7,
            shift: [30.0, -11.0],
        };
        let moved = points.map(|point| there.apply(point));
        let found = Similarity::fit(&points, &moved).unwrap();
        assert!((found.a - there.a).abs() < 1e-5 && (found.b - there.b).abs() < 1e-5);
        let back = there.inverse().unwrap();
        for (point, moved) in points.into_iter().zip(moved) {
            let again = back.apply(moved);
            assert!((again[0] - point[0]).abs() < 1e-4 && (again[1] - point[1]).abs() < 1e-4);
        }
    }

    #[test]
    fn points_that_are_one_have_no_transform() {
        assert_eq!(Similarity::fit(&[[2.0, 2.0]; 5], &[[1.0, 0.0]; 5]), None);
        assert_eq!(
            Similarity::fit(&[[f32::NAN, 2.0]; 5], &[[1.0, 0.0]; 5]),
            None
        );
        let flat = Similarity {
            a: 0.0,
            b: 0.0,
            shift: [1.0, 1.0],
        };
        assert_eq!(flat.inverse(), None);
    }
}
