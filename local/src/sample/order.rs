//! Orders: what the accounts bought.

use jiff::Timestamp;

use super::account::Account;
use super::contact::Contact;
use super::moment::Moments;
use super::parameters::{Hundredths, Parameters};
use super::rejection::Rejection;
use super::row::{Row, RowWriter, money};
use super::seed::Seed;

const COUNT: u32 = 5_000;
const ENTITY: u64 = 3;

/// The members of an order, for projections.
const FIELDS: [&str; 16] = [
    "id",
    "number",
    "account_id",
    "contact_id",
    "status",
    "currency",
    "total",
    "exchange_rate",
    "paid",
    "line_count",
    "lines",
    "shipping_address",
    "notes",
    "placed_on",
    "created_at",
    "updated_at",
];

const STATUSES: [&str; 5] = ["open", "paid", "shipped", "cancelled", "refunded"];
const NOTES: [&str; 5] = [
    "Deliver to the \"back door\"",
    "Path C:\\orders\\in",
    "First line\nsecond line\ttabbed",
    "Bitte bei Familie Groß klingeln 🔔",
    "午後に配達してください",
];

/// One order and what its filters look at.
#[derive(Debug)]
pub(super) struct Order {
    /// The record.
    pub(super) row: Row,
    account_id: String,
    status: &'static str,
    total: i64,
    updated: Timestamp,
}

impl Order {
    /// All of them, by id.
    pub(super) fn all(accounts: &[Account], contacts: &[Contact]) -> Vec<Self> {
        (1..=COUNT).map(|number| Self::compute(number, accounts, contacts)).collect()
    }

    fn compute(number: u32, accounts: &[Account], contacts: &[Contact]) -> Self {
        let seed = &mut Seed::new(ENTITY, u64::from(number));
        let id = (100_000 + number).to_string();
        let moments = Moments::draw(seed);
        let account = &accounts[seed.below(u32::try_from(accounts.len()).unwrap_or(1)) as usize];
        let contact = seed.percent(80).then(|| {
            let index = seed.below(u32::try_from(contacts.len()).unwrap_or(1));
            contacts[index as usize].row.id.as_str()
        });
        let status = seed.pick(&STATUSES);
        let lines = Lines::draw(seed);
        let address = seed.percent(60).then(|| account.country.address(seed));
        let notes = seed.percent(30).then(|| seed.pick(&NOTES));
        let paid = matches!(status, "paid" | "shipped" | "refunded");
        // The first digits vary little, as a rate's do; the last is never 0, so that all 24 count.
        let rate = format!("1.0{}{}", seed.digits(22), 1 + seed.below(9));
        let row = RowWriter::default()
            .json("id", &id)
            .text("number", &format!("SO-{}-{id}", moments.created_year()))
            .text("account_id", &account.row.id)
            .optional_text("contact_id", contact)
            .text("status", status)
            .text("currency", account.country.currency)
            .json("total", &money(lines.total))
            .json("exchange_rate", &rate)
            .boolean("paid", paid)
            .json("line_count", &lines.count.to_string())
            .json("lines", &lines.json)
            .optional_json("shipping_address", address.as_deref())
            .optional_text("notes", notes)
            .text("placed_on", moments.created_on());
        Self {
            row: moments.write(row).finish(id),
            account_id: account.row.id.clone(),
            status,
            total: lines.total,
            updated: moments.updated,
        }
    }
}

/// What was ordered.
struct Lines {
    json: String,
    count: u32,
    total: i64,
}

impl Lines {
    fn draw(seed: &mut Seed) -> Self {
        let count = 1 + seed.below(4);
        let mut total = 0;
        let lines: Vec<_> = (0..count)
            .map(|_| {
                let (quantity, price) = (1 + seed.below(20), 1 + seed.below(50_000));
                total += i64::from(quantity) * i64::from(price);
                RowWriter::default()
                    .text("sku", &format!("SKU-{}", seed.digits(5)))
                    .json("quantity", &quantity.to_string())
                    .json("price", &money(i64::from(price)))
                    .finish("")
                    .json()
                    .to_owned()
            })
            .collect();
        Self { json: format!("[{}]", lines.join(",")), count, total }
    }
}

/// Which orders are wanted, and which of their members.
#[derive(Debug)]
pub(super) struct OrderFilter {
    status: Option<String>,
    account_id: Option<String>,
    total_gt: Option<Hundredths>,
    total_gte: Option<Hundredths>,
    total_lt: Option<Hundredths>,
    total_lte: Option<Hundredths>,
    updated_since: Option<Timestamp>,
    updated_before: Option<Timestamp>,
    fields: Option<Vec<String>>,
}

impl OrderFilter {
    /// Takes its parameters.
    pub(super) fn take(parameters: &mut Parameters) -> Result<Self, Rejection> {
        Ok(Self {
            status: parameters.take("status"),
            account_id: parameters.take("account_id"),
            total_gt: parameters.hundredths("total_gt")?,
            total_gte: parameters.hundredths("total_gte")?,
            total_lt: parameters.hundredths("total_lt")?,
            total_lte: parameters.hundredths("total_lte")?,
            updated_since: parameters.instant("updated_since")?,
            updated_before: parameters.instant("updated_before")?,
            fields: fields(parameters)?,
        })
    }

    /// Whether an order is wanted.
    pub(super) fn admits(&self, order: &Order) -> bool {
        let status = self.status.as_deref();
        let account_id = self.account_id.as_deref();
        let total = order.total;
        status.is_none_or(|wanted| order.status == wanted)
            && account_id.is_none_or(|wanted| order.account_id == wanted)
            && self.total_gt.is_none_or(|bound| bound.is_below(total))
            && self.total_gte.is_none_or(|bound| bound.is_at_most(total))
            && self.total_lt.is_none_or(|bound| !bound.is_at_most(total))
            && self.total_lte.is_none_or(|bound| !bound.is_below(total))
            && self.updated_since.is_none_or(|bound| order.updated >= bound)
            && self.updated_before.is_none_or(|bound| order.updated < bound)
    }

    /// Appends an order, with the wanted members only.
    pub(super) fn write(&self, order: &Order, into: &mut String) {
        match &self.fields {
            Some(names) => order.row.project(names, into),
            None => into.push_str(order.row.json()),
        }
    }
}

fn fields(parameters: &mut Parameters) -> Result<Option<Vec<String>>, Rejection> {
    let Some(text) = parameters.take("fields") else {
        return Ok(None);
    };
    let names: Vec<_> = text.split(',').map(|name| name.trim().to_owned()).collect();
    match names.iter().find(|name| !FIELDS.contains(&name.as_str())) {
        None => Ok(Some(names)),
        Some(name) => Err(Rejection::bad_request(format!("fields names {name:?}, which an order does not have"))),
    }
}
