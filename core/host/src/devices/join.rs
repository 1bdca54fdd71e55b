//! Which routes lead to one device.
//!
//! Routes with one Device ID do. The vendor interface tells it only while the PIN is blocked, and a
//! route that cannot be opened never does, so the two HID interfaces of a key are also joined by what
//! USB tells, as far as that leaves no doubt. What stays in doubt is not guessed: of two keys of one
//! model without serial number, the halves that cannot be told apart are left unassigned.

use alloc::vec;
use alloc::vec::Vec;

use fido_unlock_protocol::ctap2::device_unlock::UnlockInfo;
use fido_unlock_protocol::{DeviceId, Interface};

use super::{FoundDevice, FoundRoute};
use crate::ports::{HidRoute, RouteKind};

/// Every route that was given is in exactly one of both.
pub(super) struct Joined {
    pub(super) devices: Vec<FoundDevice>,
    pub(super) unassigned: Vec<FoundRoute>,
}

/// `earlier`: devices as they were a moment ago. Halves that were one key then, and have been there all the
/// time, still are.
pub(super) fn join(found: Vec<FoundRoute>, earlier: &[FoundDevice]) -> Joined {
    let mut groups = by_device_id(found);
    while let Some((one, other)) = known_pair(&groups, earlier).or_else(|| sure_pair(&groups)) {
        let half = groups.get_mut(other).map(|other| core::mem::take(&mut other.0));
        if let Some(one) = groups.get_mut(one) {
            one.0.extend(half.into_iter().flatten());
        }
        groups.retain(|group| !group.0.is_empty());
    }
    let mut unassigned = Vec::new();
    while let Some(hidden) = half_in_doubt(&groups) {
        unassigned.extend(groups.remove(hidden).0);
    }
    Joined {
        devices: groups
            .into_iter()
            .map(|group| FoundDevice::new(group.0))
            .collect(),
        unassigned,
    }
}

/// Routes of one device, as far as it is known.
struct Group(Vec<FoundRoute>);

fn by_device_id(found: Vec<FoundRoute>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for route in found {
        let id = route.device_id();
        match groups
            .iter_mut()
            .find(|group| id.is_some() && group.device_id() == id)
        {
            Some(group) => group.0.push(route),
            None => groups.push(Group(vec![route])),
        }
    }
    groups
}

impl Group {
    fn device_id(&self) -> Option<DeviceId> {
        self.0.iter().find_map(FoundRoute::device_id)
    }

    fn hid(&self) -> impl Iterator<Item = (&FoundRoute, &HidRoute)> {
        self.0.iter().filter_map(|found| match &found.route.kind {
            RouteKind::Hid(hid) => Some((found, hid)),
            RouteKind::Card => None,
        })
    }

    /// The one HID interface of a key whose other one is not known yet.
    fn half(&self) -> Option<(&FoundRoute, &HidRoute)> {
        let (first, hid) = self.hid().next()?;
        let alone = self.hid().all(|(_, other)| other.interface == hid.interface);
        alone.then_some((first, hid))
    }

    fn half_of(&self, interface: Interface) -> Option<(&FoundRoute, &HidRoute)> {
        self.half().filter(|(_, hid)| hid.interface == interface)
    }

    /// Whether USB tells the same of both halves.
    fn is_same_model(&self, other: &Self) -> bool {
        let (Some((one, one_hid)), Some((two, two_hid))) = (self.half(), other.half()) else {
            return false;
        };
        one.route.name == two.route.name
            && one.source == two.source
            && one_hid.vendor_id == two_hid.vendor_id
            && one_hid.product_id == two_hid.product_id
            && one_hid.serial == two_hid.serial
    }

    /// Whether a FIDO interface (`self`) and a vendor interface can be of one key.
    fn fits(&self, vendor: &Self) -> bool {
        let (Some((one, one_hid)), Some((two, two_hid))) =
            (self.half_of(Interface::Fido), vendor.half_of(Interface::Vendor))
        else {
            return false;
        };
        let ports_agree = match (&one_hid.port, &two_hid.port) {
            (Some(one), Some(two)) => one == two,
            _ => true,
        };
        let told_agree = match (&one.info, &two.info) {
            (Ok(fido), Ok(vendor)) => tell_of_one_key(fido, vendor),
            _ => true,
        };
        // Equal ones are in one group already.
        let ids_agree = self.device_id().is_none() || vendor.device_id().is_none();
        self.is_same_model(vendor) && ports_agree && told_agree && ids_agree
    }
}

