//! `plan`, `deploy` and `register`: settings and observation make a plan, which is shown or run.

use std::time::{Duration, SystemTime};

use serde_json::json;
use tokio::time::Instant;

use super::preview::{Preview, preview};
use crate::artefact::{Artefact, Workshop};
use crate::aws::Aws;
use crate::cli::{ChangeArgs, ConnectorArgs, DeployArgs, PlanArgs, RegisterArgs};
use crate::error::{ErrorKind, RegistrarError};
use crate::event::Event;
use crate::execute::{Executor, StepState, Tools};
use crate::manifest_check;
use crate::observe::{Denial, Denied, connections, observe_with};
use crate::observed::{Observed, Said};
use crate::outcome::Outcome;
use crate::package::ZIP_LIMIT_BYTES;
use crate::partition;
use crate::plan::Plan;
use crate::plan_text;
use crate::rehearsal::rehearse;
use crate::session::{Opened, Session, in_time};
use crate::setting::Source;
use crate::settings::{CodeSource, FunctionSettings, Settings};

/// A lower limit than Lambda's for what is sent along, in bytes. For tests of the way through a bucket only.
const ZIP_LIMIT: &str = "REGISTRAR_TEST_ZIP_LIMIT";

/// A plan, and all that running it takes.
pub(super) struct Prepared {
    pub(super) settings: Settings,
    pub(super) opened: Opened,
    pub(super) artefact: Option<Artefact>,
    pub(super) observed: Observed,
    pub(super) plan: Plan,
    pub(super) denials: Vec<Denial>,
}

/// What code to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Build {
    Yes,
    No,
}

/// Settings, clients, artefact, observation, plan: in this order, so that what needs no network fails first.
pub(super) async fn prepare(
    session: &Session,
    args: &DeployArgs,
    build: Build,
    denied: Denied,
) -> Result<Prepared, RegistrarError> {
    let project = session.project(&args.connector)?;
    let inputs = session.inputs(project.as_ref());
    let mut settings = Settings::for_deploy(&args.connector, &args.function, inputs)?;
    settings.allow_breaking = args.change.allow_breaking;
    let source = CodeSource::resolve(&args.connector, &args.function, inputs);
    if build == Build::Yes
        && let Some(manifest) = source.manifest()
    {
        manifest_check::check(manifest)?;
    }

    // The local AWS is opened after the build, because it locks its state, and a build may take minutes.
    let opened = if session.global.local { None } else { Some(session.open().await?) };
    let zip_limit = zip_limit(session);
    let artefact = match (build, &settings.function) {
        (Build::Yes, Some(function)) => {
            let workshop = Workshop {
                project: project.as_ref(),
                cargo: session.cargo(),
                architecture: &function.architecture.value,
                local: session.global.local,
                zip_limit: Some(zip_limit).filter(|_| function.extras.s3_bucket.is_none() || session.global.local),
                quiet: session.global.quiet,
                report: &session.report,
                interrupt: &session.interrupt,
            };
            Some(workshop.make(&source).await?)
        }
        _ => None,
    };
    let opened = match opened {
        Some(opened) => opened,
        None => session.open().await?,
    };
    plan_with(session, settings, opened, artefact, denied).await
}

/// Most bytes of a zip that can be sent along with a request.
fn zip_limit(session: &Session) -> usize {
    let smaller = session.environment.get(ZIP_LIMIT).and_then(|text| text.parse().ok());
    smaller.map_or(ZIP_LIMIT_BYTES, |smaller: usize| smaller.min(ZIP_LIMIT_BYTES))
}

