//! The user's side: what a session tells when something goes wrong on the way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "host_session/answers.rs"]
mod answers;
#[path = "host_session/blocking.rs"]
mod blocking;
#[path = "host_session/broken.rs"]
mod broken;
#[path = "host_session/diagnosis.rs"]
mod diagnosis;
#[path = "host_session/pins.rs"]
mod pins;
#[path = "host_session/restart.rs"]
mod restart;
#[path = "host_session/statuses.rs"]
mod statuses;
#[path = "host_session/untaken.rs"]
mod untaken;
#[path = "host_session/void.rs"]
mod void;

use fido_unlock::Suite;
use fido_unlock::pin_protocol::{PinProtocol, hash_pin};
use fido_unlock_tests::{NEW_PIN, Way, World};

fn blocked(way: Way, suite: Suite) -> World {
    let world = World::new(way, suite, PinProtocol::Two);
    world.block();
    world.device.replug();
    world
}

/// What the device really has, whatever anybody was told.
fn has_new_pin(world: &World) -> bool {
    world.state().pin.unwrap().hash == *hash_pin(NEW_PIN.as_bytes())
}
