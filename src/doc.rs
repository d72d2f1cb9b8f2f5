//! Renders the table of primitives for its readers. So far: the README's table.

use crate::primitives::{Family, all};

const FAMILIES: [Family; 7] =
    [Family::Calls, Family::FanOut, Family::Values, Family::Data, Family::Control, Family::Output, Family::Python];

/// The primitives as a Markdown table, by family.
pub fn markdown() -> String {
    let mut out = String::new();
    for family in FAMILIES {
        out += &format!("\n| {} | |\n|---|---|\n", family.title());
        for primitive in all().filter(|p| p.family == family) {
            let positional = primitive.params.iter().filter(|p| !p.keyword);
            let names: String = positional
                .map(|p| if p.default.is_some() { format!(" [{}]", p.name) } else { format!(" {}", p.name) })
                .collect();
            let rest = primitive.rest.map(|r| format!(" {r} …")).unwrap_or_default();
            let keywords = if primitive.params.iter().any(|p| p.keyword) { " #:…" } else { "" };
            let first = primitive.doc.split_inclusive(". ").next().unwrap_or_default().trim_end();
            out += &format!(
                "| `({}{names}{rest}{keywords})` → {} | {} |\n",
                primitive.name,
                primitive.result,
                first.replace('|', "\\|")
            );
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_readmes_table_is_the_primitives_table() {
        let readme = include_str!("../README.md");
        let table = super::markdown();
        assert!(readme.contains(&table), "put this between the README's marks:\n{table}");
    }
}
