//! Text as callers send it, made fit to rest.

/// Fields this long or shorter are one line on the vendor's screens; longer or unbounded ones are boxes that
/// keep their line breaks.
const LONGEST_LINE: u32 = 250;

/// The text with what may not rest in it shown as blanks: NUL everywhere, which no database keeps, and CR, LF,
/// FF and BS in single-line fields.
pub fn cleaned(text: &str, max: Option<u32>) -> String {
    let line = max.is_some_and(|max| max <= LONGEST_LINE);
    let blank = |character| {
        character == '\0' || (line && matches!(character, '\r' | '\n' | '\x0c' | '\x08'))
    };
    if text.contains(blank) {
        text.replace(blank, " ")
    } else {
        text.to_owned()
    }
}

/// A UUID in its usual form, in lower case. Braces around it are taken off.
pub fn uuid(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'))
        .unwrap_or(text);
    let shape = |(index, byte): (usize, u8)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    (text.len() == 36 && text.bytes().enumerate().all(shape)).then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{cleaned, uuid};

    #[test]
    fn line_breaks_stay_in_boxes_only() {
        assert_eq!(cleaned("a\r\nb\u{c}\u{8}\tc\0", Some(100)), "a  b  \tc ");
        assert_eq!(cleaned("a\r\nb\0", Some(251)), "a\r\nb ");
        assert_eq!(cleaned("a\nb", None), "a\nb");
    }

    #[test]
    fn uuids() {
        let id = "9F2504E0-4f89-11d3-9a0c-0305e82c3301";
        assert_eq!(uuid(id), Some(id.to_ascii_lowercase()));
        assert_eq!(uuid(&format!("{{{id}}}")), Some(id.to_ascii_lowercase()));
        assert_eq!(uuid("9F2504E0-4f89-11d3-9a0c-0305e82c330"), None);
        assert_eq!(uuid("9F2504E0x4f89-11d3-9a0c-0305e82c3301"), None);
    }
}
