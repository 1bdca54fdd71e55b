//! A way to reach devices: USB HID, PC/SC, or one that a host program provides.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use fido_unlock_protocol::DisplayText;

use super::{Interface, Transport, TransportError};

/// What a route leads through.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouteKind {
    /// One HID interface of a key.
    Hid(HidRoute),
    /// A reader of smart cards, with or without a card. Which applets the card has is known when
    /// they are selected.
    Card,
}

/// What USB says about a HID interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HidRoute {
    /// Which interface it is.
    pub interface: Interface,
    /// USB vendor id.
    pub vendor_id: u16,
    /// USB product id.
    pub product_id: u16,
    /// Serial number, if the device gives one (most security keys do not).
    pub serial: Option<DisplayText>,
    /// The physical port, if the system gives it, without the interface's number: equal for the
    /// interfaces of one key, and for no other key that is plugged in at the same time.
    pub port: Option<String>,
}

/// One way to one device: an interface of a key, or a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Product or reader name, for the person; may be empty.
    pub name: DisplayText,
    /// Path or reader name, in a form that the source makes and understands: together with the interface it is
    /// unique within the source, and showing it changes nothing ([`Shown`](fido_unlock_protocol::Shown)). It may
    /// differ when the key is plugged in again.
    pub path: String,
    /// What it leads through.
    pub kind: RouteKind,
    /// What the source knows without opening it: [`TransportError::NoCard`] is an empty reader.
    pub access: Result<(), TransportError>,
}

impl Route {
    /// The interface, if it is known before the route is opened.
    #[must_use]
    pub const fn interface(&self) -> Option<Interface> {
        match &self.kind {
            RouteKind::Hid(hid) => Some(hid.interface),
            RouteKind::Card => None,
        }
    }

    /// Whether it is a reader without a card.
    #[must_use]
    pub const fn is_empty_reader(&self) -> bool {
        matches!(
            (&self.kind, &self.access),
            (
                RouteKind::Card,
                Err(TransportError::NoCard | TransportError::NoReader)
            )
        )
    }

    /// Whether both are the same way, whatever it leads to now.
    #[must_use]
    pub fn is_same_way(&self, other: &Self) -> bool {
        self.path == other.path && self.interface() == other.interface()
    }
}

/// A change of what a source sees.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouteChange {
    /// An interface was plugged in or a reader connected.
    Added(Route),
    /// A card was put in or taken out, or exchanged; or the route can be opened now.
    Changed(Route),
    /// An interface was pulled or a reader disconnected.
    Removed(Route),
    /// The service behind the source runs.
    ServiceStarted,
    /// The service behind the source does not run. Its routes were removed before.
    ServiceStopped,
}

/// Lists, opens and watches the routes of one kind. Adapters implement it;
/// [`Devices`](crate::Devices) joins several.
pub trait DeviceSource: Send {
    /// Every route that exists now, including those that cannot be opened.
    ///
    /// # Errors
    /// [`TransportError`] when nothing at all can be listed ([`TransportError::NoService`]).
    fn routes(&mut self) -> Result<Vec<Route>, TransportError>;

    /// Opens a route that [`DeviceSource::routes`] or [`DeviceSource::next_change`] gave, waiting at
    /// most `timeout` for a program that holds it. A card is asked for the applet of `interface`, where
    /// [`Interface::Vendor`] takes FIDO's as the second choice; a HID route has its own interface.
    ///
    /// # Errors
    /// [`TransportError`]; [`TransportError::Gone`] if it is no longer there.
    fn open(
        &mut self,
        route: &Route,
        interface: Interface,
        timeout: Duration,
    ) -> Result<Box<dyn Transport + Send>, TransportError>;

    /// Waits for the next change, at most `timeout`; `None` if nothing changed. The first calls report
    /// what is already there. Between calls, only what came and went again is missed.
    ///
    /// # Errors
    /// [`TransportError`] when the source cannot look; the next call tries again.
    fn next_change(&mut self, timeout: Duration) -> Result<Option<RouteChange>, TransportError>;
}
