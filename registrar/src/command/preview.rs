//! What `deploy --local` shows at the end: the connector's entities and first records, through the sample API.

use appflow_sdk::protocol::{EntityDefinition, FieldDataType, FieldDefinition};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::ask::{Asker, Page, Selection, Wishes, columns_of_records, connect, entities_table, records};
use crate::aws::Aws;
use crate::error::RegistrarError;
use crate::event::Event;
use crate::session::Session;

/// Records shown.
const ROWS: usize = 5;

/// Entities and first records.
pub(super) struct Preview {
    pub(super) text: String,
    pub(super) connection: Option<String>,
    pub(super) entities: Vec<String>,
    pub(super) page: Option<Page>,
    /// The entity whose records are shown.
    pub(super) first: Option<String>,
}

impl Serialize for Preview {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut properties = serializer.serialize_map(None)?;
        properties.serialize_entry("connection", &self.connection)?;
        properties.serialize_entry("entities", &self.entities)?;
        if let (Some(entity), Some(page)) = (&self.first, &self.page) {
            properties.serialize_entry("entity", entity)?;
            properties.serialize_entry("records", &super::ask::as_json(&page.records))?;
        }
        properties.end()
    }
}

/// Fields shown: as many as fit on a line of a terminal.
const COLUMNS: usize = 5;

/// The first fields whose values are short: nested ones would fill the screen.
fn columns(definition: &EntityDefinition) -> Vec<&str> {
    let is_short = |field: &&FieldDefinition| {
        !matches!(field.data_type, FieldDataType::Struct | FieldDataType::Map | FieldDataType::List)
    };
    definition.fields.iter().filter(is_short).take(COLUMNS).map(|field| field.field_name.as_str()).collect()
}

/// Asks the connector. That there is nothing to show does not make the deployment fail.
pub(super) async fn preview(
    session: &Session,
    aws: &Aws,
    label: &str,
    function_arn: &str,
    sample_url: &str,
) -> Option<Preview> {
    session.report.event(&Event::Working("asking the connector for its first records"));
    match ask(aws, label, function_arn, sample_url).await {
        Ok(preview) => Some(preview),
        Err(error) => {
            let causes: Vec<_> = error.causes().into_iter().map(|cause| format!(": {cause}")).collect();
            let text = format!("no records to show yet: {error}{}", causes.concat());
            session.report.event(&Event::Note(&text));
            None
        }
    }
}

async fn ask(aws: &Aws, label: &str, function_arn: &str, sample_url: &str) -> Result<Preview, RegistrarError> {
    let asker = Asker::new(&aws.lambda, function_arn);
    let configuration = asker.configuration().await?;
    let connected = connect(&aws.appflow, label, &Wishes::default(), &configuration, Some(sample_url)).await?;
    let entities = asker.entities(&connected.context, None).await?;
    let text = format!("\n{}\n", entities_table(&entities));
    let names = entities.iter().map(|entity| entity.entity_identifier.clone()).collect();
    let mut preview = Preview { text, connection: connected.name, entities: names, page: None, first: None };
    let first = entities.iter().find(|entity| !entity.has_nested_entities).or(entities.first());
    let Some(first) = first.map(|entity| entity.entity_identifier.clone()) else {
        return Ok(preview);
    };
    let selection = Selection { limit: Some(ROWS), ..Selection::default() };
    let page = records(&asker, &connected.context, &first, &selection).await?;
    let table = columns_of_records(&columns(&page.definition), &page.records);
    preview.text = format!("{}\nfirst records of {first}, some of the fields\n{table}\n", preview.text);
    preview.page = Some(page);
    preview.first = Some(first);
    Ok(preview)
}
