//! When records were made and changed: computed ones from 2025-01-01 to 2026-10-31, written ones now; in UTC.

use jiff::{SignedDuration, Timestamp};

use super::row::{Row, RowWriter, quoted};
use super::seed::Seed;

/// 2025-01-01T00:00:00Z, in seconds since 1970.
const FIRST_SECOND: i64 = 1_735_689_600;

/// Seconds up to the end of 2026-10-31.
const SECONDS: u32 = 669 * 86_400;

/// When a record was made and last changed, with their spelling.
#[derive(Debug)]
pub(super) struct Moments {
    created_at: String,
    updated_at: String,
    /// The last change.
    pub(super) updated: Timestamp,
}

impl Moments {
    /// Draws both; the change never precedes the making.
    pub(super) fn draw(seed: &mut Seed) -> Self {
        // Three weeks are kept free at the end, so that later changes have room.
        let created_second = seed.below(SECONDS - 21 * 86_400);
        let changed = seed.percent(70);
        let updated_second =
            if changed { created_second + 1 + seed.below(SECONDS - created_second - 1) } else { created_second };
        let created_millisecond = milliseconds(seed);
        let updated_millisecond = if changed { milliseconds(seed) } else { created_millisecond };
        let (_, created_at) = instant(created_second, created_millisecond);
        let (updated, updated_at) = instant(updated_second, updated_millisecond);
        Self { created_at, updated_at, updated }
    }

    /// When a record is written: now, or a moment after its last change where the clock is behind the records.
    pub(super) fn of_a_write(now: Timestamp, previous: Option<&Row>) -> Self {
        let text = |name| previous.and_then(|row| row.text(name));
        let changed = text("updated_at").and_then(|text| text.parse().ok());
        let updated = changed.map_or(now, |changed: Timestamp| {
            now.max(changed.saturating_add(SignedDuration::from_millis(1)).unwrap_or(changed))
        });
        let updated_at = format!("{updated:.3}");
        Self { created_at: text("created_at").unwrap_or_else(|| updated_at.clone()), updated_at, updated }
    }

    /// The day of making, `2025-03-04`.
    pub(super) fn created_on(&self) -> &str {
        &self.created_at[..10]
    }

    /// The year of making, `2025`.
    pub(super) fn created_year(&self) -> &str {
        &self.created_at[..4]
    }

    /// When the record was made and changed, as JSON texts.
    pub(super) fn as_json(&self) -> [String; 2] {
        [&self.created_at, &self.updated_at].map(|text| quoted(text))
    }

    /// Adds `created_at` and `updated_at`.
    pub(super) fn write(&self, row: RowWriter) -> RowWriter {
        row.text("created_at", &self.created_at).text("updated_at", &self.updated_at)
    }
}

fn milliseconds(seed: &mut Seed) -> Option<u32> {
    seed.percent(33).then(|| seed.below(1000))
}

fn instant(second: u32, millisecond: Option<u32>) -> (Timestamp, String) {
    let seconds = FIRST_SECOND + i64::from(second);
    let since_1970 =
        SignedDuration::from_secs(seconds) + SignedDuration::from_millis(i64::from(millisecond.unwrap_or_default()));
    // The span lies within what a timestamp can hold by four digits of years.
    let timestamp = Timestamp::from_duration(since_1970).unwrap_or(Timestamp::UNIX_EPOCH);
    let text = match millisecond {
        Some(_) => format!("{timestamp:.3}"),
        None => format!("{timestamp:.0}"),
    };
    (timestamp, text)
}
