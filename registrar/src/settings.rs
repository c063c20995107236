//! Makes sense of flags, variables and metadata: one value per setting, its source, and every problem at once.
//!
//! Precedence: flag, then `REGISTRAR_*` variable, then `[package.metadata.appflow]` of the connector package, then
//! cargo-lambda's own settings, then the packaged manifest, then the default.

use std::str::FromStr;

use serde::Serialize;

use crate::cli::{ConnectorArgs, FunctionArgs};
use crate::digest::short_hex;
use crate::environment::ProcessEnvironment;
use crate::error::RegistrarError;
use crate::project::{Project, manifest_name};
use crate::rule;
use crate::setting::{Setting, Source};

mod code;
mod extras;
mod function;

pub use code::CodeSource;
pub use extras::{Extras, retention};
pub use function::{FunctionSettings, HANDLER, RUNTIME, RoleSettings};

use code::manifest;

/// What is wanted.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Label, unique per account and region.
    pub label: Setting<String>,
    /// Description of the registration; none leaves it to AppFlow and is not compared.
    pub description: Setting<Option<String>>,
    /// Name of the function.
    pub function_name: Setting<String>,
    /// How the function is to be; none for a function that was deployed by other means.
    pub function: Option<FunctionSettings>,
    /// Whether to take over what somebody else made.
    pub adopt: bool,
    /// Whether to go on although connections and flows that exist would break.
    pub allow_breaking: bool,
}

/// What settings are made from besides the command line.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The process's variables.
    pub environment: &'a ProcessEnvironment,
    /// The connector's package, if there is one.
    pub project: Option<&'a Project>,
    /// Whether it is for the local AWS.
    pub local: bool,
}

impl Settings {
    /// What is wanted of a connector whose function is ours.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) naming every setting that breaks a rule.
    pub fn for_deploy(
        connector: &ConnectorArgs,
        function: &FunctionArgs,
        inputs: Inputs<'_>,
    ) -> Result<Self, RegistrarError> {
        let mut resolver = Resolver::new(inputs);
        let label = resolver.label(connector);
        let function_name = resolver.function_name(connector, &label);
        let description = resolver.description(function.description.clone());
        let function_settings = resolver.function(function, &function_name);
        resolver.finish(Self {
            label,
            description,
            function_name,
            function: Some(function_settings),
            adopt: function.adopt,
            allow_breaking: false,
        })
    }

    /// What is wanted of a registration whose function was deployed by other means.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) naming every setting that breaks a rule.
    pub fn for_register(
        connector: &ConnectorArgs,
        function_arn: Option<&str>,
        description: Option<String>,
        adopt: bool,
        inputs: Inputs<'_>,
    ) -> Result<Self, RegistrarError> {
        let mut resolver = Resolver::new(inputs);
        let label = resolver.label(connector);
        let function_name = match function_arn {
            Some(arn) => {
                resolver.check(rule::function_arn(arn));
                let name = arn.rsplit(':').next().unwrap_or_default();
                Setting::new(name.to_owned(), Source::Flag("--function-arn"))
            }
            None => resolver.function_name(connector, &label),
        };
        let description = resolver.description(description);
        resolver.finish(Self { label, description, function_name, function: None, adopt, allow_breaking: false })
    }

    /// The label and the function's name, for commands that want nothing changed.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) naming every setting that breaks a rule.
    pub fn for_reading(connector: &ConnectorArgs, inputs: Inputs<'_>) -> Result<Self, RegistrarError> {
        Self::for_register(connector, None, None, false, inputs)
    }

    /// Gives the role that is made a name for its region, unless somebody chose one: roles belong to the account, and what
    /// the function of one region may do must neither overwrite that of another nor go with it.
    pub fn in_region(&mut self, region: &str) {
        let Some(FunctionSettings { role: RoleSettings::Ours(role), .. }) = &mut self.function else { return };
        if role.source == Source::Derived {
            let name = format!("{}-role-{region}", self.function_name.value);
            role.value = shortened(name, rule::ROLE_NAME_LIMIT);
        }
    }

    /// Name, value and source of each setting, for people.
    #[must_use]
    pub fn lines(&self) -> Vec<[String; 3]> {
        fn line(name: &str, value: &dyn std::fmt::Display, source: Source) -> [String; 3] {
            [name.to_owned(), value.to_string(), source.to_string()]
        }
        let description = self.description.value.as_deref().unwrap_or("(none)");
        let mut lines = vec![
            line("label", &self.label.value, self.label.source),
            line("description", &description, self.description.source),
            line("function", &self.function_name.value, self.function_name.source),
        ];
        if let Some(function) = &self.function {
            let (RoleSettings::Ours(role) | RoleSettings::Existing(role)) = &function.role;
            let names: Vec<_> = function.environment.value.iter().map(|(name, _)| name).collect();
            let names = if names.is_empty() { "(none)".to_owned() } else { names.join(", ") };
            lines.extend([
                line("role", &role.value, role.source),
                line("memory", &format!("{} MB", function.memory.value), function.memory.source),
                line("timeout", &format!("{} s", function.timeout.value), function.timeout.source),
                line("architecture", &function.architecture.value, function.architecture.source),
                line("variables", &names, function.environment.source),
            ]);
            lines.extend(function.extras.lines());
        }
        lines
    }
}

