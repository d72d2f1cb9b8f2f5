//! Schemas of every sort, from people and from those who mean harm.

use super::*;
use serde_json::json;

fn schema(value: &Value) -> Result<Arc<Schema>, Failure> {
    compiled(&value.to_string().into())
}

fn format(value: &Value) -> Value {
    serde_json::from_str(&schema(value).unwrap().response_format).unwrap()
}

fn person() -> Value {
    json!({ "type": "object", "properties": { "name": { "type": "string" }, "age": { "type": "integer", "minimum": 0 } },
        "required": ["name", "age"], "additionalProperties": false })
}

#[test]
fn violations_are_named_with_their_place() {
    let people = schema(&json!({ "type": "array", "items": person() })).unwrap();
    assert_eq!(people.check(json!([{ "name": "a", "age": 3 }])), Ok(Checked::Whole));
    assert_eq!(people.check(json!({ "value": [] })), Ok(Checked::Unwrapped(json!([]))));
    let why = people.check(json!([{ "name": "a", "age": "3" }, { "age": -1 }])).unwrap_err();
    assert!(why.contains("at `/0/age`") && why.contains("\"integer\"") && why.contains("at `/1`"), "{why}");
    let why = people.check(json!({ "value": [7] })).unwrap_err();
    assert!(why.contains("at `/0`") && why.contains("object"), "{why}");
    let long = "x".repeat(10_000);
    let why = people.check(json!([long, 1, 2, 3, 4, 5, 6])).unwrap_err();
    assert!(why.len() < 2_000 && why.ends_with("and more"), "{why}");
}

#[test]
fn numbers_are_compared_as_numbers() {
    let whole = schema(&json!({ "type": "integer", "maximum": 5 })).unwrap();
    for (text, fits) in [("5", true), ("1.0", true), ("6", false), ("1.5", false), ("1e400", false), ("-1e3", true)] {
        assert_eq!(whole.check(serde_json::from_str(text).unwrap()).is_ok(), fits, "{text}");
    }
}

