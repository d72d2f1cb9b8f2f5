//! A schema as Anthropic's structured outputs take it: <https://docs.claude.com/en/docs/build-with-claude/structured-outputs>.
//!
//! A grammar is made of it, so every object must be closed and nothing may refer to itself. What a grammar cannot say,
//! such as bounds on numbers, is left out: the answer is checked against the whole schema anyway. Not here: that check.

use serde_json::{Map, Value, json};

/// What is kept as it is.
const PLAIN: [&str; 6] = ["type", "enum", "const", "title", "description", "$ref"];

const FORMATS: [&str; 10] =
    ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];

/// The schema with its objects closed; `None` when it means objects that cannot be, or refers to itself.
pub(super) fn closed(root: &Value) -> Option<Value> {
    if refers_to_itself(root, root, &mut Vec::new()) {
        return None;
    }
    part(root)
}

fn part(schema: &Value) -> Option<Value> {
    let fields = schema.as_object()?;
    let mut out = Map::new();
    for word in PLAIN {
        if let Some(value) = fields.get(word) {
            out.insert(word.into(), value.clone());
        }
    }
    if let Some(format) = fields.get("format").filter(|f| f.as_str().is_some_and(|f| FORMATS.contains(&f))) {
        out.insert("format".into(), format.clone());
    }
    // An answer that fits one alone fits one of them.
    for (word, as_word) in [("anyOf", "anyOf"), ("oneOf", "anyOf"), ("allOf", "allOf")] {
        if let Some(parts) = fields.get(word) {
            let parts: Option<Vec<Value>> = parts.as_array()?.iter().map(part).collect();
            if out.insert(as_word.into(), parts?.into()).is_some() {
                return None;
            }
        }
    }
    for word in ["$defs", "definitions"] {
        if let Some(parts) = fields.get(word) {
            out.insert(word.into(), named(parts)?);
        }
    }
    if let Some(items) = fields.get("items") {
        out.insert("items".into(), part(items)?);
    }
    let object = match fields.get("type") {
        Some(Value::Array(types)) => types.iter().any(|t| t == "object"),
        Some(one) => one == "object",
        None => fields.contains_key("properties"),
    };
    if object {
        let open = fields.get("additionalProperties").is_some_and(|a| a != false);
        let properties = fields.get("properties").and_then(Value::as_object).filter(|p| !p.is_empty())?;
        if open || fields.contains_key("patternProperties") {
            return None;
        }
        out.insert("properties".into(), named(&json!(properties))?);
        if let Some(required) = fields.get("required") {
            out.insert("required".into(), required.clone());
        }
        out.insert("additionalProperties".into(), false.into());
    }
    // A schema that allows anything is no grammar.
    let told = ["type", "enum", "const", "$ref", "anyOf", "allOf"].iter().any(|word| out.contains_key(*word));
    told.then(|| out.into())
}

fn named(parts: &Value) -> Option<Value> {
    let parts = parts.as_object()?.iter().map(|(name, schema)| Some((name.clone(), part(schema)?)));
    parts.collect::<Option<Map<String, Value>>>().map(Value::from)
}

/// Whether following references comes round to one that is being followed, or leads elsewhere.
fn refers_to_itself<'a>(root: &'a Value, schema: &'a Value, above: &mut Vec<&'a str>) -> bool {
    match schema {
        Value::Array(parts) => parts.iter().any(|part| refers_to_itself(root, part, above)),
        Value::Object(fields) => fields.iter().any(|(word, part)| {
            if word != "$ref" {
                return refers_to_itself(root, part, above);
            }
            let Some(reference) = part.as_str() else { return false };
            // Chains this long are no schema that a grammar could be made of in reasonable time.
            if above.contains(&reference) || above.len() > 16 {
                return true;
            }
            let Some(target) = super::resolve(root, reference) else { return true };
            above.push(reference);
            let found = refers_to_itself(root, target, above);
            above.pop();
            found
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_closed_and_what_no_grammar_says_is_left_out() {
        let schema = json!({ "$schema": "x", "type": "object", "minProperties": 1, "properties": {
            "n": { "type": "integer", "minimum": 3, "description": "how many" },
            "when": { "type": ["string", "null"], "format": "date" },
            "odd": { "type": "string", "format": "regex", "pattern": "^a", "maxLength": 9 },
            "list": { "type": "array", "items": { "$ref": "#/$defs/one" }, "minItems": 4 },
            "either": { "oneOf": [{ "const": 1 }, { "enum": ["a"] }] } },
            "required": ["n"], "$defs": { "one": { "properties": { "x": { "type": "null" } } } } });
        let wanted = json!({ "type": "object", "properties": {
            "n": { "type": "integer", "description": "how many" },
            "when": { "type": ["string", "null"], "format": "date" },
            "odd": { "type": "string" },
            "list": { "type": "array", "items": { "$ref": "#/$defs/one" } },
            "either": { "anyOf": [{ "const": 1 }, { "enum": ["a"] }] } },
            "required": ["n"], "additionalProperties": false,
            "$defs": { "one": { "properties": { "x": { "type": "null" } }, "additionalProperties": false } } });
        let got = closed(&schema);
        // A definition without a type allows anything: the whole of it is asked for in words.
        assert_eq!(got, None);
        let mut typed = schema;
        typed["$defs"]["one"]["type"] = "object".into();
        let mut wanted = wanted;
        wanted["$defs"]["one"]["type"] = "object".into();
        assert_eq!(closed(&typed), Some(wanted));
    }

    #[test]
    fn open_objects_and_circles_have_no_closed_form() {
        for open in [
            json!({ "type": "object" }),
            json!({ "type": "object", "properties": { "a": true } }),
            json!({ "type": "object", "properties": { "a": {} } }),
            json!({ "type": "object", "properties": { "a": { "type": "null" } }, "additionalProperties": true }),
            json!({ "type": "object", "properties": { "a": { "type": "null" } }, "patternProperties": {} }),
            json!({ "type": "object", "properties": { "a": { "$ref": "#" } } }),
            json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/a" } }, "$defs": { "a": {
                "type": "array", "items": { "$ref": "#/$defs/a" } } } }),
            json!({ "type": "object", "properties": { "a": { "$ref": "https://h/a" } } }),
            json!(true),
        ] {
            assert_eq!(closed(&open), None, "{open}");
        }
    }
}
