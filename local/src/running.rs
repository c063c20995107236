//! Starting a local AWS, or finding the one that serves a state directory already.

#[cfg(test)]
mod tests;

use std::future::{Future, pending};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::appflow::AppFlow;
use crate::front::{self, Services};
use crate::iam::Iam;
use crate::lambda::Lambda;
use crate::logs::Logs;
use crate::occupancy::{Attempt, Occupancy, Owner, Stay};
use crate::options::Options;
use crate::secrets::Secrets;
use crate::store::{Store, StoreError};
use crate::sts::Sts;

/// The region that callers should sign for. Others work too; each has resources of its own.
const REGION: &str = "us-east-1";

/// Name of the document that remembers the port.
const ENDPOINT: &str = "endpoint";

/// How often a directory in use is looked at again.
const POLL: Duration = Duration::from_millis(50);

/// How long open connections may take to end when the server stops.
const DRAIN: Duration = Duration::from_secs(2);

/// Why a local AWS could not be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The state directory cannot be used.
    #[error("the local AWS cannot use its state directory")]
    Store(#[from] StoreError),
    /// No port could be opened.
    #[error("cannot listen on 127.0.0.1:{port}; choose another port or stop what uses it")]
    Bind {
        /// Which port; 0 means any.
        port: u16,
        /// Why not.
        source: io::Error,
    },
    /// Another command uses the directory, for longer than this one waits.
    #[error("another command{} has used {} for more than {} s; wait for it, or use another state directory", process.map(|id| format!(" (process {id})")).unwrap_or_default(), dir.display(), waited.as_secs())]
    Busy {
        /// The directory.
        dir: PathBuf,
        /// The other process, when it told its id.
        process: Option<u32>,
        /// How long this one waited.
        waited: Duration,
    },
    /// A long-running local AWS serves the directory already.
    #[error("{} is served already, at {endpoint}", dir.display())]
    AlreadyServed {
        /// The directory.
        dir: PathBuf,
        /// Where.
        endpoint: String,
    },
    /// The account is not twelve digits.
    #[error("{account:?} is no AWS account id: it needs twelve digits")]
    InvalidAccount {
        /// What was given.
        account: String,
    },
    /// Another local AWS of this process has another account.
    #[error("this process runs a local AWS of account {other} already, so {account} cannot be used in it")]
    AccountTaken {
        /// What was given.
        account: String,
        /// What is in use.
        other: String,
    },
}

/// A local AWS that can be used.
///
/// When it was started here, dropping it stops it without waiting; [`shutdown`](Self::shutdown) waits.
#[derive(Debug)]
pub struct Running {
    endpoint: String,
    account: String,
    server: Option<Server>,
}

#[derive(Debug)]
struct Server {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    /// The endpoint for all services, `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint_url(&self) -> &str {
        &self.endpoint
    }

    /// The region to sign for.
    #[must_use]
    pub fn region(&self) -> &'static str {
        REGION
    }

    /// The account id.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The base URL of the bundled sample API that asks for no credentials.
    #[must_use]
    pub fn sample_url(&self) -> String {
        format!("{}/sample/open", self.endpoint)
    }

    /// Whether this process serves it, rather than another one.
    #[must_use]
    pub fn started_here(&self) -> bool {
        self.server.is_some()
    }

    /// Stops it when it was started here: functions' processes are ended, the port and the directory are free afterwards.
    pub async fn shutdown(self) {
        let Some(Server { stop, task }) = self.server else {
            return;
        };
        if stop.send(()).is_err() {
            tracing::debug!("the local AWS had already stopped by itself");
        }
        joined(task).await;
    }

    /// Waits until it has stopped by itself, which [`serve`] does when its `shutdown` future is ready. Returns at once
    /// when it was not started here.
    pub async fn stopped(self) {
        let Some(Server { stop, task }) = self.server else {
            return;
        };
        joined(task).await;
        drop(stop);
    }
}

/// Uses the local AWS that serves a state directory, or starts one here.
///
/// When another short command has the directory, this waits for it, at most [`Options::busy_wait`].
///
/// # Errors
/// [`StartError`] when the directory cannot be used or stays in use, or no port can be opened.
pub async fn connect_or_start(options: Options) -> Result<Running, StartError> {
    let store = Store::open(&options.state_dir)?;
    let started = Instant::now();
    loop {
        let owner = match Occupancy::attempt(&store)? {
            Attempt::Ours(occupancy) => {
                return start(options, store, occupancy, Stay::Short, Box::pin(pending())).await;
            }
            Attempt::Taken(owner) => owner,
        };
        if let Some(owner) = &owner
            && owner.stay == Stay::Long
            && answers(&owner.endpoint).await
        {
            return Ok(Running { endpoint: owner.endpoint.clone(), account: owner.account.clone(), server: None });
        }
        wait_for_turn(&store, owner, started, options.busy_wait).await?;
    }
}

