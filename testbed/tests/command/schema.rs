//! Compares a value with a JSON schema. Only the keywords that this project's schemas use are known; any other fails, so that no schema
//! says more than is compared.

use serde_json::Value;

/// Where a value is not as the schema says; empty if it is everywhere.
pub(crate) fn differences(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(schema, schema, value, "$", &mut found);
    found
}

fn compare(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (keyword, stated) in schema.as_object().expect("a schema is an object") {
        match keyword.as_str() {
            "$schema" | "title" | "description" | "$defs" => {}
            "$ref" => {
                let path =
                    stated.as_str().and_then(|path| path.strip_prefix('#')).expect("references stay in the file");
                compare(root, root.pointer(path).expect("references lead somewhere"), value, at, found);
            }
            "type" => {
                let names: Vec<&str> = match stated {
                    Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
                    one => one.as_str().into_iter().collect(),
                };
                if !names.iter().any(|name| is(name, value)) {
                    found.push(format!("{at}: {value} is no {}", names.join(" or ")));
                }
            }
            "const" if value != stated => found.push(format!("{at}: {value} is not {stated}")),
            "enum" if !stated.as_array().expect("it is a list").contains(value) => {
                found.push(format!("{at}: {value} is not one of {stated}"));
            }
            "minimum" if value.as_i64() < stated.as_i64() => found.push(format!("{at}: {value} is less than {stated}")),
            "const" | "enum" | "minimum" => {}
            "required" => {
                for name in stated.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    if value.is_object() && value.get(name).is_none() {
                        found.push(format!("{at}: {name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = stated.get(name) {
                        compare(root, schema, member, &format!("{at}.{name}"), found);
                    }
                }
            }
            "additionalProperties" => {
                let known = schema.get("properties");
                for name in value.as_object().into_iter().flatten().map(|(name, _)| name) {
                    if known.and_then(|known| known.get(name)).is_none() {
                        found.push(format!("{at}: there is no member {name}"));
                    }
                }
            }
            "items" => {
                for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                    compare(root, stated, item, &format!("{at}[{number}]"), found);
                }
            }
            other => panic!("the keyword {other} is not compared"),
        }
    }
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not compared"),
    }
}

#[test]
fn what_a_schema_forbids_is_found() {
    let schema = serde_json::json!({
        "type": "object", "required": ["a", "b"], "additionalProperties": false,
        "properties": { "a": { "$ref": "#/$defs/n" }, "b": { "type": "array", "items": { "enum": ["x"] } } },
        "$defs": { "n": { "type": "integer", "minimum": 1 } },
    });
    assert_eq!(differences(&schema, &serde_json::json!({ "a": 1, "b": ["x"] })), Vec::<String>::new());
    let other = serde_json::json!({ "a": 0, "c": 1 });
    assert_eq!(differences(&schema, &other), ["$: there is no member c", "$.a: 0 is less than 1", "$: b is missing"]);
    assert_eq!(differences(&schema, &serde_json::json!({ "a": "1", "b": ["y"] })).len(), 3);
}
