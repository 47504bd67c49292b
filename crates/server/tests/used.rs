//! What members call is counted line by line, and is there again after a restart.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level;
use bitting_store::Location;
use jiff::SignedDuration;
use support::Company;

#[tokio::test]
async fn what_was_called_is_counted_and_survives() {
    let folder = tempfile::tempdir().unwrap();
    let at = || Location::File(folder.path().join("used.psa.sqlite"));
    let member = {
        let company = Company::open_at(at()).await;
        let levels = [Level::None, Level::None, Level::None, Level::All];
        let role = company
            .role(
                "Reader",
                &[("Companies", "Company Maintenance", levels)],
                &[],
            )
            .await;
        let (_, key) = company.member("reader", role).await;
        // More than any list in memory would keep of a busy server is no more than a number here.
        for _ in 0..25 {
            company.call(&key, "GET", "/company/companies", None).await;
        }
        company.advance(SignedDuration::from_hours(24));
        company
            .call(&key, "GET", "/company/companies?pageSize=1", None)
            .await;
        company
            .call(&key, "GET", "/sales/opportunities", None)
            .await;
        company.instance.save_used().await.unwrap();
        // A second time writes the lines that moved, and no line twice.
        company.call(&key, "GET", "/company/companies", None).await;
        company.instance.save_used().await.unwrap();
        "reader"
    };
    let company = Company::reopen(at()).await;
    let lines = company.instance.used.lines();
    let of: Vec<_> = lines.iter().filter(|line| line.member == member).collect();
    let shown: Vec<_> = of
        .iter()
        .map(|line| {
            (
                line.method.as_str(),
                line.route.trim_matches('/'),
                line.status,
                line.count,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("GET", "company/companies", 200, 27),
            ("GET", "sales/opportunities", 403, 1),
        ]
    );
    assert!(of[0].last.duration_since(of[0].first) >= SignedDuration::from_hours(24));
    assert!(!of[0].path.contains('?'), "{}", of[0].path);
}
