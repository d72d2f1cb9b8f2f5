//! What the dialect has, by area, and what it has not: for `bessemer doc dialect` and `bessemer doc NAME`.
//!
//! Gathered from where it is declared: the natives' tables, the forms' tables, and the prelude's text. Not here: how it is
//! laid out (`doc`), and Bessemer's own procedures (`table`).

use super::{
    dialect::{self, Area},
    engine, expand,
    foreign::{ABSENT, Absent},
};
use std::collections::BTreeMap;
#[cfg(test)]
use std::collections::BTreeSet;

/// The procedures or forms of one area: each name with its parameters, as far as they are known.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) entries: BTreeMap<String, Option<String>>,
}

/// Everything that there is.
pub(crate) fn sections() -> Vec<Section> {
    let mut macros: BTreeMap<String, Option<String>> =
        expand::form_words().map(|word| (word.to_owned(), None)).collect();
    let mut sections: Vec<Section> = dialect::AREAS
        .iter()
        .map(|area| {
            let mut entries = procedures(area);
            for file in area.files {
                for (name, params, is_macro) in expand::definitions(engine::racket_file(file)) {
                    let into = if is_macro { &mut macros } else { &mut entries };
                    into.insert(name, params);
                }
            }
            Section { title: area.title, entries: public(entries) }
        })
        .collect();
    sections.insert(0, Section { title: "Forms", entries: public(macros) });
    sections
}

/// What there is not.
pub(crate) fn absent() -> &'static [Absent] {
    ABSENT
}

/// Every word of it.
#[cfg(test)]
pub(crate) fn words() -> BTreeSet<String> {
    sections().into_iter().flat_map(|section| section.entries.into_keys()).collect()
}

fn procedures(area: &Area) -> BTreeMap<String, Option<String>> {
    let natives = area.natives().map(|(name, params)| (name.to_owned(), Some(params.to_owned())));
    let steels = area.steels.iter().map(|name| ((*name).to_owned(), None));
    let aliases = dialect::ALIASES.iter().filter(|_| area.title == "Numbers");
    natives.chain(steels).chain(aliases.map(|(name, _)| ((*name).to_owned(), None))).collect()
}

/// Names that begin with `%` are the language's own.
fn public(mut entries: BTreeMap<String, Option<String>>) -> BTreeMap<String, Option<String>> {
    entries.retain(|name, _| !name.starts_with('%') || name == "%");
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_area_has_its_procedures_with_their_parameters() {
        let sections = sections();
        let params = |title: &str, name: &str| {
            let section = sections.iter().find(|section| section.title == title).unwrap();
            section.entries.get(name).unwrap_or_else(|| panic!("{title} has no {name}")).clone()
        };
        assert_eq!(params("Pairs and lists", "filter").as_deref(), Some("keep? items"));
        assert_eq!(params("Strings and characters", "substring").as_deref(), Some("text start [end]"));
        assert_eq!(params("Forms", "for/list"), None);
        assert!(params("Forms", "with-handlers").is_some());
        assert!(sections.iter().all(|section| section.entries.len() > 3));
    }

    #[test]
    fn every_file_of_the_prelude_belongs_to_an_area() {
        let named: BTreeSet<&str> = dialect::AREAS.iter().flat_map(|area| area.files).copied().collect();
        assert_eq!(named.len(), engine::RACKET.len());
    }
}
