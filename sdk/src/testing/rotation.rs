//! A secret that says something else once it was read and forgotten.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use crate::credentials::SecretStore;
use crate::error::ConnectorError;
use crate::secret::Secret;

/// The ARN under which the connection's secret is found.
pub(super) const SECRET_ARN: &str = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:appflow!111122223333-test";

/// The texts that the connection's secret has, one after the other. It keeps the last.
#[derive(Debug, Default)]
pub(super) struct Rotation {
    texts: Vec<Secret>,
    place: Mutex<Place>,
}

#[derive(Debug, Default)]
struct Place {
    index: usize,
    /// To forget what nobody has read changes nothing.
    was_read: bool,
}

impl Rotation {
    pub(super) fn of(texts: Vec<Secret>) -> Self {
        Self { texts, place: Mutex::default() }
    }

    /// The same from its beginning, with one more text.
    pub(super) fn then(&self, text: Secret) -> Self {
        Self::of(self.texts.iter().cloned().chain([text]).collect())
    }

    fn read(&self) -> Option<Secret> {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        place.was_read = true;
        self.texts.get(place.index).cloned()
    }
}

impl SecretStore for Rotation {
    fn secret<'a>(
        &'a self,
        secret_arn: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, ConnectorError>> + Send + 'a>> {
        let found = if secret_arn == SECRET_ARN { self.read() } else { None };
        let found = found.ok_or_else(|| ConnectorError::resource_not_found(format!("there is no secret {secret_arn}")));
        Box::pin(std::future::ready(found))
    }

    fn forget<'a>(&'a self, secret_arn: &'a str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        if secret_arn == SECRET_ARN {
            let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
            if place.was_read && place.index + 1 < self.texts.len() {
                *place = Place { index: place.index + 1, was_read: false };
            }
        }
        Box::pin(std::future::ready(()))
    }
}
