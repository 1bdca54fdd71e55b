//! What a program gives: a body in JSON, or a query. What is wrong with it is said to who has sent it.

use axum::extract::{FromRequest, FromRequestParts, Json, Query, Request};
use axum::http::request::Parts;
use fido_unlock::ErrorCode;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::refusal::Refusal;

/// A body.
pub(super) struct Given<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for Given<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        match Json::<T>::from_request(request, app).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection) if rejection.status().as_u16() == 413 => Err(Refusal::too_long()),
            Err(rejection) => Err(Refusal::file(ErrorCode::InvalidArgument, &rejection.body_text())),
        }
    }
}

/// A query.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        match Query::<T>::from_request_parts(parts, app).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Refusal::file(ErrorCode::InvalidArgument, &rejection.body_text())),
        }
    }
}
