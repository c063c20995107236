//! `describe`, `connect`, `entities`, `fields`, `query` and `invoke`.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use appflow_sdk::protocol::{DescribeConnectorConfigurationResponse, Record, RuntimeSettingScope};
use serde_json::value::RawValue;

use crate::ask::{
    Asker, Connected, Selection, Wishes, choose_profile, configuration_text, entities_table, fields_table, records,
    records_table, settings,
};
use crate::cli::{AskArgs, ConnectArgs, ConnectorArgs, EntitiesArgs, FieldsArgs, InvokeArgs, QueryArgs};
use crate::connection_credentials;
use crate::error::RegistrarError;
use crate::event::Event;
use crate::outcome::Outcome;
use crate::session::{Opened, Session};
use crate::settings::Settings;

/// The connector to ask.
pub(super) struct Target {
    pub(super) opened: Opened,
    label: String,
    function: String,
}

/// Finds the function: the one registered under the label, else the one that would be.
pub(super) async fn target(session: &Session, connector: &ConnectorArgs) -> Result<Target, RegistrarError> {
    let project = session.project(connector)?;
    let settings = Settings::for_reading(connector, session.inputs(project.as_ref()))?;
    let opened = session.open().await?;
    let label = settings.label.value;
    if connector.function_name.is_some() {
        return Ok(Target { opened, label, function: settings.function_name.value });
    }
    match opened.aws.appflow.registration(&label).await {
        Ok(found) => {
            let registered = found.and_then(|found| found.lambda_arn);
            Ok(Target { function: registered.unwrap_or(settings.function_name.value), opened, label })
        }
        Err(failure) => {
            opened.close().await;
            Err(failure.during(format!("could not read the registration of {label}")))
        }
    }
}

impl Target {
    /// The function's name.
    pub(super) fn function_name(&self) -> &str {
        self.function.rsplit(':').next().unwrap_or_default()
    }

    pub(super) fn asker(&self) -> Asker<'_> {
        Asker::new(&self.opened.aws.lambda, self.function.clone())
    }

    async fn connect(&self, session: &Session, args: &AskArgs) -> Result<Connected, RegistrarError> {
        let configuration = self.asker().configuration().await?;
        self.connect_as(session, args, &configuration).await
    }

    /// Finds the connection of a connector that has said what it is.
    pub(super) async fn connect_as(
        &self,
        session: &Session,
        args: &AskArgs,
        configuration: &DescribeConnectorConfigurationResponse,
    ) -> Result<Connected, RegistrarError> {
        let wishes = Wishes::parse(args)?;
        let appflow = &self.opened.aws.appflow;
        let connected =
            crate::ask::connect(appflow, &self.label, &wishes, configuration, self.opened.sample_url().as_deref())
                .await?;
        if let Some(name) = &connected.name {
            session.report.event(&Event::Detail(&format!("asking {} through the connection {name}", self.function)));
        }
        Ok(connected)
    }
}

/// Runs a question against a target and closes the target whatever comes of it.
///
/// Asking changes nothing, so the first Ctrl-C ends it at once.
async fn on(
    session: &Session,
    connector: &ConnectorArgs,
    question: impl AsyncFnOnce(&Target) -> Result<Outcome, RegistrarError>,
) -> Result<Outcome, RegistrarError> {
    let target = target(session, connector).await?;
    session.report.busy(&format!("asking {}", target.function_name()));
    let result = tokio::select! {
        result = question(&target) => result,
        () = session.interrupt.pressed(1) => Err(RegistrarError::interrupted()),
    };
    target.opened.close().await;
    result
}

/// `describe`
///
/// # Errors
/// As [`Asker::ask`].
pub async fn describe(session: &Session, args: &AskArgs) -> Result<Outcome, RegistrarError> {
    on(session, &args.connector, async |target| {
        let configuration = target.asker().configuration().await?;
        let text = configuration_text(&configuration);
        Ok(Outcome::new("describe", text).with("label", &target.label).with("configuration", configuration))
    })
    .await
}

