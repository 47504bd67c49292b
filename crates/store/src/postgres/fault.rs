//! What PostgreSQL's own errors mean to the caller. Takes only the server's message: the detail may
//! hold a row's values, and a connection string never comes here.

use crate::error::StoreError;
use tokio_postgres::error::SqlState;

pub fn fault(place: &str, error: &tokio_postgres::Error) -> StoreError {
    let place = place.to_string();
    let Some(server) = error.as_db_error() else {
        let detail = error.to_string();
        let cause = std::error::Error::source(error)
            .map(|cause| format!(": {cause}"))
            .unwrap_or_default();
        return if error.is_closed()
            || detail.starts_with("error connecting")
            || detail.starts_with("error communicating")
        {
            StoreError::Unavailable {
                place,
                detail: format!("{detail}{cause}"),
            }
        } else {
            StoreError::Refused {
                place,
                detail: format!("{detail}{cause}"),
            }
        };
    };
    let detail = server.message().to_string();
    let code = server.code().code();
    match code.get(..2).unwrap_or_default() {
        "53" if *server.code() == SqlState::DISK_FULL => StoreError::Full { place, detail },
        "08" | "53" | "57" | "40" | "55" => StoreError::Unavailable { place, detail },
        "28" | "3D" => StoreError::Open { place, detail },
        "XX" => StoreError::Corrupt { place, detail },
        _ => StoreError::Refused { place, detail },
    }
}

/// Two transactions stood in each other's way; trying again may succeed.
pub fn clashed(error: &tokio_postgres::Error) -> bool {
    matches!(error.code(), Some(code) if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED)
}

pub fn lacks_table(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::UNDEFINED_TABLE)
}
