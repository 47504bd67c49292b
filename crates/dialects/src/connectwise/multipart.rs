//! Bodies of kind `multipart/form-data`, read leniently: real clients quote the boundary, leave the closing
//! quote out of `name="PrivateFlag`, and end lines with LF alone. Knows no names of parts.

use super::error::ApiError;

/// Parts in one body.
const MAX_PARTS: usize = 100;
/// Header lines of one part, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// One part of a form. `body` borrows from the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'b> {
    /// As written; compare in any letter case. Empty when the part has none.
    pub name: String,
    /// Without the folders some clients put before it.
    pub file_name: Option<String>,
    pub content_type: Option<String>,
    pub body: &'b [u8],
}

impl Part<'_> {
    /// The body as text, blanks around it taken off, wrong UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body).trim().to_owned()
    }

    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The boundary that a `Content-Type` names. 415 for another kind of body, 400 when there is no boundary.
pub fn boundary(content_type: Option<&str>) -> Result<String, ApiError> {
    let content_type = content_type.unwrap_or_default();
    let mut parts = content_type.split(';');
    let kind = parts.next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("multipart/form-data") {
        let message =
            "Send the document as multipart/form-data, with the file as one of its parts.";
        return Err(ApiError::unsupported_media(message));
    }
    parts
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
        .filter(|boundary| !boundary.is_empty())
        .ok_or_else(|| {
            ApiError::bad_request(
                "The Content-Type names no boundary between the parts of the form.",
            )
        })
}

/// The parts of a body, in order. A missing last boundary is forgiven. 400 when the boundary never comes, or
/// when a part has no end of its headers.
pub fn parts<'b>(body: &'b [u8], boundary: &str) -> Result<Vec<Part<'b>>, ApiError> {
    let mark = [b"--", boundary.as_bytes()].concat();
    let Some(mut at) = line_with(body, &mark, 0) else {
        return Err(ApiError::bad_request(
            "The body holds no part: the boundary of the Content-Type is not in it.",
        ));
    };
    let mut parts = Vec::new();
    loop {
        let rest = &body[at + mark.len()..];
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        let Some(start) = rest.iter().position(|byte| *byte == b'\n') else {
            return Ok(parts);
        };
        let from = at + mark.len() + start + 1;
        let next = line_with(body, &mark, from);
        let piece = &body[from..next.unwrap_or(body.len())];
        if parts.len() == MAX_PARTS {
            return Err(ApiError::bad_request(format!(
                "The form has more than {MAX_PARTS} parts."
            )));
        }
        parts.push(part(piece, next.is_some())?);
        match next {
            Some(next) => at = next,
            None => return Ok(parts),
        }
    }
}

/// Where the next boundary line begins, from `from`, which begins a line: the mark, then `--`, a blank or the
/// end of the line.
fn line_with(body: &[u8], mark: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        if let Some(after) = body.get(at..)?.strip_prefix(mark)
            && (matches!(after, [] | [b' ' | b'\t' | b'\r' | b'\n', ..])
                || after.starts_with(b"--"))
        {
            return Some(at);
        }
        at += body[at..].iter().position(|byte| *byte == b'\n')? + 1;
    }
}

/// Headers, an empty line, and the content. The line end before the next boundary belongs to the boundary.
fn part(piece: &[u8], closed: bool) -> Result<Part<'_>, ApiError> {
    let mut read = Part {
        name: String::new(),
        file_name: None,
        content_type: None,
        body: &[],
    };
    let mut at = 0;
    loop {
        let end = piece[at..]
            .iter()
            .position(|byte| *byte == b'\n')
            .filter(|_| at <= MAX_HEAD);
        let Some(end) = end else {
            return Err(ApiError::bad_request(
                "A part of the form has no empty line after its headers.",
            ));
        };
        let line = piece[at..at + end]
            .strip_suffix(b"\r")
            .unwrap_or(&piece[at..at + end]);
        at += end + 1;
        if line.is_empty() {
            break;
        }
        header(&String::from_utf8_lossy(line), &mut read);
    }
    let mut content = &piece[at..];
    if closed {
        content = content.strip_suffix(b"\n").unwrap_or(content);
        content = content.strip_suffix(b"\r").unwrap_or(content);
    }
    read.body = content;
    Ok(read)
}

