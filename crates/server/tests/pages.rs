//! The `Link` of long lists: large pages name the last one, whoever reads and whatever is left out.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_demo::Size;
use support::Company;

/// The address and the relation of each link.
fn links(answered: &support::Answered) -> Vec<(String, String)> {
    let header = answered.headers["link"].to_str().unwrap();
    let link = |part: &str| {
        let (address, relation) = part.split_once(">; rel=\"")?;
        let address = address.trim_start_matches('<').to_owned();
        Some((address, relation.trim_end_matches('"').to_owned()))
    };
    header.split(", ").filter_map(link).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn large_pages_of_a_long_list_name_the_last_one() {
    let size = Size {
        tickets: 2_000,
        ..Size::default()
    };
    let company = Company::demo(size, 1).await;
    let key = company.admin.clone();
    let all = company.get(&key, "/time/entries?pageSize=1000").await;
    assert_eq!(all.rows().len(), 1000);
    for conditions in ["", "conditions=billableOption=\"Billable\"&"] {
        let count = format!("/time/entries/count?{conditions}");
        let count = company.get(&key, &count).await.expect(200)["count"].clone();
        let pages = count.as_u64().unwrap().div_ceil(500);
        assert!(conditions.len() > 1 || pages > 10, "a long list: {count}");
        let mut read = 0;
        for page in 1..=pages {
            let path = format!("/time/entries?{conditions}pageSize=500&page={page}");
            let answered = company.get(&key, &path).await;
            let links = links(&answered);
            read += answered.rows().len() as u64;
            if page == pages {
                assert_eq!(links, [], "nothing follows");
                break;
            }
            let (address, relation) = links.last().unwrap();
            assert_eq!(
                relation, "last",
                "some clients read on only then: {links:?}"
            );
            assert!(
                address.ends_with(&format!("pageSize=500&page={pages}")),
                "{address}"
            );
        }
        assert_eq!(count, read);
    }
    let small = company.get(&key, "/time/entries?pageSize=25").await;
    let relations: Vec<String> = links(&small).into_iter().map(|link| link.1).collect();
    assert_eq!(
        relations,
        ["next"],
        "counting would cost more than the page"
    );
    // Worked out, and known anyway.
    let rows = company.get(&key, "/system/mySecurity?pageSize=10").await;
    assert_eq!(links(&rows).last().unwrap().1, "last");
}
