//! What is said about a command line that clap refuses, to people and to programs.

use clap::error::{Error, ErrorKind};

use crate::cli::{Command, Output};
use crate::environment::ProcessEnvironment;
use crate::error::RegistrarError;
use crate::exit_code::ExitCode;
use crate::outcome::Outcome;
use crate::report::print_result;

/// Prints help or version, or says what is wrong; where JSON was asked for, as a document too.
pub(crate) fn explain(error: &Error, environment: &ProcessEnvironment) -> ExitCode {
    // Help and version go to standard output and are no error. There is nobody to tell if printing fails.
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::Done;
    }
    let arguments: Vec<_> = std::env::args_os().skip(1).map(|text| text.to_string_lossy().into_owned()).collect();
    let outcome = document(error, &arguments);
    if let Some(text) = form(&arguments, environment).and_then(|form| outcome.printed(form)) {
        // Neither is there anybody to tell here.
        let _ = print_result(&text);
    }
    ExitCode::Usage
}

/// The form that was asked for, so far as it can be made out; none if that is text.
fn form(arguments: &[String], environment: &ProcessEnvironment) -> Option<Output> {
    let following = arguments.iter().zip(arguments.iter().skip(1));
    let apart = following.filter(|(name, _)| *name == "--output").map(|(_, value)| value.as_str());
    let together = arguments.iter().filter_map(|argument| argument.strip_prefix("--output="));
    let named = apart.chain(together).last().or_else(|| environment.get("REGISTRAR_OUTPUT"));
    match named {
        Some("json") => Some(Output::Json),
        Some("ndjson") => Some(Output::Ndjson),
        _ => None,
    }
}

fn document(error: &Error, arguments: &[String]) -> Outcome {
    let text = error.render().to_string();
    // clap puts what is wrong first, then tips and the usage, with empty lines between.
    let (message, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let message = message.trim().trim_start_matches("error: ");
    let hint: Vec<_> = rest.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let message = if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        "no command is given"
    } else {
        message
    };
    Outcome::failed(command(arguments), RegistrarError::usage(message).with_hint(hint.join("\n")))
}

/// The command that was meant, if it is one.
fn command(arguments: &[String]) -> &'static str {
    let meant = arguments.iter().find_map(|argument| Command::NAMES.iter().find(|name| *name == argument));
    meant.copied().unwrap_or("registrar")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    fn refused(arguments: &[&str]) -> (Error, Vec<String>) {
        let error = Cli::try_parse_from([&["registrar"], arguments].concat()).unwrap_err();
        (error, arguments.iter().map(|&text| text.to_owned()).collect())
    }

    #[test]
    fn makes_a_document_of_what_is_wrong() {
        let (error, arguments) = refused(&["deploy", "--output", "json", "--memry", "1"]);
        let outcome = document(&error, &arguments);
        assert_eq!(outcome.command, "deploy");
        let error = outcome.error.unwrap();
        assert_eq!(error.to_string(), "unexpected argument '--memry' found");
        assert!(error.hint().unwrap().contains("--memory"), "{:?}", error.hint());
        assert_eq!(error.exit_code(), ExitCode::Usage);
    }

    #[test]
    fn finds_out_which_form_was_asked_for() {
        let none = ProcessEnvironment::default();
        let variable = ProcessEnvironment::from_iter([("REGISTRAR_OUTPUT".to_owned(), "ndjson".to_owned())]);
        let of = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(form(&of("deply --output json"), &none), Some(Output::Json));
        assert_eq!(form(&of("--output=ndjson deply"), &none), Some(Output::Ndjson));
        assert_eq!(form(&of("deply"), &none), None);
        assert_eq!(form(&of("deply"), &variable), Some(Output::Ndjson));
        assert_eq!(form(&of("deply --output text"), &variable), None);
    }
}