/// `connect`
///
/// # Errors
/// When settings or credentials do not fit what the connector offers, or the connector refuses them.
pub async fn connect(session: &Session, args: &ConnectArgs) -> Result<Outcome, RegistrarError> {
    if args.delete {
        return disconnect(session, args).await;
    }
    let settings = settings(&args.settings)?;
    let text = match args.credentials.clone() {
        None => None,
        Some(file) => {
            let bytes = read_file(session, file, "the credentials").await?;
            let text = String::from_utf8(bytes).map_err(|_| RegistrarError::usage("the credentials are not UTF-8"))?;
            Some(text)
        }
    };
    on(session, &args.connector, async |target| {
        let configuration = target.asker().configuration().await?;
        let credentials =
            connection_credentials::read(text.as_deref(), args.authentication_type.as_deref(), &configuration)?;
        let (appflow, label, name) = (&target.opened.aws.appflow, target.label.as_str(), args.name.as_str());
        let known = appflow.profiles(label).await;
        let known = known.map_err(|failure| failure.during(format!("could not read the connections of {label}")))?;
        let is_known = known.iter().any(|profile| profile.name == name);
        check_settings(&settings, &configuration)?;
        let (done, verb) = if is_known {
            (appflow.update_profile(name, &credentials, &settings).await, "renewed")
        } else {
            (appflow.create_profile(label, name, &credentials, &settings).await, "made")
        };
        done.map_err(|failure| {
            let is_unregistered = failure.is_not_found();
            // The reason first: it is the connector's own, and what the reader has to act on.
            let reason = failure.message.trim().trim_end_matches('.').to_owned();
            let done = format!("the connection {name} of {label} was not {verb}");
            let is_of_connector = failure.code.as_deref().is_some_and(|code| code.starts_with("Connector"));
            let error = failure.during(if reason.is_empty() { done } else { format!("{reason}; {done}") });
            if is_unregistered {
                error.with_hint("register the connector first: registrar deploy")
            } else if is_of_connector {
                error.with_hint("mend the --setting or the credentials that it names, then run again")
            } else {
                error
            }
        })?;
        let text = format!("{verb} the connection {name}; the connector has nothing against it");
        Ok(Outcome::new("connect", text).with("label", label).with("connectorProfile", name).with("change", verb))
    })
    .await
}

/// Refuses a connection without a setting that the connector cannot do without, in words of the command line.
fn check_settings(
    given: &BTreeMap<String, String>,
    connector: &DescribeConnectorConfigurationResponse,
) -> Result<(), RegistrarError> {
    let declared = connector.settings().iter().filter(|known| known.scope == RuntimeSettingScope::ConnectorProfile);
    let declared: Vec<_> = declared.collect();
    let Some(missing) = declared.iter().find(|known| known.required && !given.contains_key(&known.key)) else {
        return Ok(());
    };
    let unknown = given.keys().find(|key| declared.iter().all(|known| known.key != **key));
    let instead = unknown.map(|key| format!("; it does not know {key:?}")).unwrap_or_default();
    let key = &missing.key;
    Err(RegistrarError::usage(format!("the connector needs the setting {key:?}{instead}"))
        .with_hint(format!("pass --setting {key}=VALUE: {}", missing.description)))
}

/// `connect --delete`
async fn disconnect(session: &Session, args: &ConnectArgs) -> Result<Outcome, RegistrarError> {
    on(session, &args.connector, async |target| {
        let (appflow, label, name) = (&target.opened.aws.appflow, target.label.as_str(), args.name.as_str());
        let known = appflow.profiles(label).await;
        let known = known.map_err(|failure| failure.during(format!("could not read the connections of {label}")))?;
        choose_profile(&known, Some(name))?;
        let global = &session.global;
        let is_wanted = global.yes
            || global.local
            || session.confirm(&format!("The connection {name} of {label} will be deleted."), name).await?;
        if !is_wanted {
            return Err(RegistrarError::usage(format!("deleting the connection {name} needs consent"))
                .with_hint("pass --yes to consent"));
        }
        let deleted = appflow.delete_profile(name).await;
        deleted.map_err(|failure| failure.during(format!("the connection {name} of {label} was not deleted")))?;
        let text = format!("deleted the connection {name}");
        Ok(Outcome::new("connect", text).with("label", label).with("connectorProfile", name).with("change", "deleted"))
    })
    .await
}

