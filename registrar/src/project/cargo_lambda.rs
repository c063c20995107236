//! What cargo-lambda's own settings say about the function, so that nobody has to write them twice.
//!
//! The keys, their other names and their types are those that cargo-lambda 1.9 reads (`cargo-lambda-metadata`,
//! `cargo/deploy.rs`). They are read, never written. Keys that mean nothing here are passed over, as cargo-lambda does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::RegistrarError;
use crate::setting::Source;

/// The file in which cargo-lambda keeps settings outside `Cargo.toml`.
const FILE: &str = "CargoLambda.toml";

/// The settings of one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LambdaDeploy {
    /// Which place.
    pub source: Source,
    /// In MB.
    pub memory: Option<u32>,
    /// In seconds.
    pub timeout: Option<u32>,
    /// The ARN of the role.
    pub role: Option<String>,
    /// Variables of the function.
    pub env: BTreeMap<String, String>,
    /// Tags of the function.
    pub tags: BTreeMap<String, String>,
    /// `Active` or `PassThrough`, in any case.
    pub tracing: Option<String>,
    /// ARNs.
    pub layers: Option<Vec<String>>,
    /// Ids.
    pub subnets: Option<Vec<String>>,
    /// Ids.
    pub security_groups: Option<Vec<String>>,
    /// In days.
    pub log_retention: Option<u32>,
    /// Where large artefacts go.
    pub s3_bucket: Option<String>,
    /// The name of the artefact there.
    pub s3_key: Option<String>,
}

impl LambdaDeploy {
    /// The settings of a package: its own, then the workspace's, then those of `CargoLambda.toml`. Earlier ones win.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) naming every key of the wrong type.
    pub(super) fn find(
        package: &Value,
        workspace: &Value,
        executable: Option<&str>,
        folder: &Path,
        workspace_folder: &Path,
    ) -> Result<Vec<Self>, RegistrarError> {
        let mut found = Vec::new();
        for (metadata, source, folder) in
            [(package, Source::LambdaMetadata, folder), (workspace, Source::WorkspaceMetadata, workspace_folder)]
        {
            let Some(lambda) = metadata.get("lambda") else { continue };
            // Settings of one executable stand in for those of the whole package.
            let own = executable.and_then(|name| lambda.get("bin")?.get(name));
            found.extend(Self::read(own.unwrap_or(lambda), source, folder)?);
        }
        if let Some(path) =
            [folder, workspace_folder].map(|folder| folder.join(FILE)).into_iter().find(|path| path.is_file())
        {
            let folder = path.parent().unwrap_or(workspace_folder);
            found.extend(Self::read(&file(&path)?, Source::CargoLambdaFile, folder)?);
        }
        Ok(found)
    }

