//! A desk built from ports that the host implements.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use fido_unlock::ErrorCode;
use fido_unlock::desk::{self, UnixTime, ports};

use super::accounts::{HostClock, HostLicence, HostOperators};
use super::audit_log::HostAuditLog;
use super::directory::HostDirectory;
use super::limits::HostLimits;
use super::ports::{HostDelivery, HostNotifier};
use super::signer::HostSigner;
use super::storage::Faults;
use super::{
    AuditLog, Clock, CodeDelivery, DeskPolicy, Directory, HelpDesk, Licence, Limits, Operators,
    OwnerNotifier, ResponseSigner,
};
use crate::UnlockError;

#[derive(Default)]
pub(super) struct Parts {
    pub clock: Option<Box<dyn ports::Clock + Send>>,
    pub licence: Option<Box<dyn ports::Licence + Send>>,
    pub operators: Option<Box<dyn ports::Operators + Send>>,
    pub directory: Option<Box<dyn ports::Directory + Send>>,
    pub limits: Option<Box<dyn ports::Limits + Send>>,
    pub audit_log: Option<Box<dyn ports::AuditLog + Send>>,
    pub signer: Option<Box<dyn ports::ResponseSigner + Send>>,
    pub notifier: Option<Box<dyn ports::Notifier + Send>>,
    pub delivery: Option<Box<dyn ports::CodeDelivery + Send>>,
    pub policy: desk::DeskPolicy,
    /// The host's clock, asked once more when the log's time is set back.
    pub host_clock: Option<Arc<dyn Clock>>,
    pub faults: Faults,
}

/// Puts a help desk together from the host's own database, HSM and accounts. All but clock, delivery and
/// policy must be set; `DeskFolder.builder` begins with a port over files for each, of which the host
/// replaces those that it has itself. All ports are called on the thread that calls the desk, one call
/// after the other.
#[derive(uniffi::Object)]
pub struct DeskBuilder(Mutex<Option<Parts>>);

impl DeskBuilder {
    pub(super) fn of(parts: Parts) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(parts))))
    }

    fn parts(&self) -> MutexGuard<'_, Option<Parts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, change: impl FnOnce(&mut Parts)) -> Result<(), UnlockError> {
        change(self.parts().as_mut().ok_or(ErrorCode::WrongState)?);
        Ok(())
    }
}

#[uniffi::export]
impl DeskBuilder {
    /// A builder without any port.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Self::of(Parts::default())
    }

    /// The clock; the system's unless set.
    pub fn set_clock(&self, clock: Arc<dyn Clock>) -> Result<(), UnlockError> {
        self.set(|parts| {
            parts.host_clock = Some(Arc::clone(&clock));
            parts.clock = Some(Box::new(HostClock {
                clock,
                faults: parts.faults.clone(),
            }));
        })
    }

    /// The licence and the service switch.
    pub fn set_licence(&self, licence: Arc<dyn Licence>) -> Result<(), UnlockError> {
        self.set(|parts| parts.licence = Some(Box::new(HostLicence(licence))))
    }

    /// Who may use the desk.
    pub fn set_operators(&self, operators: Arc<dyn Operators>) -> Result<(), UnlockError> {
        self.set(|parts| parts.operators = Some(Box::new(HostOperators(operators))))
    }

    /// Users and devices.
    pub fn set_directory(&self, directory: Arc<dyn Directory>) -> Result<(), UnlockError> {
        self.set(|parts| parts.directory = Some(Box::new(HostDirectory(directory))))
    }

    /// Counts the codes that were given out.
    pub fn set_limits(&self, limits: Arc<dyn Limits>) -> Result<(), UnlockError> {
        self.set(|parts| parts.limits = Some(Box::new(HostLimits(limits))))
    }

    /// The audit log, which is asked for its id and length here.
    pub fn set_audit_log(&self, log: Arc<dyn AuditLog>) -> Result<(), UnlockError> {
        let log = HostAuditLog::open(log)?;
        self.set(|parts| parts.audit_log = Some(Box::new(log)))
    }

    /// The issuer's keys.
    pub fn set_signer(&self, signer: Arc<dyn ResponseSigner>) -> Result<(), UnlockError> {
        self.set(|parts| {
            parts.signer = Some(Box::new(HostSigner {
                signer,
                faults: parts.faults.clone(),
            }));
        })
    }

    /// Notices to owners.
    pub fn set_notifier(&self, notifier: Arc<dyn OwnerNotifier>) -> Result<(), UnlockError> {
        self.set(|parts| parts.notifier = Some(Box::new(HostNotifier(notifier))))
    }

    /// Sends codes to channels, if the desk is to do that.
    pub fn set_delivery(&self, delivery: Arc<dyn CodeDelivery>) -> Result<(), UnlockError> {
        self.set(|parts| parts.delivery = Some(Box::new(HostDelivery(delivery))))
    }

    /// The rules; `default_desk_policy` unless set.
    pub fn set_policy(&self, policy: DeskPolicy) -> Result<(), UnlockError> {
        self.set(|parts| parts.policy = policy.into())
    }

    /// Opens the desk, once: reads and verifies the whole audit log. A missing port gives number 801.
    pub fn open(&self) -> Result<Arc<HelpDesk>, UnlockError> {
        let parts = self.parts().take().ok_or(ErrorCode::WrongState)?;
        if let Some(clock) = &parts.host_clock {
            clock.now()?;
        }
        let desk_ports = desk::DeskPorts {
            clock: parts.clock.unwrap_or_else(|| Box::new(SystemClock)),
            licence: there(parts.licence, "licence")?,
            operators: there(parts.operators, "operators")?,
            directory: there(parts.directory, "directory")?,
            limits: there(parts.limits, "limits")?,
            audit_log: there(parts.audit_log, "audit log")?,
            signer: there(parts.signer, "signer")?,
            notifier: there(parts.notifier, "notifier")?,
            delivery: parts.delivery,
        };
        let desk = desk::HelpDesk::open(desk_ports, parts.policy)?;
        Ok(HelpDesk::new(desk, parts.faults, parts.host_clock))
    }
}

fn there<T>(port: Option<T>, name: &str) -> Result<T, UnlockError> {
    port.ok_or_else(|| {
        let code = ErrorCode::InvalidArgument;
        UnlockError::new(code, format!("{code}: the desk has no {name}"))
    })
}

struct SystemClock;

impl ports::Clock for SystemClock {
    fn now(&self) -> UnixTime {
        // A clock before 1970 has gone back, and is refused as that.
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        UnixTime(since.map_or(0, |since| since.as_secs()))
    }
}
