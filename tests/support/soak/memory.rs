//! Whether memory grows.

/// A line through measurements, by least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// The growth in an hour.
    pub hourly: f64,
    /// Half of its 95 % confidence interval: 1.96 standard errors, the
    /// measurements taken as independent.
    pub margin: f64,
}

impl Slope {
    /// Of values by their times in seconds; `None` for less than three.
    #[must_use]
    pub fn of(points: &[(f64, f64)]) -> Option<Self> {
        if points.len() < 3 {
            return None;
        }
        let count = f64::from(u32::try_from(points.len()).ok()?);
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
        let (time, value) = (mean(|point| point.0), mean(|point| point.1));
        let spread: f64 = points.iter().map(|(at, _)| (at - time).powi(2)).sum();
        let joint: f64 = points.iter().map(|(at, of)| (at - time) * (of - value)).sum();
        let slope = joint / spread;
        let off = |(at, of): &(f64, f64)| (of - value - slope * (at - time)).powi(2);
        let residual = points.iter().map(off).sum::<f64>() / (count - 2.0);
        let margin = 1.96 * (residual / spread).sqrt();
        Some(Self { hourly: slope * 3600.0, margin: margin * 3600.0 })
    }

    /// Whether the interval has no growth in it.
    #[must_use]
    pub fn grows(&self) -> bool {
        self.hourly - self.margin > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_slope_and_no_margin() {
        let points: Vec<(f64, f64)> = (0..10).map(f64::from).map(|at| (at, 5.0 + at)).collect();
        let slope = Slope::of(&points).unwrap();
        assert!((slope.hourly - 3600.0).abs() < 1e-6 && slope.margin < 1e-6);
        assert!(slope.grows());
    }

    #[test]
    fn noise_about_a_level_is_no_growth() {
        let points: Vec<(f64, f64)> =
            (0..40).map(|at| (f64::from(at), 5.0 + f64::from(at * 7 % 5))).collect();
        let slope = Slope::of(&points).unwrap();
        assert!(!slope.grows() && slope.margin > 0.0, "{slope:?}");
    }
}
