//! Users: added, changed, erased.

use fido_unlock_protocol::error::ErrorCode;

use super::operators::{asked, second_administrator, with_reason};
use super::who::{self, UserNameRow};
use super::{announce, close, lookup, managers, notice};
use crate::ports::{List, Table};
use crate::record::{DeskEntry, DeskEvent};
use crate::rows::{RequestRow, Resting, TextRow, UserRow};
use crate::step::Step;
use crate::typed_text::composed;
use crate::{
    Channel, DeskError, OperatorSession, Pending, PersonNumber, Privilege, RequestId, User, UserClass,
    UserId, WantedUser,
};

/// Adds a user or changes one. A lower class rests first; a channel that is new or has another kind or address counts
/// as changed now, whatever it says itself.
pub(crate) fn put(step: &mut Step<'_>, session: &OperatorSession, user: &User) -> Result<(), DeskError> {
    change(
        step,
        session,
        (&user.id, &user.name),
        Some(user.class),
        Some(&user.channels),
        None,
    )
}

/// The same of some, of whom every Administrator is told once.
pub(crate) fn put_all(
    step: &mut Step<'_>,
    session: &OperatorSession,
    users: &[User],
) -> Result<(), DeskError> {
    let mut loosened = (users.len() > 1).then(announce::Loosened::default);
    for user in users {
        let name = (&user.id, user.name.as_str());
        let channels = Some(user.channels.as_slice());
        change(step, session, name, Some(user.class), channels, loosened.as_mut())?;
    }
    if let Some(loosened) = loosened {
        announce::together(step, &loosened)?;
    }
    Ok(())
}

/// Adds and changes users, if each is still as `known` has them; gives whether it was done.
pub(crate) fn put_known(
    step: &mut Step<'_>,
    session: &OperatorSession,
    users: &[WantedUser],
) -> Result<bool, DeskError> {
    let actor = who::privileged(step, session, Privilege::Administer)?;
    for wanted in users {
        if lookup::known_user(step, &wanted.user.id)? != wanted.known {
            return Ok(false);
        }
    }
    let mut loosened = (users.len() > 1).then(announce::Loosened::default);
    for WantedUser { user, known, .. } in users {
        let rests = known.as_ref().and_then(|known| known.rests.as_ref());
        // What was asked for already stays as it was asked for.
        let class = (rests.map(|rests| rests.value) != Some(user.class)).then_some(user.class);
        let name = (&user.id, user.name.as_str());
        let channels = Some(user.channels.as_slice());
        change(step, session, name, class, channels, loosened.as_mut())?;
    }
    // Those who are named may be among those who have just been added.
    for wanted in users {
        let is_new = wanted.known.is_none();
        let named = (&wanted.user.id, &wanted.manager);
        managers::change(step, &actor, named, is_new, loosened.as_mut())?;
    }
    if let Some(loosened) = loosened {
        announce::together(step, &loosened)?;
    }
    Ok(true)
}

/// Adds a user or gives one another name. Without a class theirs stays, and what rests of it; channels stay.
pub(crate) fn name(
    step: &mut Step<'_>,
    session: &OperatorSession,
    user: (&UserId, &str),
    class: Option<UserClass>,
) -> Result<(), DeskError> {
    change(step, session, user, class, None, None)
}

fn change(
    step: &mut Step<'_>,
    session: &OperatorSession,
    (id, name): (&UserId, &str),
    class: Option<UserClass>,
    channels: Option<&[Channel]>,
    together: Option<&mut announce::Loosened>,
) -> Result<(), DeskError> {
    let actor = who::privileged(step, session, Privilege::Administer)?;
    let asked = asked(step, &actor)?;
    let key = id.as_str().as_bytes();
    let known: Option<UserNameRow> = step.get(key)?;
    let (number, mut row) = match known {
        Some(known) => (known.number, step.must::<UserRow>(&known.number.0)?),
        None => {
            let number = PersonNumber(step.random());
            step.put(key, &UserNameRow { number })?;
            let row = UserRow {
                id: id.as_str().into(),
                name: Default::default(),
                class: Resting::new(class.unwrap_or(UserClass::Ordinary)),
                channels: Default::default(),
                erased: false,
                manager: None,
            };
            (number, row)
        }
    };
    step.about.user = Some(number);
    row.name = composed(name);
    let loosens = class.is_some_and(|class| row.class.change(class, &asked));
    let said = class.unwrap_or(*row.class.at(step.now(), step.head().era));
    let said = match said {
        UserClass::Ordinary => "ordinary",
        UserClass::Privileged => "privileged",
    };
    let entry = step.entry(DeskEvent::UserChanged);
    step.record_text(entry, said)?;
    if asked.open && loosens {
        let later = row.class.later(step.now(), step.head().era);
        announce::loosening(step, later.map(|(_, due, _)| due), together)?;
    }
    if let Some(channels) = channels {
        let old = core::mem::replace(&mut row.channels, channels.to_vec());
        let changed = change_channels(step, &old, &mut row.channels)?;
        // Whoever reads the old address learns that it is no longer theirs, before a code goes to the new one.
        if known.is_some() && changed && asked.open {
            notice::channels_changed(step, number, actor.number, &old, &row.channels)?;
        }
    }
    Ok(step.put(&number.0, &row)?)
}

