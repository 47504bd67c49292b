//! Keys by age and last use: which to take away, and which to cut anew. Knows neither PSA.

/// A key this old should be cut anew.
const OLD_DAYS: i64 = 365;

/// What is to remark about a key's age; days each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stale {
    /// Last used so long ago.
    Unused(i64),
    /// So old, and never used.
    NeverUsed(i64),
    Old(i64),
}

/// Judges a key by when it was made and last used, RFC 3339 each; `days` without use make it unused. Of a key
/// whose making is not known, nothing is said but its last use.
pub(crate) fn stale(
    created: Option<&str>,
    last_used: Option<&str>,
    days: i64,
    now: jiff::Timestamp,
) -> Option<Stale> {
    let since = |text: &str| {
        let then: jiff::Timestamp = text.parse().ok()?;
        Some(now.duration_since(then).as_secs() / 86_400)
    };
    let age = created.and_then(since).unwrap_or(0);
    match last_used.and_then(since) {
        Some(idle) if idle >= days => Some(Stale::Unused(idle)),
        None if age >= days => Some(Stale::NeverUsed(age)),
        _ if age >= OLD_DAYS => Some(Stale::Old(age)),
        _ => None,
    }
}

impl Stale {
    /// Name of the rule.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Unused(_) => "unused",
            Self::NeverUsed(_) => "never-used",
            Self::Old(_) => "old-key",
        }
    }

    /// What is said of a key of this name.
    pub(crate) fn said(self, name: &str) -> String {
        match self {
            Self::Unused(days) => format!("the key `{name}` was last used {days} days ago"),
            Self::NeverUsed(days) => {
                format!("the key `{name}` is {days} days old and was never used")
            }
            Self::Old(days) => format!("the key `{name}` is {days} days old"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Stale, stale};

    #[test]
    fn keys_are_judged_by_their_last_use_first() {
        let now = "2026-01-01T00:00:00Z".parse().expect("a moment");
        let judged = |created, used| stale(created, used, 90, now);
        let (old, young, recent) = (
            Some("2024-01-01T00:00:00Z"),
            Some("2025-12-01T00:00:00Z"),
            Some("2025-12-31T00:00:00Z"),
        );
        assert_eq!(judged(young, None), None);
        assert_eq!(judged(young, recent), None);
        assert_eq!(judged(old, recent), Some(Stale::Old(731)));
        assert_eq!(judged(old, None), Some(Stale::NeverUsed(731)));
        assert_eq!(
            judged(old, Some("2025-10-03T00:00:00Z")),
            Some(Stale::Unused(90))
        );
        assert_eq!(judged(None, None), None, "nobody knows how old it is");
        assert_eq!(judged(Some("nonsense"), Some("nonsense")), None);
    }
}
