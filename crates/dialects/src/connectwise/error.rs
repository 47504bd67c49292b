//! Every refusal in the vendor's shape: `{code, message, errors}`. Knows statuses and texts, not why
//! the server refused.

use serde::Serialize;

/// A refusal as it goes over the wire.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub struct ApiError {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
    pub errors: Vec<FieldError>,
}

/// One inner error: which member of which resource, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    pub code: &'static str,
    pub message: String,
    pub resource: String,
    pub field: String,
}

#[derive(Serialize)]
struct Envelope<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
}

impl ApiError {
    fn plain(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            errors: Vec::new(),
        }
    }

    /// Denied: one sentence for every case, as the vendor does. The reason goes beside it.
    pub fn security() -> Self {
        Self::plain(
            403,
            "Security",
            "You do not have security permission to perform this action.",
        )
    }

    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::plain(401, "Unauthorized", message)
    }

    /// The `clientId` header is missing.
    pub fn client_id() -> Self {
        Self::plain(
            403,
            "Security",
            "The clientId header is missing. Send the GUID that identifies your software as clientId.",
        )
    }

    pub fn no_endpoint() -> Self {
        Self::plain(404, "ConnectWiseApi", "The endpoint does not exist.")
    }

    /// There is no such record, or the caller may not see that there is.
    pub fn not_found(schema: &str, id: &str) -> Self {
        Self::plain(404, "NotFound", format!("{schema} {id} was not found."))
    }

    pub fn method_not_allowed(allowed: &str) -> Self {
        Self::plain(
            405,
            "ConnectWiseApi",
            format!("The method is not supported here; supported: {allowed}."),
        )
    }

    pub fn condition(message: impl Into<String>) -> Self {
        Self::plain(400, "ApiFindCondition", message)
    }

    /// A name in conditions, childConditions or orderBy that the entity does not have.
    pub fn unknown_name(name: &str) -> Self {
        Self::condition(format!("{name} is not a recognized name."))
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::plain(400, "ConnectWiseApi", message)
    }

    pub fn unknown_member(member: &str, schema: &str, line: usize, column: usize) -> Self {
        Self::bad_request(format!(
            "Could not find member '{member}' on object of type '{schema}'. Path '{member}', line {line}, \
             position {column}. Check your accept header to be sure that you are using the correct model version."
        ))
    }

    /// A value of another JSON type than the field's. The vendor answers 500 here; the code and the text are
    /// the same, but a caller's mistake is 400, so that nobody tries again.
    pub fn conversion(message: impl Into<String>) -> Self {
        Self::plain(400, "ConnectWiseApi", message)
    }

    /// The record was read, and something in it does not hold.
    pub fn invalid_object(resource: &str, errors: Vec<FieldError>) -> Self {
        Self {
            status: 400,
            code: "InvalidObject",
            message: format!("{resource} object is invalid"),
            errors,
        }
    }

    pub fn in_use(schema: &str, by: &str) -> Self {
        Self::plain(
            409,
            "ObjectInUse",
            format!("{schema} is in use by {by} and cannot be deleted."),
        )
    }

    pub fn too_large(limit: usize) -> Self {
        Self::plain(
            413,
            "ConnectWiseApi",
            format!("The body is larger than {limit} bytes."),
        )
    }

    pub fn unsupported_media(message: impl Into<String>) -> Self {
        Self::plain(415, "ConnectWiseApi", message)
    }

    /// The body is in an encoding that nobody here reads.
    pub fn encoded(encoding: &str) -> Self {
        Self::unsupported_media(format!(
            "The body's Content-Encoding is {encoding}, which is not read here. Send the body as it is, without that header."
        ))
    }

    pub fn server(message: impl Into<String>) -> Self {
        Self::plain(500, "ConnectWiseApi", message)
    }

    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::plain(503, "ConnectWiseApi", message)
    }

    /// The body, pretty-printed with two blanks, as the vendor's servers write it.
    pub fn body(&self) -> Vec<u8> {
        let envelope = Envelope {
            code: self.code,
            message: &self.message,
            errors: &self.errors,
        };
        serde_json::to_vec_pretty(&envelope).unwrap_or_default()
    }
}

impl FieldError {
    fn new(code: &'static str, message: String, resource: &str, field: &str) -> Self {
        Self {
            code,
            message,
            resource: resource.to_owned(),
            field: field.to_owned(),
        }
    }

    pub fn missing(resource: &str, field: &str) -> Self {
        Self::new(
            "MissingRequiredField",
            format!("The {field} field is required."),
            resource,
            field,
        )
    }

    pub fn too_long(resource: &str, field: &str, max: u32) -> Self {
        let message = format!("The field {field} must be a string with a maximum length of {max}.");
        Self::new("MaxLengthField", message, resource, field)
    }

    /// A reference that names no record, or none that the caller may see.
    pub fn not_found(resource: &str, field: &str, message: impl Into<String>) -> Self {
        Self::new("NotFound", message.into(), resource, field)
    }

    pub fn exists(resource: &str, field: &str, message: impl Into<String>) -> Self {
        Self::new("ObjectExists", message.into(), resource, field)
    }

    pub fn format(resource: &str, field: &str) -> Self {
        Self::new(
            "UnsupportedFormat",
            format!("Unsupported format applied to {field}"),
            resource,
            field,
        )
    }

    pub fn invalid(resource: &str, field: &str, message: impl Into<String>) -> Self {
        Self::new("InvalidField", message.into(), resource, field)
    }
}
