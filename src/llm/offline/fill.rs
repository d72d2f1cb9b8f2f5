//! A value that fits a JSON Schema, made of sentences of the data: strings say them, numbers are found in them.
//!
//! As far as it goes: what `not`, `if` and their like ask for is left to chance, and the answer is checked afterwards.
//! Not here: which sentences.

use super::shape::first_number;
use crate::llm::schema::{matches, resolve};
use serde_json::{Map, Number, Value, json};

/// From this depth on only what is required is filled in; below the second one, nothing nests any more.
const SPARING: usize = 6;
const BOTTOM: usize = 40;

/// How many elements a list has at most, unless it must have more; and at the very most.
const ELEMENTS: usize = 5;
const MOST: usize = 1_000;

/// How many values are made in all: references can ask for more than there is time for.
const VALUES: usize = 20_000;

/// Makes values for one schema.
pub(super) struct Filler<'a> {
    root: &'a Value,
    /// The best sentences, in the order of the data; one per element of a list.
    sentences: &'a [&'a str],
    left: usize,
}

impl<'a> Filler<'a> {
    pub(super) fn new(root: &'a Value, sentences: &'a [&'a str]) -> Self {
        Self { root, sentences, left: VALUES }
    }

    /// A value for the whole schema.
    pub(super) fn fill(&mut self) -> Value {
        self.value(self.root, &self.sentences.join(" "), 0)
    }

    fn value(&mut self, schema: &Value, sentence: &str, depth: usize) -> Value {
        self.left = self.left.saturating_sub(1);
        let Some(schema) = self.plain(schema, depth, 0) else { return Value::from(sentence) };
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return choose(values, &schema, sentence);
        }
        match kind(&schema, depth) {
            "object" => self.object(&schema, sentence, depth),
            "array" => self.array(&schema, sentence, depth),
            "integer" => number(&schema, sentence, true),
            "number" => number(&schema, sentence, false),
            "boolean" => Value::Bool(true),
            "null" => Value::Null,
            _ => string(&schema, sentence),
        }
    }

    /// A schema with its references followed, its parts merged and a choice taken. `None` when anything will do.
    fn plain(&self, schema: &Value, depth: usize, hops: usize) -> Option<Map<String, Value>> {
        let mut merged = schema.as_object()?.clone();
        if hops > BOTTOM {
            return Some(merged);
        }
        let mut parts: Vec<Value> = Vec::new();
        if let Some(Value::String(reference)) = merged.remove("$ref") {
            parts.extend(resolve(self.root, &reference).cloned());
        }
        if let Some(Value::Array(all)) = merged.remove("allOf") {
            parts.extend(all);
        }
        for word in ["anyOf", "oneOf"] {
            if let Some(Value::Array(options)) = merged.remove(word) {
                let is_null = |option: &&Value| option.get("type").is_some_and(|t| t == "null");
                let nests = |option: &&Value| option.get("$ref").is_some() || option.get("properties").is_some();
                // Something rather than nothing, until it goes on for too long.
                let option = match depth < SPARING {
                    true => options.iter().find(|option| !is_null(option)),
                    false => options.iter().find(is_null).or_else(|| options.iter().find(|option| !nests(option))),
                };
                parts.extend(option.or(options.first()).cloned());
            }
        }
        for part in parts {
            for (key, value) in self.plain(&part, depth, hops + 1).unwrap_or_default() {
                match (merged.get_mut(&key), value) {
                    (Some(Value::Object(named)), Value::Object(more)) if key == "properties" => named.extend(more),
                    (Some(Value::Array(names)), Value::Array(more)) if key == "required" => names.extend(more),
                    (_, value) => drop(merged.insert(key, value)),
                }
            }
        }
        Some(merged)
    }

