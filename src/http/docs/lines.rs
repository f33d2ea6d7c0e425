//! An operation as somebody types it: with curl, and in Windows PowerShell 5.1.

use std::fmt::Write as _;

use serde_json::Value;

use super::members::{list, text};

/// A request that can be typed.
pub struct Lines {
    /// For a shell with curl.
    pub curl: String,
    /// For Windows PowerShell 5.1 and later.
    pub powershell: String,
}

/// The lines that send an operation with the example of the contract.
pub fn lines(method: &str, path: &str, operation: &Value) -> Lines {
    let body = example(operation);
    let anybody = operation.get("security").is_some_and(|it| *it == serde_json::json!([{}]));
    let named = list(operation, "parameters").iter().filter(|it| {
        text(it, "in") == Some("header") && it.get("required") == Some(&Value::Bool(true))
    });
    let mut headers: Vec<(String, String)> = named
        .map(|it| {
            let value = text(it, "example").unwrap_or("\"1\"");
            (text(it, "name").unwrap_or_default().to_owned(), value.to_owned())
        })
        .collect();
    if let Some((kind, _)) = &body {
        headers.push(("Content-Type".to_owned(), kind.clone()));
    }
    let json = body.as_ref().map(|(_, json)| json.as_str());
    let shown = |variable: &str| filled(path, operation, variable);
    Lines {
        curl: curl(method, &shown("$"), !anybody, &headers, json),
        powershell: powershell(method, &shown("$"), !anybody, &headers, json),
    }
}

/// The media type and the example of the body.
pub fn example(operation: &Value) -> Option<(String, String)> {
    let content = operation.pointer("/requestBody/content")?.as_object()?;
    let (kind, content) = content.iter().find(|(_, it)| it.get("example").is_some())?;
    let json = serde_json::to_string_pretty(content.get("example")?).ok()?;
    Some((kind.clone(), json))
}

/// The path with the examples of its parameters; what has none becomes a variable.
fn filled(path: &str, operation: &Value, sign: &str) -> String {
    let mut filled = path.to_owned();
    for it in list(operation, "parameters").iter().filter(|it| text(it, "in") == Some("path")) {
        let name = text(it, "name").unwrap_or_default();
        let value = match text(it, "example") {
            Some(example) => example.to_owned(),
            None => format!("{sign}{}", name.to_uppercase()),
        };
        filled = filled.replace(&format!("{{{name}}}"), &value);
    }
    filled
}

fn curl(
    method: &str,
    path: &str,
    token: bool,
    headers: &[(String, String)],
    body: Option<&str>,
) -> String {
    let mut line = String::from("curl -sS");
    if method != "GET" {
        // Writing into a String cannot fail.
        let _ = write!(line, " -X {method}");
    }
    let _ = write!(line, " \"$URL{path}\"");
    if token {
        line.push_str(" \\\n  -H \"Authorization: Bearer $TOKEN\"");
    }
    for (name, value) in headers {
        let _ = write!(line, " \\\n  -H '{name}: {value}'");
    }
    if let Some(body) = body {
        let _ = write!(line, " \\\n  -d '{}'", body.replace('\'', "'\\''"));
    }
    line
}

fn powershell(
    method: &str,
    path: &str,
    token: bool,
    headers: &[(String, String)],
    body: Option<&str>,
) -> String {
    let mut kind = None;
    let mut told = Vec::new();
    if token {
        told.push("Authorization = \"Bearer $TOKEN\"".to_owned());
    }
    for (name, value) in headers {
        if name == "Content-Type" {
            kind = Some(value);
        } else {
            told.push(format!("'{name}' = '{value}'"));
        }
    }
    let mut lines = String::new();
    if let Some(body) = body {
        let _ = write!(lines, "$body = @'\n{body}\n'@\n");
    }
    let _ = write!(lines, "Invoke-RestMethod -Method {method} -Uri \"$URL{path}\"");
    if !told.is_empty() {
        let _ = write!(lines, " `\n  -Headers @{{ {} }}", told.join("; "));
    }
    if let Some(kind) = kind {
        // Windows PowerShell sends a string as ISO 8859-1; the service takes UTF-8 only.
        let _ = write!(
            lines,
            " `\n  -ContentType '{kind}' -Body ([Text.Encoding]::UTF8.GetBytes($body))"
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_example_is_sent_with_what_must_be_there() {
        let operation = json!({
            "parameters": [
                {"name": "id", "in": "path", "required": true},
                {"name": "week", "in": "path", "required": true, "example": "2026-W46"},
                {"name": "If-Match", "in": "header", "required": true},
                {"name": "limit", "in": "query"},
            ],
            "requestBody": {"content": {"application/json": {"example": {"note": "It's late"}}}},
            "security": [{"bearer": ["add_note"]}],
        });
        let lines = lines("POST", "/v1/{week}/{id}/notes", &operation);
        assert_eq!(
            lines.curl,
            "curl -sS -X POST \"$URL/v1/2026-W46/$ID/notes\" \\\n  -H \"Authorization: Bearer $TOKEN\" \\\n  \
             -H 'If-Match: \"1\"' \\\n  -H 'Content-Type: application/json' \\\n  -d '{\n  \"note\": \"It'\\''s late\"\n}'"
        );
        assert_eq!(
            lines.powershell,
            "$body = @'\n{\n  \"note\": \"It's late\"\n}\n'@\nInvoke-RestMethod -Method POST -Uri \
             \"$URL/v1/2026-W46/$ID/notes\" `\n  -Headers @{ Authorization = \"Bearer $TOKEN\"; 'If-Match' = '\"1\"' } `\n  \
             -ContentType 'application/json' -Body ([Text.Encoding]::UTF8.GetBytes($body))"
        );
    }
}
