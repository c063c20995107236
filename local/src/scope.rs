//! Where a call belongs: the region it was signed for and the one account there is.

/// Region and account of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    /// The region in the caller's credential scope.
    pub(crate) region: String,
    /// Twelve digits; the same for everybody, whatever credentials were used.
    pub(crate) account: String,
}
