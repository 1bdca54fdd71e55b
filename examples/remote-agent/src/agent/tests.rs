//! Events that come when what they are about is over.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Duration;

use fido_unlock::ctap2::device_unlock::EnrollOptions;
use fido_unlock::host::framing::HidTransport;
use fido_unlock::host::ports::{Call, NeverCancel, NoProgress, SystemTicks, Transport};
use fido_unlock::host::{CtapUnlockDevice, EnrollPlan, PlannedKey, enroll};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::suite::IssuerKey;
use fido_unlock::{HasCode, Interface, Pin, Suite};
use fido_unlock_mock::SoftAuthenticator;
use fido_unlock_mock::framing::{Device, MockHid};
use fido_unlock_mock::platform::Platform;
use fido_unlock_system::SystemEntropy;

use super::*;

/// A key that was enrolled and locked.
struct SoftRoute(Device<SoftAuthenticator>);

impl SoftRoute {
    fn new() -> Self {
        let authenticator = SoftAuthenticator::builder().max_retries(1).build().unwrap();
        let key = Self(Device::new(authenticator, SystemTicks::new()));
        let issuer = IssuerKey::make_p256(Suite::P256EcdhMac, &mut SystemEntropy).unwrap();
        let plan = EnrollPlan {
            slots: &[(1, PlannedKey::P256EcdhMac(issuer.public().unwrap()))],
            options: EnrollOptions::default(),
            protocol: PinProtocol::Two,
            token: None,
        };
        let (mut call, mut entropy) = (Call::with_touch(), SystemEntropy);
        let mut device = CtapUnlockDevice::new(key.by(Interface::Fido));
        enroll(&mut device, &plan, &mut entropy, &mut call).unwrap();
        let mut transport = device.into_transport();
        let mut platform = Platform::new(&mut transport, &mut entropy, &mut call, PinProtocol::Two);
        platform.set_pin(&Pin::new("Winter42".into())).unwrap();
        let wrong = platform.try_pin(&Pin::new("Winter24".into()));
        assert_eq!(wrong.unwrap_err().code(), ErrorCode::PinBlocked);
        key
    }

    fn by(&self, interface: Interface) -> HidTransport<MockHid<SoftAuthenticator>, SystemEntropy> {
        HidTransport::new(self.0.hid(interface), SystemEntropy, interface)
    }
}

impl Route for SoftRoute {
    fn name(&self) -> &str {
        "Software key"
    }
    fn kind(&self) -> &'static str {
        "port"
    }
    fn path(&self) -> &str {
        "port"
    }
    fn open(&self) -> Result<Box<dyn Transport>, Failure> {
        Ok(Box::new(self.by(Interface::Vendor)))
    }
}

#[test]
fn what_a_job_that_was_given_up_has_asked_for_is_not_its_successors() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        state: folder.path().into(),
        desk: None,
        pause: Duration::ZERO,
    };
    let mut agent = Agent::new(options, Vec::new());
    let route: Arc<dyn Route> = Arc::new(SoftRoute::new());
    let ticks = SystemTicks::new();
    let (cancel, mut progress) = (NeverCancel, NoProgress);
    let mut call = Call::new(&ticks, Duration::from_secs(30), &cancel, &mut progress);
    let mut device = CtapUnlockDevice::new(route.open().unwrap());
    let session = Session::begin(&mut device, None, &mut call).unwrap();
    let id = session.device_id();

    agent.locked(Arc::clone(&route), session.clone()).unwrap();
    let first = agent.jobs[&id].id;
    agent.give_up(&id).unwrap();
    agent.locked(route, session).unwrap();
    let second = agent.jobs[&id].id;
    assert_ne!(first, second);

    let request = |agent: &Agent<Vec<u8>>| agent.jobs[&id].saved.request.clone();
    let asked = |name, request: &str| Event::Asked(name, "key".into(), request.into());
    agent.take(asked(second, "second")).unwrap();
    agent.take(asked(first, "first")).unwrap();
    assert_eq!(request(&agent).as_deref(), Some("second"));
    let gone = || Err(Failure::from(ErrorCode::Cancelled));
    agent.jobs.get_mut(&id).unwrap().fetching = true;
    agent.take(Event::Fetched(first, gone())).unwrap();
    assert_eq!(request(&agent).as_deref(), Some("second"));
    assert!(agent.jobs[&id].fetching);
    agent
        .take(Event::Ended(first, Err(ErrorCode::OtherDevice.into())))
        .unwrap();
    assert_eq!(agent.jobs[&id].id, second);
    // Its own is heard.
    agent.take(Event::Fetched(second, gone())).unwrap();
    assert!(!agent.jobs[&id].fetching);
}
