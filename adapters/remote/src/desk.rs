//! A desk that is reached by an access token.

use core::fmt;

use fido_unlock_desk::AccessToken;

use crate::http::Ask;
use crate::model::Myself;
use crate::{Connection, RemoteError};

/// A desk that runs elsewhere. Whatever is done is done in the name of the token's operator, and recorded there.
pub struct RemoteDesk {
    pub(crate) connection: Connection,
    pub(crate) token: AccessToken,
}

impl fmt::Debug for RemoteDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RemoteDesk")
            .field(self.connection.address())
            .finish()
    }
}

impl RemoteDesk {
    /// By a token; nothing is sent yet.
    #[must_use]
    pub const fn new(connection: Connection, token: AccessToken) -> Self {
        Self { connection, token }
    }

    /// Where it is, and how it is spoken to.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// In whose name the token acts, and what it may.
    ///
    /// # Errors
    /// [`ErrorCode::OperatorUnknown`](fido_unlock_protocol::ErrorCode::OperatorUnknown): the token counts no more.
    pub fn myself(&self) -> Result<Myself, RemoteError> {
        self.get("/api/v1/me")
    }

    /// Ends the token: it is worth nothing afterwards.
    ///
    /// # Errors
    /// As [`RemoteDesk::myself`].
    pub fn sign_out(&self) -> Result<(), RemoteError> {
        let ask = Ask::post("/api/v1/sign-out", &());
        self.connection.ask(Some(&self.token), &ask).map(drop)
    }

    pub(crate) fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, RemoteError> {
        self.get_by(path, &[])
    }

    pub(crate) fn get_by<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, RemoteError> {
        let ask = Ask {
            query,
            ..Ask::get(path)
        };
        self.connection.json(Some(&self.token), &ask)
    }

    pub(crate) fn post<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<T, RemoteError> {
        self.connection.json(Some(&self.token), &Ask::post(path, body))
    }
}
