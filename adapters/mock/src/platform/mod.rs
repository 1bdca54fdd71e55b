//! What surrounds an authenticator when a person signs in: a platform that speaks CTAP over a
//! [`Transport`], and a relying party that knows only the public key it stored. For demonstrations
//! and tests; both are as small as WebAuthn allows.

mod relying_party;

pub use relying_party::{Ceremony, RelyingParty, RelyingPartyError, StoredCredential};

use fido_unlock_host::ports::{Call, Transport, TransportError};
use fido_unlock_host::{ClientPinError, TokenScope, agree, client_pin, get_pin_token};
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::client_pin::{ClientPinRequest, SubCommand, permission};
use fido_unlock_protocol::ctap2::get_info::AuthenticatorInfo;
use fido_unlock_protocol::ctap2::{CtapStatus, command};
use fido_unlock_protocol::pin_protocol::{PinProtocol, pad_pin};
use fido_unlock_protocol::ports::Entropy;
use fido_unlock_protocol::{ErrorCode, HasCode, Pin};
use zeroize::Zeroizing;

/// Why a ceremony failed on the platform.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlatformError {
    /// The PIN, the device or the way to it.
    #[error(transparent)]
    Device(#[from] ClientPinError),
    /// The command itself was refused.
    #[error("{0}")]
    Status(CtapStatus),
    /// The PIN cannot be sent: empty, over 63 bytes, or with a zero byte.
    #[error("{}", ErrorCode::PinTooLong)]
    PinLength,
}

impl HasCode for PlatformError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Device(error) => error.code(),
            Self::Status(CtapStatus::PinAuthBlocked) => ErrorCode::PinAuthBlocked,
            Self::Status(CtapStatus::PinBlocked) => ErrorCode::PinBlocked,
            Self::Status(_) => ErrorCode::UnexpectedStatus,
            Self::PinLength => ErrorCode::PinTooLong,
        }
    }
}

impl From<TransportError> for PlatformError {
    fn from(error: TransportError) -> Self {
        Self::Device(error.into())
    }
}

/// A platform for as long as one call lasts.
pub struct Platform<'a, 'c> {
    transport: &'a mut dyn Transport,
    entropy: &'a mut dyn Entropy,
    call: &'a mut Call<'c>,
    protocol: PinProtocol,
}

impl<'a, 'c> Platform<'a, 'c> {
    /// Over an open transport. `protocol`: the PIN/UV protocol of every command.
    pub fn new(
        transport: &'a mut dyn Transport,
        entropy: &'a mut dyn Entropy,
        call: &'a mut Call<'c>,
        protocol: PinProtocol,
    ) -> Self {
        Self {
            transport,
            entropy,
            call,
            protocol,
        }
    }

    /// `authenticatorGetInfo`.
    ///
    /// # Errors
    /// [`PlatformError`].
    pub fn get_info(&mut self) -> Result<AuthenticatorInfo, PlatformError> {
        Ok(AuthenticatorInfo::from_value(
            &self.send(command::GET_INFO, None)?,
        ))
    }

    /// `setPIN`.
    ///
    /// # Errors
    /// [`PlatformError`].
    pub fn set_pin(&mut self, pin: &Pin) -> Result<(), PlatformError> {
        let padded = pad_pin(pin.expose_text().as_bytes()).ok_or(PlatformError::PinLength)?;
        let (key, secret) = agree(self.transport, self.protocol, self.entropy, self.call)?;
        let new_pin_enc = self
            .protocol
            .encrypt(&secret, &*padded, self.entropy)
            .map_err(ClientPinError::from)?;
        let mut request = ClientPinRequest::new(SubCommand::SetPin, Some(self.protocol));
        request.key_agreement = Some(key);
        request.pin_uv_auth_param = self.protocol.authenticate(&secret, &new_pin_enc).ok();
        request.new_pin_enc = Some(new_pin_enc);
        client_pin(self.transport, &request, self.call)?;
        Ok(())
    }

    /// `getPINRetries`: tries left, and whether the device must be plugged in again first.
    ///
    /// # Errors
    /// [`PlatformError`].
    pub fn pin_retries(&mut self) -> Result<(u8, bool), PlatformError> {
        let request = ClientPinRequest::new(SubCommand::GetPinRetries, None);
        let answer = client_pin(self.transport, &request, self.call)?;
        let retries = answer
            .pin_retries
            .ok_or(ClientPinError::Malformed("no pinRetries"))?;
        Ok((retries, answer.power_cycle_state.unwrap_or(false)))
    }

    /// Tries a PIN as a sign-in does, without signing in.
    ///
    /// # Errors
    /// [`ErrorCode::PinInvalid`] and the like.
    pub fn try_pin(&mut self, pin: &Pin) -> Result<(), PlatformError> {
        self.token(pin, TokenScope::default()).map(drop)
    }

