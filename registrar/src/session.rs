//! What every command needs: global options, the environment, progress, Ctrl-C, and the clients.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::aws::{Aws, CA_BUNDLE_VARIABLE, Connection};
use crate::cli::{ConnectorArgs, GlobalArgs, Output};
use crate::environment::ProcessEnvironment;
use crate::error::{ErrorKind, RegistrarError};
use crate::guard::{AccountGuard, Origin};
use crate::interrupt::Interrupt;
use crate::local::Local;
use crate::project::{NoPackage, Project, target_directory};
use crate::report::{Form, Report, Verbosity};
use crate::settings::Inputs;

/// Folder below Cargo's target directory in which the local AWS keeps its state.
const STATE_FOLDER: &str = "registrar-local";

/// One run of the program.
#[derive(Debug)]
pub struct Session {
    /// The global options.
    pub global: GlobalArgs,
    /// The process's variables.
    pub environment: ProcessEnvironment,
    /// Where progress is shown.
    pub report: Report,
    /// Ctrl-C.
    pub interrupt: Interrupt,
    /// Clients to work with instead of opening any, for programs that bring their own transport.
    pub clients: Option<Aws>,
    /// The account that the connector's package names, once the package was read.
    pub package_account: OnceLock<Option<String>>,
}

/// The clients, and the local AWS behind them if it is that.
#[derive(Debug)]
pub struct Opened {
    /// The clients.
    pub aws: Aws,
    /// The local AWS.
    pub local: Option<Local>,
}

impl Opened {
    /// Address of the sample API, if there is one.
    #[must_use]
    pub fn sample_url(&self) -> Option<String> {
        self.local.as_ref().map(Local::sample_url)
    }

    /// Stops what was started.
    pub async fn close(self) {
        if let Some(local) = self.local {
            local.stop().await;
        }
    }
}

