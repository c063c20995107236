//! `registrar`: see the library of the same package.

use std::process::ExitCode;

fn main() -> ExitCode {
    appflow_registrar::run().into()
}
