//! An unlock over one stack: the floor, and this library on it.

use std::time::Duration;

use fido_unlock::Interface;
use fido_unlock::host::CtapUnlockDevice;
use fido_unlock::host::ports::SystemTicks;

use crate::device::{Exchange, Key, Traffic};
use crate::ours::{self, Counter};
use crate::replay::{Player, Recorder};
use crate::row::{
    CORE, CRYPTOGRAPHY, FLOOR, FLOOR_UNBRACKETED, KEPT, OURS, OWN, RECORDED, Row, SYSTEMS_CLOCK, UNLOCK,
};
use crate::stack::Stack;

/// How often.
#[derive(Clone, Copy)]
pub struct Plan {
    pub count: usize,
}

/// In microseconds.
pub fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Of all that is recorded, `messages` were CTAP messages.
fn traffic_of(recorded: &[Exchange], messages: u64) -> Traffic {
    let received = || recorded.iter().flat_map(|exchange| &exchange.received);
    Traffic {
        messages,
        sent: recorded.len() as u64,
        received: received().count() as u64,
        bytes_sent: recorded.iter().map(|exchange| exchange.sent.len() as u64).sum(),
        bytes_received: received().map(|bytes| bytes.len() as u64).sum(),
    }
}

/// The floor, and this library's unlock on it.
pub fn unlock<S: Stack>(stack: &S, key: &Key, plan: Plan) {
    let (ticks, systems) = (Counter::new(), SystemTicks::new());
    let mut device = CtapUnlockDevice::new(Recorder {
        inner: stack.open(Interface::Vendor),
        answers: Vec::new(),
    });
    // The first one selects the applet, or allocates the channel.
    key.block();
    ours::unlock(&ticks, key, &mut device);
    key.block();
    device.transport().answers.clear();
    let before = key.traffic().messages;
    let recorded = key.wire.record(|| {
        ours::unlock(&ticks, key, &mut device);
    });
    let traffic = traffic_of(&recorded, key.traffic().messages - before);
    let mut in_process = CtapUnlockDevice::new(Player {
        answers: device.transport().answers.clone(),
        next: 0,
    });
    // Without the recorder from here on.
    let mut device = CtapUnlockDevice::new(device.into_transport().inner);

    let mut raw = stack.open_raw();

    // All of them in each turn, so that what the machine does beside it strikes all.
    let (mut floor, mut bare, mut ours_recorded) = (Vec::new(), Vec::new(), Vec::new());
    let (mut cryptography, mut own, mut by_system, mut core) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    key.wire.play(&recorded, || {
        for _ in 0..plan.count {
            if S::HAS_BRACKETS {
                bare.push(us(S::raw(&mut raw, &recorded, false)));
            }
            let alone = S::raw(&mut raw, &recorded, true);
            S::drain(device.transport());
            let whole = ours::unlock(&ticks, key, &mut device);
            let crypto = ours::cryptography();
            let by_systems_clock = ours::unlock(&systems, key, &mut device);
            core.push(us(ours::unlock(&ticks, key, &mut in_process)) - us(crypto));
            floor.push(us(alone));
            ours_recorded.push(us(whole));
            cryptography.push(us(crypto));
            own.push(us(whole) - us(alone) - us(crypto));
            by_system.push(us(by_systems_clock) - us(alone) - us(crypto));
        }
    });
    let row = |who, times| Row::new(S::NAME, UNLOCK, who, times, traffic);
    if S::HAS_BRACKETS {
        row(FLOOR_UNBRACKETED, bare).print();
    }
    row(FLOOR, floor).print();
    row(RECORDED, ours_recorded).print();
    let parts = [
        (CRYPTOGRAPHY, cryptography),
        (OWN, own),
        (SYSTEMS_CLOCK, by_system),
        (CORE, core),
    ];
    for (who, times) in parts {
        Row::new(S::NAME, UNLOCK, who, times, Traffic::default()).print();
    }

    drop(raw);
    let before = key.traffic();
    let times = (0..plan.count)
        .map(|_| {
            key.block();
            us(ours::unlock(&ticks, key, &mut device))
        })
        .collect();
    let traffic = key.traffic().since(before, plan.count);
    Row::new(S::NAME, UNLOCK, OURS, times, traffic).print();

    key.block();
    let session = ours::begin(&ticks, &mut device);
    let pending = key.snapshot();
    let before = key.traffic();
    let times = (0..plan.count)
        .map(|_| {
            key.set(&pending);
            us(ours::unlock_kept(&ticks, key, &mut device, &session))
        })
        .collect();
    let traffic = key.traffic().since(before, plan.count);
    Row::new(S::NAME, UNLOCK, KEPT, times, traffic).print();
}
