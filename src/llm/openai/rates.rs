//! What is left of the limits, as replies tell: <https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers>.

use crate::llm::limit::{Measure, Told};
use http::{HeaderMap, HeaderName};
use std::time::Duration;

/// The limit, what is left of it, and when it is whole again.
type Names = [HeaderName; 3];

static REQUESTS: Names = [
    HeaderName::from_static("x-ratelimit-limit-requests"),
    HeaderName::from_static("x-ratelimit-remaining-requests"),
    HeaderName::from_static("x-ratelimit-reset-requests"),
];
static TOKENS: Names = [
    HeaderName::from_static("x-ratelimit-limit-tokens"),
    HeaderName::from_static("x-ratelimit-remaining-tokens"),
    HeaderName::from_static("x-ratelimit-reset-tokens"),
];

pub(super) fn told(headers: &HeaderMap) -> Option<Told> {
    let (requests, tokens) = (measure(headers, &REQUESTS), measure(headers, &TOKENS));
    (requests.is_some() || tokens.is_some()).then(|| Told { requests, tokens, ..Told::default() })
}

fn measure(headers: &HeaderMap, [limit, remaining, reset]: &Names) -> Option<Measure> {
    let text = |name: &HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let number = |name: &HeaderName| text(name)?.parse::<f64>().ok().filter(|n| n.is_finite());
    let (limit, remaining) = (number(limit)?, number(remaining)?);
    Some(Measure { limit, remaining, reset: text(reset).and_then(duration) })
}

/// A time such as `6m0s`, `120ms`, `1h2m3.5s` or, at compatible servers, `12`.
fn duration(text: &str) -> Option<Duration> {
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, behind) = rest.split_at(end);
        let unit_end = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, next) = behind.split_at(unit_end);
        let factor = match unit {
            "" | "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * factor;
        rest = next;
    }
    // A moment of the calendar, which some servers send, is no time to wait.
    Duration::try_from_secs_f64(seconds).ok().filter(|_| !text.is_empty() && seconds < 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_from_headers() {
        let headers: HeaderMap = [
            ("x-ratelimit-limit-requests", "500"),
            ("x-ratelimit-remaining-requests", "499"),
            ("x-ratelimit-reset-requests", "120ms"),
            ("x-ratelimit-limit-tokens", "30000"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "1m0s"),
        ]
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
        .collect();
        let requests = Measure { limit: 500.0, remaining: 499.0, reset: Some(Duration::from_millis(120)) };
        let tokens = Measure { limit: 30_000.0, remaining: 0.0, reset: Some(Duration::from_secs(60)) };
        assert_eq!(told(&headers), Some(Told { requests: Some(requests), tokens: Some(tokens), ..Told::default() }));
        assert_eq!(told(&HeaderMap::new()), None);
    }

    #[test]
    fn times_are_read_in_each_notation() {
        for (text, want) in [
            ("6m0s", Some(360_000)),
            ("1h2m3.5s", Some(3_723_500)),
            ("120ms", Some(120)),
            ("0s", Some(0)),
            ("12", Some(12_000)),
            ("1716400000", None),
            ("", None),
            ("soon", None),
            ("-1s", None),
        ] {
            assert_eq!(duration(text), want.map(Duration::from_millis), "{text}");
        }
    }
}
