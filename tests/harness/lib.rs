//! What the journeys share: the binaries under test, a laptop with a state directory of its own, and the peers
//! from PyPI and npm.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a harness that cannot do its part stops the test, and says why"
)]

mod api;
mod binaries;
mod laptop;
mod peers;
mod recorder;
mod services;
mod stand_in;

pub use api::Api;
pub use binaries::{Binaries, binaries, destination, workspace};
pub use laptop::{Laptop, Run, Server};
pub use peers::{Peers, peers_or_skip};
pub use recorder::Recorder;
pub use services::Service;
pub use stand_in::{Asked, Reply, StandIn};
