//! Checkpoints, verification, and events that happen outside the desk but belong in its log.

use alloc::vec::Vec;

use fido_unlock_protocol::suite::IssuerPublicKey;
use fido_unlock_protocol::{DeviceId, ErrorCode};

use super::{HelpDesk, about, by};
use crate::audit::{
    self, AuditEntry, AuditEvent, AuditFault, AuditReport, Checkpoint, CheckpointKey, SignedCheckpoint,
};
use crate::ports::CheckpointSigner;
use crate::{DeskError, OperatorSession, Privilege};

/// What happens to issuer keys and operators beside the desk, to be recorded in its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyEvent {
    /// An issuer key was made, or rotated into a slot.
    Made {
        /// The slot.
        slot: u8,
        /// Q.
        public: IssuerPublicKey,
    },
    /// The issuer keys were backed up.
    BackedUp,
    /// The issuer keys were restored.
    Restored,
}

impl HelpDesk {
    /// Signs a checkpoint over all entries up to now. Keep it where the log's administrator cannot
    /// write. That it was made is recorded behind it.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Administer`]; [`ErrorCode::KeyPurpose`] where
    /// the key is also an issuer's, present or retired; [`DeskError::Signer`]; clock; a store's error.
    pub fn checkpoint(
        &mut self,
        session: &OperatorSession,
        signer: &mut dyn CheckpointSigner,
    ) -> Result<SignedCheckpoint, DeskError> {
        let context = by(AuditEvent::CheckpointMade, session.operator());
        let result = self.try_checkpoint(session, signer, &context);
        self.recorded(context, result)
    }

    fn try_checkpoint(
        &mut self,
        session: &OperatorSession,
        signer: &mut dyn CheckpointSigner,
        context: &AuditEntry,
    ) -> Result<SignedCheckpoint, DeskError> {
        let now = self.privileged(session, Privilege::Administer)?;
        let key = signer.public();
        let issuers = self.ports.signer.issuers();
        if issuers.iter().any(|issuer| key.is_issuers(&issuer.public)) {
            return Err(ErrorCode::KeyPurpose.into());
        }
        let signed = signer.sign(&Checkpoint {
            log_id: self.chain.log_id,
            count: self.chain.count,
            head: self.chain.head,
            at: now,
        })?;
        self.append(context.clone())?;
        Ok(signed)
    }

    /// Verifies the desk's own log; see [`audit::verify`].
    ///
    /// # Errors
    /// [`AuditFault`], the first one found.
    pub fn verify_audit(
        &self,
        checkpoints: &[SignedCheckpoint],
        key: Option<&CheckpointKey>,
    ) -> Result<AuditReport, AuditFault> {
        audit::verify(&*self.ports.audit_log, checkpoints, key)
    }

    /// Every entry, checked.
    ///
    /// # Errors
    /// [`AuditFault`], the first one found.
    pub fn audit_entries(&self) -> Result<Vec<(AuditEntry, [u8; 32])>, AuditFault> {
        audit::read_all(&*self.ports.audit_log)
    }

    /// Records what an Administrator did to the issuer keys. To be called before it is done.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without
    /// [`Privilege::Administer`]; clock; a store's error.
    pub fn record_key_event(&mut self, session: &OperatorSession, event: KeyEvent) -> Result<(), DeskError> {
        let (event, slot, issuer) = match event {
            KeyEvent::Made { slot, public } => (AuditEvent::IssuerKeyMade, Some(slot), Some(public.hash())),
            KeyEvent::BackedUp => (AuditEvent::IssuerKeysBackedUp, None, None),
            KeyEvent::Restored => (AuditEvent::IssuerKeysRestored, None, None),
        };
        let context = AuditEntry {
            slot,
            issuer,
            ..by(event, session.operator())
        };
        let result = self.try_record(session, Privilege::Administer, &context);
        self.recorded(context, result)
    }

    /// Records that a device's forgotten PIN is about to be blocked on purpose; to be called before
    /// it is done.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without
    /// [`Privilege::Unlock`]; clock; a store's error.
    pub fn record_pin_block(
        &mut self,
        session: &OperatorSession,
        device: &DeviceId,
    ) -> Result<(), DeskError> {
        let context = about(
            AuditEvent::PinBlocked,
            session.operator(),
            None,
            None,
            Some(device),
        );
        let result = self.try_record(session, Privilege::Unlock, &context);
        self.recorded(context, result)
    }

    /// Records that an operator fetched a program for users. `name`: which.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without
    /// [`Privilege::Downloads`]; clock; a store's error.
    pub fn record_download(&mut self, session: &OperatorSession, name: &str) -> Result<(), DeskError> {
        let context = by(AuditEvent::DownloadFetched, session.operator()).detail(name);
        let result = self.try_record(session, Privilege::Downloads, &context);
        self.recorded(context, result)
    }

    /// Records that an operator account was added or changed. `name`: whose. To be called before it
    /// is done.
    ///
    /// # Errors
    /// As [`HelpDesk::record_key_event`].
    pub fn record_operator_change(&mut self, session: &OperatorSession, name: &str) -> Result<(), DeskError> {
        let context = by(AuditEvent::OperatorChanged, session.operator()).detail(name);
        let result = self.try_record(session, Privilege::Administer, &context);
        self.recorded(context, result)
    }

    fn try_record(
        &mut self,
        session: &OperatorSession,
        privilege: Privilege,
        context: &AuditEntry,
    ) -> Result<(), DeskError> {
        self.privileged(session, privilege)?;
        self.append(context.clone())?;
        Ok(())
    }
}
