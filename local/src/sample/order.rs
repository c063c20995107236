//! Orders: what the accounts bought.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::account::Account;
use super::change::Changes;
use super::contact::Contact;
use super::member::{Kind, Member, hundredths, sum};
use super::moment::Moments;
use super::parameters::{Hundredths, Parameters};
use super::rejection::Rejection;
use super::row::{Row, RowWriter, money, quoted};
use super::seed::Seed;
use super::store::{GENERATED, Records};
use super::table::{Entity, Table};

const COUNT: u32 = 5_000;
const ENTITY: u64 = 3;

/// The currencies of the countries.
const CURRENCIES: [&str; 6] = ["EUR", "CHF", "GBP", "USD", "JPY", "BRL"];

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

impl Entity for Order {
    const NAME: &'static str = "order";
    const FIRST: u32 = 100_001;
    const EXAMPLE: &'static str = "100001";
    const MEMBERS: &'static [Member] = &[
        Member::computed("id"),
        Member::computed("number"),
        Member::required("account_id", Kind::Text(20)),
        Member::nullable("contact_id", Kind::Text(20)),
        Member::defaulted("status", Kind::Choice(&STATUSES), r#""open""#),
        Member::required("currency", Kind::Choice(&CURRENCIES)),
        Member::computed("total"),
        Member::defaulted("exchange_rate", Kind::Rate, "1.000000000000000000000000"),
        Member::defaulted("paid", Kind::Boolean, "false"),
        Member::computed("line_count"),
        Member::required("lines", Kind::Lines),
        Member::nullable("shipping_address", Kind::Address),
        Member::nullable("notes", Kind::Text(2_000)),
        Member::computed("placed_on"),
        Member::computed("created_at"),
        Member::computed("updated_at"),
    ];

    fn generated() -> &'static [Self] {
        &GENERATED.orders
    }

    fn id(number: u32) -> String {
        number.to_string()
    }

    fn id_json(number: u32) -> String {
        number.to_string()
    }

    fn table(records: &Records) -> &Table<Self> {
        &records.orders
    }

    fn table_mut(records: &mut Records) -> &mut Table<Self> {
        &mut records.orders
    }

    fn row(&self) -> &Row {
        &self.row
    }

    fn read(row: Row) -> Option<Self> {
        let status = row.text("status")?;
        Some(Self {
            account_id: row.text("account_id")?,
            status: STATUSES.into_iter().find(|known| *known == status)?,
            total: hundredths(row.value("total")?)?,
            updated: row.text("updated_at")?.parse().ok()?,
            row,
        })
    }

    fn compute(values: &mut BTreeMap<&'static str, String>) -> Result<(), Rejection> {
        let of = |name| values.get(name).map_or("", String::as_str);
        let (count, total) =
            sum(of("lines")).ok_or_else(|| Rejection::invalid("lines", "the lines add up to too much"))?;
        // `"2026-01-31T…"`, with the quotation mark.
        let (id, created_at) = (of("id"), of("created_at"));
        let (year, day) = (created_at.get(1..5).unwrap_or_default(), created_at.get(1..11).unwrap_or_default());
        let computed = [
            ("number", quoted(&format!("SO-{year}-{id}"))),
            ("total", money(total)),
            ("line_count", count.to_string()),
            ("placed_on", quoted(day)),
        ];
        values.extend(computed);
        Ok(())
    }

    fn check(changes: &Changes, _: u32, records: &Records) -> Result<(), Rejection> {
        changes.check_reference::<Account>("account_id", records)?;
        changes.check_reference::<Contact>("contact_id", records)
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
    match names.iter().find(|name| !Order::MEMBERS.iter().any(|member| member.name == *name)) {
        None => Ok(Some(names)),
        Some(name) => Err(Rejection::bad_request(format!("fields names {name:?}, which an order does not have"))),
    }
}
