//! The system itself: its version and licences.

use bitting_catalog::Catalog;
use bitting_catalog::entity::Release;
use bitting_dialects::connectwise::error::FieldError;
use bitting_dialects::connectwise::names;
use bitting_psa::answer::Answer;
use bitting_psa::draft::Draft;
use serde_json::json;

/// What every client's login check reads, as far as records of the release have it.
pub fn info(catalog: &Catalog, release: Release) -> Answer {
    let mut info = json!({
        "version": "v2025.1.105333",
        "isCloud": false,
        "serverTimeZone": "UTC",
        "licenseBits": [{ "name": "Manage", "activeFlag": true }],
        "cloudRegion": "NA",
        "maxWorkFlowRecordsAllowed": 1000,
    });
    if let (Some(members), Some(fields)) = (info.as_object_mut(), catalog.shape("Info")) {
        members.retain(|name, _| names::field(fields, name, release).is_some());
    }
    Answer::json(200, &info)
}

/// A legacy login that opens every API says whose time it enters and on which board its tickets land.
pub fn save_login(draft: &mut Draft<'_>) {
    if !draft.flag("canAccessAllApisFlag") {
        return;
    }
    for name in ["member", "board"] {
        if draft.is_null(name) && !super::related::wrong(draft, name) {
            let mut error = FieldError::missing(&draft.resource, name);
            error.message = format!("The {name}/id field is required.");
            draft.errors.push(error);
        }
    }
}