/// `entities`
///
/// # Errors
/// As [`Asker::ask`], or when there is no connection to ask through.
pub async fn entities(session: &Session, args: &EntitiesArgs) -> Result<Outcome, RegistrarError> {
    on(session, &args.ask.connector, async |target| {
        let connected = target.connect(session, &args.ask).await?;
        let found = target.asker().entities(&connected.context, args.path.as_deref()).await;
        let entities = found.map_err(|error| match (&args.path, error.hint()) {
            (Some(_), None) => error.with_hint("\"registrar entities\" without a name shows those at the top"),
            _ => error,
        })?;
        Ok(Outcome::new("entities", entities_table(&entities)).with("path", &args.path).with("entities", entities))
    })
    .await
}

/// `fields`
///
/// # Errors
/// As [`Asker::ask`], or when there is no connection to ask through.
pub async fn fields(session: &Session, args: &FieldsArgs) -> Result<Outcome, RegistrarError> {
    on(session, &args.ask.connector, async |target| {
        let connected = target.connect(session, &args.ask).await?;
        let definition = target.asker().entity(&connected.context, &args.entity).await?;
        Ok(Outcome::new("fields", fields_table(&definition))
            .with("entity", &args.entity)
            .with("definition", definition))
    })
    .await
}

/// `query`
///
/// # Errors
/// As [`Asker::ask`], or when there is no connection to ask through.
pub async fn query(session: &Session, args: &QueryArgs) -> Result<Outcome, RegistrarError> {
    on(session, &args.ask.connector, async |target| {
        let connected = target.connect(session, &args.ask).await?;
        let selection = Selection {
            fields: args.fields.clone(),
            filter: args.filter.clone(),
            limit: (!args.all).then_some(args.limit),
        };
        let page = records(&target.asker(), &connected.context, &args.entity, &selection).await?;
        let mut text = records_table(&page.definition, &args.fields, &page.records);
        if page.next_token.is_some() {
            let count = page.records.len();
            text = format!("{text}\nthese are the first {count}; --limit N shows more, --all every record");
        }
        Ok(Outcome::new("query", text)
            .with("entity", &args.entity)
            .with("records", as_json(&page.records))
            .with("nextToken", &page.next_token))
    })
    .await
}

/// Records as JSON text, so that numbers keep their digits.
pub(super) fn as_json(records: &[Record]) -> Vec<&RawValue> {
    records.iter().map(|record| serde_json::from_str(record.get()).unwrap_or(RawValue::NULL)).collect()
}

/// `invoke`
///
/// # Errors
/// When the request cannot be read or the function not be invoked. That the function fails is part of the outcome.
pub async fn invoke(session: &Session, args: &InvokeArgs) -> Result<Outcome, RegistrarError> {
    let payload = read_file(session, args.file.clone(), "the request").await?;
    on(session, &args.connector, async |target| {
        let asker = target.asker();
        let invocation = asker.send(payload).await?;
        let error = asker.accept(&invocation).err();
        let mut outcome = Outcome::new("invoke", "").with_error(error);
        outcome.raw = Some(invocation.payload);
        Ok(outcome)
    })
    .await
}

/// Reads a file, or standard input for `-`, until it ends or Ctrl-C is pressed.
pub(super) async fn read_file(session: &Session, file: PathBuf, what: &'static str) -> Result<Vec<u8>, RegistrarError> {
    tokio::select! {
        read = tokio::task::spawn_blocking(move || read(&file, what)) => {
            read.map_err(|error| RegistrarError::bug("reading a file broke off").with_source(error))?
        }
        () = session.interrupt.pressed(1) => Err(RegistrarError::interrupted()),
    }
}

/// Reads a file, or standard input where it is named `-`.
fn read(file: &Path, what: &str) -> Result<Vec<u8>, RegistrarError> {
    let mut bytes = Vec::new();
    let result = if file == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    match result {
        Ok(_) => Ok(bytes),
        Err(error) => Err(RegistrarError::usage(format!("cannot read {what} from {}", file.display()))
            .with_source(error)
            .with_hint("name a file that is there, or - for standard input")),
    }
}
