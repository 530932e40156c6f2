//! Fields of JSON objects.

use serde_json::Value;

/// The field `name` of `value`, or null.
pub(crate) fn field<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// Sets the field `name` of `value`, if it is an object.
pub(crate) fn set(value: &mut Value, name: &str, new: impl Into<Value>) {
    if let Value::Object(fields) = value {
        fields.insert(name.to_owned(), new.into());
    }
}
