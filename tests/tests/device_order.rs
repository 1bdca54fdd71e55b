//! `unlock` on the device: the order of its checks, the status of each, and what counts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "device_order/challenge.rs"]
mod challenge;
#[path = "device_order/counting.rs"]
mod counting;
#[path = "device_order/fake.rs"]
mod fake;
#[path = "device_order/order.rs"]
mod order;
#[path = "device_order/parameters.rs"]
mod parameters;
#[path = "device_order/vendor.rs"]
mod vendor;

use fido_unlock::Suite;
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock_tests::{Way, World};

/// A device whose PIN is blocked.
fn blocked(suite: Suite, protocol: PinProtocol) -> World {
    let world = World::new(Way::Hid, suite, protocol);
    world.block();
    world.device.replug();
    world
}
