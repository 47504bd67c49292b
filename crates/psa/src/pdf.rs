//! One page of plain text as a PDF. Knows no record.

use std::fmt::Write as _;

/// Where a line of text stands on the page, in points from the left edge.
const LEFT: u32 = 56;
const RIGHT: u32 = 420;

/// A document of one page, with its table of objects: text on the left, and what stands on the right of it.
pub fn document(lines: &[(String, String)]) -> Vec<u8> {
    let mut content = String::from("BT /F1 11 Tf 16 TL\n");
    for (index, (left, right)) in lines.iter().enumerate() {
        let y = 780 - 18 * index;
        for (x, text) in [(LEFT, left), (RIGHT, right)] {
            if !text.trim().is_empty() {
                let _ = writeln!(content, "1 0 0 1 {x} {y} Tm ({}) Tj", escaped(text));
            }
        }
    }
    content.push_str("ET\n");
    let content = latin(&content);
    let mut stream = format!("<< /Length {} >>\nstream\n", content.len()).into_bytes();
    stream.extend_from_slice(&content);
    stream.extend_from_slice(b"endstream");
    let objects: [Vec<u8>; 5] = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_vec(),
        stream,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_vec(),
    ];
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::with_capacity(objects.len());
    for (index, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file.extend_from_slice(format!("{} 0 obj\n", index + 1).as_bytes());
        file.extend_from_slice(object);
        file.extend_from_slice(b"\nendobj\n");
    }
    let table = file.len();
    let mut tail = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for offset in offsets {
        let _ = writeln!(tail, "{offset:010} 00000 n ");
    }
    let _ = write!(
        tail,
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n",
        objects.len() + 1
    );
    file.extend_from_slice(tail.as_bytes());
    file
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '(' | ')' | '\\' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            control if control.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// The page's font knows the letters of Western Europe; others show as a question mark.
fn latin(text: &str) -> Vec<u8> {
    text.chars()
        .map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?'))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_object_stands_where_the_table_says() {
        let file = document(&[
            ("Total (net)".to_owned(), "12.50".to_owned()),
            ("Größe €".to_owned(), String::new()),
        ]);
        let text: String = file.iter().map(|byte| char::from(*byte)).collect();
        let table: usize = text
            .rsplit("startxref\n")
            .next()
            .unwrap()
            .lines()
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!(
            text[table..].starts_with("xref\n0 6\n") || file[table..].starts_with(b"xref\n0 6\n")
        );
        let rows: Vec<&[u8]> = file[table..]
            .split(|byte| *byte == b'\n')
            .skip(3)
            .take(5)
            .collect();
        for (index, row) in rows.iter().enumerate() {
            let at: usize = std::str::from_utf8(&row[..10]).unwrap().parse().unwrap();
            let head = format!("{} 0 obj\n", index + 1);
            assert!(file[at..].starts_with(head.as_bytes()), "{index}");
        }
        let length: usize = text
            .split("/Length ")
            .nth(1)
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let start = file
            .windows(7)
            .position(|seven| seven == b"stream\n")
            .unwrap()
            + 7;
        assert!(file[start + length..].starts_with(b"endstream"));
        assert!(text.contains("(Total \\(net\\)) Tj"));
    }
}
