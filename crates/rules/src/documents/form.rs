//! The form that a document comes in: which part says what. Knows no record and no right.

use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_dialects::connectwise::multipart::{self, Part};
use bitting_psa::problem::Problem;

/// How errors name a document.
pub const RESOURCE: &str = "documentInfo";

/// What a form says; `None` where it says nothing.
#[derive(Debug, Default)]
pub struct Form<'b> {
    pub record_type: Option<String>,
    pub record_id: Option<i64>,
    pub title: Option<String>,
    pub url: Option<String>,
    pub private: Option<bool>,
    pub read_only: Option<bool>,
    pub avatar: Option<bool>,
    pub file: Option<File<'b>>,
}

/// A file within a form.
#[derive(Debug)]
pub struct File<'b> {
    pub name: String,
    pub media: String,
    pub bytes: &'b [u8],
}

/// Reads a form. 415 for any other body.
pub fn read<'b>(content_type: Option<&str>, body: &'b [u8]) -> Result<Form<'b>, Problem> {
    let boundary = multipart::boundary(content_type)?;
    let mut form = Form::default();
    for part in multipart::parts(body, &boundary)? {
        take(&mut form, &part)?;
    }
    Ok(form)
}

/// A part with a file name is the file, whatever a client calls it.
fn take<'b>(form: &mut Form<'b>, part: &Part<'b>) -> Result<(), Problem> {
    let text = || Some(part.text()).filter(|text| !text.is_empty());
    if let Some(name) = &part.file_name {
        let name = if name.is_empty() { "file" } else { name };
        form.file = Some(File {
            name: name.to_owned(),
            media: media(name, part.content_type.as_deref()),
            bytes: part.body,
        });
    } else if part.is("file") || part.is("files") {
        form.file = Some(File {
            name: "file".to_owned(),
            media: media("", part.content_type.as_deref()),
            bytes: part.body,
        });
    } else if part.is("recordType") {
        form.record_type = text();
    } else if part.is("recordId") {
        form.record_id = match text() {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                let message = format!("{text} is no id; recordId is a whole number.");
                Problem::field(RESOURCE, FieldError::invalid(RESOURCE, "recordId", message))
            })?),
        };
    } else if part.is("title") {
        form.title = text();
    } else if part.is("url") {
        form.url = text();
    } else if part.is("privateFlag") {
        form.private = flag(part)?;
    } else if part.is("readOnlyFlag") || part.is("readOnlyFlay") {
        // The public description misspells the name; real clients send it either way.
        form.read_only = flag(part)?;
    } else if part.is("isAvatar") {
        form.avatar = flag(part)?;
    }
    Ok(())
}

fn flag(part: &Part<'_>) -> Result<Option<bool>, Problem> {
    match part.text().to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "true" | "1" | "yes" | "on" => Ok(Some(true)),
        "false" | "0" | "no" | "off" => Ok(Some(false)),
        other => Err(ApiError::bad_request(format!(
            "The part {} says {other}; send true or false.",
            part.name
        ))
        .into()),
    }
}

/// Media types by file name, for clients that send all files as plain bytes.
const MEDIA: &[(&str, &str)] = &[
    ("bmp", "image/bmp"),
    ("csv", "text/csv"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("gif", "image/gif"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("log", "text/plain"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain"),
    ("webp", "image/webp"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
];

const BYTES: &str = "application/octet-stream";

/// What a file is: what the client says, unless it says no more than "bytes".
fn media(name: &str, said: Option<&str>) -> String {
    let said = said.map(str::trim).filter(|said| {
        !said.is_empty()
            && !said.eq_ignore_ascii_case(BYTES)
            && said.bytes().all(|byte| (b' '..=b'~').contains(&byte))
    });
    if let Some(said) = said {
        return said.to_ascii_lowercase();
    }
    let extension = extension(name).to_ascii_lowercase();
    let known = MEDIA.iter().find(|(of, _)| *of == extension);
    known.map_or(BYTES, |(_, media)| *media).to_owned()
}

/// What stands after the last dot of a file's name.
pub fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

#[cfg(test)]
mod tests {
    use super::{MEDIA, media, read};

    #[test]
    fn names_in_any_letter_case_and_spelling() {
        let body = b"--b\nContent-Disposition: form-data; name=RecordTYPE\n\nTicket\n--b\n\
            Content-Disposition: form-data; name=\"RecordId\"\n\n 69 \n--b\n\
            Content-Disposition: form-data; name=\"ReadOnlyFlay\"\n\nTrue\n--b\n\
            Content-Disposition: form-data; name=\"PrivateFlag\n\nFalse\n--b\n\
            Content-Disposition: form-data; name=\"files\"; filename=\"a.PNG\"\n\n\x89P\n--b--";
        let form = read(Some("multipart/form-data; boundary=\"b\""), body).expect("a form");
        assert_eq!(form.record_type.as_deref(), Some("Ticket"));
        assert_eq!(form.record_id, Some(69));
        assert_eq!(
            (form.read_only, form.private, form.avatar),
            (Some(true), Some(false), None)
        );
        let file = form.file.expect("a file");
        assert_eq!(
            (file.name.as_str(), file.media.as_str(), file.bytes),
            ("a.PNG", "image/png", &b"\x89P"[..])
        );
        for (part, value) in [("recordId", "x"), ("isAvatar", "maybe")] {
            let body =
                format!("--b\nContent-Disposition: form-data; name={part}\n\n{value}\n--b--");
            assert!(
                read(Some("multipart/form-data; boundary=b"), body.as_bytes()).is_err(),
                "{part}"
            );
        }
    }

    #[test]
    fn the_client_knows_best_what_it_sends() {
        assert!(MEDIA.is_sorted());
        assert_eq!(media("a.txt", Some("Text/Markdown")), "text/markdown");
        assert_eq!(
            media("a.txt", Some("application/octet-stream")),
            "text/plain"
        );
        assert_eq!(media("a", Some("bad\u{7}")), "application/octet-stream");
    }
}
