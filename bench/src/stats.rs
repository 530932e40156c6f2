//! What is said of many measurements.

use std::time::Duration;

/// Measurements in order.
#[derive(Clone, Debug)]
pub(crate) struct Sorted<T>(Vec<T>);

impl<T: Copy + PartialOrd> Sorted<T> {
    pub(crate) fn new(mut values: Vec<T>) -> Self {
        values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        Self(values)
    }

    /// The value that `percent` of all do not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> Option<T> {
        let last = self.0.len().checked_sub(1)?;
        self.0.get(last * percent / 100).copied()
    }

    pub(crate) fn median(&self) -> Option<T> {
        self.percentile(50)
    }

    pub(crate) fn into_values(self) -> Vec<T> {
        self.0
    }

    pub(crate) fn min(&self) -> Option<T> {
        self.0.first().copied()
    }
}

pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