async fn plan_with(
    session: &Session,
    mut settings: Settings,
    opened: Opened,
    artefact: Option<Artefact>,
    denied: Denied,
) -> Result<Prepared, RegistrarError> {
    settings.in_region(&opened.aws.region);
    show_settings(session, &settings);
    session.report.event(&Event::Working("reading what is there"));
    let (observed, denials) = match in_time(
        session,
        "what is there was read",
        observe_with(&opened.aws, &settings, &session.interrupt, denied),
    )
    .await
    {
        Ok((observed, identity, denials)) => {
            let Observed { account, region, .. } = &observed;
            session.report.event(&Event::Detail(&format!("account {account}, {region}, as {}", identity.arn)));
            (observed, denials)
        }
        Err(error) => {
            opened.close().await;
            return Err(error);
        }
    };
    match in_time(session, "it was planned", consider(session, &settings, &opened.aws, artefact.as_ref(), observed))
        .await
    {
        Ok((observed, plan)) => Ok(Prepared { settings, opened, artefact, observed, plan, denials }),
        Err(error) => {
            opened.close().await;
            Err(error)
        }
    }
}

/// Plans. What the plan turns out to depend on besides is looked up, and then it is planned again.
async fn consider(
    session: &Session,
    settings: &Settings,
    aws: &Aws,
    artefact: Option<&Artefact>,
    mut observed: Observed,
) -> Result<(Observed, Plan), RegistrarError> {
    let extras = settings.function.as_ref().map(|function| &function.extras).filter(|_| !session.global.local);
    let code = artefact.map(|artefact| artefact.wanted(zip_limit(session), extras));
    let mut plan = Plan::new(settings, code.as_ref(), &observed);
    if plan.changes_what_is_registered()
        && let (Some(artefact), Some(function)) = (artefact, &settings.function)
    {
        session.report.event(&Event::Working("asking the new code what it is"));
        let there = observed.function.as_ref().map(|function| function.environment.clone()).unwrap_or_default();
        let environment = there.overlaid(&function.environment.value);
        let name = &settings.function_name.value;
        observed.will_say = rehearse(artefact, name, &aws.region, function, &environment).await;
        match &observed.will_say {
            Said::Unknown(why) => {
                let text = format!("what the new code says of itself will be known once it is deployed: {why}");
                session.report.event(&Event::Detail(&text));
            }
            Said::Broken(why) => session.report.event(&Event::Warning(&broken(why))),
            Said::NotAsked | Said::Known(_) => {}
        }
        plan = Plan::new(settings, code.as_ref(), &observed);
    }
    if plan.needs_connections {
        observed.connections = Some(connections(aws, &settings.label.value).await?);
        plan = Plan::new(settings, code.as_ref(), &observed);
    }
    session.interrupt.check()?;
    Ok((observed, plan))
}

fn broken(why: &str) -> String {
    format!("the new code was started on this machine and did not say what it is, and may not do so in Lambda: {why}")
}

/// Tells what will not do what whoever set it may think; once, before anything is built.
fn warnings(settings: &Settings) -> Vec<String> {
    settings.function.as_ref().map(FunctionSettings::warnings).unwrap_or_default()
}

fn show_settings(session: &Session, settings: &Settings) {
    for warning in warnings(settings) {
        session.report.event(&Event::Warning(&warning));
    }
    for [name, value, source] in settings.lines() {
        session.report.event(&Event::Detail(&format!("  {name:<13} {value}  ({source})")));
    }
}

/// `plan`
///
/// # Errors
/// When settings are wrong, the build fails, or something cannot be read.
pub async fn plan(session: &Session, args: &PlanArgs) -> Result<Outcome, RegistrarError> {
    let Prepared { settings, opened, plan, .. } = prepare(session, &args.deploy, Build::Yes, Denied::Stop).await?;
    opened.close().await;
    let error = match plan.refuse() {
        Err(error) => Some(error),
        Ok(()) if args.check && !plan.is_empty() => Some(differences(&plan)),
        Ok(()) => None,
    };
    Ok(Outcome::new("plan", plan_text::plan(&plan))
        .with("plan", &plan)
        .with("settings", &settings)
        .with("warnings", warnings(&settings))
        .with_error(error))
}

fn differences(plan: &Plan) -> RegistrarError {
    RegistrarError::new(ErrorKind::Differences, format!("{} steps are to be done", plan.steps.len()))
        .with_hint("\"registrar deploy\" does them")
}

