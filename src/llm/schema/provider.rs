//! A schema as providers' structured output takes it: <https://platform.openai.com/docs/guides/structured-outputs>.
//!
//! The top must be an object; strict mode wants every property required and knows a part of JSON Schema alone. Not
//! here: whether a server has structured output at all.

use super::{bounds::each_below, closed};
use serde_json::{Map, Value, json};

/// The property that a schema without an object at its top is wrapped in.
pub(super) const VALUE: &str = "value";

/// What strict mode takes, apart from what stands at the top for references.
const KEYWORDS: [&str; 22] = [
    "$ref",
    "type",
    "enum",
    "const",
    "anyOf",
    "title",
    "description",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "minItems",
    "maxItems",
    "pattern",
    "format",
    "multipleOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "$defs",
    "definitions",
];

const FORMATS: [&str; 9] = ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/// How deep strict mode lets schemas nest, how many properties and enum values it takes in all: OpenAI's first limits,
/// which others kept.
const DEPTH: usize = 5;
const PROPERTIES: usize = 100;
const VALUES: usize = 500;

/// A schema in each provider's notation.
pub(super) struct Forms {
    /// Whether it is wrapped in an object.
    pub(super) wrapped: bool,
    /// OpenAI's `response_format`.
    pub(super) response_format: String,
    /// The schema itself.
    pub(super) plain: String,
    /// The schema as a grammar takes it, if one can.
    pub(super) closed: Option<String>,
}

/// What providers are sent for a schema.
pub(super) fn forms(root: &Value) -> Forms {
    let mut schema = root.clone();
    if let Value::Object(fields) = &mut schema {
        ["$schema", "$id", "id"].iter().for_each(|word| drop(fields.remove(*word)));
    }
    let wrapped = !is_object(&schema);
    if wrapped {
        schema = wrap(schema);
    }
    let plain = schema.to_string();
    let closed = closed::closed(&schema).map(|schema| schema.to_string());
    let mut format = json!({ "name": "answer", "schema": schema });
    if strict(&format["schema"]) {
        format["strict"] = true.into();
    }
    let response_format = json!({ "type": "json_schema", "json_schema": format }).to_string();
    Forms { wrapped, response_format, plain, closed }
}

fn is_object(schema: &Value) -> bool {
    let mixed = ["anyOf", "oneOf", "allOf", "not", "enum", "const", "$ref"].iter().any(|w| schema.get(w).is_some());
    schema.get("type").is_some_and(|t| t == "object") && !mixed
}

/// Puts a schema into an object. Definitions move to the new top, and other references follow what they named.
fn wrap(mut schema: Value) -> Value {
    follow(&mut schema);
    let mut top = Map::new();
    for word in ["$defs", "definitions"] {
        if let Some(defs) = schema.as_object_mut().and_then(|fields| fields.remove(word)) {
            top.insert(word.into(), defs);
        }
    }
    top.insert("type".into(), "object".into());
    top.insert("properties".into(), json!({ VALUE: schema }));
    top.insert("required".into(), json!([VALUE]));
    top.insert("additionalProperties".into(), false.into());
    top.into()
}

fn follow(schema: &mut Value) {
    if let Some(Value::String(reference)) = schema.get_mut("$ref")
        && !reference.starts_with("#/$defs/")
        && !reference.starts_with("#/definitions/")
        && let Some(place) = reference.strip_prefix('#')
    {
        *reference = format!("#/properties/{VALUE}{place}");
    }
    each_below(schema, &mut follow);
}

/// What strict mode still takes.
struct Room {
    properties: usize,
    values: usize,
}

/// Whether a schema keeps to the rules of strict mode.
fn strict(schema: &Value) -> bool {
    strict_part(schema, DEPTH, &mut Room { properties: PROPERTIES, values: VALUES }).is_some()
}

fn strict_part(schema: &Value, depth: usize, room: &mut Room) -> Option<()> {
    let fields = schema.as_object()?;
    let known = fields.keys().all(|key| KEYWORDS.contains(&key.as_str()));
    let told = ["type", "$ref", "anyOf", "enum", "const"].iter().any(|key| fields.contains_key(*key));
    let format = fields.get("format").is_none_or(|f| f.as_str().is_some_and(|f| FORMATS.contains(&f)));
    if !known || !told || !format {
        return None;
    }
    if let Some(values) = fields.get("enum") {
        room.values = room.values.checked_sub(values.as_array()?.len())?;
    }
    let is = |name: &str| match fields.get("type") {
        Some(Value::Array(types)) => types.iter().any(|t| t == name),
        Some(one) => one == name,
        None => false,
    };
    if is("object") || fields.contains_key("properties") {
        let depth = depth.checked_sub(1)?;
        let properties = fields.get("properties")?.as_object()?;
        let required = fields.get("required")?.as_array()?;
        if fields.get("additionalProperties")? != false || !properties.keys().all(|k| required.iter().any(|r| r == k)) {
            return None;
        }
        room.properties = room.properties.checked_sub(properties.len())?;
        properties.values().try_for_each(|part| strict_part(part, depth, room))?;
    }
    if is("array") {
        strict_part(fields.get("items")?, depth.checked_sub(1)?, room)?;
    }
    for part in fields.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        strict_part(part, depth, room)?;
    }
    for word in ["$defs", "definitions"] {
        for part in fields.get(word).and_then(Value::as_object).into_iter().flat_map(Map::values) {
            strict_part(part, depth, room)?;
        }
    }
    Some(())
}