impl Session {
    /// Begins a run.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] when global options contradict each other.
    pub fn new(
        global: GlobalArgs,
        environment: ProcessEnvironment,
        interrupt: Interrupt,
    ) -> Result<Self, RegistrarError> {
        let named = [
            ("--profile", global.profile.is_some()),
            ("--region", global.region.is_some()),
            ("--account", global.account.is_some()),
            ("--endpoint-url", global.endpoint_url.is_some()),
        ];
        if global.local
            && let Some((flag, _)) = named.into_iter().find(|(_, is_given)| *is_given)
        {
            return Err(RegistrarError::usage(format!("--local and {flag} exclude each other"))
                .with_hint("the local AWS has its own address, region and credentials"));
        }
        let verbosity = match (global.quiet, global.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, _) => Verbosity::Verbose,
        };
        let form = match global.output {
            Output::Ndjson => Form::Json,
            Output::Text | Output::Json => Form::of_standard_error(environment.get("TERM")),
        };
        let report = Report::new(verbosity).with_form(form);
        Ok(Self { report, global, environment, interrupt, clients: None, package_account: OnceLock::new() })
    }

    /// The same run in one of several regions.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self {
            global: GlobalArgs { region: Some(region.to_owned()), ..self.global.clone() },
            environment: self.environment.clone(),
            report: self.report.in_region(region),
            interrupt: self.interrupt.clone(),
            clients: self.clients.clone(),
            package_account: OnceLock::new(),
        }
    }

    /// Whether the result is for programs.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.global.output != Output::Text
    }

    /// How this program is called: Cargo says so when it runs us.
    #[must_use]
    pub fn program(&self) -> &'static str {
        if self.environment.get("CARGO").is_some() { "cargo registrar" } else { "registrar" }
    }

    /// Asks on the terminal; no if nobody is there to answer.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`] when Ctrl-C is the answer.
    pub async fn confirm(&self, question: &str, expected: &str) -> Result<bool, RegistrarError> {
        self.interrupt.check()?;
        tokio::select! {
            answer = self.report.confirm(question, expected) => Ok(answer),
            () = self.interrupt.pressed(1) => Err(RegistrarError::interrupted()),
        }
    }

    /// The connector's package. None if there is none, but the label is given, so that it is not needed.
    ///
    /// # Errors
    /// As [`Project::find`].
    pub fn project(&self, connector: &ConnectorArgs) -> Result<Option<Project>, RegistrarError> {
        let named = connector.package.as_deref().or_else(|| self.environment.get("REGISTRAR_PACKAGE"));
        let has_label = connector.label.is_some() || self.environment.get("REGISTRAR_LABEL").is_some();
        // Cargo need not be asked where it cannot know anything.
        if has_label && named.is_none() && !is_in_a_package() {
            return Ok(None);
        }
        let project = match Project::find(named) {
            Ok(found) => Some(found.read()?),
            // A label says enough; but settings of a package that is there are never passed over in silence.
            Err(NoPackage::Unclear(_)) if has_label && named.is_none() => None,
            Err(NoPackage::Unreadable(_)) if has_label && named.is_none() && !is_in_a_package() => None,
            Err(why) => return Err(why.into()),
        };
        let account = project.as_ref().and_then(|project| project.metadata.account.clone());
        // Only the first one counts: a run is about one package.
        let _ = self.package_account.set(account);
        Ok(project)
    }

    /// The only account this run may work in, if there is one: the flag's, the variable's, the package's.
    ///
    /// # Errors
    /// When that is no account, or the settings of the package are wrong.
    pub fn guard(&self) -> Result<Option<AccountGuard>, RegistrarError> {
        if let Some(account) = &self.global.account {
            return AccountGuard::new(account, Origin::Flag).map(Some);
        }
        // It is about accounts of AWS, and stays set while somebody tries things locally.
        if self.global.local {
            return Ok(None);
        }
        if let Some(account) = self.environment.get("REGISTRAR_ACCOUNT") {
            return AccountGuard::new(account, Origin::Variable).map(Some);
        }
        if self.package_account.get().is_none() {
            // A command that needs no package still obeys the one that is there.
            let project = match Project::find(self.environment.get("REGISTRAR_PACKAGE")) {
                Ok(found) => Some(found.read()?),
                // What cannot be read may name an account.
                Err(NoPackage::Unreadable(error)) if is_in_a_package() => return Err(error),
                Err(_) => None,
            };
            let _ = self.package_account.set(project.and_then(|project| project.metadata.account));
        }
        let named = self.package_account.get().and_then(Option::as_deref);
        named.map(|account| AccountGuard::new(account, Origin::Metadata)).transpose()
    }

    /// What settings are made from.
    #[must_use]
    pub fn inputs<'a>(&'a self, project: Option<&'a Project>) -> Inputs<'a> {
        Inputs { environment: &self.environment, project, local: self.global.local }
    }

    /// Opens the clients; with `--local`, starts the local AWS unless it runs already.
    ///
    /// # Errors
    /// When no region is set, the local AWS cannot be started, or the account is not the one that is named.
    pub async fn open(&self) -> Result<Opened, RegistrarError> {
        let guard = self.guard()?;
        let opened = self.open_any().await?;
        if let Some(guard) = guard
            && let Err(error) = guard.check(&opened.aws).await
        {
            opened.close().await;
            return Err(error);
        }
        Ok(opened)
    }

    async fn open_any(&self) -> Result<Opened, RegistrarError> {
        if let Some(aws) = &self.clients {
            return Ok(Opened { aws: aws.clone(), local: None });
        }
        if self.global.local {
            let local = Local::connect(self.state_dir()).await?;
            let aws = Aws::connect(&local.connection()).await?;
            return Ok(Opened { aws, local: Some(local) });
        }
        let connection = Connection::Standard {
            profile: self.global.profile.clone(),
            region: self.global.region.clone(),
            endpoint_url: self.global.endpoint_url.clone(),
            ca_bundle: self.environment.get(CA_BUNDLE_VARIABLE).map(PathBuf::from),
        };
        Ok(Opened { aws: Aws::connect(&connection).await?, local: None })
    }

    /// Where the local AWS keeps its state.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        let named = self.global.state_dir.clone();
        named.unwrap_or_else(|| target_directory().unwrap_or_else(|| PathBuf::from("target")).join(STATE_FOLDER))
    }

    /// Path of Cargo: the one that runs us, else the one on the path.
    #[must_use]
    pub fn cargo(&self) -> &str {
        self.environment.get("CARGO").unwrap_or("cargo")
    }
}

/// Whether there is a `Cargo.toml` here or further up, where Cargo looks for it.
fn is_in_a_package() -> bool {
    let is_package = |folder: &Path| folder.join("Cargo.toml").is_file();
    std::env::current_dir().is_ok_and(|here| here.ancestors().any(is_package))
}

/// Does something within the time that is given for all waiting.
///
/// # Errors
/// Those of what is done; [`ErrorKind::TimedOut`] when the time is up before `what`.
pub(crate) async fn in_time<T>(
    session: &Session,
    what: &str,
    done: impl Future<Output = Result<T, RegistrarError>>,
) -> Result<T, RegistrarError> {
    let timeout = session.global.timeout;
    tokio::time::timeout(timeout, Box::pin(done)).await.unwrap_or_else(|_| {
        Err(RegistrarError::new(ErrorKind::TimedOut, format!("the time was up before {what}"))
            .with_hint("run again to go on from here, with a longer --timeout if need be"))
    })
}