/// `deploy`
///
/// # Errors
/// When it cannot begin. A step that fails is part of the outcome.
pub async fn deploy(session: &Session, args: &DeployArgs) -> Result<Outcome, RegistrarError> {
    let prepared = prepare(session, args, Build::Yes, Denied::Stop).await?;
    run("deploy", session, &args.connector, prepared, &args.change).await
}

/// `register`
///
/// # Errors
/// When it cannot begin. A step that fails is part of the outcome.
pub async fn register(session: &Session, args: &RegisterArgs) -> Result<Outcome, RegistrarError> {
    if args.function_arn.is_none() && args.connector.function_name.is_none() {
        return Err(RegistrarError::usage("which function to register is not said")
            .with_hint("name it with --function-name NAME or --function-arn ARN"));
    }
    let project = session.project(&args.connector)?;
    let inputs = session.inputs(project.as_ref());
    let description = args.description.clone();
    let mut settings =
        Settings::for_register(&args.connector, args.function_arn.as_deref(), description, args.adopt, inputs)?;
    settings.allow_breaking = args.change.allow_breaking;
    let opened = session.open().await?;
    let prepared = plan_with(session, settings, opened, None, Denied::Stop).await?;
    let arn = &prepared.plan.function_arn;
    if let Some(given) = args.function_arn.as_ref().filter(|given| *given != arn) {
        let message = format!("{given} is not in the account and region of this run, where {arn} would be");
        prepared.opened.close().await;
        return Err(
            RegistrarError::usage(message).with_hint("AppFlow invokes functions of its own account and region only")
        );
    }
    run("register", session, &args.connector, prepared, &args.change).await
}

async fn run(
    command: &'static str,
    session: &Session,
    connector: &ConnectorArgs,
    prepared: Prepared,
    change: &ChangeArgs,
) -> Result<Outcome, RegistrarError> {
    let agreed = match prepared.plan.refuse() {
        Ok(()) => consent(session, &prepared.plan).await,
        refused => refused,
    };
    let outcome = match agreed {
        Ok(()) if prepared.plan.is_empty() => Ok(nothing_to_do(command, session, connector, &prepared)),
        Ok(()) => Ok(execute(command, session, connector, &prepared, change.rollback_on_failure).await),
        Err(error) => Err(error),
    };
    prepared.opened.close().await;
    outcome
}

/// Asks before something is deleted.
async fn consent(session: &Session, plan: &Plan) -> Result<(), RegistrarError> {
    let destructive: Vec<_> =
        plan.steps.iter().filter(|step| step.action.is_destructive()).map(|step| step.action.description()).collect();
    if destructive.is_empty() || session.global.yes || session.global.local {
        return Ok(());
    }
    let question = format!("The plan will {}.", destructive.join(" and "));
    if session.confirm(&question, &plan.label).await? {
        return Ok(());
    }
    Err(RegistrarError::usage(format!("the plan would {}, which needs consent", destructive.join(" and ")))
        .with_hint("pass --yes to consent"))
}

fn base(command: &'static str, prepared: &Prepared, text: String) -> Outcome {
    let plan = &prepared.plan;
    Outcome::new(command, text)
        .with("account", &plan.account)
        .with("region", &plan.region)
        .with("label", &plan.label)
        .with("functionArn", &plan.function_arn)
}

fn nothing_to_do(command: &'static str, session: &Session, connector: &ConnectorArgs, prepared: &Prepared) -> Outcome {
    let plan = &prepared.plan;
    let connector_arn = prepared.observed.registration.as_ref().and_then(|found| found.arn.clone());
    let next = next_command(session, connector, &prepared.settings, "entities");
    let arns = plan_text::arns(plan, connector_arn.as_deref());
    if session.is_json() {
        // People see it in the result.
        session.report.event(&Event::Note("nothing to do"));
    }
    let text = format!("nothing to do\n{arns}\nnext: {next}\n");
    base(command, prepared, text)
        .with("status", "nothingToDo")
        .with("connectorArn", connector_arn)
        .with("warnings", warnings(&prepared.settings))
        .with("steps", json!([]))
        .with("next", next)
}

