//! One connector in one region: the commands that are tried on it, and what they left behind.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use appflow_registrar::aws::Aws;
use appflow_registrar::cli::{
    ChangeArgs, Color, ConnectorArgs, DeployArgs, FunctionArgs, GlobalArgs, Output, RegisterArgs, StatusArgs,
    UnregisterArgs,
};
use appflow_registrar::command::{deploy, status, unregister};
use appflow_registrar::digest::short_hex;
use appflow_registrar::environment::ProcessEnvironment;
use appflow_registrar::error::RegistrarError;
use appflow_registrar::interrupt::Interrupt;
use appflow_registrar::observe::observe;
use appflow_registrar::observed::{LABEL_TAG, registered_tag};
use appflow_registrar::outcome::Outcome;
use appflow_registrar::package::zip;
use appflow_registrar::policy::Grant;
use appflow_registrar::session::Session;
use appflow_registrar::settings::{Inputs, Settings};
use tempfile::TempDir;

use crate::cloud::{Cloud, Line};
use crate::connector::bootstrap;
use crate::wire::{Play, Sent, Spoil, Wire};

/// The commands that the matrix tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scene {
    /// `deploy` where nothing is.
    FirstDeploy,
    /// `deploy` with other code, configuration and description, where role and permission have drifted.
    Update,
    /// `deploy --adopt` of a role and a function that somebody else made.
    Adopt,
    /// `unregister --delete-function`
    Unregister,
    /// `register` of a function that is deployed already.
    Register,
    /// `status`
    Status,
}

/// A label in a region that no other test uses.
///
/// The SDK keeps account of its retries by region, so what one case uses up is not missing in the next.
#[derive(Debug)]
pub(crate) struct Bench {
    line: Line,
    endpoint_url: String,
    /// The region.
    pub(crate) region: String,
    /// The label.
    pub(crate) label: String,
    folder: TempDir,
    /// How long a run may take, in the tests' own time.
    pub(crate) timeout: Duration,
    /// Whether a deployment takes back what it did when it fails.
    pub(crate) rolls_back: bool,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Its error.
    pub(crate) error: Option<RegistrarError>,
    /// What it sent.
    pub(crate) log: Vec<Sent>,
    /// How long it took, in the tests' own time.
    pub(crate) took: Duration,
}

impl Ran {
    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        self.error.as_ref().map_or(0, |error| error.exit_code().code())
    }

    /// The names of the writes that it sent, in order.
    pub(crate) fn writes(&self) -> Vec<&str> {
        self.sent(|sent| sent.operation.is_write())
    }

    fn sent(&self, which: impl Fn(&Sent) -> bool) -> Vec<&str> {
        self.log.iter().filter(|sent| which(sent)).map(|sent| sent.operation.name.as_str()).collect()
    }

    /// How often a call was sent.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.sent(|sent| sent.operation.name == operation).len()
    }

    /// The error with its causes and the way out, as a person reads it.
    pub(crate) fn text(&self) -> String {
        let Some(error) = &self.error else { return "no error".to_owned() };
        format!("{error}; {}; hint: {}", error.causes().join("; "), error.hint().unwrap_or("none"))
    }
}