    /// The settings of a table that holds `deploy`, and maybe `env` beside it.
    fn read(lambda: &Value, source: Source, folder: &Path) -> Result<Option<Self>, RegistrarError> {
        let empty = Map::new();
        let mut reader = Reader { place: source.to_string(), table: &empty, problems: Vec::new() };
        let mut env: BTreeMap<String, String> = BTreeMap::new();
        match lambda.get("env") {
            None => {}
            Some(value) => match serde_json::from_value(value.clone()) {
                Ok(variables) => env = variables,
                Err(_) => reader.wrong("env beside deploy", "a table of texts"),
            },
        }
        match lambda.get("deploy") {
            None => {}
            Some(Value::Object(table)) => reader.table = table,
            Some(_) => reader.wrong("deploy", "a table"),
        }
        if reader.table.is_empty() && env.is_empty() && reader.problems.is_empty() {
            return Ok(None);
        }
        if let Some(name) = reader.read::<PathBuf>(&["env_file"], "a path") {
            env.extend(reader.env_file(&folder.join(name)));
        }
        env.extend(reader.pairs(&["env_var", "env"]));
        let vpc = reader.read::<Map<String, Value>>(&["vpc"], "a table").unwrap_or_default();
        let mut network = Reader { place: format!("vpc of {source}"), table: &vpc, problems: Vec::new() };
        let subnets = network.read(&["subnet_ids"], "a list of texts");
        let security_groups = network.read(&["security_group_ids"], "a list of texts");
        let settings = Self {
            source,
            memory: reader.read(&["memory"], "a whole number"),
            timeout: reader.read(&["timeout"], "a whole number"),
            role: reader.read(&["role", "iam_role"], "a text"),
            env,
            tags: reader.pairs(&["tag", "tags"]),
            tracing: reader.read(&["tracing"], "a text"),
            layers: reader.read(&["layer", "layers"], "a list of texts"),
            subnets,
            security_groups,
            log_retention: reader.read(&["log_retention"], "a whole number"),
            s3_bucket: reader.read(&["s3_bucket"], "a text"),
            s3_key: reader.read(&["s3_key"], "a text"),
        };
        reader.problems.extend(network.problems);
        if reader.problems.is_empty() {
            return Ok(Some(settings));
        }
        Err(RegistrarError::usage(reader.problems.join("; "))
            .with_hint("these settings are cargo-lambda's; correct them there"))
    }
}

/// Reads a table key by key and collects what is wrong.
struct Reader<'a> {
    place: String,
    table: &'a Map<String, Value>,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn wrong(&mut self, key: &str, expected: &str) {
        self.problems.push(format!("{key} in {} must be {expected}", self.place));
    }

    /// The value under the first of several names that is there.
    fn read<T: DeserializeOwned>(&mut self, names: &[&str], expected: &str) -> Option<T> {
        let (name, value) = names.iter().find_map(|name| Some((*name, self.table.get(*name)?)))?;
        let read = serde_json::from_value(value.clone()).ok();
        if read.is_none() {
            self.wrong(name, expected);
        }
        read
    }

    /// A table of texts, or a list of texts like `NAME=VALUE`. No value is shown, since it may be a secret.
    fn pairs(&mut self, names: &[&str]) -> BTreeMap<String, String> {
        let expected = "a table of texts or a list of NAME=VALUE";
        match self.read::<Value>(names, expected) {
            None => BTreeMap::new(),
            Some(Value::Array(list)) => {
                let pairs = list.iter().map(|pair| pair.as_str()?.split_once('='));
                let pairs: Option<BTreeMap<_, _>> = pairs
                    .map(|pair| pair.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())))
                    .collect();
                pairs.unwrap_or_else(|| {
                    self.wrong(names[0], expected);
                    BTreeMap::new()
                })
            }
            Some(table) => serde_json::from_value(table).unwrap_or_else(|_| {
                self.wrong(names[0], expected);
                BTreeMap::new()
            }),
        }
    }

    /// The variables of a file with lines like `NAME=VALUE`; empty lines and those that begin with `#` do not count.
    fn env_file(&mut self, path: &Path) -> BTreeMap<String, String> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                let place = &self.place;
                self.problems.push(format!("env_file in {place}: {} cannot be read: {error}", path.display()));
                return BTreeMap::new();
            }
        };
        let mut variables = BTreeMap::new();
        for (index, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match line.strip_prefix("export ").unwrap_or(line).split_once('=') {
                Some((name, value)) => {
                    drop(variables.insert(name.trim().to_owned(), unquoted(value.trim()).to_owned()));
                }
                None => self.problems.push(format!("{}:{} must have the form NAME=VALUE", path.display(), index + 1)),
            }
        }
        variables
    }
}

/// A value without the quotes around it.
fn unquoted(value: &str) -> &str {
    let within = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    within('"').or_else(|| within('\'')).unwrap_or(value)
}

