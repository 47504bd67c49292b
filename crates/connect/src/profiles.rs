//! Finding a profile by the word a person types: a shipped one, one of the user's own, or a file.

use crate::ConnectError;
use bitting_catalog::profile::{Profile, Psa, Selection, nearest, overlaid};
use std::fs;
use std::path::Path;

/// Every profile there is: the shipped ones with those below `data/profiles/` of the user on top.
pub fn all(data: Option<&Path>) -> Result<Vec<Profile>, ConnectError> {
    let mut files = Vec::new();
    for psa in [Psa::ConnectWise, Psa::Autotask] {
        let Some(folder) = data.map(|data| data.join("profiles").join(psa.folder())) else {
            continue;
        };
        // Most users have no profiles of their own for one of the two.
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        let mut paths: Vec<_> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        paths.sort();
        for path in paths
            .iter()
            .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        {
            files.push((path.display().to_string(), read(path)?));
        }
    }
    Ok(overlaid(files)?)
}

/// The profile that a word names: `umbrella`, `autotask/propel`, or the path of a file.
pub fn find(word: &str, data: Option<&Path>) -> Result<Profile, ConnectError> {
    if word.to_ascii_lowercase().ends_with(".toml") {
        return Ok(Profile::parse(word, &read(Path::new(word))?)?);
    }
    let profiles = all(data)?;
    let (psa, slug) = word
        .split_once('/')
        .map_or((None, word), |(psa, slug)| (Some(psa), slug));
    let named = |profile: &&Profile| {
        profile.slug.eq_ignore_ascii_case(slug)
            && psa.is_none_or(|psa| profile.product.psa.folder().eq_ignore_ascii_case(psa))
    };
    if let Some(found) = profiles.iter().find(named) {
        return Ok(found.clone());
    }
    let nearest = nearest(slug, profiles.iter().map(|profile| profile.slug.as_str()));
    Err(ConnectError::NoProfile {
        word: word.to_owned(),
        nearest: nearest
            .map(|slug| format!(", did you mean `{slug}`"))
            .unwrap_or_default(),
    })
}

/// The features asked for, with the tenant's answers: `computer-types=Managed Server, Managed Workstation`.
pub fn select(
    profile: &Profile,
    features: &[String],
    answers: &[String],
) -> Result<Selection, ConnectError> {
    let mut selection = profile.select(features)?;
    for answer in answers {
        let Some((name, entries)) = answer.split_once('=') else {
            return Err(ConnectError::Form {
                field: "--set",
                value: answer.clone(),
                reason: "write it as placeholder=\"first, second\"".to_owned(),
            });
        };
        let entries = entries.split(',').map(|entry| entry.trim().to_owned());
        let entries = entries.filter(|entry| !entry.is_empty()).collect();
        selection.answers.insert(name.trim().to_owned(), entries);
    }
    Ok(selection)
}

fn read(path: &Path) -> Result<String, ConnectError> {
    fs::read_to_string(path).map_err(|error| ConnectError::File {
        file: path.display().to_string(),
        reason: error.to_string(),
    })
}
