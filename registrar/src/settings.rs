//! Makes sense of flags, variables and metadata: one value per setting, its source, and every problem at once.
//!
//! Precedence: flag, then `REGISTRAR_*` variable, then `[package.metadata.appflow]` of the connector package, then the
//! packaged manifest, then the default.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;

use crate::cli::{Architecture, ConnectorArgs, FunctionArgs};
use crate::digest::short_hex;
use crate::environment::{FunctionEnvironment, ProcessEnvironment};
use crate::error::RegistrarError;
use crate::project::{Project, manifest_name};
use crate::rule;
use crate::setting::{Setting, Source};

/// The runtime of a Rust executable on Lambda.
pub const RUNTIME: &str = "provided.al2023";

/// The handler of such a function; the runtime starts the file of this name whatever stands here.
pub const HANDLER: &str = "bootstrap";

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
}

/// How the function is to be, apart from its code.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionSettings {
    /// Its role.
    pub role: RoleSettings,
    /// In MB.
    pub memory: Setting<u32>,
    /// In seconds.
    pub timeout: Setting<u32>,
    /// `arm64` or `x86_64`.
    pub architecture: Setting<String>,
    /// Variables to set; others are left as they are.
    pub environment: Setting<FunctionEnvironment>,
}

/// The function's role.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RoleSettings {
    /// Made and kept by this program, under this name.
    Ours(Setting<String>),
    /// Made by somebody else: used by its ARN, never looked into.
    Existing(Setting<String>),
}

/// Where the code comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeSource {
    /// A zip, taken as it is.
    Zip(PathBuf),
    /// An executable to zip together with a manifest.
    Executable {
        /// The executable.
        path: PathBuf,
        /// The manifest.
        manifest: Option<PathBuf>,
    },
    /// An executable to build and zip together with a manifest.
    Build {
        /// The manifest.
        manifest: Option<PathBuf>,
    },
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

impl CodeSource {
    /// Where the code comes from, by the command line, the environment and the project.
    #[must_use]
    pub fn resolve(connector: &ConnectorArgs, function: &FunctionArgs, inputs: Inputs<'_>) -> Self {
        let manifest = manifest(connector, inputs).map(|setting| setting.value);
        let variable = |name| inputs.environment.get(name).map(PathBuf::from);
        match (&function.zip, &function.binary_path) {
            (Some(zip), _) => Self::Zip(zip.clone()),
            (None, Some(path)) => Self::Executable { path: path.clone(), manifest },
            (None, None) => match (variable("REGISTRAR_ZIP"), variable("REGISTRAR_BINARY_PATH")) {
                (Some(zip), _) => Self::Zip(zip),
                (None, Some(path)) => Self::Executable { path, manifest },
                (None, None) => Self::Build { manifest },
            },
        }
    }

    /// The manifest that is packaged, if one is.
    #[must_use]
    pub fn manifest(&self) -> Option<&Path> {
        match self {
            Self::Zip(_) => None,
            Self::Executable { manifest, .. } | Self::Build { manifest } => manifest.as_deref(),
        }
    }
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
        resolver.finish(Self { label, description, function_name, function: None, adopt })
    }

    /// The label and the function's name, for commands that want nothing changed.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) naming every setting that breaks a rule.
    pub fn for_reading(connector: &ConnectorArgs, inputs: Inputs<'_>) -> Result<Self, RegistrarError> {
        Self::for_register(connector, None, None, false, inputs)
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
        }
        lines
    }
}

