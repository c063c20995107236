//! Countries and addresses in them.

use super::row::RowWriter;
use super::seed::Seed;

/// A country with what is needed to make up addresses there.
#[derive(Debug)]
pub(super) struct Country {
    /// Two letters, ISO 3166-1.
    pub(super) code: &'static str,
    /// Three letters, ISO 4217.
    pub(super) currency: &'static str,
    /// What its telephone numbers begin with.
    pub(super) dialling: &'static str,
    cities: &'static [&'static str],
    streets: &'static [&'static str],
    /// Digits of a postal code.
    postal_digits: usize,
}

/// The countries that records come from.
pub(super) const COUNTRIES: [Country; 8] = [
    country("DE", "EUR", "+49", 5, &["Köln", "München", "Görlitz"], &["Schützenstraße", "Am Grünen Weg"]),
    country("AT", "EUR", "+43", 4, &["Wien", "Gänserndorf"], &["Mühlgasse", "Operngasse"]),
    country("CH", "CHF", "+41", 4, &["Zürich", "Genève"], &["Bahnhofstrasse", "Rue du Rhône"]),
    country("FR", "EUR", "+33", 5, &["Orléans", "Besançon"], &["Rue de l'Église", "Avenue Foch"]),
    country("GB", "GBP", "+44", 5, &["Leeds", "Bath"], &["King's Road", "Mill Lane"]),
    country("US", "USD", "+1", 5, &["Portland", "San José"], &["5th Avenue", "O'Hara Drive"]),
    country("JP", "JPY", "+81", 7, &["東京", "大阪市"], &["銀座四丁目", "本町通り"]),
    country("BR", "BRL", "+55", 8, &["São Paulo", "Brasília"], &["Rua Augusta", "Avenida Atlântica"]),
];

/// Their codes.
pub(super) const CODES: [&str; 8] = {
    let mut codes = [""; 8];
    let mut index = 0;
    while index < codes.len() {
        codes[index] = COUNTRIES[index].code;
        index += 1;
    }
    codes
};

const fn country(
    code: &'static str,
    currency: &'static str,
    dialling: &'static str,
    postal_digits: usize,
    cities: &'static [&'static str],
    streets: &'static [&'static str],
) -> Country {
    Country { code, currency, dialling, cities, streets, postal_digits }
}

impl Country {
    /// The one with this code.
    pub(super) fn find(code: &str) -> Option<&'static Self> {
        const CHOICES: &[Country] = &COUNTRIES;
        CHOICES.iter().find(|country| country.code == code)
    }

    /// One of the eight.
    pub(super) fn draw(seed: &mut Seed) -> &'static Self {
        let choices: [&'static Self; 8] = std::array::from_fn(|index| &COUNTRIES[index]);
        seed.pick(&choices)
    }

    /// An address here, as a JSON object.
    pub(super) fn address(&self, seed: &mut Seed) -> String {
        let street = format!("{} {}", seed.pick(self.streets), 1 + seed.below(180));
        RowWriter::default()
            .text("street", &street)
            .text("city", seed.pick(self.cities))
            .text("postal_code", &seed.digits(self.postal_digits))
            .text("country", self.code)
            .finish("")
            .json()
            .to_owned()
    }
}

/// Up to three tags, as a JSON list.
pub(super) fn tags(seed: &mut Seed) -> String {
    const TAGS: [&str; 6] = ["vip", "new", "öko", "trial", "partner", "重要"];
    let count = seed.below(4);
    let first = seed.below(6) as usize;
    let chosen: Vec<_> = TAGS.iter().cycle().skip(first).take(count as usize).collect();
    serde_json::json!(chosen).to_string()
}
