//! What a local AWS is started with.

use std::path::PathBuf;
use std::time::Duration;

use crate::appflow::Behaviour;

/// The settings of a local AWS.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Where everything is kept. It is created when it is missing, for its owner alone.
    pub state_dir: PathBuf,
    /// The port on 127.0.0.1. `None` takes the port of the last start when it is free, else any.
    pub port: Option<u16>,
    /// The account, twelve digits. All local AWS of one process must have the same.
    pub account: String,
    /// How long a function stays `Pending` after its creation and `InProgress` after an update.
    pub function_settle: Duration,
    /// How long to wait for another command that uses the same state directory.
    pub busy_wait: Duration,
    /// Choices about `AppFlow` that AWS does not document.
    pub behaviour: Behaviour,
}

impl Options {
    /// The defaults: any port, account `000000000000`, functions settle in 200 ms, up to a minute of waiting.
    #[must_use]
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self {
            state_dir: state_dir.into(),
            port: None,
            account: "000000000000".to_owned(),
            function_settle: Duration::from_millis(200),
            busy_wait: Duration::from_mins(1),
            behaviour: Behaviour::default(),
        }
    }
}
