//! What an enrolment station needs before it touches a device: the desk's public keys, and whether the device would be
//! registered.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::ErrorCode;
use fido_unlock::desk::UserId;
use fido_unlock::desk::ports::IssuerInfo;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::given::Asked;
use super::guard::Caller;
use crate::app::App;
use crate::problem::json;
use crate::refusal::Refusal;

/// The version of a public key as an object (docs/protocol.md, "Key files").
const VERSION: u8 = 1;

/// A slot's public key, as `issuer show --public` writes it.
#[derive(Serialize, ToSchema)]
#[schema(as = Issuer)]
struct IssuerOut {
    version: u8,
    /// 1 or 2.
    suite: u8,
    /// 0 to 15.
    slot: u8,
    /// Q: a compressed point in hexadecimal digits.
    public: String,
}

impl From<&IssuerInfo> for IssuerOut {
    fn from(issuer: &IssuerInfo) -> Self {
        Self {
            version: VERSION,
            suite: issuer.suite.number(),
            slot: issuer.slot,
            public: base16ct::lower::encode_string(issuer.public.as_compressed()),
        }
    }
}

/// What a device is enrolled with.
#[derive(Serialize, ToSchema)]
pub(super) struct Enrolment {
    /// The present key of each slot.
    issuers: Vec<IssuerOut>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct For {
    /// Whose device is to be enrolled; without it, the keys alone.
    user: Option<String>,
}

/// What a device is enrolled with, before it is touched
///
/// An enrolment cannot be taken back. With `user` it is refused where that user's device would not be registered:
/// privilege, licence, user.
#[utoipa::path(get, path = "/api/v1/enrolment", tag = "devices", params(For),
    responses((status = 200, body = Enrolment)))]
pub(super) async fn enrolment(
    State(app): State<App>,
    Caller(session): Caller,
    Asked(wanted): Asked<For>,
) -> Result<Response, Refusal> {
    let owner = match wanted.user {
        Some(user) => Some(UserId::new(&user).ok_or(ErrorCode::UserUnknown)?),
        None => None,
    };
    let issuers = app.desks().run(move |desk| {
        if let Some(owner) = owner {
            desk.may_enroll(&session, &owner)?;
        }
        desk.issuers(&session)
    });
    let issuers = issuers.await?;
    let present = issuers.iter().filter(|issuer| !issuer.retired);
    let enrolment = Enrolment {
        issuers: present.map(Into::into).collect(),
    };
    Ok(json(StatusCode::OK, &enrolment))
}
