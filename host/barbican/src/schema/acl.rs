//! An ACL as a client writes it (`ACLValidator`).

use super::{Invalid, Schema, Type, validate, without_nul};
use crate::json::Value;
use crate::json::quoted;

const NAME: &str = "ACL";

static USER: Schema = Schema { max_length: Some(255), ..Schema::of(&[Type::String]) };

static OPERATION: &[(&str, Schema)] = &[
    ("users", Schema { items: Some(&USER), only_first_item: true, ..Schema::of(&[Type::Array]) }),
    ("project-access", Schema::of(&[Type::Boolean])),
];

static BODY: Schema = Schema {
    properties: &[("read", Schema { properties: OPERATION, closed: true, ..Schema::of(&[Type::Object]) })],
    closed: true,
    ..Schema::of(&[Type::Object])
};

static ITEM: Schema = Schema {
    properties: &[("read", Schema { max_length: Some(255), ..Schema::of(&[Type::String]) })],
    ..Schema::of(&[Type::Object])
};

/// What a client writes about reading, the one operation that there is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestBody {
    /// Absent leaves them, or means none, by the method.
    pub users: Option<Vec<String>>,
    /// Absent leaves it, or means true, by the method.
    pub project_access: Option<bool>,
}

/// The ACL in a body whose strings are stripped. `None` where it says nothing: `{}` and `{"read": {}}`.
pub fn parse(body: &Value) -> Result<Option<RequestBody>, Invalid> {
    validate(body, &BODY, NAME)?;
    let Some(read) = body.get("read").filter(|read| !read.is_falsy()) else { return Ok(None) };
    let users = match read.get("users").and_then(Value::as_array) {
        Some(items) => Some(users(items)?),
        None => None,
    };
    Ok(Some(RequestBody { users, project_access: read.get("project-access").and_then(Value::as_bool) }))
}

/// Barbican's schema looks at the first item only; the others are held against the same words.
fn users(items: &[Value]) -> Result<Vec<String>, Invalid> {
    let mut users: Vec<String> = Vec::with_capacity(items.len());
    let mut seen = std::collections::HashSet::with_capacity(items.len());
    for item in items {
        validate(&Value::Object(vec![("read".into(), item.clone())]), &ITEM, NAME)?;
        without_nul(Some(item), NAME, "read")?;
        if let Value::String(user) = item
            && seen.insert(user.as_str())
        {
            users.push(user.clone());
        }
    }
    Ok(users)
}

/// What an entry may begin with, besides the id of a user.
const KINDS: [&str; 4] = ["user", "group", "role", "project"];