    fn object(&mut self, schema: &Map<String, Value>, sentence: &str, depth: usize) -> Value {
        let properties = schema.get("properties").and_then(Value::as_object);
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let mut filled = Map::new();
        for (name, part) in properties.into_iter().flatten() {
            let needed = required.contains(&name.as_str());
            if needed && depth < BOTTOM && self.left > 0 || depth < SPARING && self.left > VALUES / 2 && *part != false
            {
                filled.insert(name.clone(), self.value(part, sentence, depth + 1));
            }
        }
        let others = schema.get("additionalProperties").cloned().unwrap_or(Value::Bool(true));
        for name in required {
            if !filled.contains_key(name) && depth < BOTTOM && self.left > 0 {
                let value = self.value(&others, sentence, depth + 1);
                filled.insert(name.into(), value);
            }
        }
        let least = bound(schema, "minProperties").unwrap_or(0).min(MOST);
        for i in filled.len()..least.max(filled.len()) {
            filled.insert(format!("key{i}"), self.value(&others, sentence, depth + 1));
        }
        filled.into()
    }

    fn array(&mut self, schema: &Map<String, Value>, sentence: &str, depth: usize) -> Value {
        let first = schema.get("prefixItems").or(schema.get("items").filter(|items| items.is_array()));
        let first = first.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let any = Value::Bool(true);
        let rest = schema.get("items").filter(|items| !items.is_array()).or(schema.get("additionalItems"));
        let rest = rest.unwrap_or(schema.get("contains").unwrap_or(&any));
        let (least, most) = (bound(schema, "minItems").unwrap_or(0), bound(schema, "maxItems").unwrap_or(usize::MAX));
        // A list within a list's element says that element's sentence.
        let wanted = match depth {
            _ if depth >= SPARING || *rest == false => first.len(),
            0 | 1 => self.sentences.len().min(ELEMENTS).max(first.len()),
            _ => 1.max(first.len()),
        };
        let contained = usize::from(schema.contains_key("contains"));
        let size = wanted.max(least).max(contained).min(most).min(MOST);
        let unique = schema.get("uniqueItems").is_some_and(|u| *u == true);
        let mut filled: Vec<Value> = Vec::new();
        for i in 0..size {
            if self.left == 0 || depth >= BOTTOM {
                break;
            }
            let own = if depth <= 1 { self.sentences.get(i).copied().unwrap_or(sentence) } else { sentence };
            let mut value = self.value(first.get(i).unwrap_or(rest), own, depth + 1);
            if unique && filled.contains(&value) {
                match another(&value, rest, &filled, i) {
                    Some(other) => value = other,
                    None => break,
                }
            }
            filled.push(value);
        }
        filled.into()
    }
}

/// A value like this one that is not among those that are there.
fn another(value: &Value, schema: &Value, there: &[Value], i: usize) -> Option<Value> {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values.iter().find(|v| !there.contains(v)).cloned();
    }
    let other = match value {
        Value::String(s) => Value::from(format!("{s} ({})", i + 1)),
        Value::Number(n) => Value::from(n.as_i64()? + i as i64),
        _ => return None,
    };
    (!there.contains(&other)).then_some(other)
}

/// The type to make: the first that says something, while that may nest.
fn kind(schema: &Map<String, Value>, depth: usize) -> &str {
    let has = |words: &[&str]| words.iter().any(|word| schema.contains_key(*word));
    match schema.get("type") {
        Some(Value::String(one)) => one,
        Some(Value::Array(types)) => {
            let nothing = || types.iter().any(|t| t == "null").then_some("null");
            let first = || types.iter().filter_map(Value::as_str).find(|name| *name != "null");
            if depth < SPARING { first().or_else(nothing) } else { nothing().or_else(first) }.unwrap_or("string")
        }
        _ if has(&["properties", "required", "additionalProperties", "minProperties"]) => "object",
        _ if has(&["items", "prefixItems", "minItems", "maxItems", "contains"]) => "array",
        _ if has(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]) => "number",
        _ => "string",
    }
}

/// The value of an enum that the sentence names; else the first of the asked type.
fn choose(values: &[Value], schema: &Map<String, Value>, sentence: &str) -> Value {
    let fits = |value: &&Value| {
        let name = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(n) if n.is_i64() || n.is_u64() => "integer",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let is = |t: &Value| t == name || t == "number" && name == "integer";
        schema.get("type").is_none_or(|t| t.as_array().map_or(is(t), |types| types.iter().any(is)))
    };
    let lower = sentence.to_lowercase();
    let named = |value: &&Value| value.as_str().is_some_and(|s| !s.is_empty() && lower.contains(&s.to_lowercase()));
    let fitting = || values.iter().filter(fits);
    fitting().find(named).or_else(|| fitting().next()).or(values.first()).cloned().unwrap_or_default()
}

