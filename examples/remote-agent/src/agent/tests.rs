//! Events that come when what they are about is over.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Duration;

use fido_unlock::host::CtapUnlockDevice;
use fido_unlock::host::framing::HidTransport;
use fido_unlock::host::ports::{Call, NeverCancel, NoProgress, SystemTicks, Transport};
use fido_unlock::{Interface, Suite};
use fido_unlock_system::SystemEntropy;
use help_desk_stub::{Desk, Key};

use super::*;

struct SoftRoute(Key);

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
        let hid = self.0.device().hid(Interface::Vendor);
        Ok(Box::new(HidTransport::new(hid, SystemEntropy, Interface::Vendor)))
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
    let desk = Desk::new(Suite::P256EcdhMac, Duration::ZERO).unwrap();
    let key = Key::make(None).unwrap();
    key.enroll(desk.issuer()).unwrap();
    key.block().unwrap();
    let route: Arc<dyn Route> = Arc::new(SoftRoute(key));
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
    agent.take(Event::Asked(second, "second".into())).unwrap();
    agent.take(Event::Asked(first, "first".into())).unwrap();
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
    assert_eq!(request(&agent), None);
}