async fn execute(
    command: &'static str,
    session: &Session,
    connector: &ConnectorArgs,
    prepared: &Prepared,
    rolls_back: bool,
) -> Outcome {
    let Prepared { settings, opened, artefact, observed, plan, denials: _ } = prepared;
    let tools = Tools {
        aws: &opened.aws,
        artefact: artefact.as_ref(),
        report: &session.report,
        interrupt: &session.interrupt,
        // From now on: the build does not count as waiting.
        deadline: Instant::now() + session.global.timeout,
        observed,
        rolls_back,
        role_age: observed.role.as_ref().and_then(|role| age(role.created_at)),
    };
    let execution = Executor::new(&tools).run(plan).await;
    let connector_arn = execution
        .connector_arn
        .or_else(|| observed.registration.as_ref().and_then(|registration| registration.arn.clone()));
    let warnings = [warnings(settings), execution.warnings].concat();
    if let Some(error) = execution.error {
        if execution.undone.is_none() && error.kind() != ErrorKind::Interrupted {
            let done = execution.steps.iter().filter(|step| step.state == StepState::Done).count();
            let text = format!("{done} of {} steps are done; the same command goes on from there", plan.steps.len());
            session.report.event(&Event::Note(&text));
        }
        let outcome = base(command, prepared, String::new())
            .with("status", "failed")
            .with("connectorArn", connector_arn)
            .with("warnings", warnings)
            .with("steps", &execution.steps)
            .with_error(Some(error));
        return match execution.undone {
            Some(undone) => {
                outcome.with("takenBack", undone.done).with("left", undone.left).with("notTakenBack", undone.failed)
            }
            None => outcome,
        };
    }
    let preview = match opened.sample_url() {
        Some(url) => preview(session, &opened.aws, &plan.label, &plan.function_arn, &url).await,
        None => None,
    };
    let question = match (&preview, &opened.local) {
        (Some(Preview { first: Some(entity), .. }), _) => format!("query {entity}"),
        // It said why there is nothing to show: it has no connection that works.
        (None, Some(_)) => "connect NAME".to_owned(),
        _ => "entities".to_owned(),
    };
    let next = next_command(session, connector, settings, &question);
    let shown = match (&preview, &opened.local) {
        (Some(preview), _) => preview.text.clone(),
        (None, None) => console(&opened.aws),
        (None, Some(_)) => String::new(),
    };
    let text = format!("{}{shown}\nnext: {next}\n", plan_text::arns(plan, connector_arn.as_deref()));
    let outcome = base(command, prepared, text)
        .with("status", "done")
        .with("connectorArn", connector_arn)
        .with("warnings", warnings)
        .with("steps", &execution.steps)
        .with("next", next);
    match preview {
        Some(preview) => outcome.with("preview", preview),
        None => outcome,
    }
}

fn console(aws: &Aws) -> String {
    let url = partition::appflow_console(&aws.region).map(|url| format!(":\n  {url}")).unwrap_or_default();
    format!("\nmake a connection with it in the AppFlow console{url}\n")
}

/// How long ago, if the clocks agree well enough to tell.
fn age(seconds_since_1970: i64) -> Option<Duration> {
    let since = Duration::from_secs(u64::try_from(seconds_since_1970).ok()?);
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH + since).ok()
}

/// The command with which to look at what was deployed.
fn next_command(session: &Session, connector: &ConnectorArgs, settings: &Settings, question: &str) -> String {
    let local = if session.global.local { " --local" } else { "" };
    let is_found_again = match settings.label.source {
        Source::Flag(_) => false,
        Source::Manifest => connector.manifest.is_none(),
        Source::Variable(_)
        | Source::Metadata
        | Source::LambdaMetadata
        | Source::WorkspaceMetadata
        | Source::CargoLambdaFile
        | Source::Derived
        | Source::Default => true,
    };
    let label = if is_found_again { String::new() } else { format!(" --label {}", settings.label.value) };
    let state = match &session.global.state_dir {
        Some(state_dir) if session.global.local => format!(" --state-dir {}", state_dir.display()),
        Some(_) | None => String::new(),
    };
    format!("{} {question}{local}{state}{label}", session.program())
}
