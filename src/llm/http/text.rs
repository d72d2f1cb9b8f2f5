//! JSON strings, written fast: prompts are long and seldom need escapes.
//!
//! Not here: any other JSON.

fn must_escape(b: u8) -> bool {
    b < 0x20 || b == b'"' || b == b'\\'
}

/// Appends a JSON string.
pub(in crate::llm) fn string(out: &mut Vec<u8>, s: &str) {
    out.push(b'"');
    escaped(out, s);
    out.push(b'"');
}

/// Appends what stands within a JSON string. What is between two characters that must be escaped is copied in one piece.
pub(in crate::llm) fn escaped(out: &mut Vec<u8>, s: &str) {
    let mut rest = s.as_bytes();
    while let Some(at) = first_escape(rest) {
        out.extend_from_slice(&rest[..at]);
        match rest[at] {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', b]),
            b => out.extend_from_slice(format!("\\u{b:04x}").as_bytes()),
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// Where the first byte is that must be escaped. Blocks are tested without a branch, which the compiler vectorises.
fn first_escape(bytes: &[u8]) -> Option<usize> {
    let mut start = 0;
    for block in bytes.chunks(64) {
        if block.iter().fold(false, |any, &b| any | must_escape(b)) {
            return block.iter().position(|&b| must_escape(b)).map(|at| start + at);
        }
        start += block.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_found_across_blocks() {
        for at in 0..200 {
            let s = format!("{}\u{1}{}", "a".repeat(at), "b".repeat(70));
            let mut out = Vec::new();
            string(&mut out, &s);
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), s);
        }
    }
}