/// Refuses an entry that looks like a group, a role, a project or a user and can name none of them. Barbican takes it for
/// the id of a user, which no user has.
pub fn check_entry(entry: &str) -> Result<(), Invalid> {
    let Some((written, rest)) = entry.split_once(':') else { return Ok(()) };
    let kind = written.trim().to_ascii_lowercase();
    let name = rest.trim().trim_end_matches('@');
    let advice = match (kind.as_str(), name) {
        (kind, _) if !KINDS.contains(&kind) => return Ok(()),
        ("user", "") => "write the id of a user".to_owned(),
        ("user", id) => format!("write {}, the id alone", quoted(id)),
        (kind, "") => format!("write {kind}:, and what it is called behind it"),
        (kind, name) if written == kind && rest == name => return Ok(()),
        (kind, name) => format!("write {}", quoted(&format!("{kind}:{name}"))),
    };
    let reason = format!("{} names no user, group, role or project: {advice}", quoted(entry));
    Err(Invalid::Object { schema: NAME, reason, property: "read" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn an_entry_that_can_name_no_principal_is_refused_with_what_to_write() {
        for entry in
            ["u1", "", "role:reader", "group:g@2027-01-01T00:00:00Z", "a:b", "roles:x", "bob@", "urn:user:x"]
        {
            assert_eq!(check_entry(entry), Ok(()), "{entry}");
        }
        for (entry, advice) in [
            ("user:u1", "write 'u1', the id alone"),
            ("User: u1", "write 'u1', the id alone"),
            ("user:", "write the id of a user"),
            ("ROLE:reader", "write 'role:reader'"),
            ("role: reader", "write 'role:reader'"),
            ("role :reader", "write 'role:reader'"),
            ("role:reader@", "write 'role:reader'"),
            ("Group:g@2027-01-01T00:00:00Z", "write 'group:g@2027-01-01T00:00:00Z'"),
            ("project:", "write project:, and what it is called behind it"),
            ("group:@", "write group:, and what it is called behind it"),
        ] {
            let error = check_entry(entry).unwrap_err().to_string();
            let reason =
                format!("'{entry}' names no user, group, role or project: {advice}. Invalid property");
            assert!(error.contains(&reason), "{entry}: {error}");
        }
    }

    fn read(text: &str) -> Result<Option<RequestBody>, String> {
        let mut body = json::parse(text.as_bytes()).unwrap();
        body.strip();
        parse(&body).map_err(|error| error.to_string())
    }

    #[test]
    fn acls_are_read() {
        let users = |users: &[&str]| Some(users.iter().copied().map(String::from).collect());
        for (text, written) in [
            ("{}", None),
            (r#"{"read":{}}"#, None),
            (r#"{"read":{"users":[]}}"#, Some(RequestBody { users: users(&[]), project_access: None })),
            (
                r#"{"read":{"project-access":false}}"#,
                Some(RequestBody { users: None, project_access: Some(false) }),
            ),
            (
                r#"{"read":{"users":[" u1 ","u2\t\n","u1",""],"project-access":true}}"#,
                Some(RequestBody { users: users(&["u1", "u2", ""]), project_access: Some(true) }),
            ),
            (
                r#"{"read":{"users":["Ünï","用户","\ud83d\ude00"]}}"#,
                Some(RequestBody { users: users(&["Ünï", "用户", "😀"]), project_access: None }),
            ),
        ] {
            assert_eq!(read(text), Ok(written), "{text}");
        }
    }

    #[test]
    fn what_is_no_acl_is_refused_in_jsonschemas_words() {
        let long = "b".repeat(256);
        for (text, reason, property) in [
            ("null", "None is not of type 'object'", "None"),
            ("[]", "[] is not of type 'object'", "None"),
            (
                r#"{"write":{"users":["u1"]}}"#,
                "Additional properties are not allowed ('write' was unexpected)",
                "None",
            ),
            (
                r#"{"write":1,"list":2,"read":{"users":1}}"#,
                "Additional properties are not allowed ('list', 'write' were unexpected)",
                "None",
            ),
            (r#"{"read":null}"#, "None is not of type 'object'", "read"),
            (r#"{"read":"x"}"#, "'x' is not of type 'object'", "read"),
            (
                r#"{"read":{"groups":[]}}"#,
                "Additional properties are not allowed ('groups' was unexpected)",
                "read",
            ),
            (r#"{"read":{"users":"u1"}}"#, "'u1' is not of type 'array'", "read"),
            (r#"{"read":{"users":{"u1":1}}}"#, "{'u1': 1} is not of type 'array'", "read"),
            (r#"{"read":{"users":[true]}}"#, "True is not of type 'string'", "read"),
            (r#"{"read":{"project-access":"False"}}"#, "'False' is not of type 'boolean'", "read"),
            (r#"{"read":{"project-access":NaN}}"#, "nan is not of type 'boolean'", "read"),
            (r#"{"read":{"project-access":1}}"#, "1 is not of type 'boolean'", "read"),
            (r#"{"read":{"project-access":1,"users":2}}"#, "2 is not of type 'array'", "read"),
            (r#"{"read":{"users":["u1",1]}}"#, "1 is not of type 'string'", "read"),
            (r#"{"read":{"users":["u1",null]}}"#, "None is not of type 'string'", "read"),
            (r#"{"read":{"users":["u1",{}]}}"#, "{} is not of type 'string'", "read"),
            (r#"{"read":{"users":["a\u0000b"]}}"#, r"'a\x00b' holds a NUL character", "read"),
            (&format!(r#"{{"read":{{"users":["u1","{long}"]}}}}"#), &format!("'{long}' is too long"), "read"),
            (&format!(r#"{{"read":{{"users":["{long}"]}}}}"#), &format!("'{long}' is too long"), "read"),
        ] {
            let error = format!(
                "Provided object does not match schema 'ACL': {reason}. Invalid property: '{property}'"
            );
            assert_eq!(read(text), Err(error), "{text}");
        }
    }
}