fn header(line: &str, part: &mut Part<'_>) {
    let Some((name, value)) = line.split_once(':') else {
        return;
    };
    if name.trim().eq_ignore_ascii_case("content-type") {
        part.content_type = Some(value.trim().to_owned());
    }
    if !name.trim().eq_ignore_ascii_case("content-disposition") {
        return;
    }
    let mut rest = value;
    while let Some((_, after)) = rest.split_once(';') {
        let Some((name, after)) = after.split_once('=') else {
            return;
        };
        let (value, after) = parameter(after);
        match name.trim().to_ascii_lowercase().as_str() {
            "name" => part.name = value,
            "filename" if part.file_name.is_none() => part.file_name = Some(base_name(&value)),
            // The form with a character set wins over the plain one.
            "filename*" => {
                let encoded = value.rsplit('\'').next().unwrap_or_default();
                let decoded = percent_encoding::percent_decode_str(encoded).decode_utf8_lossy();
                part.file_name = Some(base_name(&decoded));
            }
            _ => {}
        }
        rest = after;
    }
}

/// A parameter's value and what follows it. A quote that is never closed ends with the line.
fn parameter(text: &str) -> (String, &str) {
    let text = text.trim_start();
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[index + 1..]),
            // Only a quote is escaped: file names of Windows are full of backslashes.
            '\\' if quoted[index + 1..].starts_with('"') => {
                value.push('"');
                characters.next();
            }
            _ => value.push(character),
        }
    }
    (value.trim().to_owned(), "")
}

fn base_name(name: &str) -> String {
    name.rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::{boundary, parts};

    type Row = (String, Option<String>, Option<String>, Vec<u8>);

    fn read(body: &str, boundary: &str) -> Vec<Row> {
        let parts = parts(body.as_bytes(), boundary).expect("parts");
        parts
            .into_iter()
            .map(|part| {
                (
                    part.name,
                    part.file_name,
                    part.content_type,
                    part.body.to_vec(),
                )
            })
            .collect()
    }

    fn row(name: &str, file: Option<&str>, kind: Option<&str>, body: &[u8]) -> Row {
        (
            name.to_owned(),
            file.map(str::to_owned),
            kind.map(str::to_owned),
            body.to_vec(),
        )
    }

    #[test]
    fn boundaries() {
        let found = |text| boundary(Some(text)).map_err(|error| error.status);
        assert_eq!(found("multipart/form-data; boundary=abc"), Ok("abc".into()));
        assert_eq!(
            found("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\""),
            Ok("a b".into())
        );
        assert_eq!(found("multipart/form-data"), Err(400));
        assert_eq!(found("multipart/form-data; boundary=\"\""), Err(400));
        assert_eq!(found("application/json"), Err(415));
        assert_eq!(boundary(None).map_err(|error| error.status), Err(415));
    }

    #[test]
    fn a_form_by_the_book() {
        let body = "preamble\r\n--b\r\nContent-Disposition: form-data; name=\"recordId\"\r\n\r\n69\r\n--b\r\n\
            content-disposition: form-data; name=\"file\"; filename=\"a;b.txt\"\r\nContent-Type: text/plain\r\n\r\n\
            line 1\r\n--bold\nline 2\r\n\r\n--b--\r\nepilogue";
        let rows = read(body, "b");
        assert_eq!(
            rows,
            [
                row("recordId", None, None, b"69"),
                row(
                    "file",
                    Some("a;b.txt"),
                    Some("text/plain"),
                    b"line 1\r\n--bold\nline 2\r\n"
                ),
            ]
        );
    }

    #[test]
    fn what_a_shell_client_sends() {
        let body = "--x\nContent-Disposition: form-data; name=\"PrivateFlag\n\nFalse\n--x\n\
            Content-Disposition: form-data; name=\"file\"; filename=\"C:\\tmp\\report.pdf\"\n\
            Content-Type: application/octet-stream\n\n\u{0}\u{1}\n--x--\n";
        assert_eq!(
            read(body, "x"),
            [
                row("PrivateFlag", None, None, b"False"),
                row(
                    "file",
                    Some("report.pdf"),
                    Some("application/octet-stream"),
                    b"\0\x01"
                ),
            ]
        );
    }

    #[test]
    fn names_without_quotes_and_no_last_boundary() {
        let body = "--x\r\nContent-Disposition: form-data; name=title; filename*=UTF-8''%e2%82%ac.txt; filename=e.txt\r\n\r\ncut";
        assert_eq!(read(body, "x"), [row("title", Some("€.txt"), None, b"cut")]);
        assert_eq!(read("--x--", "x"), []);
    }

    #[test]
    fn what_is_no_form() {
        for body in [
            "",
            "nothing",
            "--x\r\nContent-Disposition: form-data",
            "--x\nname\n--x--",
        ] {
            assert_eq!(
                parts(body.as_bytes(), "x").map_err(|error| error.status),
                Err(400),
                "{body}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(body: Vec<u8>, text in "(--x|\r?\n|[a-z:;=\"]|Content-Disposition: form-data; name=){0,30}") {
            let _ = parts(&body, "x");
            let _ = parts(text.as_bytes(), "x");
            let _ = boundary(Some(&text));
        }
    }
}
