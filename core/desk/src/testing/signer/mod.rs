//! Contract of [`Signer`].

mod admin_keys;
mod ecdh_mac;
mod ecdsa;
mod refusals;

use alloc::boxed::Box;
use alloc::vec::Vec;

use fido_unlock_protocol::suite::{DeviceSecretKey, IssuerPublicKey, Suite};
use fido_unlock_protocol::{AdminKey, AesChallenge, Challenge, DeviceChallenge, DeviceId};
use zeroize::Zeroizing;

use super::{ContractError, ensure};
use crate::ports::{Signer, SignerError};
use crate::{DeviceKeys, OperatorId, RequestId, SigningTask, UserId};

/// How many challenges each key answers.
const CHALLENGES: u8 = 4;
const OWN_KEYS: ContractError = ContractError::Broken("the suite's own keys");

/// A signer, and the public halves of the keys that it holds. The keys are the adapter's: of those in a token nobody
/// else knows more.
pub struct SignerUnderTest {
    /// It.
    pub signer: Box<dyn Signer + Send>,
    /// Slot, 0 to 15, and Q of a key of suite 1; `None` where it has none, and then nothing of suite 1 may be answered.
    pub p256_ecdsa: Option<(u8, IssuerPublicKey)>,
    /// The same of suite 2.
    pub p256_ecdh_mac: Option<(u8, IssuerPublicKey)>,
    /// Whether it keeps admin keys, and so answers suite 3.
    pub admin_keys: bool,
}

/// `open` opens the same signer, without admin keys at first, as another start of the program would: the one before was
/// dropped.
///
/// A signer may answer with a high s: core accepts both, and the suite checks that it does.
///
/// # Errors
/// [`ContractError`], the first sentence that does not hold.
pub fn signer(mut open: impl FnMut() -> Result<SignerUnderTest, SignerError>) -> Result<(), ContractError> {
    let mut tested = open()?;
    if let Some((slot, issuer)) = tested.p256_ecdsa {
        ecdsa::answers(&mut *tested.signer, slot, issuer)?;
    }
    if let Some((slot, issuer)) = tested.p256_ecdh_mac {
        ecdh_mac::answers(&mut *tested.signer, slot, issuer)?;
    }
    refusals::refused(&mut tested)?;
    if tested.admin_keys {
        admin_keys::kept(tested, &mut open)?;
    }
    Ok(())
}

/// A task for device `number`.
fn task(number: u8, slot: u8, keys: DeviceKeys, challenge: Challenge) -> Result<SigningTask, ContractError> {
    Ok(SigningTask {
        request: RequestId::from_bytes([number; 10]),
        operator: OperatorId::new("operator").ok_or(OWN_KEYS)?,
        user: UserId::new("user").ok_or(OWN_KEYS)?,
        device: device(number),
        slot,
        keys,
        challenge,
    })
}

const fn device(number: u8) -> DeviceId {
    DeviceId::from_bytes([number; 10])
}

fn line(suite: Suite, slot: u8, nonce: u8) -> Result<Challenge, ContractError> {
    DeviceChallenge::new(suite, slot, [nonce; 14], u32::from(nonce))
        .map(Challenge::Line)
        .ok_or(OWN_KEYS)
}

fn block(nonce: u8) -> Challenge {
    Challenge::Aes(AesChallenge::from_bytes([nonce; 16]))
}

fn admin_key(byte: u8, length: usize) -> Result<AdminKey, ContractError> {
    AdminKey::new(&alloc::vec![byte; length]).ok_or(OWN_KEYS)
}

fn device_key(number: u16) -> Result<DeviceSecretKey, ContractError> {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().rev().zip(number.to_le_bytes()) {
        *to = from;
    }
    DeviceSecretKey::from_bytes(&bytes).ok_or(OWN_KEYS)
}

/// What a signer answers to a task; asked twice, since a code that was perhaps never seen is made again.
fn twice(signer: &mut dyn Signer, task: &SigningTask) -> Result<[Zeroizing<Vec<u8>>; 2], ContractError> {
    let first = signer.sign(task)?;
    let again = signer.sign(task);
    ensure(again.is_ok(), "the same task is answered again")?;
    let answers = [first, again?];
    let length = match task.keys.suite() {
        Suite::P256Ecdsa => 64,
        Suite::P256EcdhMac => 32,
        Suite::AesAdminKey => 16,
    };
    ensure(
        answers.iter().all(|answer| answer.len() == length),
        "an answer has the length of its suite: 64, 32 or 16 bytes",
    )?;
    Ok(answers)
}

/// Core takes what the suite took.
fn accepted(task: &SigningTask, answer: &[u8]) -> Result<(), ContractError> {
    ensure(
        task.accept(answer).is_ok(),
        "core accepts an answer that is right",
    )
}
