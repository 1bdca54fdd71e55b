//! What becomes of the desk when an Administrator changes something. All of it tightens: what loosens rests, and is not
//! explored.

use fido_unlock::DeviceId;
use fido_unlock::desk::{Desk, DeskError, Operator, Privilege, Role, VerificationMethod};

use crate::act::Change;
use crate::ghost::Ghost;
use crate::world::{
    ADMIN, OPERATORS, PASSWORD, SHORT_LICENCE, START, World, YEAR, device_id, issuer, operator_id, user,
};

/// How far a clock is set back, in seconds.
const SET_BACK: u64 = 5 * 60;

impl Change {
    /// Makes it, and remembers it.
    pub fn make(self, world: &World, desk: &mut Desk, ghost: &mut Ghost) -> Result<(), DeskError> {
        let admin = &world.admin;
        let now = ghost.now;
        match self {
            Self::OpenDesk => {
                desk.open_desk(admin)?;
                ghost.open = true;
            }
            Self::ServiceOff | Self::ServiceOn => {
                let on = self == Self::ServiceOn;
                desk.set_service(admin, on)?;
                ghost.service_on = on;
            }
            Self::FewerLicensed => {
                desk.put_licence(admin, &world.licences[1])?;
                ghost.licence = Some((START + YEAR, 1));
            }
            Self::ShortLicence => {
                desk.put_licence(admin, &world.licences[2])?;
                let begin = START + ghost.rules.channel_rest_seconds;
                ghost.licence = Some((begin + SHORT_LICENCE, 2));
            }
            Self::RaiseClass => {
                let address = u8::from(ghost.owners[0].channel_since != START);
                desk.put_user(admin, &user(0, true, address))?;
                ghost.owners[0].privileged = true;
            }
            Self::OnlyMachines => {
                let mut rules = ghost.rules.clone();
                rules
                    .ordinary_methods
                    .retain(|rule| rule.method == VerificationMethod::EnrolledFactor);
                desk.put_rules(admin, &rules)?;
                ghost.rules = rules;
                ghost.rules_number += 1;
            }
            Self::NoUnlock(who) => {
                let operator = Operator {
                    id: operator_id(OPERATORS[who as usize]),
                    roles: Vec::new(),
                    privileges: vec![Privilege::Downloads],
                    user: None,
                };
                desk.put_operator(admin, &operator, None)?;
                ghost.people[who as usize].may_unlock = false;
            }
            Self::NewPassword(who) => {
                let operator = Operator {
                    id: operator_id(OPERATORS[who as usize]),
                    roles: vec![Role::DeviceServiceAdministrator],
                    privileges: vec![Privilege::Unlock],
                    user: None,
                };
                desk.put_operator(admin, &operator, Some(PASSWORD))?;
                ghost.people[who as usize].old_password = true;
            }
            Self::Remove(who) => {
                desk.remove_operator(admin, &operator_id(OPERATORS[who as usize]))?;
                ghost.people[who as usize].removed = true;
            }
            Self::NewChannel(number) => {
                let privileged = ghost.owners[number].privileged;
                desk.put_user(admin, &user(number, privileged, 1))?;
                if ghost.owners[number].channel_since == START {
                    ghost.owners[number].channel_since = now;
                }
            }
            Self::Retire(number) => {
                desk.retire_device(admin, &DeviceId::from_bytes(device_id(number)))?;
                ghost.devices[number].retired = true;
            }
            Self::Rotate(number) => {
                desk.record_rotation(admin, &DeviceId::from_bytes(device_id(number)), issuer(1), 1)?;
                ghost.devices[number].rotation = 1;
            }
            Self::ClockBack => {
                ghost.now -= SET_BACK;
                world.test.clock.set(ghost.now);
                desk.accept_clock(&operator_id(ADMIN), PASSWORD, "the battery was empty")?;
                for person in &mut ghost.people {
                    person.by_another_clock = true;
                }
                for request in &mut ghost.requests {
                    request.by_another_clock = true;
                }
                ghost.set_back = true;
            }
        }
        Ok(())
    }
}
