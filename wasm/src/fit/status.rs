//! How a voxel's fit ended. Up to [`Status::AtBound`] every parameter has a value; of a voxel that is not identifiable,
//! those that its samples determine; of one that failed, none.

use serde::Serialize;

/// The outcome of one voxel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Status {
    Converged = 0,
    AtBound = 1,
    NotIdentifiable = 2,
    FailedNonFinite = 3,
    FailedNonPositive = 4,
    FailedNoSignal = 5,
    FailedMaxIterations = 6,
}

/// What a status is called and means.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StatusDescription {
    pub code: u8,
    pub name: &'static str,
    pub meaning: &'static str,
}

impl Status {
    pub const ALL: [Self; 7] = [
        Self::Converged,
        Self::AtBound,
        Self::NotIdentifiable,
        Self::FailedNonFinite,
        Self::FailedNonPositive,
        Self::FailedNoSignal,
        Self::FailedMaxIterations,
    ];

    /// Code, name and meaning.
    pub fn describe(self) -> StatusDescription {
        let (name, meaning) = match self {
            Self::Converged => ("converged", "the estimate minimises the stated sum of squares"),
            Self::AtBound => (
                "at-bound",
                "the constrained minimum lies on a bound; a parameter on its bound has an infinite standard deviation",
            ),
            Self::NotIdentifiable => (
                "not-identifiable",
                "these samples do not determine every parameter; those that they do not determine have no value",
            ),
            Self::FailedNonFinite => ("failed-non-finite", "a sample is NaN or infinite, or the estimate overflows"),
            Self::FailedNonPositive => (
                "failed-non-positive",
                "a sample is zero or negative where its logarithm is needed, or negative where it must be a magnitude",
            ),
            Self::FailedNoSignal => ("failed-no-signal", "every sample has the same value, zero for example"),
            Self::FailedMaxIterations => {
                ("failed-max-iterations", "the iteration did not converge within its stated number of steps")
            }
        };
        StatusDescription { code: self as u8, name, meaning }
    }

    /// Whether every parameter has an estimate.
    pub fn has_estimate(self) -> bool {
        self <= Self::AtBound
    }
}
