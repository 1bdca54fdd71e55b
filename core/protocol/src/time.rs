//! Moments.

use core::fmt;

/// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// Seconds from `earlier` to this moment; 0 when `earlier` is later.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This many seconds later.
    #[must_use]
    pub const fn plus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// The first second of a day in UTC, written as RFC 3339 has it; `None` where it is none of the years 1970 to 9999.
    ///
    /// ```
    /// use fido_unlock_protocol::UnixTime;
    ///
    /// assert_eq!(UnixTime::of_day("2024-02-29"), Some(UnixTime(1_709_164_800)));
    /// assert_eq!(UnixTime::of_day("2023-02-29"), None);
    /// ```
    #[must_use]
    pub fn of_day(text: &str) -> Option<Self> {
        let shape = |(place, byte): (usize, u8)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        };
        let mut parts = text.split('-').map(str::parse::<u64>);
        let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day)), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let is_day = text.len() == 10
            && (0..).zip(text.bytes()).all(shape)
            && (1970..=9999).contains(&year)
            && (1..=12).contains(&month);
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let length = match month {
            2 => 28 + u64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if !is_day || !(1..=length).contains(&day) {
            return None;
        }
        // The inverse of what shows a date (days_from_civil).
        let year = year - u64::from(month < 3);
        let month = if month < 3 { month + 9 } else { month - 3 };
        let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
        Some(Self(days.checked_sub(719_468)? * 24 * 60 * 60))
    }
}

/// RFC 3339 in UTC, for people: `2026-11-29T08:00:00Z`.
impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: u64 = 24 * 60 * 60;
        // Days of the Gregorian calendar counted from 1 March of year 0, so that a leap day is a year's last
        // (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days).
        let day = self.0 / DAY + 719_468;
        let (era, day) = (day / 146_097, day % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year + u64::from(month < 3);
        if year > 9_999 {
            return f.write_str("after the year 9999");
        }
        let (hour, minute, second) = (self.0 % DAY / 3_600, self.0 % 3_600 / 60, self.0 % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

/// As its number.
#[cfg(feature = "alloc")]
impl<C> minicbor::Encode<C> for UnixTime {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        self.0.encode(e, ctx)
    }
}

#[cfg(feature = "alloc")]
impl<'b, C> minicbor::Decode<'b, C> for UnixTime {
    fn decode(d: &mut minicbor::Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        u64::decode(d, ctx).map(Self)
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn days_are_read_as_they_are_shown() {
        for seconds in (0..253_402_300_800).step_by(24 * 60 * 60 * 17) {
            let day: alloc::string::String = UnixTime(seconds).to_string().chars().take(10).collect();
            assert_eq!(UnixTime::of_day(&day), Some(UnixTime(seconds)), "{day}");
        }
        for none in [
            "",
            "-",
            "1969-12-31",
            "1970-00-10",
            "1970-13-01",
            "2023-02-29",
            "2100-02-29",
            "2026-11-31",
            "2026-11-00",
            "2026-1-130",
            "2026-11-3",
            "+026-11-30",
            "2026-11-30T00",
            "2026--1-30",
            "10000-01-01",
            "2026\u{2010}11-30",
        ] {
            assert_eq!(UnixTime::of_day(none), None, "{none}");
        }
    }

    #[test]
    fn moments_are_shown_as_dates() {
        for (seconds, shown) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "after the year 9999"),
            (u64::MAX, "after the year 9999"),
        ] {
            assert_eq!(UnixTime(seconds).to_string(), shown);
        }
    }
}