fn bound(schema: &Map<String, Value>, name: &str) -> Option<usize> {
    schema.get(name)?.as_f64().map(|n| n as usize)
}

/// The sentence's first number, moved to where the schema wants it.
fn number(schema: &Map<String, Value>, sentence: &str, whole: bool) -> Value {
    let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
    let step = limit("multipleOf").filter(|m| *m > 0.0).or(whole.then_some(1.0));
    let apart = step.unwrap_or(1.0);
    // In draft 4 the exclusive bounds are flags.
    let flag = |name: &str| schema.get(name).is_some_and(|v| *v == true);
    let least = match limit("exclusiveMinimum").or(limit("minimum").filter(|_| flag("exclusiveMinimum"))) {
        Some(x) => Some((x, true)),
        None => limit("minimum").map(|x| (x, false)),
    };
    let most = match limit("exclusiveMaximum").or(limit("maximum").filter(|_| flag("exclusiveMaximum"))) {
        Some(x) => Some((x, true)),
        None => limit("maximum").map(|x| (x, false)),
    };
    let mut x: f64 = first_number(sentence).parse().unwrap_or(0.0);
    let over = |x: f64| most.is_some_and(|(m, out)| x > m || out && x >= m);
    let under = |x: f64| least.is_some_and(|(m, out)| x < m || out && x <= m);
    if let Some(step) = step {
        x = (x / step).floor() * step;
    }
    if over(x) {
        x = most.map_or(x, |(m, _)| step.map_or(m, |s| (m / s).floor() * s));
        if over(x) {
            // Half-way to the other bound, where there is no step to take.
            x = match (step, least) {
                (None, Some((low, _))) => (x + low) / 2.0,
                _ => x - apart,
            };
        }
    }
    if under(x) {
        x = least.map_or(x, |(m, _)| step.map_or(m, |s| (m / s).ceil() * s));
        if under(x) {
            x = match (step, most) {
                (None, Some((high, _))) => (x + high) / 2.0,
                _ => x + apart,
            };
        }
    }
    if x.fract() == 0.0 && x.abs() < 9e15 {
        json!(x as i64)
    } else {
        Number::from_f64(x).map_or(json!(0), Value::Number)
    }
}

