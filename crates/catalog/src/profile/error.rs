//! Why a profile could not be read: which file, which line, what to write instead.

/// A profile that is no profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The file is not TOML, or holds a key or value the format does not know.
    #[error("{file}:{line}:{column}: {message}")]
    Syntax {
        file: String,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        message: String,
    },
    /// Each row is well formed, but they do not go together.
    #[error("{file}:{line}:{column}: {message}")]
    Inconsistent {
        file: String,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        message: String,
    },
    /// A feature was asked for that the profile does not have.
    #[error("{file}: there is no feature `{feature}`{}; {}", did_you_mean(nearest.as_deref()), known(features))]
    UnknownFeature {
        file: String,
        feature: String,
        nearest: Option<String>,
        features: Vec<String>,
    },
    /// A name of the file is not a name of the PSA.
    #[error("{file}:{line}:{column}: {message}")]
    UnknownName {
        file: String,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        message: String,
    },
    /// The tenant has not said what a placeholder stands for.
    #[error(
        "{file}:{line}:{column}: `{placeholder}` is not filled in: {hint}; give it as --set {placeholder}=\"first, second\""
    )]
    Unfilled {
        file: String,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        placeholder: String,
        hint: String,
    },
    /// The profile is for another PSA than the one it is used on.
    #[error(
        "{file}: this profile is for {found}, not for {wanted}; take the file of the same name below data/profiles/{wanted}/"
    )]
    WrongPsa {
        file: String,
        found: &'static str,
        wanted: &'static str,
    },
}

fn did_you_mean(name: Option<&str>) -> String {
    name.map(|name| format!(", did you mean `{name}`"))
        .unwrap_or_default()
}

fn known(features: &[String]) -> String {
    if features.is_empty() {
        "this profile has none".to_owned()
    } else {
        format!("it has {}", features.join(", "))
    }
}
