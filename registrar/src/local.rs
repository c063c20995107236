//! The embedded local AWS: finds the one that serves a state directory, or starts one in this process.

use std::path::PathBuf;

use appflow_local::{Options, Running, StartError, connect_or_start, serve};

use crate::aws::Connection;
use crate::error::RegistrarError;
use crate::interrupt::Interrupt;

/// A local AWS that is ready for calls.
#[derive(Debug)]
pub struct Local {
    running: Running,
}

impl Local {
    /// Uses the one that serves the state directory, or starts one for the length of this command.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when it cannot be started there.
    pub async fn connect(state_dir: PathBuf) -> Result<Self, RegistrarError> {
        let running = connect_or_start(Options::new(state_dir)).await.map_err(not_started)?;
        Ok(Self { running })
    }

    /// Starts one that other commands may use, until Ctrl-C; or finds the one that serves the directory already.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when it cannot be started there.
    pub async fn serve(state_dir: PathBuf, port: Option<u16>, interrupt: &Interrupt) -> Result<Self, RegistrarError> {
        let mut options = Options::new(&state_dir);
        options.port = port;
        let interrupt = interrupt.clone();
        match serve(options, async move { interrupt.pressed(1).await }).await {
            Ok(running) => Ok(Self { running }),
            Err(StartError::AlreadyServed { .. }) => Self::connect(state_dir).await,
            Err(error) => Err(not_started(error)),
        }
    }

    /// How to reach it.
    #[must_use]
    pub fn connection(&self) -> Connection {
        let running = &self.running;
        Connection::Local { endpoint_url: running.endpoint_url().to_owned(), region: running.region().to_owned() }
    }

    /// Address of the services.
    #[must_use]
    pub fn endpoint_url(&self) -> &str {
        self.running.endpoint_url()
    }

    /// The region it plays.
    #[must_use]
    pub fn region(&self) -> &str {
        self.running.region()
    }

    /// The account it plays.
    #[must_use]
    pub fn account(&self) -> &str {
        self.running.account()
    }

    /// Address of the sample API.
    #[must_use]
    pub fn sample_url(&self) -> String {
        self.running.sample_url()
    }

    /// Whether this process runs it.
    #[must_use]
    pub fn started_here(&self) -> bool {
        self.running.started_here()
    }

    /// Waits until it has stopped, which after [`serve`](Self::serve) is when Ctrl-C is pressed.
    pub async fn stopped(self) {
        self.running.stopped().await;
    }

    /// Stops it, if this process started it. Its state stays.
    pub async fn stop(self) {
        self.running.shutdown().await;
    }
}

fn not_started(error: StartError) -> RegistrarError {
    RegistrarError::usage("the local AWS cannot be started")
        .with_source(error)
        .with_hint("another state directory can be named with --state-dir")
}
