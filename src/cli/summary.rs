//! What a run's calls came to, said at its end: at a terminal, or when asked for.
//!
//! Not here: what is counted (`llm::course`, `session`).

use crate::{llm::Summary, session::Usage};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Two lines; none where no call was made.
pub(super) fn said(usage: &Usage, summary: &Summary, calls: Duration) -> Option<String> {
    if usage.calls == 0 {
        return None;
    }
    let mut first = vec![format!("{} in {}", counted(usage.calls, "call"), seconds(calls))];
    if let Some((half, most)) = summary.latency {
        first.push(format!("half within {}, 95 % within {}", seconds(half), seconds(most)));
    }
    if summary.most_at_once > 0 {
        first.push(format!("up to {} at once", grouped(summary.most_at_once as u64)));
    }
    if summary.attempts > usage.calls {
        first.push(format!("{} sent", counted(summary.attempts, "request")));
    }
    let (failed, cancelled) = (summary.failures.iter().map(|(_, n)| n).sum::<u64>(), summary.cancelled);
    if failed > 0 {
        let classes = summary.failures.iter().map(|(class, n)| format!("{} {class}", grouped(*n)));
        first.push(format!("{} failed ({})", grouped(failed), classes.collect::<Vec<_>>().join(", ")));
    }
    if cancelled > 0 {
        first.push(format!("{} cancelled", grouped(cancelled)));
    }
    let cached = match summary.cached_tokens {
        0 => String::new(),
        cached => format!(" ({} of them cached)", grouped(cached)),
    };
    let mut second = vec![
        format!("{} in{cached}", counted(usage.input_tokens, "token")),
        format!("{} out", grouped(usage.output_tokens)),
        usage.cost_usd.map_or("price unknown".into(), |usd| format!("{} USD", dollars(usd))),
    ];
    if summary.held >= Duration::from_millis(100) {
        second.push(format!("limits held calls back for {}", seconds(summary.held)));
    }
    Some(format!("{}\n{}\n", first.join("; "), second.join("; ")))
}

/// The same for programs.
pub(super) fn object(summary: &Summary) -> Value {
    let exact = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e6;
    let failures: Map<String, Value> =
        summary.failures.iter().map(|(class, n)| ((*class).to_owned(), json!(n))).collect();
    json!({
        "answers": summary.answers,
        "attempts": summary.attempts,
        "failures": failures,
        "cancelled": summary.cancelled,
        "cached_tokens": summary.cached_tokens,
        "p50_s": summary.latency.map(|(half, _)| exact(half)),
        "p95_s": summary.latency.map(|(_, most)| exact(most)),
        "most_at_once": summary.most_at_once,
        "held_by_limits_s": exact(summary.held),
    })
}

/// A number with its thousands apart.
pub(super) fn grouped(n: u64) -> String {
    indicatif::HumanCount(n).to_string()
}

/// So many of a thing.
pub(super) fn counted(n: u64, thing: &str) -> String {
    format!("{} {thing}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// US dollars: cents, or of less three figures that count.
pub(super) fn dollars(usd: f64) -> String {
    if usd >= 1.0 || usd <= 0.0 {
        return format!("{:.2}", usd.max(0.0));
    }
    let digits = (2.0 - usd.log10().floor()).clamp(2.0, 8.0) as usize;
    let text = format!("{usd:.digits$}");
    let short = text.trim_end_matches('0');
    // Cents have two places.
    if short.len() < 4 { text[..4].to_owned() } else { short.to_owned() }
}

/// A time, as exactly as people want it.
pub(super) fn seconds(time: Duration) -> String {
    match time.as_secs_f64() {
        s if s < 0.001 => "0 ms".into(),
        s if s < 1.0 => format!("{:.0} ms", s * 1000.0),
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_as_exact_as_people_want_them() {
        for (usd, want) in [
            (0.0, "0.00"),
            (0.000_012_34, "0.0000123"),
            (0.015_4, "0.0154"),
            (0.5, "0.50"),
            (0.123_4, "0.123"),
            (12.345, "12.35"),
            (1e-12, "0.00"),
        ] {
            assert_eq!(dollars(usd), want, "{usd}");
        }
        let said = |s: f64| seconds(Duration::from_secs_f64(s));
        assert_eq!([said(0.012), said(1.25), said(130.0), said(9000.0)], ["12 ms", "1.2 s", "2 min", "2.5 h"]);
    }

    #[test]
    fn a_run_without_calls_has_nothing_to_say_and_one_with_calls_says_what_there_was() {
        assert_eq!(said(&Usage::default(), &Summary::default(), Duration::ZERO), None);
        let usage = Usage { calls: 1200, failures: 3, input_tokens: 81_000, output_tokens: 1, cost_usd: Some(0.0154) };
        let summary = Summary {
            answers: 1190,
            attempts: 1300,
            cached_tokens: 1000,
            cancelled: 7,
            failures: vec![("rate-limit", 1), ("timeout", 2)],
            latency: Some((Duration::from_millis(1200), Duration::from_millis(3400))),
            most_at_once: 100,
            held: Duration::from_secs(4),
        };
        let wanted = "1,200 calls in 12 s; half within 1.2 s, 95 % within 3.4 s; up to 100 at once; 1,300 requests sent; \
                      3 failed (1 rate-limit, 2 timeout); 7 cancelled\n81,000 tokens in (1,000 of them cached); 1 out; \
                      0.0154 USD; limits held calls back for 4.0 s\n";
        assert_eq!(said(&usage, &summary, Duration::from_millis(12_300)).as_deref(), Some(wanted));
        let unknown = said(&Usage { cost_usd: None, ..usage }, &Summary::default(), Duration::from_secs(1)).unwrap();
        assert!(unknown.contains("price unknown") && !unknown.contains("at once"), "{unknown}");
    }
}
