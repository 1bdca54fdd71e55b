//! What would have been sent.

use std::sync::{Arc, Mutex};

use fido_unlock_desk::ports::{CodeDelivery, DeliveryError, Notice, NoticeKind, Notifier};
use fido_unlock_desk::{Channel, OperatorId, RequestId, UnixTime, UserId};
use fido_unlock_protocol::{DeviceId, ResponseCode};

use super::lock;

/// A notice to an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptNotice {
    /// What happened.
    pub kind: NoticeKind,
    /// To whom.
    pub user: UserId,
    /// About which device, if any.
    pub device: Option<DeviceId>,
    /// In which request, if any.
    pub request: Option<RequestId>,
    /// The address of the one channel that it is for.
    pub address: Option<String>,
    /// By whom.
    pub operator: OperatorId,
    /// When.
    pub at: UnixTime,
}

/// Keeps notices, and of sent codes the channel and the SHA-256.
#[derive(Clone, Debug, Default)]
pub struct Outbox(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    notices: Vec<KeptNotice>,
    codes: Vec<(String, [u8; 32])>,
    broken: bool,
}

impl Outbox {
    /// The notices so far.
    #[must_use]
    pub fn notices(&self) -> Vec<KeptNotice> {
        lock(&self.0).notices.clone()
    }

    /// Address and SHA-256 of each code that was sent.
    #[must_use]
    pub fn codes(&self) -> Vec<(String, [u8; 32])> {
        lock(&self.0).codes.clone()
    }

    /// Makes every message fail, or work again.
    pub fn set_broken(&self, broken: bool) {
        lock(&self.0).broken = broken;
    }
}

fn working(inner: &Inner) -> Result<(), DeliveryError> {
    if inner.broken {
        return Err(DeliveryError {
            detail: "the outbox was told to fail".into(),
        });
    }
    Ok(())
}

impl Notifier for Outbox {
    fn notify(&mut self, notice: &Notice<'_>) -> Result<(), DeliveryError> {
        let mut inner = lock(&self.0);
        working(&inner)?;
        inner.notices.push(KeptNotice {
            kind: notice.kind,
            user: notice.user.id.clone(),
            device: notice.device,
            request: notice.request,
            address: notice.channel.map(|channel| channel.address.clone()),
            operator: notice.operator.clone(),
            at: notice.at,
        });
        Ok(())
    }
}

impl CodeDelivery for Outbox {
    fn send(&mut self, channel: &Channel, code: &ResponseCode) -> Result<(), DeliveryError> {
        let mut inner = lock(&self.0);
        working(&inner)?;
        inner.codes.push((channel.address.clone(), code.sha256()));
        Ok(())
    }
}
