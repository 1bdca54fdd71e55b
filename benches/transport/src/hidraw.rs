//! The kernel's hidraw, in a guest: a key behind uhid in this process.

use std::ffi::CString;
use std::process::Command;
use std::time::{Duration, Instant};

use ctap_hid_fido2::{Cfg, FidoKeyHid, FidoKeyHidFactory, HidParam};
use fido_unlock::Interface;
use fido_unlock::host::framing::HidTransport;
use fido_unlock::host::ports::HidReports;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock_hid::{DeviceEntry, HidChannel, list, open};
use fido_unlock_tests::Way;
use getrandom::SysRng;
use hidapi::{HidApi, HidDevice};

use crate::clients::{self, Floor, Linked, Ours, Process};
use crate::device::{self, Exchange, Key};
use crate::measure::{Plan, unlock};
use crate::ours::Counter;
use crate::stack::Stack;
use crate::uhid;

const REPORT: usize = 64;
/// An answer that takes longer was lost.
const LOST_MS: i32 = 10_000;

/// The key's FIDO interface.
struct Plug {
    entry: DeviceEntry,
}

impl Stack for Plug {
    type Transport = HidTransport<HidChannel, SysRng>;
    type Raw = HidDevice;
    const NAME: &'static str = "hidraw";
    const HAS_BRACKETS: bool = false;

    fn open(&self, _: Interface) -> Self::Transport {
        open(&self.entry).unwrap()
    }

    fn open_raw(&self) -> HidDevice {
        let path = CString::new(self.entry.path.as_str()).unwrap();
        HidApi::new().unwrap().open_path(&path).unwrap()
    }

    fn drain(transport: &mut Self::Transport) {
        // The kernel gives every report to every opener.
        let mut report = [0; REPORT];
        while transport
            .reports_mut()
            .read_report(&mut report, Duration::ZERO)
            .unwrap()
            > 0
        {}
    }

    fn raw(raw: &mut HidDevice, exchanges: &[Exchange], _: bool) -> Duration {
        let mut report = [0; REPORT];
        while raw.read_timeout(&mut report, 0).unwrap() > 0 {}
        let begin = Instant::now();
        for exchange in exchanges {
            let mut bytes = [0; REPORT + 1];
            bytes[1..].copy_from_slice(&exchange.sent);
            raw.write(&bytes).unwrap();
            for _ in &exchange.received {
                assert_eq!(raw.read_timeout(&mut report, LOST_MS).unwrap(), REPORT);
            }
        }
        begin.elapsed()
    }
}

/// Measures as root in a guest that has uhid.
pub fn run(plan: Plan) {
    let key = Key::new(Way::Hid);
    let mut file = uhid::create(Interface::Fido, 64, "");
    let mut reports = key.world.device.hid(Interface::Fido);
    let wire = key.wire.clone();
    std::thread::spawn(move || {
        while let Some(report) = uhid::next_output(&mut file) {
            for answer in wire.answer(&report, || device::reports(&mut reports, &report)) {
                uhid::input(&mut file, &answer).unwrap();
            }
        }
    });
    let entry = loop {
        match list().unwrap().into_iter().find(|entry| entry.access.is_ok()) {
            Some(entry) => break entry,
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let path = entry.path.clone();
    let (plug, ticks) = (Plug { entry }, Counter::new());
    unlock(&plug, &key, plan);
    let mut libfido2 = Process::start("libfido2", Command::new("/bin/pin_change").arg(&path));
    let mut ctap_hid_fido2 = Linked {
        name: "ctap-hid-fido2",
        protocol: PinProtocol::One,
        open: || FidoKeyHidFactory::create_by_params(&[HidParam::Path(path.clone())], &Cfg::init()).unwrap(),
        get_info: |client: &FidoKeyHid| {
            client.get_info().unwrap();
        },
        change_pin: |client: &FidoKeyHid, old: &str, new: &str| client.change_pin(old, new).unwrap(),
    };
    clients::measure(
        Plug::NAME,
        &mut [
            &mut Floor {
                stack: &plug,
                key: &key,
                ticks: &ticks,
            },
            &mut Ours {
                stack: &plug,
                ticks: &ticks,
            },
            &mut libfido2,
            &mut ctap_hid_fido2,
        ],
        &key,
        plan,
    );
}
