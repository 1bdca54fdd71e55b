//! Suite 1: ECDSA signatures.

use alloc::vec::Vec;

use ecdsa::elliptic_curve::PrimeField as _;
use fido_unlock_protocol::suite::{IssuerPublicKey, Suite, p256_ecdsa};
use p256::ecdsa::Signature;
use sha2::{Digest, Sha256};

use super::{CHALLENGES, ContractError, OWN_KEYS, accepted, ensure, line, task, twice};
use crate::ports::Signer;
use crate::{DeviceKeys, SigningTask};

pub(super) fn answers(
    signer: &mut dyn Signer,
    slot: u8,
    issuer: IssuerPublicKey,
) -> Result<(), ContractError> {
    let mut seen: Vec<Vec<u8>> = Vec::new();
    for number in 1..=CHALLENGES {
        let challenge = line(Suite::P256Ecdsa, slot, number)?;
        let task = task(number, slot, DeviceKeys::P256Ecdsa { issuer }, challenge)?;
        let to_sign = task.to_sign()?;
        let mut here = Vec::new();
        for answer in twice(signer, &task)? {
            judge(&issuer, to_sign.as_bytes(), &answer)?;
            accepted(&task, &answer)?;
            either_s(&task, &answer)?;
            here.push(answer.iter().take(32).copied().collect::<Vec<u8>>());
        }
        // The same message twice may have one nonce (RFC 6979); two messages with one nonce give the key away.
        ensure(
            !here.iter().any(|r| seen.contains(r)),
            "no two messages are signed with one nonce",
        )?;
        seen.append(&mut here);
    }
    Ok(())
}

/// Says what is wrong with a signature, as far as it shows.
fn judge(issuer: &IssuerPublicKey, message: &[u8], answer: &[u8]) -> Result<(), ContractError> {
    if verifies(issuer, message, answer) {
        return Ok(());
    }
    let (r, s) = answer.split_at_checked(32).ok_or(OWN_KEYS)?;
    ensure(!verifies(issuer, message, &[s, r].concat()), "r stands before s")?;
    ensure(
        !verifies(issuer, &Sha256::digest(message), answer),
        "the message is hashed once, not its digest again",
    )?;
    let mut parts = (0..message.len()).filter_map(|end| message.get(..end));
    ensure(
        !parts.any(|part| verifies(issuer, part, answer)),
        "the whole message is signed, not its beginning",
    )?;
    ensure(false, "a signature verifies under the key that the task names")
}

fn verifies(issuer: &IssuerPublicKey, message: &[u8], answer: &[u8]) -> bool {
    p256_ecdsa::make_low_s(answer).is_some_and(|low| p256_ecdsa::verify(issuer, message, &low))
}

/// A token may give either s: both are taken, and make one code.
fn either_s(task: &SigningTask, answer: &[u8]) -> Result<(), ContractError> {
    let signature = Signature::from_slice(answer).map_err(|_| OWN_KEYS)?;
    let (r, s) = signature.split_scalars();
    let other = Signature::from_scalars(r.to_repr(), (-*s).to_repr()).map_err(|_| OWN_KEYS)?;
    let one = task.accept(answer)?;
    let other = task.accept(&other.to_bytes())?;
    ensure(
        one.expose_bytes() == other.expose_bytes(),
        "core makes one code of a signature and its twin with the other s",
    )
}
