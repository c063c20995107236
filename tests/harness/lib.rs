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
mod call;
mod cloud;
mod laptop;
mod peers;
mod relay;
mod services;
mod stand_in;
mod started;

pub use api::Api;
pub use binaries::{Binaries, binaries, destination, registrar, workspace};
pub use call::Call;
pub use cloud::{Cloud, registrar_against, wait_for};
pub use laptop::{Laptop, Run, Server};
pub use peers::{Peers, peers_or_skip};
pub use relay::{Held, Moment, Relay};
pub use services::Service;
pub use stand_in::{Asked, Reply, StandIn};
pub use started::Started;
