//! A tray of keys, without keys.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use clap::Parser;
use fido_unlock::host::Devices as Sources;
use fido_unlock::host::ports::{DeviceSource, HidRoute, Route, RouteChange, RouteKind, Transport};
use fido_unlock::suite::IssuerPublicKey;
use fido_unlock_mock::TestTicks;

use super::*;
use crate::args::{Cli, Command};

/// One key, which is refused so.
#[derive(Clone)]
struct Refused(Arc<Mutex<TransportError>>);

impl Refused {
    fn route() -> Route {
        Route {
            name: "Key".into(),
            path: "a".into(),
            kind: RouteKind::Hid(HidRoute {
                interface: Interface::Fido,
                vendor_id: 1,
                product_id: 2,
                serial: None,
                port: None,
            }),
            access: Ok(()),
        }
    }
}

impl DeviceSource for Refused {
    fn routes(&mut self) -> Result<Vec<Route>, TransportError> {
        Ok(vec![Self::route()])
    }

    fn open(
        &mut self,
        _: &Route,
        _: Interface,
        _: Duration,
    ) -> Result<Box<dyn Transport + Send>, TransportError> {
        Err(self.0.lock().unwrap().clone())
    }

    fn next_change(&mut self, _: Duration) -> Result<Option<RouteChange>, TransportError> {
        Ok(Some(RouteChange::Added(Self::route())))
    }
}

#[test]
fn a_key_that_could_not_be_opened_is_tried_again_when_it_changes_where_that_may_pass() {
    let folder = tempfile::tempdir().unwrap();
    let words = "fido-unlock enroll --watch --issuer i --csv c";
    let Command::Enroll(args) = Cli::parse_from(words.split(' ')).command else {
        panic!("enroll")
    };
    // The base point.
    let mut public = [0; 33];
    public.copy_from_slice(
        &base16ct::lower::decode_vec("036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
            .unwrap(),
    );
    let used = PublicKey {
        suite: Suite::P256EcdhMac,
        slot: 1,
        public: IssuerPublicKey::from_compressed(&public).unwrap(),
    };
    let source = Refused(Arc::new(Mutex::new(TransportError::Busy)));
    let mut watch = Sources::new(vec![Box::new(source.clone())]).watch();
    let ticks = TestTicks::new();
    let mut bulk = Bulk {
        args: &args,
        prompt: Prompt::new(true),
        json: true,
        used,
        plan: Plan::Issuers(vec![used]),
        signer: None,
        rows: RowsFile::open(&folder.path().join("c")).unwrap(),
        service: None,
        owners: Owners::Listed([UserId::new("alice").unwrap()].into()),
        cancel: &NeverCancel,
        ticks: &ticks,
        handled: Vec::new(),
        enrolled: 0,
        skipped: 0,
        failed: 0,
    };
    let device = call_unless(&NeverCancel, OPEN_WITHIN, |call| watch.devices().list(call))
        .unwrap()
        .devices
        .remove(0);
    // Told each time, and tried again.
    for failed in 1..=2 {
        bulk.on_event(&mut watch, DeviceEvent::Changed(device.clone()))
            .unwrap();
        assert_eq!(bulk.failed, failed);
    }
    // Nothing that passes: left alone from here on, until it is taken out.
    *source.0.lock().unwrap() = TransportError::Gone;
    for _ in 0..2 {
        bulk.on_event(&mut watch, DeviceEvent::Changed(device.clone()))
            .unwrap();
        assert_eq!(bulk.failed, 3);
    }
    bulk.on_event(&mut watch, DeviceEvent::Left(device.clone()))
        .unwrap();
    *source.0.lock().unwrap() = TransportError::Busy;
    for failed in 4..=5 {
        bulk.on_event(&mut watch, DeviceEvent::Changed(device.clone()))
            .unwrap();
        assert_eq!(bulk.failed, failed);
    }
}

#[test]
fn a_permission_that_comes_a_moment_later_is_no_failure() {
    let denied = || TransportError::PermissionDenied { path: "a".into() };
    let ticks = TestTicks::new();
    let open = |from: u64, error: TransportError| {
        let (began, mut tries) = (ticks.now(), 0);
        let opened = once_allowed(&ticks, &NeverCancel, || {
            tries += 1;
            if ticks.now() - began < Duration::from_millis(from) {
                Err(error.clone())
            } else {
                Ok(())
            }
        });
        (opened, tries)
    };
    assert_eq!(open(0, denied()), (Ok(()), 1));
    assert_eq!(open(300, denied()), (Ok(()), 4));
    assert_eq!(open(300, TransportError::Busy), (Ok(()), 4));
    assert_eq!(open(300, TransportError::Gone), (Err(TransportError::Gone), 1));
    let (opened, tries) = open(60_000, denied());
    assert_eq!(opened, Err(denied()));
    assert_eq!(tries, 21);
    let cancelled = AtomicBool::new(true);
    assert_eq!(
        once_allowed(&ticks, &cancelled, || Err::<(), _>(denied())),
        Err(denied())
    );
}
