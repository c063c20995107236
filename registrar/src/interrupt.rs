//! Ctrl-C: the first one stops after the current call, the second one at once.

use std::future::pending;
use std::time::Duration;

use tokio::sync::watch;

use crate::error::RegistrarError;

/// Ctrl-C, or where there is such a thing SIGTERM, with which build servers end a job.
async fn next_signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// Tells whether, and how often, the user pressed Ctrl-C.
#[derive(Debug, Clone)]
pub struct Interrupt(watch::Receiver<u8>);

impl Interrupt {
    /// Listens from now on. Must be called within a Tokio runtime.
    #[must_use]
    pub fn listen() -> Self {
        let (sender, receiver) = watch::channel(0_u8);
        tokio::spawn(async move {
            while next_signal().await.is_ok() {
                sender.send_modify(|count| *count = count.saturating_add(1));
            }
        });
        Self(receiver)
    }

    /// Never interrupts.
    #[must_use]
    pub fn never() -> Self {
        Self(watch::channel(0).1)
    }

    /// Fails once Ctrl-C was pressed.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`](crate::error::ErrorKind::Interrupted).
    pub fn check(&self) -> Result<(), RegistrarError> {
        if *self.0.borrow() > 0 { Err(RegistrarError::interrupted()) } else { Ok(()) }
    }

    /// Sleeps, unless Ctrl-C was or is pressed.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`](crate::error::ErrorKind::Interrupted).
    pub async fn sleep(&self, duration: Duration) -> Result<(), RegistrarError> {
        tokio::select! {
            () = self.pressed(1) => Err(RegistrarError::interrupted()),
            () = tokio::time::sleep(duration) => Ok(()),
        }
    }

    /// Returns when Ctrl-C has been pressed that many times.
    pub async fn pressed(&self, times: u8) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|count| *count >= times).await.is_err() {
            pending::<()>().await;
        }
    }
}
