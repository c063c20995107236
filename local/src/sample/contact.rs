//! Contacts: the people at the accounts.

use jiff::Timestamp;

use super::account::Account;
use super::address::tags;
use super::change::Changes;
use super::member::{Kind, Member};
use super::moment::Moments;
use super::parameters::Parameters;
use super::rejection::Rejection;
use super::row::{Row, RowWriter};
use super::seed::Seed;
use super::store::{GENERATED, Records};
use super::table::{Entity, Table};

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
        let id = Self::id(number);
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

impl Entity for Contact {
    const NAME: &'static str = "contact";
    const FIRST: u32 = 1;
    const EXAMPLE: &'static str = "\"CON-000001\"";
    const MEMBERS: &'static [Member] = &[
        Member::computed("id"),
        Member::required("account_id", Kind::Text(20)),
        Member::required("first_name", Kind::Text(100)),
        Member::required("last_name", Kind::Text(100)),
        Member::required("email", Kind::Email),
        Member::nullable("phone", Kind::Text(50)),
        Member::nullable("birthday", Kind::Date),
        Member::defaulted("newsletter", Kind::Boolean, "false"),
        Member::defaulted("score", Kind::Share, "0.000000"),
        Member::nullable("address", Kind::Address),
        Member::defaulted("tags", Kind::Texts, "[]"),
        Member::computed("created_at"),
        Member::computed("updated_at"),
    ];

    fn generated() -> &'static [Self] {
        &GENERATED.contacts
    }

    fn id(number: u32) -> String {
        format!("CON-{number:06}")
    }

    fn table(records: &Records) -> &Table<Self> {
        &records.contacts
    }

    fn table_mut(records: &mut Records) -> &mut Table<Self> {
        &mut records.contacts
    }

    fn row(&self) -> &Row {
        &self.row
    }

    fn read(row: Row) -> Option<Self> {
        let (email, updated) = (row.text("email")?, row.text("updated_at")?.parse().ok()?);
        Some(Self { row, email, updated })
    }

    fn check(changes: &Changes, number: u32, records: &Records) -> Result<(), Rejection> {
        changes.check_reference::<Account>("account_id", records)?;
        let Some(email) = changes.text("email") else { return Ok(()) };
        let own = Self::id(number);
        match records.contacts.iter().find(|other| other.email == email && other.row.id != own) {
            None => Ok(()),
            Some(other) => {
                let message = format!("the contact {} has this email already", other.row.id);
                Err(Rejection::conflict("email", message))
            }
        }
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