    fn token(&mut self, pin: &Pin, scope: TokenScope<'_>) -> Result<Zeroizing<Vec<u8>>, PlatformError> {
        Ok(get_pin_token(
            self.transport,
            self.protocol,
            pin,
            scope,
            self.entropy,
            self.call,
        )?)
    }

    /// `authenticatorMakeCredential` of a discoverable ES256 credential: the answer's authData.
    ///
    /// # Errors
    /// [`PlatformError`].
    pub fn make_credential(
        &mut self,
        ceremony: &Ceremony,
        user: &str,
        pin: &Pin,
    ) -> Result<Vec<u8>, PlatformError> {
        let hash = ceremony.client_data_hash();
        let param = self.auth_param(ceremony, pin, permission::MAKE_CREDENTIAL, &hash)?;
        let request = Value::int_map([
            (1, Some(Value::bytes(&hash))),
            (
                2,
                Some(Value::text_map([
                    ("id", Some(ceremony.rp_id().into())),
                    ("name", Some(ceremony.rp_id().into())),
                ])),
            ),
            (
                3,
                Some(Value::text_map([
                    ("id", Some(Value::bytes(user.as_bytes()))),
                    ("name", Some(user.into())),
                    ("displayName", Some(user.into())),
                ])),
            ),
            (
                4,
                Some(
                    vec![Value::text_map([
                        ("alg", Some(Value::from(-7i64))),
                        ("type", Some("public-key".into())),
                    ])]
                    .into(),
                ),
            ),
            // As platforms do today: a relying party may ask for secrets later.
            (6, Some(Value::text_map([("hmac-secret", Some(true.into()))]))),
            (7, Some(Value::text_map([("rk", Some(true.into()))]))),
            (8, Some(Value::bytes(&param))),
            (9, Some(self.protocol.number().into())),
        ]);
        let answer = self.send(command::MAKE_CREDENTIAL, Some(&request))?;
        Ok(answer
            .get(2)
            .and_then(Value::as_bytes)
            .unwrap_or_default()
            .to_vec())
    }

    /// `authenticatorGetAssertion` for one credential: authData and signature.
    ///
    /// # Errors
    /// [`PlatformError`].
    pub fn get_assertion(
        &mut self,
        ceremony: &Ceremony,
        credential_id: &[u8],
        pin: &Pin,
    ) -> Result<(Vec<u8>, Vec<u8>), PlatformError> {
        let hash = ceremony.client_data_hash();
        let param = self.auth_param(ceremony, pin, permission::GET_ASSERTION, &hash)?;
        let descriptor = Value::text_map([
            ("id", Some(Value::bytes(credential_id))),
            ("type", Some("public-key".into())),
        ]);
        let request = Value::int_map([
            (1, Some(ceremony.rp_id().into())),
            (2, Some(Value::bytes(&hash))),
            (3, Some(vec![descriptor].into())),
            (6, Some(Value::bytes(&param))),
            (7, Some(self.protocol.number().into())),
        ]);
        let answer = self.send(command::GET_ASSERTION, Some(&request))?;
        let bytes = |key| {
            answer
                .get(key)
                .and_then(Value::as_bytes)
                .unwrap_or_default()
                .to_vec()
        };
        Ok((bytes(2), bytes(3)))
    }

    /// `authenticatorReset`: destroys every credential, PIN and enrolment.
    ///
    /// # Errors
    /// [`PlatformError`].
    pub fn reset(&mut self) -> Result<(), PlatformError> {
        self.send(command::RESET, None).map(drop)
    }

    fn auth_param(
        &mut self,
        ceremony: &Ceremony,
        pin: &Pin,
        permissions: u8,
        hash: &[u8],
    ) -> Result<Vec<u8>, PlatformError> {
        let token = self.token(
            pin,
            TokenScope {
                permissions,
                rp_id: Some(ceremony.rp_id()),
            },
        )?;
        let param = self.protocol.authenticate_with_key(&token, hash);
        Ok(param.map_err(|_| ClientPinError::Malformed("no pinUvAuthToken"))?)
    }

    fn send(&mut self, command: u8, request: Option<&Value>) -> Result<Value, PlatformError> {
        let mut message = vec![command];
        if let Some(request) = request {
            message.extend_from_slice(&request.to_bytes());
        }
        let answer = self.transport.transact(&message, self.call)?;
        let (status, body) = answer
            .split_first()
            .ok_or(ClientPinError::Malformed("an empty answer"))?;
        CtapStatus::from_byte(*status).map_err(PlatformError::Status)?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        Ok(Value::parse(body).map_err(|_| ClientPinError::Malformed("the answer is not CBOR"))?)
    }
}
