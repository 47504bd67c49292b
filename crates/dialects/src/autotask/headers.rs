//! The three headers that every call carries, and the one that lets it act for somebody else.
//! Must not know whether they are right.

/// Who calls, as claimed. The secret never shows in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub user: String,
    secret: String,
    code: String,
    /// Resource in whose name records are written.
    pub impersonates: Option<i64>,
}

/// The resource that a header means which is no number: passed over, it would have records made in the caller's name.
const NOBODY: i64 = -1;

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("impersonates", &self.impersonates)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// Reads the headers with a function that gives a header by its name in lower case.
    pub fn read<'h>(header: &dyn Fn(&str) -> Option<&'h str>) -> Option<Self> {
        let given = |name| {
            header(name)
                .map(str::trim)
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
        };
        Some(Self {
            user: given("username")?,
            secret: given("secret")?,
            code: given("apiintegrationcode")?,
            impersonates: given("impersonationresourceid").map(|id| id.parse().unwrap_or(NOBODY)),
        })
    }

    /// The secret, for the one comparison.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The tracking identifier, for the one comparison.
    pub fn code(&self) -> &str {
        &self.code
    }
}
