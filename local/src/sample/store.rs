//! What one server keeps, for as long as it runs: the records, and the answers to requests that may be repeated.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use super::account::Account;
use super::contact::Contact;
use super::order::Order;
use super::repetition::Answers;
use super::table::Table;

/// Every computed record, computed when the first one is asked for.
pub(super) static GENERATED: LazyLock<Generated> = LazyLock::new(|| {
    let accounts = Account::all();
    let contacts = Contact::all(&accounts);
    let orders = Order::all(&accounts, &contacts);
    Generated { accounts, contacts, orders }
});

/// The computed records.
pub(super) struct Generated {
    /// By id.
    pub(super) accounts: Vec<Account>,
    /// By id.
    pub(super) contacts: Vec<Contact>,
    /// By id.
    pub(super) orders: Vec<Order>,
}

/// What a server keeps; one lock for all of it, so that a write and its answer are one step.
#[derive(Debug, Clone, Default)]
pub(super) struct Store(Arc<Mutex<Kept>>);

/// What is behind the lock.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The records.
    pub(super) records: Records,
    /// What was answered to requests with an idempotency key.
    pub(super) answers: Answers,
}

/// The records as they are now.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// The accounts.
    pub(super) accounts: Table<Account>,
    /// The contacts.
    pub(super) contacts: Table<Contact>,
    /// The orders.
    pub(super) orders: Table<Order>,
}

impl Store {
    /// Waits for the lock. A panic in another request leaves the records as they were: each is put in place whole.
    pub(super) fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
