//! Contacts: the people at the accounts.

use jiff::Timestamp;

use super::account::Account;
use super::address::tags;
use super::moment::Moments;
use super::parameters::Parameters;
use super::rejection::Rejection;
use super::row::{Row, RowWriter};
use super::seed::Seed;

const COUNT: u32 = 2_000;
const ENTITY: u64 = 2;

const FIRST_NAMES: [&str; 14] = [
    "Jürgen",
    "Anaïs",
    "Zoë",
    "Björn",
    "太郎",
    "花子",
    "José",
    "Siân",
    "Mary-Jane",
    "Łukasz",
    "Noor",
    "D'Arcy",
    "민준",
    "Lou 🌻",
];
const LAST_NAMES: [&str; 12] = [
    "Müller",
    "Groß",
    "O'Neill",
    "Ångström",
    "山田",
    "佐藤",
    "García",
    "Nuñez",
    "van den Berg",
    "Šimić",
    "김",
    "Smith",
];

/// One contact and what its filters look at.
#[derive(Debug)]
pub(super) struct Contact {
    /// The record.
    pub(super) row: Row,
    email: String,
    updated: Timestamp,
}

impl Contact {
    /// All of them, by id.
    pub(super) fn all(accounts: &[Account]) -> Vec<Self> {
        (1..=COUNT).map(|number| Self::compute(number, accounts)).collect()
    }

    fn compute(number: u32, accounts: &[Account]) -> Self {
        let seed = &mut Seed::new(ENTITY, u64::from(number));
        let id = format!("CON-{number:06}");
        let email = format!("contact{number}@example.com");
        let account = &accounts[seed.below(u32::try_from(accounts.len()).unwrap_or(1)) as usize];
        let phone = seed.percent(70).then(|| format!("{} {}", account.country.dialling, seed.digits(8)));
        let birthday = seed.percent(65).then(|| {
            let (year, month, day) = (1950 + seed.below(56), 1 + seed.below(12), 1 + seed.below(28));
            format!("{year}-{month:02}-{day:02}")
        });
        let address = seed.percent(50).then(|| account.country.address(seed));
        let row = RowWriter::default()
            .text("id", &id)
            .text("account_id", &account.row.id)
            .text("first_name", seed.pick(&FIRST_NAMES))
            .text("last_name", seed.pick(&LAST_NAMES))
            .text("email", &email)
            .optional_text("phone", phone.as_deref())
            .optional_text("birthday", birthday.as_deref())
            .boolean("newsletter", seed.percent(40))
            .json("score", &format!("0.{}", seed.digits(6)))
            .optional_json("address", address.as_deref())
            .json("tags", &tags(seed));
        let moments = Moments::draw(seed);
        Self { row: moments.write(row).finish(id), email, updated: moments.updated }
    }
}

/// Which contacts are wanted.
#[derive(Debug)]
pub(super) struct ContactFilter {
    email: Option<String>,
    updated_after: Option<Timestamp>,
}

impl ContactFilter {
    /// Takes its parameters.
    pub(super) fn take(parameters: &mut Parameters) -> Result<Self, Rejection> {
        Ok(Self { email: parameters.take("email"), updated_after: parameters.instant("updated_after")? })
    }

    /// Whether a contact is wanted.
    pub(super) fn admits(&self, contact: &Contact) -> bool {
        let email = self.email.as_deref();
        email.is_none_or(|wanted| contact.email == wanted)
            && self.updated_after.is_none_or(|bound| contact.updated > bound)
    }
}
