//! How fast texts are cut and counted: megabytes a second for each kind of text, for one text and for one ten times as
//! long (the same speed means that the work is linear), and tokens beside tiktoken-rs called bare.
//!
//! `cargo bench --bench chunks`. Figures are the best of a few runs.

use bessemer::text::{By, Plan, Unit, Vocabulary, chunk};
use std::{hint::black_box, time::Instant};

/// The longer text, in bytes.
const LONG: usize = 10 << 20;
const SHORT: usize = LONG / 10;

fn main() {
    let tables = Instant::now();
    black_box(Vocabulary::O200k.count("one", &|| false).ok());
    println!("the vocabulary's tables: {:.0} ms, once", tables.elapsed().as_secs_f64() * 1e3);
    println!("MB/s of {} MB and of {} MB\n", SHORT >> 20, LONG >> 20);
    println!("{:32} {:>9} {:>9}   chunks", "by characters (24,000)", "1 MB", "10 MB");
    let texts = texts();
    for (by, text) in &texts {
        cut(&format!("{by:?}"), text, Plan { by: *by, unit: Unit::Chars, size: 24_000, overlap: 0 });
    }
    let (_, prose) = &texts[0];
    for (size, overlap) in [(24_000, 1_400), (500, 0), (500, 50), (100, 99)] {
        let name = format!("Sentence, {size}, overlap {overlap}");
        cut(&name, prose, Plan { by: By::Sentence, unit: Unit::Chars, size, overlap });
    }
    println!("\n{:32}", "by tokens (6,000, overlap 350)");
    for (by, text) in &texts {
        let plan = Plan { by: *by, unit: Unit::Tokens(Vocabulary::O200k), size: 6_000, overlap: 350 };
        cut(&format!("{by:?}"), text, plan);
    }
    for (size, overlap) in [(6_000, 0), (200, 20), (20, 10)] {
        let name = format!("Sentence, {size}, overlap {overlap}");
        cut(&name, prose, Plan { by: By::Sentence, unit: Unit::Tokens(Vocabulary::O200k), size, overlap });
    }
    println!("\n{:32}", "tokens counted");
    let bare = tiktoken_rs::o200k_base_singleton();
    for (by, text) in &texts {
        speed(&format!("{by:?}: tiktoken-rs, bare"), text, |text| bare.encode_ordinary(text).len());
        speed(&format!("{by:?}: count-tokens"), text, |text| {
            Vocabulary::O200k.count(text, &|| false).unwrap_or_default()
        });
    }
    println!("\n{:32}", "one unit of 10 MB, by tokens");
    for (name, one) in [("letters", "a"), ("spaces", " "), ("lines", "\n"), ("signs", "=")] {
        let plan = Plan { by: By::Auto, unit: Unit::Tokens(Vocabulary::O200k), size: 6_000, overlap: 350 };
        cut(name, &one.repeat(LONG), plan);
    }
}

fn cut(name: &str, text: &str, plan: Plan) {
    speed(name, text, |text| chunk(text, &plan, &|| false).map(|chunks| chunks.len()).unwrap_or_default());
}

fn speed(name: &str, text: &str, work: impl Fn(&str) -> usize) {
    let best = |text: &str, runs: usize| {
        let mut fastest = f64::MAX;
        let mut result = 0;
        for _ in 0..runs {
            let begun = Instant::now();
            result = black_box(work(black_box(text)));
            fastest = fastest.min(begun.elapsed().as_secs_f64());
        }
        (text.len() as f64 / 1e6 / fastest, result)
    };
    let end = (SHORT..).find(|end| text.is_char_boundary(*end)).unwrap_or(SHORT);
    let (short, (long, result)) = (best(&text[..end], 3).0, best(text, 2));
    println!("  {name:30} {short:9.1} {long:9.1}   {result}");
}

/// Gives the next sentence.
type Sentences<'a> = &'a mut dyn FnMut() -> String;

/// A text of each kind.
fn texts() -> Vec<(By, String)> {
    let words =
        "the kettle was recalled after reports of fires in several markets while naïve buyers asked about refunds \
                 and café owners switched to induction plates despite higher prices of electricity"
            .split(' ')
            .collect::<Vec<_>>();
    // The same numbers every time.
    let mut state = 7u64;
    let mut below = move |most: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % most
    };
    let mut sentence = move || {
        let length = 4 + below(18);
        let body: Vec<&str> = (0..length).map(|_| words[below(words.len())]).collect();
        format!("In {} {}. ", 1900 + below(130), body.join(" "))
    };
    let mut fill = |part: fn(usize, Sentences<'_>) -> String| {
        let mut text = String::with_capacity(LONG + 4096);
        for n in 0.. {
            if text.len() >= LONG {
                break;
            }
            text += &part(n, &mut sentence);
        }
        text
    };
    vec![
        (By::Sentence, fill(|_, s| s())),
        (By::Paragraph, fill(|n, s| if n % 6 == 5 { "\n\n".into() } else { s() })),
        (
            By::Markdown,
            fill(|n, s| match n % 12 {
                0 => format!("\n\n## Part {n}\n\n"),
                6 => "\n\n```\nlet x = 1;\n```\n\n".into(),
                7..=9 => format!("- {}\n", s()),
                _ => s(),
            }),
        ),
        (
            By::Code,
            fill(|n, s| {
                format!(
                    "def part_{n}(x, y):\n    \"\"\"{}\"\"\"\n    for i in range(x):\n        y += i * {n}\n    return y\n\n\n",
                    s()
                )
            }),
        ),
        (
            By::Json,
            fill(|n, s| {
                let start = if n == 0 { "[" } else { ",\n" };
                format!("{start}{{\"id\": {n}, \"tags\": [\"a\", \"b\"], \"body\": \"{}\"}}", s())
            }),
        ),
        (
            By::Dicom,
            fill(|n, s| format!("({:04x},{:04x}) LO [{}] # 42, 1 Name\n", 8 * (1 + n / 20 % 8000), n % 20 * 16, s())),
        ),
        (By::Fixed, fill(|_, s| s())),
    ]
}
