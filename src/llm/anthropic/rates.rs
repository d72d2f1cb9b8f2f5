//! What is left of the limits, as replies tell: <https://docs.claude.com/en/api/rate-limits#response-headers>.
//!
//! When they are full again is told to the second alone, and not read: they come back evenly, within a minute.

use crate::llm::limit::{Measure, Told};
use http::HeaderMap;

pub(super) fn told(headers: &HeaderMap) -> Option<Told> {
    let measure = |what: &str| measure(headers, what);
    let (requests, input, output) = (measure("requests"), measure("input-tokens"), measure("output-tokens"));
    let tokens = if input.is_some() || output.is_some() { None } else { measure("tokens") };
    let told = Told { requests, tokens, input, output, ..Told::default() };
    (told != Told::default()).then_some(told)
}

fn measure(headers: &HeaderMap, what: &str) -> Option<Measure> {
    let number = |part: &str| {
        let text = headers.get(format!("anthropic-ratelimit-{what}-{part}"))?.to_str().ok()?;
        text.trim().parse::<f64>().ok().filter(|n| n.is_finite())
    };
    Some(Measure { limit: number("limit")?, remaining: number("remaining")?, reset: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_from_headers() {
        let headers: HeaderMap = [
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-requests-reset", "2026-01-27T12:00:01Z"),
            ("anthropic-ratelimit-input-tokens-limit", "30000"),
            ("anthropic-ratelimit-input-tokens-remaining", "29000"),
            ("anthropic-ratelimit-output-tokens-limit", "8000"),
            ("anthropic-ratelimit-output-tokens-remaining", "x"),
            ("anthropic-ratelimit-tokens-limit", "38000"),
            ("anthropic-ratelimit-tokens-remaining", "37000"),
        ]
        .into_iter()
        .map(|(name, value)| (http::header::HeaderName::from_static(name), value.parse().unwrap()))
        .collect();
        let of = |limit, remaining| Some(Measure { limit, remaining, reset: None });
        let wanted = Told { requests: of(50.0, 49.0), input: of(30_000.0, 29_000.0), ..Told::default() };
        assert_eq!(told(&headers), Some(wanted));
        assert_eq!(told(&HeaderMap::new()), None);
    }
}