/// Starts a local AWS that others may use, until `shutdown` is ready or [`Running::shutdown`] is called.
///
/// # Errors
/// [`StartError`] when the directory is served already, cannot be used or stays in use, or no port can be opened.
pub async fn serve(
    options: Options,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Running, StartError> {
    let store = Store::open(&options.state_dir)?;
    let started = Instant::now();
    loop {
        let owner = match Occupancy::attempt(&store)? {
            Attempt::Ours(occupancy) => {
                return start(options, store, occupancy, Stay::Long, Box::pin(shutdown)).await;
            }
            Attempt::Taken(owner) => owner,
        };
        if let Some(owner) = &owner
            && owner.stay == Stay::Long
            && answers(&owner.endpoint).await
        {
            return Err(StartError::AlreadyServed { dir: store.dir().to_owned(), endpoint: owner.endpoint.clone() });
        }
        wait_for_turn(&store, owner, started, options.busy_wait).await?;
    }
}

/// The port of the last start, so that URLs that were stored stay right.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Endpoint {
    port: u16,
}

async fn start(
    options: Options,
    store: Store,
    occupancy: Occupancy,
    stay: Stay,
    shutdown: Pin<Box<dyn Future<Output = ()> + Send>>,
) -> Result<Running, StartError> {
    claim_account(&options.account)?;
    let (listener, port) = bind(&store, options.port).await?;
    let endpoint = format!("http://127.0.0.1:{port}");
    let account = options.account;
    let store = Arc::new(store);
    let iam = Iam::open(Arc::clone(&store), &account).await?;
    let sts = Sts::new(&account, iam.clone());
    let secrets = Secrets::open(Arc::clone(&store), &account).await?;
    let logs = Logs::open(Arc::clone(&store))?;
    let settle = options.function_settle;
    let lambda = Lambda::open(Arc::clone(&store), iam.clone(), sts.clone(), logs.clone(), &endpoint, settle)?;
    let appflow = AppFlow::open(store, lambda.clone(), secrets.clone(), options.behaviour)?;
    let router = front::router(Arc::new(Services {
        account: account.clone(),
        sts,
        iam,
        secrets,
        lambda: lambda.clone(),
        appflow,
        logs,
    }));
    occupancy.announce(&Owner {
        stay,
        endpoint: endpoint.clone(),
        account: account.clone(),
        process: std::process::id(),
    })?;

    let (stop, stopped) = oneshot::channel();
    let (closing, mut closed) = watch::channel(false);
    let mut server = tokio::spawn(async move {
        let graceful = axum::serve(listener, router).with_graceful_shutdown(async move {
            // An error means that the other side is gone, which is a reason to stop as well.
            drop(closed.changed().await);
        });
        if let Err(error) = graceful.await {
            tracing::error!(%error, "the local AWS stopped serving");
        }
    });
    let task = tokio::spawn(async move {
        until_told(stopped, stay, shutdown).await;
        closing.send_replace(true);
        lambda.shutdown().await;
        if timeout(DRAIN, &mut server).await.is_err() {
            server.abort();
        }
        drop(occupancy);
    });
    Ok(Running { endpoint, account, server: Some(Server { stop, task }) })
}

/// Waits for either way of being told to stop. Dropping a [`Running`] tells a short-lived server, but not one that is
/// meant to stay.
async fn until_told(
    stopped: oneshot::Receiver<()>,
    stay: Stay,
    mut shutdown: Pin<Box<dyn Future<Output = ()> + Send>>,
) {
    tokio::select! {
        told = stopped => {
            if told.is_err() && stay == Stay::Long {
                shutdown.await;
            }
        }
        () = &mut shutdown => {}
    }
}

async fn bind(store: &Store, wanted: Option<u16>) -> Result<(TcpListener, u16), StartError> {
    let remembered = store.load::<Endpoint>(ENDPOINT)?.port;
    let first = wanted.unwrap_or(remembered);
    let listener = match listen(first).await {
        // A remembered port that is taken is no reason to fail; one that was asked for is.
        Err(_) if wanted.is_none() && first != 0 => listen(0).await,
        result => result,
    };
    let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
    let (listener, port) = listener
        .and_then(|listener| port(&listener).map(|port| (listener, port)))
        .map_err(|source| StartError::Bind { port: first, source })?;
    store.save(ENDPOINT, &Endpoint { port })?;
    Ok((listener, port))
}

async fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

async fn answers(endpoint: &str) -> bool {
    let Some(address) = endpoint.strip_prefix("http://") else {
        return false;
    };
    matches!(timeout(Duration::from_secs(1), TcpStream::connect(address)).await, Ok(Ok(_)))
}

async fn wait_for_turn(
    store: &Store,
    owner: Option<Owner>,
    started: Instant,
    limit: Duration,
) -> Result<(), StartError> {
    if started.elapsed() >= limit {
        return Err(StartError::Busy {
            dir: store.dir().to_owned(),
            process: owner.map(|owner| owner.process),
            waited: started.elapsed(),
        });
    }
    sleep(POLL).await;
    Ok(())
}

async fn joined(task: JoinHandle<()>) {
    if let Err(error) = task.await {
        tracing::error!(%error, "the local AWS did not stop in order");
    }
}

/// Makes an account the one of this process: the emulated services know only one.
pub(crate) fn claim_account(account: &str) -> Result<(), StartError> {
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(StartError::InvalidAccount { account: account.to_owned() });
    }
    winterbaume_core::set_default_account_id(account);
    let other = winterbaume_core::default_account_id();
    if other != account {
        return Err(StartError::AccountTaken { account: account.to_owned(), other: other.to_owned() });
    }
    Ok(())
}
