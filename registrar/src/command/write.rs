//! `write`

use std::ops::Range;
use std::path::Path;

use appflow_sdk::protocol::{Request, WriteDataRequest, WriteOperationType};

use super::ask::{Target, read_file, target};
use crate::cli::{RecordFormat, WriteArgs, WriteOperation};
use crate::error::{ErrorKind, RegistrarError};
use crate::event::Event;
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::session::Session;
use crate::write::{self, Fate, Given, PAYLOAD_LIMIT};

/// The records as they came: texts of the command line, or the text of a file.
enum Input {
    Options(Vec<Given>),
    File { text: String, origin: String, format: RecordFormat },
}

/// What is sent: the request without records, the records, and which of them go together.
struct Prepared {
    template: WriteDataRequest,
    given: Vec<Given>,
    ranges: Vec<Range<usize>>,
}

/// `write`
///
/// Up to the first request Ctrl-C ends it at once. After that it ends after the request that is on its way: breaking off
/// would leave open what was written.
///
/// # Errors
/// When the records cannot be read or do not fit the entity, when the connector does not offer the operation, or as
/// [`Asker::ask`](crate::ask::Asker::ask). That records were not written is part of the outcome.
pub async fn write(session: &Session, args: &WriteArgs) -> Result<Outcome, RegistrarError> {
    let input = input(session, args).await?;
    let target = target(session, &args.ask.connector).await?;
    let result = tokio::select! {
        prepared = prepare(session, &target, args, input) => prepared,
        () = session.interrupt.pressed(1) => Err(RegistrarError::interrupted()),
    };
    let outcome = match result {
        Ok(prepared) if args.dry_run => requests(&prepared),
        Ok(prepared) => Ok(send(session, &target, args, &prepared).await),
        Err(error) => Err(error),
    };
    target.opened.close().await;
    outcome
}

async fn input(session: &Session, args: &WriteArgs) -> Result<Input, RegistrarError> {
    let Some(file) = args.file.clone() else { return write::read_records(&args.records).map(Input::Options) };
    let origin = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let named_csv = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    let bytes = read_file(session, file, "the records").await?;
    let text = String::from_utf8(bytes)
        .map_err(|error| RegistrarError::usage(format!("{origin} is not UTF-8")).with_source(error.utf8_error()))?;
    // Spreadsheets begin their files with a byte order mark.
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    let looks_like_json = text.trim_start().starts_with(['{', '[']);
    let guessed = if named_csv || !looks_like_json { RecordFormat::Csv } else { RecordFormat::Json };
    Ok(Input::File { text, origin, format: args.format.unwrap_or(guessed) })
}

async fn prepare(
    session: &Session,
    target: &Target,
    args: &WriteArgs,
    input: Input,
) -> Result<Prepared, RegistrarError> {
    let configuration = target.asker().configuration().await?;
    let connected = target.connect_as(session, &args.ask, &configuration).await?;
    let definition = target.asker().entity(&connected.context, &args.entity).await?;
    let operation = WriteOperationType::from(args.operation);
    write::offers(&configuration, &definition, &operation)?;
    let id_fields = write::id_fields(&args.id_fields, &definition, &operation)?;

    let (given, origin) = match input {
        Input::Options(given) => (given, write::OPTION.to_owned()),
        Input::File { text, origin, format: RecordFormat::Json } => (write::read_json(&text, &origin)?, origin),
        Input::File { text, origin, format: RecordFormat::Csv } => {
            (write::read_csv(&text, &origin, &definition, args.as_is)?, origin)
        }
    };
    if given.is_empty() {
        return Err(RegistrarError::usage(format!("there are no records in {origin}")));
    }
    let members = write::members(&given, &origin)?;
    if !args.as_is {
        write::unknown_fields(members.iter().map(|(name, line)| (name.as_str(), *line)), &origin, &definition)?;
    }
    for warning in write::warnings(&definition, &operation, &id_fields, &members) {
        session.report.event(&Event::Warning(&warning));
    }

    let mut context = connected.context;
    context.entity_definition = Some(definition);
    let mut template = WriteDataRequest::new(&args.entity, context, operation, Vec::new());
    template.id_field_names = (!id_fields.is_empty()).then_some(id_fields);
    template.all_or_none = Some(args.all_or_none);
    let ranges = write::requests(&template, &given, args.batch.get(), PAYLOAD_LIMIT)?;
    if args.all_or_none && ranges.len() > 1 {
        let text = format!("--all-or-none holds for each of the {} requests alone", ranges.len());
        session.report.event(&Event::Warning(&text));
    }
    Ok(Prepared { template, given, ranges })
}

/// The requests, one per line, each as `invoke` takes it.
fn requests(prepared: &Prepared) -> Result<Outcome, RegistrarError> {
    let requests = prepared.ranges.iter().map(|range| {
        let given = prepared.given.get(range.clone()).unwrap_or_default();
        let request = write::fill(&prepared.template, given);
        serde_json::value::to_raw_value(&Request::from(request))
            .map_err(|error| RegistrarError::bug("a request does not serialise").with_source(error))
    });
    let requests: Vec<_> = requests.collect::<Result<_, _>>()?;
    let lines: Vec<_> = requests.iter().map(|request| request.get()).collect();
    let text = lines.join("\n");
    Ok(Outcome::new("write", text).with("dryRun", true).with("requests", requests))
}

async fn send(session: &Session, target: &Target, args: &WriteArgs, prepared: &Prepared) -> Outcome {
    let asker = target.asker();
    let total = prepared.given.len();
    let may_go_on = |range: &Range<usize>| {
        go_on(&session.interrupt, &prepared.given, range)?;
        let text = format!("writing records {} to {} of {total}", range.start + 1, range.end);
        session.report.event(&Event::Working(&text));
        Ok(())
    };
    let ask = async |request| asker.write(request).await;
    let mut written = write::send(&prepared.template, &prepared.given, &prepared.ranges, may_go_on, ask).await;
    let id_fields = prepared.template.id_field_names.as_deref().unwrap_or_default();
    let text = write::results_text(&written, &prepared.given, id_fields);
    let error = written.error.take();
    Outcome::new("write", text)
        .with("entity", &args.entity)
        .with("operation", prepared.template.operation.as_ref())
        .with("requests", written.requests)
        .with("written", written.count(Fate::Written))
        .with("failed", written.count(Fate::Failed))
        .with("unknown", written.count(Fate::Unknown))
        .with("notSent", written.count(Fate::NotSent))
        .with("results", &written.results)
        .with_error(error)
}

/// Fails between two requests once Ctrl-C was pressed, with where the rest begins.
fn go_on(interrupt: &Interrupt, given: &[Given], range: &Range<usize>) -> Result<(), RegistrarError> {
    interrupt.check().map_err(|_| {
        let line = given.get(range.start).map_or(0, |given| given.line);
        RegistrarError::new(ErrorKind::Interrupted, "interrupted")
            .with_hint(format!("the records from line {line} on were not sent"))
    })
}

impl From<WriteOperation> for WriteOperationType {
    fn from(operation: WriteOperation) -> Self {
        match operation {
            WriteOperation::Insert => Self::Insert,
            WriteOperation::Update => Self::Update,
            WriteOperation::Upsert => Self::Upsert,
            WriteOperation::Delete => Self::Delete,
        }
    }
}
