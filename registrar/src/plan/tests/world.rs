//! AWS as far as plans know it.

use super::super::*;
use super::{ACCOUNT, ARN, tags};
use crate::configuration::{ConnectorConfiguration, SelfDescription, unmarked};
use crate::observed::{
    Alias, Function, FunctionStatus, LogGroup, REGISTRATION_PENDING, Record, RegisteredConnector, Role, Said,
    registered_tag,
};
use crate::policy::Statement;
use crate::wait::{Readiness, classify};

/// Plays AWS: what the steps of a plan make of what is there.
pub(super) fn carry_out(plan: &Plan, observed: &mut Observed) {
    carry_out_in_part(plan, observed, plan.steps.len());
}

/// As much of a plan as a run does that is killed after some steps.
pub(super) fn carry_out_in_part(plan: &Plan, observed: &mut Observed, steps: usize) {
    let mut differs = None;
    for step in plan.steps.iter().take(steps) {
        if let Step::CompareConfiguration { comparison, .. } = &step.action {
            let says = describe(function(observed));
            let record = comparison.record.as_ref();
            let known = record.map_or("", |record| record.unshown.as_str());
            let differences = unmarked(comparison.held.differences(&says.configuration), known);
            differs = Some(!record.is_some_and(|record| record.said == says.digest && differences.is_empty()));
        } else if !(step.is_conditional && differs == Some(false)) {
            apply(&step.action, observed);
        }
    }
}

/// What a connector says of itself: its version is its code, up to a `+`, and the names of its variables.
pub(super) fn describe(function: &Function) -> SelfDescription {
    let code = function.code_sha256.split('+').next().unwrap();
    let variables: Vec<_> = function.environment.iter().map(|(name, _)| name).collect();
    let version = [&[code], variables.as_slice()].concat().join(" ");
    let mut configuration = ConnectorConfiguration::default();
    configuration.text("connectorVersion", Some(&version));
    configuration.set("connectorModes", Some(["SOURCE"]));
    SelfDescription { configuration, digest: version }
}

/// Plans as the commands do: with what the function says, and with what the new code said when it was tried.
pub(super) fn plan_of(wanted: &Settings, code: Option<&WantedCode>, observed: &Observed) -> Plan {
    let mut seen = observed.clone();
    let blind = plan_untried(wanted, code, observed);
    if let (Some(function), Some(code), Some(settings)) = (&mut seen.function, code, &wanted.function)
        && blind.changes_what_is_registered()
    {
        function.code_sha256.clone_from(&code.sha256);
        function.environment = function.environment.overlaid(&settings.environment.value);
        let will_say = describe(function);
        seen.function.clone_from(&observed.function);
        seen.will_say = Said::Known(Box::new(will_say));
    }
    Plan::new(wanted, code, &asked(seen))
}

/// Plans without having tried the new code, as for another processor.
pub(super) fn plan_untried(wanted: &Settings, code: Option<&WantedCode>, observed: &Observed) -> Plan {
    Plan::new(wanted, code, &asked(observed.clone()))
}

fn asked(mut observed: Observed) -> Observed {
    if let (Some(function), Some(_)) = (&observed.function, &observed.registration)
        && classify(&function.status) == Readiness::Ready
    {
        observed.says = Said::Known(Box::new(describe(function)));
    }
    observed
}

