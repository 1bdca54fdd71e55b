//! Checkpoints of the audit log: C2SP signed notes, Ed25519.

use std::sync::{Arc, Mutex, PoisonError};

use fido_unlock::ErrorCode;
use fido_unlock::desk::log::{KeyName, NoteSigner, NoteVerifier, SignedNote, SoftwareNoteSigner, TreeHead};
use fido_unlock::desk::ports::SignerError;
use zeroize::Zeroizing;

use super::SigningError;
use crate::UnlockError;

/// Signs checkpoints and lists of issuers, with an Ed25519 key that is no issuer's. `checkpoint_signer` makes one in software.
#[uniffi::export(with_foreign)]
pub trait CheckpointSigner: Send + Sync {
    /// The public key that verifies them, as one line: `name+id+key`, as C2SP's signed-note has it. The name
    /// is the log's (`HelpDesk.origin`).
    fn public_key(&self) -> Result<String, SigningError>;

    /// Makes the Ed25519 signature over the bytes of `text`, 64 bytes. The library checks it under the public key.
    fn sign(&self, text: String) -> Result<Vec<u8>, SigningError>;
}

/// A checkpoint: how the log stood.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// How many entries it had.
    pub entries: u64,
    /// Their root, 32 bytes.
    pub root: Vec<u8>,
}

impl From<TreeHead> for Checkpoint {
    fn from(head: TreeHead) -> Self {
        Self {
            origin: head.origin.to_string(),
            entries: head.size,
            root: head.root.0.to_vec(),
        }
    }
}

/// A signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SignedCheckpoint {
    /// All of it, as text: keep it where the log's administrator cannot write.
    pub note: String,
    /// What it says.
    pub checkpoint: Checkpoint,
}

/// The keys of these lines.
pub(super) fn keys(lines: &[String]) -> Result<Vec<NoteVerifier>, UnlockError> {
    let parse = |line: &String| NoteVerifier::parse(line);
    let keys: Result<_, _> = lines.iter().map(parse).collect();
    Ok(keys.map_err(|_| ErrorCode::InvalidArgument)?)
}

/// The tree head of a note that one of `keys` has signed.
pub(super) fn read(note: &str, keys: &[NoteVerifier]) -> Result<(TreeHead, SignedNote), UnlockError> {
    let note = SignedNote::parse(note).map_err(|_| ErrorCode::AuditCheckpoint)?;
    let text = note.verify(keys).map_err(|_| ErrorCode::AuditCheckpoint)?;
    let head = TreeHead::parse(text).map_err(|_| ErrorCode::AuditCheckpoint)?;
    Ok((head, note))
}

/// Reads a checkpoint and checks that one of `keys`, each as its line, signed it; number 705 where none did. Against the
/// log it is checked by `HelpDesk.verify_audit`.
#[uniffi::export]
pub fn read_checkpoint(note: String, keys: Vec<String>) -> Result<Checkpoint, UnlockError> {
    let keys = self::keys(&keys)?;
    Ok(read(&note, &keys)?.0.into())
}

/// A key in this process's memory. `name`: the log's (`HelpDesk.origin`); `seed`: the private key of RFC 8032, 32 random
/// bytes, read where they lie.
#[uniffi::export]
pub fn checkpoint_signer(name: String, seed: &[u8]) -> Result<Arc<dyn CheckpointSigner>, UnlockError> {
    let name = KeyName::new(&name).map_err(|_| ErrorCode::InvalidArgument)?;
    let mut own = Zeroizing::new([0; 32]);
    if seed.len() != own.len() {
        return Err(ErrorCode::InvalidArgument.into());
    }
    own.copy_from_slice(seed);
    Ok(software(SoftwareNoteSigner::from_seed(name, &own)))
}

pub(super) fn software(signer: SoftwareNoteSigner) -> Arc<dyn CheckpointSigner> {
    Arc::new(Software(Mutex::new(signer)))
}

struct Software(Mutex<SoftwareNoteSigner>);

impl CheckpointSigner for Software {
    fn public_key(&self) -> Result<String, SigningError> {
        let signer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(signer.verifier().to_line())
    }

    fn sign(&self, text: String) -> Result<Vec<u8>, SigningError> {
        let mut signer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let made = signer.sign(&text);
        made.map(Vec::from).map_err(|_| SigningError::Refused { code: 0 })
    }
}

/// [`CheckpointSigner`] as core's port.
pub(super) struct HostNoteSigner {
    signer: Arc<dyn CheckpointSigner>,
    verifier: NoteVerifier,
}

impl HostNoteSigner {
    pub(super) fn open(signer: Arc<dyn CheckpointSigner>) -> Result<Self, UnlockError> {
        let line = signer.public_key().map_err(SignerError::from)?;
        let verifier = NoteVerifier::parse(&line).map_err(|_| ErrorCode::InvalidArgument)?;
        Ok(Self { signer, verifier })
    }

    /// What was made, where the signature is good.
    pub(super) fn checked(&self, note: &SignedNote) -> Option<SignedCheckpoint> {
        let text = note.verify(std::slice::from_ref(&self.verifier)).ok()?;
        Some(SignedCheckpoint {
            note: note.to_text(),
            checkpoint: TreeHead::parse(text).ok()?.into(),
        })
    }
}

impl NoteSigner for HostNoteSigner {
    fn verifier(&self) -> NoteVerifier {
        self.verifier.clone()
    }

    fn sign(&mut self, text: &str) -> Result<[u8; 64], SignerError> {
        let made = self.signer.sign(text.to_owned())?;
        made.try_into().map_err(|_| SignerError::Failed {
            detail: "what the program's signer made is no signature".into(),
        })
    }
}
