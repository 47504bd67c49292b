//! What one row of a profile cannot show: parts that do not go together, circles of features, lists
//! that say nothing, rows said twice. Knows no registry; names are the lint's business.

use super::document::{Profile, Psa, Status};
use super::error::ProfileError;
use super::grant::Mode;
use super::nearest::nearest;
use std::collections::BTreeSet;

/// Refuses a profile whose parts do not go together.
pub(super) fn check(profile: &Profile) -> Result<(), ProfileError> {
    let refuse = |line: usize, message: String| Err(inconsistent(profile, line, message));
    if profile.source.is_empty() {
        return refuse(
            1,
            "a profile names at least one [[source]]: the guide it is written from".into(),
        );
    }
    match (
        profile.product.psa,
        profile.level.is_some(),
        profile.user.is_some(),
    ) {
        (Psa::ConnectWise, false, false) if profile.settings().next().is_none() => {}
        (Psa::ConnectWise, ..) => {
            return refuse(profile.line_of("level"), "[level], [user] and [[setting]] belong to Autotask profiles; a ConnectWise profile has [[grant]] and [member]".into());
        }
        (Psa::Autotask, true, _) => {
            if let Some((_, grant)) = profile.rows().next() {
                return refuse(grant.line, "[[grant]] belongs to ConnectWise profiles; an Autotask profile has [[setting]]".into());
            }
        }
        (Psa::Autotask, false, _) => {
            return refuse(
                1,
                "an Autotask profile has a [level]: the system level it is copied from".into(),
            );
        }
    }
    check_features(profile)?;
    check_lists(profile)?;
    check_repeats(profile)
}

fn check_features(profile: &Profile) -> Result<(), ProfileError> {
    let ids: Vec<&str> = profile
        .feature
        .iter()
        .map(|feature| feature.id.as_str())
        .collect();
    for (place, feature) in profile.feature.iter().enumerate() {
        let refuse = |message: String| Err(inconsistent(profile, feature.line, message));
        let id = &feature.id;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.is_empty() || !id.chars().all(plain) {
            return refuse(format!(
                "feature id `{id}` is typed on a command line: write it in small letters, digits and hyphens"
            ));
        }
        if ids[..place].contains(&id.as_str()) {
            return refuse(format!("feature `{id}` is there twice; join the two"));
        }
        if (feature.status == Status::Temporary) != feature.until.is_some() {
            return refuse(format!(
                "feature `{id}`: `status = \"temporary\"` and `until` (when to take it away) go together"
            ));
        }
        for included in &feature.includes {
            if !ids.contains(&included.as_str()) {
                let hint = nearest(included, ids.iter().copied())
                    .map(|name| format!(", did you mean `{name}`?"))
                    .unwrap_or_default();
                return refuse(format!(
                    "feature `{id}` includes `{included}`, which is no feature{hint}"
                ));
            }
        }
        if let Some(path) = cycle(profile, id) {
            return refuse(format!(
                "features include each other in a circle: {}",
                path.join(" -> ")
            ));
        }
    }
    Ok(())
}

/// The way from a feature back to itself, if there is one.
fn cycle(profile: &Profile, start: &str) -> Option<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut ways = vec![vec![start.to_owned()]];
    while let Some(way) = ways.pop() {
        let feature = profile.feature(way.last()?)?;
        for next in &feature.includes {
            let mut longer = way.clone();
            longer.push(next.clone());
            if next == start {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                ways.push(longer);
            }
        }
    }
    None
}

fn check_lists(profile: &Profile) -> Result<(), ProfileError> {
    for (_, grant) in profile.rows() {
        let Some(customize) = &grant.customize else {
            continue;
        };
        let named =
            customize.entries.len() + customize.prefixes.len() + customize.placeholders.len();
        let message = match customize.mode {
            Mode::Allow if named == 0 && !customize.incomplete => {
                "mode `allow` names no entry; write mode `none` for an empty list, or `incomplete = true` where it could not be read"
            }
            Mode::Deny if named == 0 => "mode `deny` names no entry; write mode `all`",
            Mode::Deny if !customize.prefixes.is_empty() => {
                "mode `deny` takes names only; a prefix is for mode `allow`"
            }
            Mode::All | Mode::None if named > 0 => {
                "modes `all` and `none` name no entries; write mode `allow` or `deny`"
            }
            _ => continue,
        };
        let message = format!("{}: {message}", grant.title());
        return Err(inconsistent(profile, grant.line, message));
    }
    Ok(())
}

fn inconsistent(profile: &Profile, line: usize, message: String) -> ProfileError {
    let (line, column) = profile.spot(line, &message);
    ProfileError::Inconsistent {
        file: profile.file.clone(),
        line,
        column,
        message,
    }
}

/// A row said twice in one group would leave open which one counts.
fn check_repeats(profile: &Profile) -> Result<(), ProfileError> {
    let mut seen = BTreeSet::new();
    let rows = profile
        .rows()
        .map(|(feature, grant)| (feature, grant.title(), grant.line));
    let settings = profile
        .settings()
        .map(|(feature, setting)| (feature, setting.title(), setting.line));
    for (feature, title, line) in rows.chain(settings) {
        let group = feature.map(|feature| feature.id.as_str());
        if !seen.insert((group, title.clone())) {
            let message = format!("{title} is there twice; join the two rows");
            return Err(inconsistent(profile, line, message));
        }
    }
    Ok(())
}
