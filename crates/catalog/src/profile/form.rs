//! The forms for the integration's own person in the PSA, field by field: ConnectWise's API member and Autotask's
//! API user. What a guide says of a field; how it reaches the PSA is for `connect`.

use serde::{Deserialize, Serialize};

/// The API member form of ConnectWise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Member {
    /// Member ID, at most 15 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<MemberValue>,
    /// Member name, at most 30 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<MemberValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<MemberValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<MemberValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_class: Option<MemberValue>,
    /// Level of the corporate structure: `Corporate (Level 1)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<MemberValue>,
    /// Location the member belongs to, which decides what it sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<MemberValue>,
    /// Department or business unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<MemberValue>,
    /// Sales default location.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub territory: Option<MemberValue>,
    /// Board for tickets that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_board: Option<MemberValue>,
    /// Service boards the member may not see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_boards: Option<MemberValue>,
    /// Project boards the member may not see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_project_boards: Option<MemberValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_price: Option<MemberValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_cost: Option<MemberValue>,
    /// What the guide says about every other field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub others: Option<String>,
}

/// What to put into one field of the form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemberValue {
    /// The value, where the guide names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What the tenant has to choose, where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choose: Option<String>,
    /// The integration does not work rightly without it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// The API user form, and what must be set outside the level.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct User {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<MemberValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<MemberValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<MemberValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<MemberValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal_location: Option<MemberValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_of_business: Option<MemberValue>,
    /// Integration vendors to pick from, one per user.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tracking_vendor: Vec<String>,
    /// A custom (internal) tracking identifier instead of a vendor.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tracking_custom: bool,
    /// Ticks of Protected Data Permission on the user itself: `View Protected Data`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protected_data: Vec<String>,
    /// Levels of the people to be acted for must allow impersonation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub others_must_allow_impersonation: bool,
}
