//! How the function is to be: defaults, limits, and where each value comes from.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Extras, Resolver, shortened};
use crate::cli::{Architecture, FunctionArgs};
use crate::environment::FunctionEnvironment;
use crate::rule;
use crate::setting::{Setting, Source};

/// The runtime of a Rust executable on Lambda.
pub const RUNTIME: &str = "provided.al2023";

/// The handler of such a function; the runtime starts the file of this name whatever stands here.
pub const HANDLER: &str = "bootstrap";

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
    /// What it may have besides.
    #[serde(flatten)]
    pub extras: Extras,
}

/// How long AppFlow waits for data, in seconds; it waits 10 for anything else (README of AppFlow's SDK for Java).
const APPFLOW_WAITS_SECONDS: u32 = 30;

impl FunctionSettings {
    /// What is allowed, but will not do what whoever set it may think.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let Setting { value: timeout, source } = self.timeout;
        if timeout > APPFLOW_WAITS_SECONDS {
            warnings.push(format!(
                "the time limit of {timeout} s ({source}) is longer than AppFlow waits: {APPFLOW_WAITS_SECONDS} s for data and 10 s for \
                 anything else; after that the function works for nobody"
            ));
        } else if timeout < APPFLOW_WAITS_SECONDS {
            warnings.push(format!(
                "the time limit of {timeout} s ({source}) ends the function before AppFlow gives up on data, which is after \
                 {APPFLOW_WAITS_SECONDS} s; large pages may be cut off"
            ));
        }
        warnings
    }
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

impl Resolver<'_> {
    pub(super) fn function(&mut self, args: &FunctionArgs, function_name: &Setting<String>) -> FunctionSettings {
        let metadata = self.inputs.project.map(|project| project.metadata.clone()).unwrap_or_default();
        let extras = self.extras(args, &metadata);
        let role = self.role(args, function_name, metadata.role_name, metadata.role_arn);
        let memory = self
            .pick_with_lambda((args.memory, "--memory"), "REGISTRAR_MEMORY", metadata.memory, |place| place.memory)
            .unwrap_or(Setting::new(256, Source::Default));
        if !rule::MEMORY_MEGABYTES.contains(&memory.value) {
            self.problems.push(format!("the memory of {} MB must be between 128 and 10240 MB", memory.value));
        }
        let timeout = self
            .pick_with_lambda(
                (args.function_timeout, "--function-timeout"),
                "REGISTRAR_FUNCTION_TIMEOUT",
                metadata.function_timeout,
                |place| place.timeout,
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
            extras,
        }
    }

    fn role(
        &mut self,
        args: &FunctionArgs,
        function_name: &Setting<String>,
        metadata_name: Option<String>,
        metadata_arn: Option<String>,
    ) -> RoleSettings {
        // A name on the command line must win over an ARN that stands further down, and a name of ours over cargo-lambda's
        // ARN, which the local AWS knows nothing of.
        let is_named = metadata_name.is_some() || self.inputs.environment.get("REGISTRAR_ROLE_NAME").is_some();
        let is_apart = is_named || self.inputs.local;
        if args.role_name.is_none()
            && let Some(arn) = self.pick_with_lambda(
                (args.role_arn.clone(), "--role-arn"),
                "REGISTRAR_ROLE_ARN",
                metadata_arn,
                |place| place.role.clone().filter(|_| !is_apart),
            )
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
        let places = self.inputs.project.map(|project| project.lambda.as_slice()).unwrap_or_default();
        let lambda = places.iter().find(|place| !place.env.is_empty());
        let source = match (flags.is_empty(), metadata.is_empty()) {
            (false, _) => Source::Flag("--env"),
            (true, false) => Source::Metadata,
            (true, true) => lambda.map_or(Source::Default, |place| place.source),
        };
        let mut variables = lambda.map(|place| place.env.clone()).unwrap_or_default();
        variables.extend(metadata);
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