/// Resolves one setting after the other and collects what is wrong.
struct Resolver<'a> {
    inputs: Inputs<'a>,
    problems: Vec<String>,
}

impl<'a> Resolver<'a> {
    fn new(inputs: Inputs<'a>) -> Self {
        Self { inputs, problems: Vec::new() }
    }

    fn check(&mut self, verdict: Result<(), String>) {
        self.problems.extend(verdict.err());
    }

    fn finish(self, settings: Settings) -> Result<Settings, RegistrarError> {
        match self.problems.as_slice() {
            [] => Ok(settings),
            [only] => Err(RegistrarError::usage(only.clone())),
            several => {
                Err(RegistrarError::usage(format!("{} settings are wrong:\n  {}", several.len(), several.join("\n  "))))
            }
        }
    }

    /// Flag, then variable, then metadata.
    fn pick<T: FromStr>(
        &mut self,
        flag: (Option<T>, &'static str),
        variable: &'static str,
        metadata: Option<T>,
    ) -> Option<Setting<T>> {
        if let (Some(value), name) = flag {
            return Some(Setting::new(value, Source::Flag(name)));
        }
        if let Some(text) = self.inputs.environment.get(variable) {
            match text.parse() {
                Ok(value) => return Some(Setting::new(value, Source::Variable(variable))),
                Err(_) => self.problems.push(format!("the variable {variable} has the unreadable value {text:?}")),
            }
        }
        metadata.map(|value| Setting::new(value, Source::Metadata))
    }

    fn label(&mut self, connector: &ConnectorArgs) -> Setting<String> {
        let project = self.inputs.project;
        let metadata = project.and_then(|project| project.metadata.label.clone());
        let picked = self.pick((connector.label.clone(), "--label"), "REGISTRAR_LABEL", metadata);
        let label = picked
            .or_else(|| self.label_of_manifest(connector))
            .or_else(|| project.map(|project| Setting::new(rule::slug(&project.package), Source::Default)));
        let Some(label) = label else {
            self.problems.push("no label is given; pass --label".to_owned());
            return Setting::new(String::new(), Source::Default);
        };
        self.check(rule::label(&label.value));
        label
    }

    fn label_of_manifest(&mut self, connector: &ConnectorArgs) -> Option<Setting<String>> {
        let path = manifest(connector, self.inputs)?.value;
        match manifest_name(&path) {
            Ok(name) => name.map(|name| Setting::new(rule::slug(&name), Source::Manifest)),
            Err(error) => {
                let cause = error.causes().pop().map(|cause| format!(": {cause}")).unwrap_or_default();
                self.problems.push(format!("{error}{cause}"));
                None
            }
        }
    }

    fn description(&mut self, flag: Option<String>) -> Setting<Option<String>> {
        let metadata = self.inputs.project.and_then(|project| project.metadata.description.clone());
        let Some(picked) = self.pick((flag, "--description"), "REGISTRAR_DESCRIPTION", metadata) else {
            return Setting::new(None, Source::Default);
        };
        self.check(rule::description(&picked.value));
        Setting::new(Some(picked.value), picked.source)
    }

    fn function_name(&mut self, connector: &ConnectorArgs, label: &Setting<String>) -> Setting<String> {
        let metadata = self.inputs.project.and_then(|project| project.metadata.function_name.clone());
        let flag = (connector.function_name.clone(), "--function-name");
        let name = self.pick(flag, "REGISTRAR_FUNCTION_NAME", metadata).unwrap_or_else(|| {
            let name = format!("appflow-connector-{}", rule::cleaned(&label.value));
            Setting::new(shortened(name, rule::FUNCTION_NAME_LIMIT), Source::Derived)
        });
        self.check(rule::function_name(&name.value));
        name
    }
}

/// Cuts a name to a limit; the end becomes a digest so that different names stay different.
fn shortened(name: String, limit: usize) -> String {
    if name.len() <= limit {
        return name;
    }
    let digest = short_hex(name.as_bytes(), 8);
    let kept: String = name.chars().take(limit - digest.len() - 1).collect();
    format!("{kept}-{digest}")
}

#[cfg(test)]
mod tests;
