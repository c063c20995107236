//! Accounts: the companies that order.

use super::address::{CODES, Country, tags};
use super::change::Changes;
use super::member::{Kind, Member};
use super::moment::Moments;
use super::parameters::Parameters;
use super::rejection::Rejection;
use super::row::{Row, RowWriter, money};
use super::seed::Seed;
use super::store::{GENERATED, Records};
use super::table::{Entity, Table};

const COUNT: u32 = 500;
const ENTITY: u64 = 1;

const NAMES: [&str; 16] = [
    "Müller & Söhne",
    "Bäckerei Krüger",
    "東京商事",
    "Société Générale de Fleurs",
    "Ærø Rederi",
    "Żubrówka Trade",
    "Café ☕ Bean",
    "Rocket 🚀 Labs",
    "O'Brien Logistics",
    "\"Quoted\" Goods",
    "São João Têxteis",
    "Northwind Mills",
    "한빛 전자",
    "Ελλάς Marine",
    "Back\\slash Software",
    "Größe XXL Mode",
];
const FORMS: [&str; 6] = ["GmbH", "AG", "SARL", "Ltd", "Inc.", "株式会社"];
const INDUSTRIES: [&str; 6] = ["Food", "Retail", "Shipping", "Software", "Textiles", "Energy"];

/// One account and what its filters look at.
#[derive(Debug)]
pub(super) struct Account {
    /// The record.
    pub(super) row: Row,
    /// Where it is.
    pub(super) country: &'static Country,
    name_in_lower_case: String,
}

impl Account {
    /// All of them, by id.
    pub(super) fn all() -> Vec<Self> {
        (1..=COUNT).map(Self::compute).collect()
    }

    fn compute(number: u32) -> Self {
        let seed = &mut Seed::new(ENTITY, u64::from(number));
        let id = Self::id(number);
        let name = format!("{} {} {number}", seed.pick(&NAMES), seed.pick(&FORMS));
        let country = Country::draw(seed);
        let industry = seed.percent(85).then(|| seed.pick(&INDUSTRIES));
        let employees = seed.percent(80).then(|| (1 + seed.below(25_000)).to_string());
        let revenue = seed.percent(75).then(|| {
            // From a few thousands up to thirteen digits before the point.
            let scale = 10_i64.pow(seed.below(8));
            money(i64::from(seed.below(9_999_999)) * scale + i64::from(seed.below(1_000_000)))
        });
        let website = seed.percent(60).then(|| format!("https://www.example.com/{number}"));
        let row = RowWriter::default()
            .text("id", &id)
            .text("name", &name)
            .text("country", country.code)
            .optional_text("industry", industry)
            .optional_json("employees", employees.as_deref())
            .optional_json("annual_revenue", revenue.as_deref())
            .boolean("is_active", seed.percent(90))
            .optional_text("website", website.as_deref())
            .json("address", &country.address(seed))
            .json("tags", &tags(seed));
        Self { row: Moments::draw(seed).write(row).finish(id), country, name_in_lower_case: name.to_lowercase() }
    }
}

impl Entity for Account {
    const NAME: &'static str = "account";
    const FIRST: u32 = 1;
    const EXAMPLE: &'static str = "\"ACC-00001\"";
    const MEMBERS: &'static [Member] = &[
        Member::computed("id"),
        Member::required("name", Kind::Text(255)),
        Member::required("country", Kind::Choice(&CODES)),
        Member::nullable("industry", Kind::Text(100)),
        Member::nullable("employees", Kind::Whole(10_000_000)),
        Member::nullable("annual_revenue", Kind::Decimal(13, 2)),
        Member::defaulted("is_active", Kind::Boolean, "true"),
        Member::nullable("website", Kind::Text(255)),
        Member::required("address", Kind::Address),
        Member::defaulted("tags", Kind::Texts, "[]"),
        Member::computed("created_at"),
        Member::computed("updated_at"),
    ];

    fn generated() -> &'static [Self] {
        &GENERATED.accounts
    }

    fn id(number: u32) -> String {
        format!("ACC-{number:05}")
    }

    fn table(records: &Records) -> &Table<Self> {
        &records.accounts
    }

    fn table_mut(records: &mut Records) -> &mut Table<Self> {
        &mut records.accounts
    }

    fn row(&self) -> &Row {
        &self.row
    }

    fn read(row: Row) -> Option<Self> {
        let country = Country::find(&row.text("country")?)?;
        let name_in_lower_case = row.text("name")?.to_lowercase();
        Some(Self { row, country, name_in_lower_case })
    }

    fn check(_: &Changes, _: u32, _: &Records) -> Result<(), Rejection> {
        Ok(())
    }
}

/// Which accounts are wanted.
#[derive(Debug)]
pub(super) struct AccountFilter {
    country: Option<String>,
    name_contains: Option<String>,
}

impl AccountFilter {
    /// Takes its parameters.
    pub(super) fn take(parameters: &mut Parameters) -> Self {
        Self {
            country: parameters.take("country"),
            name_contains: parameters.take("name_contains").map(|text| text.to_lowercase()),
        }
    }

    /// Whether an account is wanted.
    pub(super) fn admits(&self, account: &Account) -> bool {
        let country = self.country.as_deref();
        let name = self.name_contains.as_deref();
        country.is_none_or(|wanted| account.country.code == wanted)
            && name.is_none_or(|part| account.name_in_lower_case.contains(part))
    }
}
