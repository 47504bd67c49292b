//! The system itself: its version and licences.

use super::Answer;
use serde_json::json;

/// What every client's login check reads.
pub fn info() -> Answer {
    Answer::json(
        200,
        &json!({
            "version": "v2025.1.105333",
            "isCloud": false,
            "serverTimeZone": "UTC",
            "licenseBits": [{ "name": "Manage", "activeFlag": true }],
            "cloudRegion": "NA",
            "maxWorkFlowRecordsAllowed": 1000,
        }),
    )
}
