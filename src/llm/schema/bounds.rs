//! What a schema may cost: a few lines of `$ref` can ask for more work than there is time, or never end.
//!
//! Both walks count what the validator would visit at most. Not here: whether a value fits.

use super::resolve;
use serde_json::Value;

/// How deep a schema may nest, and how many references may follow one upon the other.
const DEPTH: usize = 64;

/// How many places a schema may have once its references are written out.
const PLACES: usize = 50_000;

/// How many patterns a schema may have: each takes memory for as long as the schema is kept.
const PATTERNS: usize = 64;

/// How many steps a check may take: some hundred milliseconds.
const STEPS: usize = 5_000_000;

/// How deep a check may go: schemas within values, and references between them.
const LEVELS: usize = 512;

/// Keywords whose value is a schema, or a list of them, for the same place of the value.
const IN_PLACE: [&str; 8] = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"];

/// The same for what stands within the value.
const WITHIN: [&str; 10] = [
    "properties",
    "patternProperties",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "items",
    "prefixItems",
    "additionalItems",
    "unevaluatedItems",
    "contains",
];

/// Keywords whose value is an object of schemas by name.
const NAMED: [&str; 6] =
    ["properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions"];

/// The schemas right below one, each with the keyword that it stands under.
pub(super) fn below(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    schema.as_object().into_iter().flatten().flat_map(|(key, value)| {
        let many: Box<dyn Iterator<Item = &Value>> = match value {
            Value::Object(named) if NAMED.contains(&key.as_str()) => Box::new(named.values()),
            _ if NAMED.contains(&key.as_str()) => Box::new(std::iter::empty()),
            Value::Array(list) if holds_schemas(key) => Box::new(list.iter()),
            value if holds_schemas(key) => Box::new(std::iter::once(value)),
            _ => Box::new(std::iter::empty()),
        };
        many.map(move |schema| (key.as_str(), schema))
    })
}

/// The same, to change them.
pub(super) fn each_below(schema: &mut Value, change: &mut dyn FnMut(&mut Value)) {
    for (key, value) in schema.as_object_mut().into_iter().flatten() {
        match value {
            Value::Object(named) if NAMED.contains(&key.as_str()) => named.values_mut().for_each(&mut *change),
            _ if NAMED.contains(&key.as_str()) => {}
            Value::Array(list) if holds_schemas(key) => list.iter_mut().for_each(&mut *change),
            value if holds_schemas(key) => change(value),
            _ => {}
        }
    }
}

fn holds_schemas(key: &str) -> bool {
    IN_PLACE.contains(&key) || WITHIN.contains(&key)
}

/// Says why a schema cannot be taken, if so.
pub(super) fn check(root: &Value) -> Result<(), String> {
    let mut places = PLACES;
    let mut patterns = PATTERNS;
    plain(root, 0, true, &mut patterns)?;
    written_out(root, root, &mut vec![(root, 0)], 0, &mut places)
}

/// Only references that lead to a place of the schema itself, and not too many patterns.
fn plain(schema: &Value, depth: usize, top: bool, patterns: &mut usize) -> Result<(), String> {
    if depth > DEPTH {
        return Err(format!("it nests deeper than {DEPTH}"));
    }
    for word in ["$dynamicRef", "$recursiveRef", "$dynamicAnchor", "$recursiveAnchor", "$anchor", "$id", "id"] {
        // `id` is a keyword of draft 4 alone, and then a string.
        if schema.get(word).is_some_and(Value::is_string) && !(top && word.ends_with("id")) {
            return Err(format!("`{word}` within it is not supported; refer to places as `#/$defs/name`"));
        }
    }
    let named = schema.get("patternProperties").and_then(Value::as_object).map_or(0, |named| named.len());
    let own = named + usize::from(schema.get("pattern").is_some());
    *patterns = patterns.checked_sub(own).ok_or_else(|| format!("it has more than {PATTERNS} patterns"))?;
    below(schema).try_for_each(|(_, sub)| plain(sub, depth + 1, false, patterns))
}

