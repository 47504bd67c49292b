//! The `Link` header of a page. Two clients read it with regular expressions, so its exact form counts:
//! `page=N` (or `pageId=N`) comes last, `rel` is quoted, and no next page means an empty header.

/// What the header is written for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// An ordinary page; `last` where the number of pages is known.
    Page {
        page: u64,
        more: bool,
        last: Option<u64>,
    },
    /// Forward only; the last id of this page, if another page follows.
    Forward { next: Option<i64> },
}

/// The header's value. `query` is the request's own, still encoded.
pub fn header(url: &str, query: &str, page_size: u64, position: &Position) -> String {
    let mut stem = String::with_capacity(256);
    stem.push_str(url);
    stem.push('?');
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        if ["page", "pageid", "pagesize"]
            .iter()
            .any(|own| name.eq_ignore_ascii_case(own))
        {
            continue;
        }
        for character in pair.chars() {
            // Clients split the header at these, encoded or not in the request.
            match character {
                ',' => stem.push_str("%2C"),
                ';' => stem.push_str("%3B"),
                '<' => stem.push_str("%3C"),
                '>' => stem.push_str("%3E"),
                '"' => stem.push_str("%22"),
                ' ' => stem.push_str("%20"),
                other => stem.push(other),
            }
        }
        stem.push('&');
    }
    stem.push_str("pageSize=");
    stem.push_str(&page_size.to_string());
    match position {
        Position::Forward { next: None } => String::new(),
        Position::Forward { next: Some(id) } => format!("<{stem}&pageId={id}>; rel=\"next\""),
        Position::Page { page, more, last } => {
            let link = |number: u64, rel: &str| format!("<{stem}&page={number}>; rel=\"{rel}\"");
            if !*more {
                return String::new();
            }
            // The next page is named first and the last one last: some clients take the first link as the next page,
            // others read on only while the header ends with the last one.
            let mut links = vec![link(page + 1, "next")];
            if *page > 1 {
                links.push(link(page - 1, "prev"));
                links.push(link(1, "first"));
            }
            links.extend(last.map(|last| link(last, "last")));
            links.join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Position, header};

    #[test]
    fn page_is_the_last_parameter_and_rel_is_quoted() {
        let query = "conditions=name%20like%20\"a,b;c>\"&page=1&pageSize=2";
        let position = Position::Page {
            page: 1,
            more: true,
            last: None,
        };
        assert_eq!(
            header(
                "https://h/v4_6_release/apis/3.0/company/companies",
                query,
                2,
                &position
            ),
            "<https://h/v4_6_release/apis/3.0/company/companies?conditions=name%20like%20%22a%2Cb%3Bc%3E%22\
             &pageSize=2&page=2>; rel=\"next\""
        );
    }

    #[test]
    fn no_next_page_means_an_empty_header() {
        assert_eq!(
            header(
                "https://h/x",
                "",
                25,
                &Position::Page {
                    page: 3,
                    more: false,
                    last: None
                }
            ),
            ""
        );
        assert_eq!(
            header("https://h/x", "", 25, &Position::Forward { next: None }),
            ""
        );
    }

    #[test]
    fn the_next_page_is_named_first_and_the_last_one_last() {
        let rels = |page, last| {
            let position = Position::Page {
                page,
                more: true,
                last,
            };
            header("https://h/x", "", 25, &position)
                .split(", ")
                .map(|link| link.rsplit_once("; ").map(|(_, rel)| rel.to_owned()))
                .collect::<Option<Vec<_>>>()
        };
        let named = |rels: &[&str]| Some(rels.iter().map(|rel| format!("rel=\"{rel}\"")).collect());
        assert_eq!(rels(1, Some(3)), named(&["next", "last"]));
        assert_eq!(rels(2, Some(3)), named(&["next", "prev", "first", "last"]));
        assert_eq!(rels(2, None), named(&["next", "prev", "first"]));
    }

    #[test]
    fn forward_only_points_past_the_last_id() {
        let next = header("https://h/x", "", 5, &Position::Forward { next: Some(77) });
        assert_eq!(next, "<https://h/x?pageSize=5&pageId=77>; rel=\"next\"");
    }
}