/// The sentence, or what the schema asks for beside it.
fn string(schema: &Map<String, Value>, sentence: &str) -> Value {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let sample = match format {
        "date" => "2000-01-01",
        "time" => "00:00:00Z",
        "date-time" => "2000-01-01T00:00:00Z",
        "duration" => "PT0S",
        "email" | "idn-email" => "nobody@example.org",
        "hostname" | "idn-hostname" => "example.org",
        "uri" | "iri" | "uri-reference" => "https://example.org/",
        "uuid" => "00000000-0000-0000-0000-000000000000",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        _ => "",
    };
    let mut text = if sample.is_empty() { sentence.to_owned() } else { sample.to_owned() };
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
        && !matches(pattern, &text)
    {
        let samples = ["", "a", "A", "0", "00", "000", "0000", "AA", "AAA", "a@example.org", "2000-01-01", "#000000"];
        let words = sentence.split(|c: char| !c.is_alphanumeric() && c != '-').filter(|w| !w.is_empty());
        if let Some(fitting) = words.take(50).chain(samples).find(|word| matches(pattern, word)) {
            text = fitting.to_owned();
        }
    }
    let (least, most) = (bound(schema, "minLength").unwrap_or(0), bound(schema, "maxLength").unwrap_or(usize::MAX));
    if let Some((cut, _)) = text.char_indices().nth(most) {
        text.truncate(cut);
    }
    let length = text.chars().count();
    if length < least {
        text.extend(std::iter::repeat_n('.', (least - length).min(100_000)));
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::schema::compiled;

    const SAID: [&str; 3] =
        ["In May the Acme K2 kettle was recalled after 1,200 fires.", "Bolt sells lamps.", "The end is high."];

    fn filled(schema: Value) -> Value {
        let value = Filler::new(&schema, &SAID).fill();
        let checked = compiled(&schema.to_string().into()).unwrap().check(value.clone());
        assert!(checked.is_ok(), "{checked:?} {value} {schema}");
        value
    }

    #[test]
    fn common_schemas_are_filled_with_what_the_data_say() {
        let schema = json!({
            "$defs": { "finding": { "type": "object",
                "properties": { "what": { "type": "string" }, "count": { "type": "integer" },
                    "severity": { "enum": ["low", "medium", "high"] }, "note": { "type": ["null", "string"] } },
                "required": ["what", "count", "severity", "note"], "additionalProperties": false } },
            "type": "object",
            "properties": { "findings": { "type": "array", "items": { "$ref": "#/$defs/finding" } },
                "kind": { "const": "report" }, "sure": { "type": "boolean" } },
            "required": ["findings", "kind", "sure"], "additionalProperties": false });
        let value = filled(schema);
        assert_eq!((&value["kind"], &value["sure"]), (&json!("report"), &json!(true)));
        let findings = value["findings"].as_array().unwrap();
        assert_eq!((findings.len(), &findings[0]["what"], &findings[0]["count"]), (3, &json!(SAID[0]), &json!(1200)));
        assert_eq!((&findings[2]["severity"], &findings[1]["severity"]), (&json!("high"), &json!("low")));
    }

    #[test]
    fn bounds_are_kept() {
        for schema in [
            json!({ "type": "integer", "maximum": 5 }),
            json!({ "type": "integer", "exclusiveMinimum": 5000 }),
            json!({ "type": "number", "minimum": 0, "maximum": 1 }),
            json!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1 }),
            json!({ "type": "integer", "multipleOf": 7, "minimum": 10_000 }),
            json!({ "type": "integer", "exclusiveMaximum": -3 }),
            json!({ "type": "string", "maxLength": 5 }),
            json!({ "type": "string", "minLength": 500 }),
            json!({ "type": "string", "pattern": "^[A-Z]\\d$" }),
            json!({ "type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}$" }),
            json!({ "type": "string", "format": "date-time" }),
            json!({ "type": "array", "minItems": 8, "items": { "type": "integer" } }),
            json!({ "type": "array", "maxItems": 1, "items": { "type": "string" } }),
            json!({ "type": "array", "minItems": 4, "uniqueItems": true, "items": { "type": "integer" } }),
            json!({ "type": "array", "minItems": 2, "uniqueItems": true, "items": { "enum": ["a", "b"] } }),
            json!({ "type": "array", "prefixItems": [{ "type": "null" }, { "type": "boolean" }], "items": false }),
            json!({ "type": "object", "minProperties": 2, "additionalProperties": { "type": "number" } }),
            json!({ "required": ["a"] }),
            json!({ "enum": [null, 3] }),
            json!({ "type": "null" }),
            json!({ "anyOf": [{ "type": "null" }, { "type": "array", "items": { "type": "string" } }] }),
            json!({ "oneOf": [{ "type": "string" }, { "type": "integer" }] }),
            json!({ "allOf": [{ "properties": { "a": { "type": "integer" } }, "required": ["a"] },
                { "properties": { "b": { "type": "string" } }, "required": ["b"] }] }),
            json!(true),
            json!({}),
        ] {
            filled(schema);
        }
    }

    #[test]
    fn references_to_itself_end() {
        let tree = json!({ "$defs": { "node": { "type": "object", "properties": {
                "name": { "type": "string" },
                "left": { "anyOf": [{ "$ref": "#/$defs/node" }, { "type": "null" }] },
                "right": { "anyOf": [{ "$ref": "#/$defs/node" }, { "type": "null" }] },
                "children": { "type": "array", "items": { "$ref": "#/$defs/node" } } },
            "required": ["name", "left", "right", "children"] } }, "$ref": "#/$defs/node" });
        filled(tree);
        // No finite value fits this one: what matters is that the filling ends.
        let endless = json!({ "type": "object", "properties": { "a": { "$ref": "#" }, "b": { "$ref": "#" } },
            "required": ["a", "b"] });
        Filler::new(&endless, &SAID).fill();
    }
}
