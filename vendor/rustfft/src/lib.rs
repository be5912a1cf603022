//! Stands in for the crate `rustfft` where tract asks for it.
//!
//! Text classifiers have no Fourier transform, yet its planners are 0.65 MB of
//! the module's code, 7 % of what Envoy compiles before it starts. This one sums
//! by the definition: right for every length, slow for long ones.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

pub use num_complex;
pub use num_traits;

use num_complex::Complex;
use num_traits::{FromPrimitive, Signed, ToPrimitive};

/// A number that can be transformed.
pub trait FftNum:
    Copy + FromPrimitive + ToPrimitive + Signed + Sync + Send + Debug + 'static
{
}

impl<T> FftNum for T where
    T: Copy + FromPrimitive + ToPrimitive + Signed + Sync + Send + Debug + 'static
{
}

/// Whether a transform goes from time to frequency or back, unscaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FftDirection {
    /// Time to frequency.
    Forward,
    /// Frequency to time.
    Inverse,
}

/// A transform of one length.
pub trait Fft<T: FftNum>: Sync + Send {
    /// Transforms each run of that length in place.
    fn process(&self, buffer: &mut [Complex<T>]);
}

/// Makes transforms.
#[derive(Default)]
pub struct FftPlanner<T>(PhantomData<T>);

impl<T: FftNum> FftPlanner<T> {
    /// A planner.
    #[must_use]
    pub fn new() -> Self {
        Self(PhantomData)
    }

    /// A transform of `len` values.
    pub fn plan_fft(&mut self, len: usize, direction: FftDirection) -> Arc<dyn Fft<T>> {
        Arc::new(Sum { len, direction })
    }

    /// A forward transform of `len` values.
    pub fn plan_fft_forward(&mut self, len: usize) -> Arc<dyn Fft<T>> {
        self.plan_fft(len, FftDirection::Forward)
    }
}

struct Sum {
    len: usize,
    direction: FftDirection,
}

impl Sum {
    /// The roots of one: `exp(∓2πi k / len)`.
    fn roots(&self) -> Vec<Complex<f64>> {
        let sign = if self.direction == FftDirection::Forward { -1.0 } else { 1.0 };
        let step = sign * std::f64::consts::TAU / self.len as f64;
        (0..self.len)
            .map(|k| (step * k as f64).sin_cos())
            .map(|(sin, cos)| Complex::new(cos, sin))
            .collect()
    }
}

impl<T: FftNum> Fft<T> for Sum {
    fn process(&self, buffer: &mut [Complex<T>]) {
        if self.len == 0 {
            return;
        }
        let roots = self.roots();
        let wide = |value: T| value.to_f64().unwrap_or(f64::NAN);
        let narrow = |value| T::from_f64(value).unwrap_or_else(T::zero);
        for run in buffer.chunks_exact_mut(self.len) {
            let values: Vec<_> =
                run.iter().map(|value| Complex::new(wide(value.re), wide(value.im))).collect();
            for (k, out) in run.iter_mut().enumerate() {
                let mut sum = Complex::new(0.0, 0.0);
                for (at, value) in values.iter().enumerate() {
                    sum += value * roots[at * k % self.len];
                }
                *out = Complex::new(narrow(sum.re), narrow(sum.im));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_same_times_the_length() {
        let values: Vec<Complex<f32>> =
            (0..7).map(|at| Complex::new(at as f32, -0.5 * at as f32)).collect();
        let mut buffer = values.clone();
        let mut planner = FftPlanner::new();
        planner.plan_fft_forward(7).process(&mut buffer);
        assert!((buffer[0].re - 21.0).abs() < 1e-4);
        planner.plan_fft(7, FftDirection::Inverse).process(&mut buffer);
        for (back, value) in buffer.iter().zip(&values) {
            assert!((back / 7.0 - value).norm() < 1e-5);
        }
    }
}