/// The manifest to package, and where it is named.
fn manifest(connector: &ConnectorArgs, inputs: Inputs<'_>) -> Option<Setting<PathBuf>> {
    if let Some(path) = &connector.manifest {
        return Some(Setting::new(path.clone(), Source::Flag("--manifest")));
    }
    if let Some(path) = inputs.environment.get("REGISTRAR_MANIFEST") {
        return Some(Setting::new(PathBuf::from(path), Source::Variable("REGISTRAR_MANIFEST")));
    }
    inputs.project.and_then(Project::manifest).map(|path| Setting::new(path, Source::Metadata))
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

    fn function(&mut self, args: &FunctionArgs, function_name: &Setting<String>) -> FunctionSettings {
        let metadata = self.inputs.project.map(|project| project.metadata.clone()).unwrap_or_default();
        let role = self.role(args, function_name, metadata.role_name, metadata.role_arn);
        let memory = self
            .pick((args.memory, "--memory"), "REGISTRAR_MEMORY", metadata.memory)
            .unwrap_or(Setting::new(256, Source::Default));
        if !rule::MEMORY_MEGABYTES.contains(&memory.value) {
            self.problems.push(format!("the memory of {} MB must be between 128 and 10240 MB", memory.value));
        }
        let timeout = self
            .pick(
                (args.function_timeout, "--function-timeout"),
                "REGISTRAR_FUNCTION_TIMEOUT",
                metadata.function_timeout,
            )
            .unwrap_or(Setting::new(30, Source::Default));
        if !rule::TIMEOUT_SECONDS.contains(&timeout.value) {
            self.problems.push(format!("the time limit of {} s must be between 1 and 900 s", timeout.value));
        }
        FunctionSettings {
            role,
            memory,
            timeout,
            architecture: self.architecture(args.architecture, metadata.architecture),
            environment: self.environment(&args.environment, metadata.env),
        }
    }

    fn role(
        &mut self,
        args: &FunctionArgs,
        function_name: &Setting<String>,
        metadata_name: Option<String>,
        metadata_arn: Option<String>,
    ) -> RoleSettings {
        // A name on the command line must win over an ARN that stands further down.
        if args.role_name.is_none()
            && let Some(arn) = self.pick((args.role_arn.clone(), "--role-arn"), "REGISTRAR_ROLE_ARN", metadata_arn)
        {
            self.check(rule::role_arn(&arn.value));
            return RoleSettings::Existing(arn);
        }
        let picked = self.pick((args.role_name.clone(), "--role-name"), "REGISTRAR_ROLE_NAME", metadata_name);
        let name = picked.unwrap_or_else(|| {
            let name = shortened(format!("{}-role", function_name.value), rule::ROLE_NAME_LIMIT);
            Setting::new(name, Source::Derived)
        });
        self.check(rule::role_name(&name.value));
        RoleSettings::Ours(name)
    }

    fn architecture(&mut self, flag: Option<Architecture>, metadata: Option<String>) -> Setting<String> {
        let flag = flag.map(|architecture| architecture.as_str().to_owned());
        let default = if self.inputs.local { Architecture::of_this_machine() } else { Architecture::Arm64 };
        let picked = self
            .pick((flag, "--architecture"), "REGISTRAR_ARCHITECTURE", metadata.filter(|_| !self.inputs.local))
            .unwrap_or_else(|| Setting::new(default.as_str().to_owned(), Source::Default));
        if !["arm64", "x86_64"].contains(&picked.value.as_str()) {
            self.problems.push(format!("the architecture {:?} must be arm64 or x86_64", picked.value));
        }
        picked
    }

    fn environment(&mut self, flags: &[String], metadata: BTreeMap<String, String>) -> Setting<FunctionEnvironment> {
        let source = match (flags.is_empty(), metadata.is_empty()) {
            (false, _) => Source::Flag("--env"),
            (true, false) => Source::Metadata,
            (true, true) => Source::Default,
        };
        let mut variables = metadata;
        for flag in flags {
            match flag.split_once('=') {
                Some((name, value)) => drop(variables.insert(name.to_owned(), value.to_owned())),
                None => self.problems.push("--env must have the form NAME=VALUE; one has no =".to_owned()),
            }
        }
        for name in variables.keys() {
            self.check(rule::variable_name(name));
        }
        let size: usize = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
        if size > rule::ENVIRONMENT_LIMIT_BYTES {
            self.problems.push(format!("the function's variables take {size} bytes; Lambda allows 4096"));
        }
        Setting::new(variables.into_iter().collect(), source)
    }
}

impl Architecture {
    /// As Lambda spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86 => "x86_64",
        }
    }

    /// The one this program was built for.
    #[must_use]
    pub fn of_this_machine() -> Self {
        if cfg!(target_arch = "aarch64") { Self::Arm64 } else { Self::X86 }
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