/// Records what of the channels is new, changed or gone, and says whether a message now goes another way than before.
fn change_channels(
    step: &mut Step<'_>,
    old: &[Channel],
    channels: &mut [Channel],
) -> Result<bool, DeskError> {
    for channel in channels.iter_mut() {
        let same = old
            .iter()
            .find(|old| old.id == channel.id && old.kind == channel.kind && old.address == channel.address);
        channel.changed_at = same.map_or(step.now(), |old| old.changed_at);
        if same.is_none() {
            let entry = step.entry(DeskEvent::ChannelChanged);
            step.record_text(entry, &channel.id)?;
        }
    }
    let mut changed = channels
        .iter()
        .any(|new| !old.iter().any(|old| old.id == new.id && old.same_way(new)));
    let gone = |old: &&Channel| channels.iter().all(|new| new.id != old.id);
    for channel in old.iter().filter(gone) {
        let entry = step.entry(DeskEvent::ChannelRemoved);
        step.record_text(entry, &channel.id)?;
        changed = true;
    }
    Ok(changed)
}

/// A second Administrator lets a user's lower class hold at once. `shown`: the change that they saw.
pub(crate) fn settle(
    step: &mut Step<'_>,
    session: &OperatorSession,
    id: &UserId,
    shown: &Pending<UserClass>,
    reason: &str,
) -> Result<(), DeskError> {
    let actor = second_administrator(step, session)?;
    let number = who::user_number(step, id)?;
    step.about.user = Some(number);
    let mut row: UserRow = step.must(&number.0)?;
    let later = row.class.later(step.now(), step.head().era);
    let (_, _, asked_by) = later.ok_or(ErrorCode::NothingRests)?;
    if !who::are_two(step, asked_by, actor.number)? {
        return Err(ErrorCode::ApprovalSelf.into());
    }
    lookup::is_shown(step, &row.class, shown)?;
    with_reason(reason)?;
    row.class.settle();
    step.put(&number.0, &row)?;
    let entry = step.entry(DeskEvent::ChangeApproved);
    step.record_text(entry, reason)?;
    Ok(announce::last_entry(step, None)?)
}

/// Forgets all that is known of a user but the number, which the log names: name, channels, the reasons of their
/// requests, which end, and every text of an entry about them. Their devices stay registered, for nobody.
pub(crate) fn erase(step: &mut Step<'_>, session: &OperatorSession, id: &UserId) -> Result<(), DeskError> {
    who::privileged(step, session, Privilege::Administer)?;
    let number = who::user_number(step, id)?;
    step.about.user = Some(number);
    step.remove::<UserNameRow>(id.as_str().as_bytes())?;
    step.put(
        &number.0,
        &UserRow {
            id: Default::default(),
            name: Default::default(),
            class: Resting::new(UserClass::Privileged),
            channels: Default::default(),
            erased: true,
            manager: None,
        },
    )?;
    for (key, mut row) in step.list::<RequestRow>(List::RequestsOfUser, &number.0, None, u32::MAX)? {
        let id = key.as_slice().try_into().map_err(|_| ErrorCode::StoreCorrupt)?;
        let id = RequestId::from_bytes(id);
        if !row.has_ended() {
            // Nobody could name the user of what would stay open.
            step.about.device = Some(row.device);
            step.about.request = Some(id);
            close::end(step, id, &mut row, false)?;
        }
        row.reason.clear();
        row.caller_number = None;
        row.channel = None;
        row.changed();
        step.put(&key, &row)?;
    }
    step.about.device = None;
    step.about.request = None;
    let texts = step.store().list(List::TextsOfUser, &number.0, None, u32::MAX)?;
    for text in texts.into_iter().filter(|text| text.table == Table::Texts) {
        step.remove::<TextRow>(&text.key)?;
    }
    let entry: DeskEntry = step.entry(DeskEvent::UserErased);
    step.record(entry);
    // What the owner was to be told and was not yet is told to nobody any more.
    if who::settings(step)?.open {
        announce::last_entry(step, None)?;
    }
    Ok(())
}