#[test]
fn what_is_no_schema_is_a_bad_request() {
    for (text, want) in [
        ("7", "is an object"),
        ("{", "no JSON"),
        (r#"{"type": "strin"}"#, "strin"),
        (r#"{"type": "string", "pattern": "("}"#, "regex"),
        (r#"{"type": "string", "pattern": "(?=a)b"}"#, "regex"),
        (r##"{"$ref": "#/$defs/none"}"##, "#/$defs/none"),
        (r#"{"$ref": "https://example.org/x.json"}"#, "within it"),
        (r#"{"$ref": "file:///etc/passwd"}"#, "within it"),
        (r#"{"properties": {"a": {"$id": "x"}}}"#, "$id"),
        (r##"{"$dynamicRef": "#x"}"##, "$dynamicRef"),
        (r#"{"$schema": "https://example.org/mine"}"#, ""),
    ] {
        let failure = compiled(&text.into()).unwrap_err();
        assert_eq!((failure.class, failure.attempts), (FailureClass::BadRequest, 0));
        assert!(failure.message.contains(want), "{text}: {failure}");
    }
    let deep = format!("{}{{}}{}", r#"{"not":"#.repeat(100), "}".repeat(100));
    assert!(compiled(&deep.into()).unwrap_err().message.contains("deeper"));
    let large = json!({ "description": "x".repeat(300_000) });
    assert!(schema(&large).unwrap_err().message.contains("256 KB"));
}

#[test]
fn hostile_references_neither_hang_nor_overflow() {
    for endless in [
        json!({ "$ref": "#" }),
        json!({ "allOf": [{ "$ref": "#" }] }),
        json!({ "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "anyOf": [{ "$ref": "#/$defs/a" }] } }, "$ref": "#/$defs/a" }),
    ] {
        let failure = schema(&endless).unwrap_err();
        assert!(failure.message.contains("without end"), "{failure}");
    }
    let doubled = |i: usize| json!({ "$ref": format!("#/$defs/a{}", i + 1) });
    let mut defs: serde_json::Map<String, Value> =
        (0..25).map(|i| (format!("a{i}"), json!({ "allOf": [doubled(i), doubled(i)] }))).collect();
    defs.insert("a25".into(), json!({ "type": "string" }));
    assert!(schema(&json!({ "$defs": defs, "$ref": "#/$defs/a0" })).unwrap_err().message.contains("too large"));
    // Each level of the value doubles the work.
    let child = json!({ "properties": { "c": { "$ref": "#" } } });
    let tree = schema(&json!({ "type": "object", "allOf": [child, child] })).unwrap();
    let nested = |levels: usize| (0..levels).fold(json!({}), |value, _| json!({ "c": value }));
    assert_eq!(tree.check(nested(5)), Ok(Checked::Whole));
    assert!(tree.check(nested(100)).unwrap_err().contains("too long"));
    // As deep as JSON is read.
    let list = schema(&json!({ "type": "array", "items": { "$ref": "#" } })).unwrap();
    let deep = "[".repeat(126) + &"]".repeat(126);
    assert_eq!(list.check(serde_json::from_str(&deep).unwrap()), Ok(Checked::Whole));
}

#[test]
fn a_check_at_its_deepest_fits_a_stack() {
    // Four levels of the schema for each of the value's.
    let nested = json!({ "allOf": [{ "allOf": [{ "type": "array", "items": { "$ref": "#" } }] }] });
    let schema = schema(&nested).unwrap();
    let list = |depth: usize| serde_json::from_str(&("[".repeat(depth) + &"]".repeat(depth))).unwrap();
    assert_eq!(schema.check(list(120)), Ok(Checked::Whole));
    let deeper = json!({ "allOf": [{ "anyOf": [{ "allOf": [nested] }] }] });
    assert!(self::schema(&deeper).unwrap().check(list(120)).unwrap_err().contains("too long"));
}

#[test]
fn a_great_many_violations_take_no_great_memory() {
    let schema = schema(&json!({ "type": "array", "items": { "type": "string" } })).unwrap();
    let why = schema.check(Value::from(vec![7; 1_000_000])).unwrap_err();
    assert!(why.contains("at `/0`") && why.len() < 100, "{why}");
    assert!(schema.check(Value::from(vec![7; 6_000_000])).unwrap_err().contains("too long"));
}

#[test]
fn patterns_take_linear_time() {
    let slow = schema(&json!({ "type": "string", "pattern": "^(a+)+$" })).unwrap();
    assert!(slow.check(Value::from("a".repeat(100_000) + "b")).is_err());
    assert!(slow.check(Value::from("a".repeat(100_000))).is_ok());
    assert!(schema(&json!({ "pattern": "((a{1000}){1000}){1000}" })).is_err());
    let many: Vec<Value> = (0..100).map(|i| json!({ "pattern": format!("^{i}$") })).collect();
    assert!(schema(&json!({ "anyOf": many })).unwrap_err().message.contains("64 patterns"));
}

#[test]
fn a_schema_is_compiled_once() {
    let text: Text = r#"{"title": "once", "type": "object"}"#.into();
    let first = compiled(&text).unwrap();
    assert!(Arc::ptr_eq(&first, &compiled(&text).unwrap()));
    for i in 0..2 * KEPT {
        compiled(&json!({ "title": format!("other {i}") }).to_string().into()).unwrap();
    }
    assert!(COMPILED.lock().unwrap().len() <= KEPT);
    assert!(compiled(&text).is_ok());
}

#[test]
fn strict_is_said_where_its_rules_are_kept() {
    let person = person();
    let wanted =
        json!({ "type": "json_schema", "json_schema": { "name": "answer", "schema": person, "strict": true } });
    assert_eq!(format(&person), wanted);
    for (path, value) in [
        ("required", json!(["name"])),
        ("additionalProperties", json!(true)),
        ("minProperties", json!(1)),
        ("properties", json!({ "name": { "type": "string", "minLength": 1 }, "age": { "type": "integer" } })),
        ("properties", json!({ "name": {}, "age": { "type": "integer" } })),
        ("properties", json!({ "name": { "type": "object" }, "age": { "type": "integer" } })),
        ("properties", json!({ "name": { "type": "string", "format": "colour" }, "age": { "type": "integer" } })),
    ] {
        let mut loose = person.clone();
        loose[path] = value;
        assert!(format(&loose)["json_schema"].get("strict").is_none(), "{loose}");
    }
}

#[test]
fn a_top_that_is_no_object_is_wrapped_and_its_references_follow() {
    let tree = json!({ "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": { "node": { "type": "object", "properties": { "next": { "anyOf": [
            { "$ref": "#/$defs/node" }, { "type": "null" }] } }, "required": ["next"], "additionalProperties": false } },
        "type": "array", "items": { "anyOf": [{ "$ref": "#/$defs/node" }, { "$ref": "#" }] } });
    let format = format(&tree);
    let schema = &format["json_schema"]["schema"];
    assert_eq!((&format["json_schema"]["strict"], &schema["required"]), (&json!(true), &json!(["value"])));
    let value = &schema["properties"]["value"];
    assert_eq!(value["items"]["anyOf"], json!([{ "$ref": "#/$defs/node" }, { "$ref": "#/properties/value" }]));
    assert!(schema["$defs"]["node"].is_object() && value.get("$defs").is_none() && value.get("$schema").is_none());
    let wrapped = validator(schema).unwrap();
    assert!(wrapped.is_valid(&json!({ "value": [{ "next": { "next": null } }, [[]]] })));
    assert!(!wrapped.is_valid(&json!({ "value": [{ "next": 1 }] })));
}
