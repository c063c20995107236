//! What is asked of a connector, and through which connection.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::ConnectorArgs;

/// The connection to ask through.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Connection")]
pub struct AskArgs {
    /// Connection to ask through [default: the only one there is]
    #[arg(long, value_name = "NAME")]
    pub connector_profile: Option<String>,
    /// Setting of the connection; may be repeated. Without a connection these are all there is
    #[arg(long = "setting", value_name = "KEY=VALUE")]
    pub settings: Vec<String>,
    /// Secret with the credentials, instead of the connection's
    #[arg(long, value_name = "ARN")]
    pub secret_arn: Option<String>,
    /// Kind of credentials to name in the request.
    #[arg(long, value_name = "TYPE", help = "Kind of credentials to name in the request, as in BasicAuth")]
    pub authentication_type: Option<String>,
    /// Version of the source system's API [default: the first one the connector supports]
    #[arg(long, value_name = "VERSION")]
    pub api_version: Option<String>,
    /// Which connector.
    #[command(flatten)]
    pub connector: ConnectorArgs,
}

/// `connect`
#[derive(Debug, Args)]
pub struct ConnectArgs {
    /// Name of the connection, unique in account and region
    pub name: String,
    /// Setting of the connection; may be repeated
    #[arg(long = "setting", value_name = "KEY=VALUE")]
    pub settings: Vec<String>,
    /// JSON object with the credentials, as in {"apiKey": "…"}; - reads standard input
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// Kind of credentials.
    #[arg(
        long,
        value_name = "TYPE",
        help = "Kind of credentials: BasicAuth, ApiKey, OAuth2 or one of the connector's own [default: what the keys fit]"
    )]
    pub authentication_type: Option<String>,
    /// Delete the connection instead
    #[arg(long, conflicts_with_all = ["settings", "credentials", "authentication_type"])]
    pub delete: bool,
    /// Which connector.
    #[command(flatten)]
    pub connector: ConnectorArgs,
}

/// `entities`
#[derive(Debug, Args)]
pub struct EntitiesArgs {
    /// Entity whose children to show
    pub path: Option<String>,
    /// The connection.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// `fields`
#[derive(Debug, Args)]
pub struct FieldsArgs {
    /// The entity
    pub entity: String,
    /// The connection.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// Reads the name of a field in a list, in which people put spaces after commas.
fn field_name(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a name is missing between two commas".to_owned()),
        name => Ok(name.to_owned()),
    }
}

/// `query`
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// The entity
    pub entity: String,
    /// Fields to show, separated by commas [default: all]
    #[arg(long, value_name = "A,B", value_delimiter = ',', value_parser = field_name)]
    pub fields: Vec<String>,
    /// Filter in AppFlow's language, as in 'id > 5 and name contains "a"'
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// How many records to show
    #[arg(long, value_name = "N", default_value_t = 20, conflicts_with = "all")]
    pub limit: usize,
    /// Show every record
    #[arg(long)]
    pub all: bool,
    /// The connection.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// `write`
#[derive(Debug, Args)]
pub struct WriteArgs {
    /// The entity
    pub entity: String,
    /// What to do with the records
    #[arg(long, value_enum, hide_possible_values = true, value_name = "insert|update|upsert|delete")]
    pub operation: WriteOperation,
    /// File with the records, or - for standard input: a JSON array, JSON objects one after the other, or CSV with the
    /// names of fields in its first line
    #[arg(long, value_name = "FILE", required_unless_present = "records", conflicts_with = "records")]
    pub file: Option<PathBuf>,
    /// One record as a JSON object; may be repeated
    #[arg(long = "record", value_name = "JSON")]
    pub records: Vec<String>,
    /// Form of the file [default: csv if its name ends so, else what it begins like]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "json|csv", conflicts_with = "records")]
    pub format: Option<RecordFormat>,
    /// Fields that identify a record, separated by commas [default: the primary keys; none for an insert]
    #[arg(long, value_name = "A,B", value_delimiter = ',', value_parser = field_name)]
    pub id_fields: Vec<String>,
    /// Ask the connector to write all records of a request or none, and stop at the first failure
    #[arg(long)]
    pub all_or_none: bool,
    /// How many records go into one request; fewer if they would exceed the 6 MB that Lambda takes
    #[arg(long, value_name = "N", default_value = "1000")]
    pub batch: std::num::NonZeroUsize,
    /// Send fields that the entity does not have
    #[arg(long)]
    pub as_is: bool,
    /// Show the requests, one per line, and send none of them
    #[arg(long)]
    pub dry_run: bool,
    /// The connection.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// What is done with records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WriteOperation {
    /// Add new ones.
    Insert,
    /// Change those that are there.
    Update,
    /// Change those that are there, add the others.
    Upsert,
    /// Remove them.
    Delete,
}

/// Form of a file with records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RecordFormat {
    /// An array of objects, or objects one after the other.
    Json,
    /// A line of names, then a line for each record; an empty cell is null.
    Csv,
}

/// `invoke`
#[derive(Debug, Args)]
pub struct InvokeArgs {
    /// File with the request, or - for standard input
    pub file: PathBuf,
    /// Which connector.
    #[command(flatten)]
    pub connector: ConnectorArgs,
}

/// `filter`
#[derive(Debug, Args)]
pub struct FilterArgs {
    /// Filter in AppFlow's language, as in 'id > 5 and name contains "a"'
    pub expression: String,
    /// What to show instead of the explanation
    #[arg(long, value_enum, value_name = "FORM")]
    pub to: Option<FilterForm>,
    /// Database that SQL is for
    #[arg(long, value_enum, value_name = "NAME", default_value = "postgresql")]
    pub dialect: FilterDialect,
    /// File with the entity's definition, or with a connector's whole answer to a request for it, as JSON. Without it, types
    /// are taken from the literals
    #[arg(long, value_name = "FILE")]
    pub definition: Option<PathBuf>,
    /// Refuse operators that the definition does not declare for the field
    #[arg(long, requires = "definition")]
    pub declared: bool,
}

/// What a filter is translated into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FilterForm {
    /// The typed tree as JSON.
    Json,
    /// A WHERE clause with bound parameters.
    Sql,
    /// OData's $filter.
    #[value(name = "odata")]
    OData,
    /// Salesforce's WHERE clause.
    Soql,
}

/// A database that SQL is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FilterDialect {
    /// `PostgreSQL`.
    #[value(name = "postgresql", help = "PostgreSQL")]
    PostgreSql,
    /// `MySQL` and `MariaDB`.
    #[value(name = "mysql", help = "MySQL and MariaDB")]
    MySql,
    /// SQLite.
    Sqlite,
}
