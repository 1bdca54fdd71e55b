//! The error table, which problems refer to.

use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::ErrorCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::json;

/// A row of the error table.
#[derive(Serialize, ToSchema)]
struct ErrorRow {
    /// It stays what it is.
    number: u16,
    name: &'static str,
    text: &'static str,
    next_step: &'static str,
}

/// The error table, in English.
#[derive(Serialize, ToSchema)]
pub(super) struct Errors {
    errors: Vec<ErrorRow>,
}

/// The error table
#[utoipa::path(get, path = "/api/v1/errors", tag = "description",
    responses((status = 200, body = Errors)))]
pub(super) async fn table() -> Response {
    let row = |code: &ErrorCode| ErrorRow {
        number: code.number(),
        name: code.name(),
        text: code.message(),
        next_step: code.next_step(),
    };
    let errors = ErrorCode::ALL.iter().map(row).collect();
    json(StatusCode::OK, &Errors { errors })
}