impl Bench {
    /// A new one on this AWS.
    pub(crate) fn new(cloud: &Cloud) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = tempfile::tempdir().expect("there is room for a temporary folder");
        // Outside any Cargo workspace, which would have settings of its own.
        std::env::set_current_dir(std::env::temp_dir()).expect("the folder for temporary files is there");
        Self {
            line: cloud.line(),
            endpoint_url: cloud.endpoint_url().to_owned(),
            region: format!("xx-region-{number}"),
            label: format!("label-{number}"),
            folder,
            timeout: Duration::from_mins(10),
            rolls_back: false,
        }
    }

    /// The role's name.
    pub(crate) fn role(&self) -> String {
        format!("{}-role-{}", self.function(), self.region)
    }

    /// Another label in the same region.
    pub(crate) fn beside(&self, cloud: &Cloud) -> Self {
        Self { region: self.region.clone(), ..Self::new(cloud) }
    }

    /// The function's name.
    pub(crate) fn function(&self) -> String {
        format!("appflow-connector-{}", self.label)
    }

    /// Clients on a transport.
    pub(crate) fn aws(&self, wire: &Wire) -> Aws {
        Aws::through(wire.client(), &self.endpoint_url, &self.region)
    }

    /// A transport that spoils nothing.
    pub(crate) fn clear(&self) -> Wire {
        Wire::new(self.line.clone(), &[], Play::default())
    }

    /// Clients of the SDK itself, for what the registrar does not do.
    pub(crate) fn sdk(&self) -> aws_config::SdkConfig {
        let credentials = aws_credential_types::Credentials::new("tests", "tests", None, None, "tests");
        aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
            .http_client(self.clear().client())
            .region(aws_config::Region::new(self.region.clone()))
            .endpoint_url(&self.endpoint_url)
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
            .build()
    }

    fn session(&self, wire: &Wire) -> Session {
        let global = GlobalArgs {
            local: false,
            profile: None,
            region: None,
            account: None,
            endpoint_url: None,
            output: Output::Json,
            color: Color::Never,
            quiet: true,
            verbose: 0,
            yes: true,
            state_dir: None,
            timeout: self.timeout,
        };
        let mut session = Session::new(global, ProcessEnvironment::default(), Interrupt::never())
            .expect("the options do not contradict each other");
        session.clients = Some(self.aws(wire));
        session
    }

    fn connector(&self) -> ConnectorArgs {
        ConnectorArgs { label: Some(self.label.clone()), ..ConnectorArgs::default() }
    }

    fn zip(&self, version: u32) -> PathBuf {
        let path = self.folder.path().join(format!("{version}.zip"));
        let bytes = zip(bootstrap(version).as_bytes(), &BTreeMap::new()).expect("the zip fits into memory");
        std::fs::write(&path, bytes).expect("the folder can be written to");
        path
    }

    /// What `deploy` is asked for.
    pub(crate) fn wanted(&self, scene: Scene) -> DeployArgs {
        let function = match scene {
            Scene::Update => FunctionArgs {
                zip: Some(self.zip(2)),
                memory: Some(512),
                description: Some("second".to_owned()),
                ..FunctionArgs::default()
            },
            _ => FunctionArgs { zip: Some(self.zip(1)), adopt: scene == Scene::Adopt, ..FunctionArgs::default() },
        };
        let change = ChangeArgs { rollback_on_failure: self.rolls_back, ..ChangeArgs::default() };
        DeployArgs { connector: self.connector(), function, change }
    }

    /// Brings about what a scene begins with.
    pub(crate) async fn prepare(&self, scene: Scene) {
        if scene == Scene::FirstDeploy {
            return;
        }
        let ran = self.run(Scene::FirstDeploy, &[]).await;
        assert_eq!(ran.code(), 0, "{}", ran.text());
        match scene {
            Scene::Update => self.drift().await,
            Scene::Register => {
                self.aws(&self.clear()).appflow.unregister(&self.label, false).await.expect("it is registered");
                let lambda = aws_sdk_lambda::Client::new(&self.sdk());
                let request = lambda.remove_permission().function_name(self.function());
                request.statement_id(self.grant().statement_id).send().await.expect("it is there");
            }
            Scene::Adopt => self.disown().await,
            Scene::FirstDeploy | Scene::Unregister | Scene::Status => {}
        }
    }

    /// The statement that lets AppFlow in.
    pub(crate) fn grant(&self) -> Grant {
        Grant::new("aws", &self.region, "000000000000", &self.label)
    }

    /// Somebody changes the role, and an older version of this program left another statement.
    async fn drift(&self) {
        let role = self.role();
        let aws = self.aws(&self.clear());
        let mut trust = appflow_registrar::policy::trust();
        trust["Statement"][0]["Sid"] = "ByHand".into();
        aws.iam.update_trust(&role, &trust).await.expect("the role is there");
        let logging = appflow_registrar::policy::logging_policy_arn("aws");
        aws.iam.detach_policy(&role, &logging).await.expect("the policy is attached");
        aws.iam.delete_policy(&role, "appflow-connector-secrets").await.expect("the policy is there");
        let lambda = aws_sdk_lambda::Client::new(&self.sdk());
        let function = self.function();
        let request = lambda.remove_permission().function_name(&function);
        request.statement_id(self.grant().statement_id).send().await.expect("the statement is there");
        let request = lambda.add_permission().function_name(&function).action("lambda:InvokeFunction");
        let request = request.principal("appflow.amazonaws.com").source_account("000000000000");
        let old = format!("{}old", Grant::prefix(&self.label));
        request.statement_id(old).send().await.expect("the function is there");
    }

    /// Takes the marks off that say whose role and function are.
    async fn disown(&self) {
        let iam = aws_sdk_iam::Client::new(&self.sdk());
        let request = iam.untag_role().role_name(self.role()).tag_keys(LABEL_TAG);
        request.send().await.expect("the role is there");
        let lambda = aws_sdk_lambda::Client::new(&self.sdk());
        let arn = format!("arn:aws:lambda:{}:000000000000:function:{}", self.region, self.function());
        let request = lambda.untag_resource().resource(arn).tag_keys(LABEL_TAG);
        request.send().await.expect("the function is there");
    }

    /// Runs a scene's command with calls spoilt.
    pub(crate) async fn run(&self, scene: Scene, spoils: &[Spoil<'_>]) -> Ran {
        self.run_with(scene, spoils, Play::default()).await
    }

    /// Runs a scene's command with calls spoilt, and with what else happens.
    pub(crate) async fn run_with(&self, scene: Scene, spoils: &[Spoil<'_>], play: Play) -> Ran {
        let wire = Wire::new(self.line.clone(), spoils, play);
        let session = self.session(&wire);
        let start = tokio::time::Instant::now();
        let result = match scene {
            Scene::FirstDeploy | Scene::Update | Scene::Adopt => {
                Box::pin(deploy::deploy(&session, &self.wanted(scene))).await
            }
            Scene::Unregister => {
                let args = UnregisterArgs {
                    force: false,
                    delete_function: true,
                    delete_logs: false,
                    dry_run: false,
                    connector: self.connector(),
                };
                Box::pin(unregister::unregister(&session, &args)).await
            }
            Scene::Register => {
                let mut connector = self.connector();
                connector.function_name = Some(self.function());
                let args = RegisterArgs {
                    function_arn: None,
                    description: None,
                    adopt: false,
                    connector,
                    change: ChangeArgs::default(),
                };
                Box::pin(deploy::register(&session, &args)).await
            }
            Scene::Status => {
                let args = StatusArgs { check: true, no_build: false, deploy: self.wanted(scene) };
                Box::pin(status::status(&session, &args)).await
            }
        };
        let took = start.elapsed();
        let error = result.map_or_else(Some, |Outcome { error, .. }| error);
        Ran { error, log: wire.log(), took }
    }

    /// Everything there is, with nothing in it that differs between two benches.
    pub(crate) async fn state(&self) -> String {
        let environment = ProcessEnvironment::default();
        let inputs = Inputs { environment: &environment, project: None, local: false };
        let settings = Settings::for_deploy(&self.connector(), &FunctionArgs::default(), inputs);
        let mut settings = settings.expect("the label keeps the rules");
        settings.in_region(&self.region);
        let observed = observe(&self.aws(&self.clear()), &settings, &Interrupt::never()).await;
        let (mut observed, _) = observed.expect("the local AWS answers");
        if let Some(role) = &mut observed.role {
            role.created_at = 0;
            role.attached.sort();
        }
        if let Some(function) = &mut observed.function {
            function.status.revision_id = None;
        }
        observed.permissions.sort_by(|a, b| a.id.cmp(&b.id));
        let functions = aws_sdk_lambda::Client::new(&self.sdk()).list_functions().send().await;
        let functions = functions.expect("the local AWS answers").functions().len();
        format!("{functions} functions; {observed:#?}")
            .replace(&self.grant().statement_id, "STATEMENT")
            .replace(&registered_tag(&self.label), "REGISTERED")
            .replace(&short_hex(self.label.as_bytes(), 8), "DIGEST")
            .replace(&self.region, "REGION")
            .replace(&self.label, "LABEL")
    }

    /// Takes everything away, so that no process of a function stays.
    pub(crate) async fn clean_up(&self) {
        let ran = self.run(Scene::Unregister, &[]).await;
        assert_eq!(ran.code(), 0, "{}", ran.text());
    }
}