#[expect(clippy::too_many_lines, reason = "one arm for each step")]
pub(super) fn apply(step: &Step, observed: &mut Observed) {
    match step.clone() {
        Step::CreateRole { role, trust } => {
            observed.role = Some(Role {
                arn: format!("arn:aws:iam::{ACCOUNT}:role/{role}"),
                tags: tags("acme"),
                trust: Some(trust),
                attached: Vec::new(),
                inline: None,
                created_at: 0,
            });
        }
        Step::AdoptRole { .. } => observed.role.as_mut().unwrap().tags.extend(tags("acme")),
        Step::UpdateTrust { trust, .. } => observed.role.as_mut().unwrap().trust = Some(trust),
        Step::AttachPolicy { policy_arn, .. } => observed.role.as_mut().unwrap().attached.push(policy_arn),
        Step::PutSecretPolicy { policy, .. } => observed.role.as_mut().unwrap().inline = Some(policy),
        Step::DeleteFailedFunction { .. } => {
            observed.function = None;
            observed.permissions.clear();
        }
        Step::CreateFunction { configuration, architecture, code_sha256, tags: further, .. } => {
            assert!(observed.function.is_none());
            observed.function = Some(Function {
                arn: ARN.to_owned(),
                role: configuration.role,
                runtime: Some(configuration.runtime),
                handler: Some(configuration.handler),
                memory: configuration.memory,
                timeout: configuration.timeout,
                architecture,
                environment: configuration.environment,
                attachments: configuration.attachments,
                code_sha256,
                tags: tags("acme").into_iter().chain(further).collect(),
                status: status("Pending", None),
            });
        }
        Step::AdoptFunction { .. } => function(observed).tags.extend(tags("acme")),
        Step::UpdateConfiguration { configuration, found, .. } => {
            let function = function(observed);
            assert_eq!(function.configuration(), found);
            assert!(!is_busy(function), "changed while busy");
            function.role = configuration.role;
            function.runtime = Some(configuration.runtime);
            function.handler = Some(configuration.handler);
            function.memory = configuration.memory;
            function.timeout = configuration.timeout;
            function.environment = configuration.environment;
            function.attachments = configuration.attachments;
            function.status = status("Active", Some("InProgress"));
        }
        Step::UpdateCode { architecture, code_sha256, .. } => {
            let function = function(observed);
            assert!(!is_busy(function), "changed while busy");
            function.architecture = architecture;
            function.code_sha256 = code_sha256;
            function.status = status("Active", Some("InProgress"));
        }
        Step::TagFunction { set, remove, .. } => {
            let function = function(observed);
            function.tags.retain(|key, _| !remove.contains(key));
            function.tags.extend(set);
        }
        Step::SetLogRetention { days, create, .. } => {
            assert_eq!(create, observed.log_group.is_none());
            observed.log_group = Some(LogGroup { retention: days });
        }
        Step::PointAlias { .. } => {
            assert!(!is_busy(function(observed)), "published while busy");
            let function = function(observed);
            let published = Some((function.code_sha256.clone(), function.configuration()));
            observed.alias = Some(Alias { version: "7".to_owned(), revision_id: None, published });
        }
        Step::WaitReady { .. } => function(observed).status = status("Active", Some("Successful")),
        Step::GrantInvoke { grant, obsolete, .. } => {
            observed.permissions.retain(|statement| !obsolete.contains(&statement.id));
            observed.permissions.extend(grant.map(|grant| Statement::of_grant(&grant, ARN)));
        }
        // A function that fell asleep wakes up when it is asked.
        Step::SmokeTest { digest, .. } if !is_busy(function(observed)) => {
            let function = function(observed);
            function.status.state = Some("Active".to_owned());
            assert!(digest.is_none_or(|digest| digest == describe(function).digest));
        }
        Step::SmokeTest { .. } => panic!("asked while busy"),
        Step::UploadArtefact { .. }
        | Step::PublishVersion { .. }
        | Step::Verify { .. }
        | Step::ResetMetadata { .. } => {}
        Step::CompareConfiguration { .. } => panic!("the comparison is for whoever carries a plan out"),
        Step::RegisterConnector { registration } | Step::UpdateRegistration { registration } => {
            assert_eq!(function(observed).status.state.as_deref(), Some("Active"), "registered before it is ready");
            observed.registration = Some(RegisteredConnector {
                arn: Some("arn:connector".to_owned()),
                lambda_arn: Some(registration.lambda_arn),
                description: registration.description,
                configuration: describe(function(observed)).configuration,
            });
        }
        Step::InvalidateRegistration { label, .. } => {
            function(observed).tags.insert(registered_tag(&label), REGISTRATION_PENDING.to_owned());
        }
        Step::RecordRegistration { label, revision, unshown, .. } => {
            let function = function(observed);
            assert_eq!(revision, function.revision());
            let record = Record { said: describe(function).digest, unshown, revision };
            function.tags.insert(registered_tag(&label), record.to_string());
        }
    }
}

fn is_busy(function: &Function) -> bool {
    classify(&function.status) == Readiness::Pending
}

pub(super) fn function(observed: &mut Observed) -> &mut Function {
    observed.function.as_mut().unwrap()
}

pub(super) fn status(state: &str, last_update: Option<&str>) -> FunctionStatus {
    FunctionStatus {
        state: Some(state.to_owned()),
        last_update: last_update.map(str::to_owned),
        ..FunctionStatus::default()
    }
}
