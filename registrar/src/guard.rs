//! The account guard: a run that is meant for one account touches no other.

use std::fmt;

use crate::aws::Aws;
use crate::error::RegistrarError;
use crate::rule;

/// The only account that a run may work in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountGuard {
    account: String,
    origin: Origin,
}

/// Where the account is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The flag.
    Flag,
    /// The variable.
    Variable,
    /// The connector's package.
    Metadata,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "--account",
            Self::Variable => "the variable REGISTRAR_ACCOUNT",
            Self::Metadata => "[package.metadata.appflow] account",
        })
    }
}

impl AccountGuard {
    /// A guard.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when that is no account.
    pub fn new(account: &str, origin: Origin) -> Result<Self, RegistrarError> {
        match rule::account(account) {
            Ok(()) => Ok(Self { account: account.to_owned(), origin }),
            Err(problem) => Err(RegistrarError::usage(format!("{problem} ({origin})"))),
        }
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Asks whose credentials these are, and refuses those of another account.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) for another account, else what kept it from finding out.
    pub async fn check(&self, aws: &Aws) -> Result<(), RegistrarError> {
        let identity = aws.sts.identity().await;
        let identity = identity.map_err(|failure| failure.during("could not find out whose credentials these are"))?;
        if identity.account == self.account {
            return Ok(());
        }
        let Self { account, origin } = self;
        let message = format!(
            "the credentials are those of account {}, but {origin} allows account {account} only; nothing was done",
            identity.account
        );
        Err(RegistrarError::usage(message)
            .with_hint("name other credentials with --profile or AWS_PROFILE, or correct the account"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_twelve_digits_and_names_the_place_of_anything_else() {
        assert!(AccountGuard::new("000000000012", Origin::Flag).is_ok());
        for (text, origin, place) in [
            ("12", Origin::Flag, "--account"),
            ("1234567890123", Origin::Variable, "REGISTRAR_ACCOUNT"),
            ("12345678901x", Origin::Metadata, "[package.metadata.appflow]"),
        ] {
            let error = AccountGuard::new(text, origin).unwrap_err().to_string();
            assert!(error.contains(place) && error.contains(text), "{error}");
        }
    }
}