/// Whether both answers can be one key's, a moment apart: what wrong PINs change is not compared.
fn tell_of_one_key(fido: &UnlockInfo, vendor: &UnlockInfo) -> bool {
    let ids_agree = match (fido.device_id, vendor.device_id) {
        (Some(one), Some(two)) => one == two,
        // The FIDO interface of an enrolled key always tells it.
        (None, Some(_)) => false,
        // The vendor interface of a blocked one does, too.
        (Some(_), None) => !vendor.is_blocked(),
        (None, None) => true,
    };
    ids_agree
        && fido.pin_set == vendor.pin_set
        && fido.sealed == vendor.sealed
        && fido.slots == vendor.slots
        && fido.unlock_counter == vendor.unlock_counter
}

/// A FIDO and a vendor interface, by their places.
type Pair<'a> = (usize, &'a Group, usize, &'a Group);

fn fitting_pairs(groups: &[Group]) -> impl Iterator<Item = Pair<'_>> {
    groups.iter().enumerate().flat_map(move |(one, fido)| {
        let vendors = groups.iter().enumerate();
        vendors
            .filter(move |(_, vendor)| fido.fits(vendor))
            .map(move |(other, vendor)| (one, fido, other, vendor))
    })
}

fn known_pair(groups: &[Group], earlier: &[FoundDevice]) -> Option<(usize, usize)> {
    let was_in = |device: &FoundDevice, group: &Group| {
        let mut halves = group.hid().map(|(half, _)| half);
        halves.any(|half| device.routes.iter().any(|route| route.is_same_appearance(half)))
    };
    fitting_pairs(groups)
        .find(|(_, fido, _, vendor)| {
            earlier
                .iter()
                .any(|device| was_in(device, fido) && was_in(device, vendor))
        })
        .map(|(one, _, other, _)| (one, other))
}

/// A FIDO and a vendor interface that must be one key's: one of them fits no other, and there are not
/// too few of the other kind for each to have its half.
fn sure_pair(groups: &[Group]) -> Option<(usize, usize)> {
    fitting_pairs(groups)
        .find(|(_, fido, _, vendor)| {
            let count = |test: &dyn Fn(&Group) -> bool| groups.iter().filter(|group| test(group)).count();
            let of_model =
                |interface| count(&|group| group.half_of(interface).is_some() && group.is_same_model(fido));
            let (fidos, vendors) = (of_model(Interface::Fido), of_model(Interface::Vendor));
            let only_vendor = count(&|group| fido.fits(group)) == 1;
            let only_fido = count(&|group| group.fits(vendor)) == 1;
            (has_port(fido) && has_port(vendor))
                || (only_vendor && fidos <= vendors)
                || (only_fido && vendors <= fidos)
        })
        .map(|(one, _, other, _)| (one, other))
}

fn has_port(group: &Group) -> bool {
    group.half().is_some_and(|(_, hid)| hid.port.is_some())
}

/// A half without a Device ID that belongs to one of the other halves of its model, but not told which.
fn half_in_doubt(groups: &[Group]) -> Option<usize> {
    groups.iter().position(|group| {
        let Some((_, hid)) = group.half() else {
            return false;
        };
        let is_other_half = |other: &Group| match hid.interface {
            Interface::Fido => group.fits(other),
            Interface::Vendor => other.fits(group),
        };
        group.device_id().is_none()
            && groups.iter().any(is_other_half)
            && !is_chief(groups, group, hid.interface)
    })
}

/// Whether the halves of this interface stand for the keys of the model: there are more of them, they
/// tell more Device IDs, more of them answer, or they are FIDO's.
fn is_chief(groups: &[Group], member: &Group, interface: Interface) -> bool {
    let weight = |interface| {
        let halves: Vec<&Group> = groups
            .iter()
            .filter(|group| group.half_of(interface).is_some() && group.is_same_model(member))
            .collect();
        let count = |test: &dyn Fn(&&&Group) -> bool| halves.iter().filter(test).count();
        (
            halves.len(),
            count(&|group| group.device_id().is_some()),
            count(&|group| group.0.iter().any(|found| found.info.is_ok())),
            interface == Interface::Fido,
        )
    };
    let other = match interface {
        Interface::Fido => Interface::Vendor,
        Interface::Vendor => Interface::Fido,
    };
    weight(interface) > weight(other)
}