fn file(path: &Path) -> Result<Value, RegistrarError> {
    let trouble = |message: &str| RegistrarError::usage(format!("{} {message}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| trouble("cannot be read").with_source(error))?;
    toml::from_str(&text).map_err(|error| trouble("is not TOML").with_source(error))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metadata(text: &str) -> Value {
        toml::from_str(text).unwrap()
    }

    fn find(package: &str, workspace: &str, folder: &Path) -> Result<Vec<LambdaDeploy>, RegistrarError> {
        LambdaDeploy::find(&metadata(package), &metadata(workspace), Some("bootstrap"), folder, folder)
    }

    #[test]
    fn reads_what_cargo_lambda_reads_by_either_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("vars"), "# of the file\nA=file\nexport B=\"b c\"\n\n").unwrap();
        let first = "[lambda.env]\nZ = \"z\"\n[lambda.deploy]\nmemory = 512\ntimeout = 20\niam_role = \"arn:r\"\nenv_file = \"vars\"\n\
            env = { A = \"1\" }\ntags = [\"team=crm\", \"tier=a=b\"]\ntracing = \"active\"\nlayers = [\"arn:l\"]\nlog_retention = 14\n\
            s3_bucket = \"b\"\ns3_key = \"k\"\nenable_function_url = true\nunheard_of = 1\n\
            vpc = { subnet_ids = [\"subnet-1\"], security_group_ids = [\"sg-1\"], ipv6_allowed_for_dual_stack = true }";
        let second = "[lambda.deploy]\nmemory = 512\ntimeout = 20\nrole = \"arn:r\"\nenv_var = [\"A=1\", \"B=b c\", \"Z=z\"]\n\
            tag = { team = \"crm\", tier = \"a=b\" }\ntracing = \"active\"\nlayer = [\"arn:l\"]\nlog_retention = 14\ns3_bucket = \"b\"\ns3_key = \"k\"\n\
            [lambda.deploy.vpc]\nsubnet_ids = [\"subnet-1\"]\nsecurity_group_ids = [\"sg-1\"]";
        let one = |text: &str| find(text, "", folder.path()).unwrap().pop().unwrap();
        let settings = one(first);
        assert_eq!(settings, one(second));
        assert_eq!((settings.memory, settings.timeout, settings.log_retention), (Some(512), Some(20), Some(14)));
        assert_eq!(json!(settings.env), json!({"A": "1", "B": "b c", "Z": "z"}));
        assert_eq!(json!(settings.tags), json!({"team": "crm", "tier": "a=b"}));
        assert_eq!(settings.subnets, Some(vec!["subnet-1".to_owned()]));
    }

    #[test]
    fn the_package_comes_before_the_workspace_and_both_before_the_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "[deploy]\nmemory = 3\n").unwrap();
        let own = "[lambda.deploy]\nmemory = 9\n[lambda.bin.bootstrap.deploy]\nmemory = 1";
        let found = find(own, "[lambda.deploy]\nmemory = 2", folder.path()).unwrap();
        let found: Vec<_> = found.iter().map(|one| (one.source, one.memory)).collect();
        assert_eq!(
            found,
            [
                (Source::LambdaMetadata, Some(1)),
                (Source::WorkspaceMetadata, Some(2)),
                (Source::CargoLambdaFile, Some(3))
            ]
        );
        assert!(find("", "", &folder.path().join("other")).unwrap().is_empty());
    }

    #[test]
    fn names_every_key_of_the_wrong_type_and_shows_no_value() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[lambda.deploy]\nmemory = \"much\"\ntimeout = -1\nlayers = \"arn:l\"\nenv = [\"s3cret\"]\nvpc = { subnet_ids = 5 }\nenv_file = \"nowhere\"";
        let error = find(text, "", folder.path()).unwrap_err();
        let text = error.to_string();
        for part in [
            "memory in [package.metadata.lambda.deploy] must be a whole number",
            "timeout",
            "layers",
            "env",
            "subnet_ids in vpc of",
            "nowhere cannot be read",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains("s3cret"), "{text}");
        assert_eq!(error.exit_code().code(), 2);
    }
}
