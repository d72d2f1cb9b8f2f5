//! The calendar: what Racket's dates stand on. All times are of UTC.
//!
//! Days are turned into years, months and days after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
//! Not here: the records that dates are (`prelude/racket/dates.scm`).

use super::{
    Entry,
    given::{mistaken, plain},
    tower::{Real, real},
};
use crate::interp::{
    print,
    value::{string, symbol},
};
use num_traits::ToPrimitive;
use steel::SteelVal;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const CHINESE: [&str; 7] = ["天", "一", "二", "三", "四", "五", "六"];

pub(super) const TABLE: &[Entry] = &[
    // The fields of a `date*`.
    plain!("%civil", "seconds", |args| {
        let number = real("seconds->date", &args[0])?;
        let (whole, part) = match &number {
            Real::Float(n) => (n.floor(), n - n.floor()),
            exact => (exact.float().floor(), exact.float() - exact.float().floor()),
        };
        let Some(seconds) = whole.to_i64().filter(|n| n.unsigned_abs() < 1 << 50) else {
            return Err(mistaken("seconds->date", "real?", &args[0]));
        };
        let (days, time) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        let numbers =
            [time % 60, time / 60 % 60, time / 3600, day, month, year, weekday(days), days - epoch_days(year, 1, 1)];
        let numbers = numbers.map(|n| SteelVal::IntV(n as isize));
        let nanoseconds = SteelVal::IntV((part * 1e9) as isize);
        let zone = [SteelVal::BoolV(false), SteelVal::IntV(0), nanoseconds, string("UTC")];
        Ok(SteelVal::ListV(numbers.into_iter().chain(zone).collect()))
    }),
    // Of a second, minute, hour, day, month and year.
    plain!("%epoch", "name fields", |args| {
        let fields = fields(&args[0], &args[1])?;
        let [second, minute, hour, day, month, year] = fields[..6] else {
            unreachable!("there are as many as asked for")
        };
        Ok(SteelVal::IntV((epoch_days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second) as isize))
    }),
    // The same fields and the day of the week, in a style and with the time or without.
    plain!("%date->string", "fields style time?", |args| {
        let fields = fields(&symbol("date->string"), &args[0])?;
        Ok(string(written(&fields, &print::displayed(&args[1]), args[2].is_truthy())))
    }),
    plain!("%julian-day", "fields", |args| {
        let fields = fields(&symbol("date->julian/scaliger"), &args[0])?;
        Ok(SteelVal::IntV((epoch_days(fields[5], fields[4], fields[3]) + 2_440_588) as isize))
    }),
];

/// Six whole numbers at least.
fn fields(name: &SteelVal, list: &SteelVal) -> Result<Vec<i64>, steel::SteelErr> {
    let SteelVal::ListV(items) = list else { return Err(mistaken(&print::displayed(name), "date?", list)) };
    let number = |item: &SteelVal| match item {
        SteelVal::IntV(n) if n.unsigned_abs() < 1 << 40 => Ok(*n as i64),
        other => Err(mistaken(&print::displayed(name), "exact-integer?", other)),
    };
    let numbers = items.iter().map(number).collect::<Result<Vec<_>, _>>()?;
    if numbers.len() < 6 { Err(mistaken(&print::displayed(name), "date?", list)) } else { Ok(numbers) }
}

/// How many days a date lies behind the first of January 1970.
fn epoch_days(year: i64, month: i64, day: i64) -> i64 {
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year, month and day that lies so many days behind the first of January 1970.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let years = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * years + years / 4 - years / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = years + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// Sunday is 0.
fn weekday(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

/// A date as Racket's `date->string` has it.
fn written(fields: &[i64], style: &str, time: bool) -> String {
    let [second, minute, hour, day, month, year] = fields[..6] else { return String::new() };
    let week = usize::try_from(fields.get(6).copied().unwrap_or(0)).unwrap_or(0) % 7;
    let name = MONTHS.get(usize::try_from(month - 1).unwrap_or(0)).copied().unwrap_or_default();
    let ending = match (day % 10, day) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    let (twelve, half) = (if hour % 12 == 0 { 12 } else { hour % 12 }, if hour < 12 { "am" } else { "pm" });
    let clock = format!("{hour:02}:{minute:02}:{second:02}");
    let (date, time_of_day) = match style {
        "chinese" => (format!("{year}/{month}/{day} 星期{}", CHINESE[week]), format!(" {clock}")),
        "german" => (format!("{day}. {} {year}", german(name)), format!(", {hour:02}:{minute:02}")),
        "indian" => (format!("{day}-{month}-{year}"), format!(" {twelve}:{minute:02}:{second:02}{half}")),
        "irish" => (format!("{}, {day}{ending} {name} {year}", DAYS[week]), format!(", {twelve}:{minute:02}{half}")),
        "iso-8601" => (format!("{year:04}-{month:02}-{day:02}"), format!("T{clock}")),
        "rfc2822" => (
            format!("{}, {day:02} {} {year}", &DAYS[week][..3], name.get(..3).unwrap_or_default()),
            format!(" {clock} +0000"),
        ),
        "julian" => {
            let number = (epoch_days(year, month, day) + 2_440_588).to_string();
            let cut = |from: usize, to: usize| number.get(from..to).unwrap_or_default();
            (format!("JD {} {} {}", cut(0, 1), cut(1, 4), cut(4, 7)), format!(", {clock}"))
        }
        _ => (
            format!("{}, {name} {day}{ending}, {year}", DAYS[week]),
            format!(" {twelve}:{minute:02}:{second:02}{half}"),
        ),
    };
    if time { date + &time_of_day } else { date }
}

fn german(month: &str) -> &str {
    match month {
        "January" => "Januar",
        "February" => "Februar",
        "March" => "März",
        "May" => "Mai",
        "June" => "Juni",
        "July" => "Juli",
        "October" => "Oktober",
        "December" => "Dezember",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_each_others() {
        for (days, date) in [(0, (1970, 1, 1)), (11_016, (2000, 2, 29)), (-1, (1969, 12, 31)), (19_675, (2023, 11, 14))]
        {
            assert_eq!(civil(days), date);
            assert_eq!(epoch_days(date.0, date.1, date.2), days);
        }
        assert!((-800_000..800_000).step_by(97).all(|days| {
            let (year, month, day) = civil(days);
            epoch_days(year, month, day) == days
        }));
        assert_eq!((weekday(0), weekday(-1), weekday(19_675)), (4, 3, 2));
    }
}
