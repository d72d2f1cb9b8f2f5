//! `format` and its kin: text with places for values.

use super::given::{failed, mistaken};
use crate::interp::{
    print::{self, Style},
    value::response_text,
};
use num_bigint::BigInt;
use steel::{SteelErr, SteelVal};

/// Fills the places of a template. Errors are told as Racket tells them, under the name of who was called.
pub(super) fn format(name: &str, template: &SteelVal, values: &[SteelVal]) -> Result<String, SteelErr> {
    let template = match (template, response_text(template)) {
        (SteelVal::StringV(text), _) => text.clone(),
        (_, Some(text)) => text,
        _ => return Err(mistaken(name, "string?", template)),
    };
    let given = || {
        let shown: Vec<String> = values.iter().map(print::clipped).collect();
        if shown.is_empty() { String::new() } else { format!("; arguments were: {}", shown.join(" ")) }
    };
    let wrong = |what: String| failed(format!("{name}: {what}{}", given()));
    let ill = |what: &str| wrong(format!("ill-formed pattern string\n  explanation: {what}"));
    let (mut out, mut used) = (String::with_capacity(template.len()), 0);
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '~' {
            out.push(c);
            continue;
        }
        let Some(mut tag) = chars.next() else { return Err(ill("cannot end in `~`")) };
        let cut = tag == '.';
        if cut {
            tag = match chars.next() {
                Some(tag @ ('a' | 'A' | 's' | 'S' | 'v' | 'V')) => tag,
                _ => return Err(ill("tag `~.` not followed by `a`, `s`, or `v`")),
            };
        }
        match tag.to_ascii_lowercase() {
            '%' | 'n' => out.push('\n'),
            '~' => out.push('~'),
            // What follows is left out, up to the next line's text.
            c if c.is_whitespace() => {
                let mut lines = u32::from(c == '\n');
                while let Some(c) = chars.peek().copied().filter(|c| c.is_whitespace()) {
                    lines += u32::from(c == '\n');
                    if lines > 1 {
                        break;
                    }
                    chars.next();
                }
            }
            directive @ ('a' | 's' | 'v' | 'e' | 'd' | 'c' | 'b' | 'o' | 'x') => {
                let Some(value) = values.get(used) else {
                    let wanted = places(&template);
                    let number = values.len();
                    return Err(wrong(format!("format string requires {wanted} arguments, given {number}")));
                };
                used += 1;
                let misfit = |kind: &str| {
                    let shown = print::clipped(value);
                    wrong(format!("format string requires a {kind}, given something else\n  bad argument: {shown}"))
                };
                let text = match directive {
                    'a' | 'd' => print::displayed(value),
                    's' => print::written(value),
                    'v' => print::printed(value),
                    'e' => print::clipped(value),
                    'c' => match value {
                        SteelVal::CharV(c) => c.to_string(),
                        _ => return Err(misfit("character")),
                    },
                    radix => {
                        let radix = match radix {
                            'b' => 2,
                            'o' => 8,
                            _ => 16,
                        };
                        match value {
                            SteelVal::IntV(n) => BigInt::from(*n).to_str_radix(radix),
                            SteelVal::BigNum(n) => n.to_str_radix(radix),
                            _ => return Err(misfit("exact integer")),
                        }
                    }
                };
                out.push_str(&if cut { print::cut_for_message(text) } else { text });
            }
            _ => return Err(ill(&format!("tag `~{tag}` not allowed"))),
        }
    }
    if used < values.len() {
        let number = values.len();
        return Err(wrong(format!("format string requires {used} arguments, given {number}")));
    }
    Ok(out)
}

/// How many values a template wants.
fn places(template: &str) -> usize {
    let mut chars = template.chars();
    let mut count = 0;
    while let Some(c) = chars.next() {
        if c == '~' {
            let tag = chars.next().map(|c| if c == '.' { chars.next().unwrap_or(c) } else { c });
            count += usize::from(tag.is_some_and(|tag| "asvedcbox".contains(tag.to_ascii_lowercase())));
        }
    }
    count
}

/// The text of a value in one of the three styles, for `~a` and kin.
pub(super) fn styled(value: &SteelVal, style: Style) -> String {
    match style {
        Style::Display => print::displayed(value),
        style => print::shown(value, style),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::value::{string, symbol};

    fn filled(template: &str, values: &[SteelVal]) -> Result<String, String> {
        format("format", &string(template), values).map_err(|e| {
            let value = crate::interp::natives::fault_of(&e);
            value.message
        })
    }

    #[test]
    fn places_are_filled_in_three_styles() {
        let x = || symbol("x");
        assert_eq!(filled("~a ~s ~v", &[x(), x(), x()]).unwrap(), "x x 'x");
        assert_eq!(
            filled("~b ~o ~X", &[SteelVal::IntV(10), SteelVal::IntV(10), SteelVal::IntV(255)]).unwrap(),
            "1010 12 ff"
        );
        assert_eq!(filled("a~%b~nc~~", &[]).unwrap(), "a\nb\nc~");
        assert_eq!(filled("a~   \n   b", &[]).unwrap(), "ab");
        assert_eq!(filled("~c", &[SteelVal::CharV('a')]).unwrap(), "a");
    }

    #[test]
    fn errors_are_rackets() {
        let one = || SteelVal::IntV(1);
        assert_eq!(
            filled("~a ~a", &[one()]).unwrap_err(),
            "format: format string requires 2 arguments, given 1; arguments were: 1"
        );
        assert_eq!(
            filled("x", &[one()]).unwrap_err(),
            "format: format string requires 0 arguments, given 1; arguments were: 1"
        );
        assert_eq!(filled("~a", &[]).unwrap_err(), "format: format string requires 1 arguments, given 0");
        assert_eq!(
            filled("~q", &[one()]).unwrap_err(),
            "format: ill-formed pattern string\n  explanation: tag `~q` not allowed; arguments were: 1"
        );
        assert_eq!(
            filled("~", &[]).unwrap_err(),
            "format: ill-formed pattern string\n  explanation: cannot end in `~`"
        );
        assert_eq!(
            filled("~b", &[string("x")]).unwrap_err(),
            "format: format string requires a exact integer, given something else\n  bad argument: \"x\"; arguments were: \"x\""
        );
    }
}