/// Counts the places of a schema with references written out, up to those that lead back to where they are.
fn written_out<'a>(
    root: &'a Value,
    schema: &'a Value,
    within: &mut Vec<(&'a Value, usize)>,
    depth: usize,
    places: &mut usize,
) -> Result<(), String> {
    *places = places.checked_sub(1).ok_or("its references make it too large")?;
    if depth > DEPTH {
        return Err(format!("it nests deeper than {DEPTH}"));
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = resolve(root, reference)
            .ok_or_else(|| format!("`$ref` `{reference}` leads to no place within it; write it as `#/$defs/name`"))?;
        // How far into the value it was met: back at the same depth, it would go round without end.
        match within.iter().find(|(seen, _)| std::ptr::eq(*seen, target)) {
            Some((_, at)) if *at == within_value(within) => return Err("it refers to itself without end".into()),
            Some(_) => {}
            None => {
                within.push((target, within_value(within)));
                written_out(root, target, within, depth + 1, places)?;
                within.pop();
            }
        }
    }
    for (key, sub) in below(schema).filter(|(key, _)| !matches!(*key, "$defs" | "definitions")) {
        let deeper = WITHIN.contains(&key);
        if deeper {
            within.push((sub, within_value(within) + 1));
        }
        written_out(root, sub, within, depth + 1, places)?;
        if deeper {
            within.pop();
        }
    }
    Ok(())
}

fn within_value(within: &[(&Value, usize)]) -> usize {
    within.last().map_or(0, |(_, depth)| *depth)
}

/// How many steps a check of this value takes at most; `None` when that is too many.
pub(super) fn steps_to_check(root: &Value, value: &Value) -> Option<usize> {
    let mut left = STEPS;
    steps(root, root, value, 0, &mut left)?;
    Some(STEPS - left)
}

fn steps(root: &Value, schema: &Value, value: &Value, level: usize, left: &mut usize) -> Option<()> {
    let Some(fields) = schema.as_object() else { return Some(()) };
    let cost = 1 + fields.get("enum").and_then(Value::as_array).map_or(0, Vec::len);
    *left = left.checked_sub(cost)?;
    if level > LEVELS {
        return None;
    }
    if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
        steps(root, resolve(root, reference)?, value, level + 1, left)?;
    }
    for (key, below) in fields {
        let mut apply = |schema: &Value, value: &Value| steps(root, schema, value, level + 1, left);
        match (key.as_str(), below, value) {
            ("properties", Value::Object(named), Value::Object(values)) => {
                for (name, value) in values {
                    named.get(name).map_or(Some(()), |schema| apply(schema, value))?;
                }
            }
            ("patternProperties", Value::Object(named), Value::Object(values)) => {
                for schema in named.values() {
                    values.values().try_for_each(|value| apply(schema, value))?;
                }
            }
            ("dependentSchemas" | "dependencies", Value::Object(named), Value::Object(_)) => {
                named.values().try_for_each(|schema| apply(schema, value))?;
            }
            ("prefixItems" | "items", Value::Array(schemas), Value::Array(values)) => {
                schemas.iter().zip(values).try_for_each(|(schema, value)| apply(schema, value))?;
            }
            (key, Value::Array(schemas), _) if IN_PLACE.contains(&key) => {
                schemas.iter().try_for_each(|schema| apply(schema, value))?;
            }
            (key, schema, _) if IN_PLACE.contains(&key) => apply(schema, value)?,
            ("additionalProperties" | "unevaluatedProperties", schema, Value::Object(values)) => {
                values.values().try_for_each(|value| apply(schema, value))?;
            }
            ("propertyNames", schema, Value::Object(values)) => {
                values.keys().try_for_each(|_| apply(schema, &Value::Null))?;
            }
            ("items" | "additionalItems" | "unevaluatedItems" | "contains", schema, Value::Array(values)) => {
                values.iter().try_for_each(|value| apply(schema, value))?;
            }
            _ => {}
        }
    }
    Some(())
}
