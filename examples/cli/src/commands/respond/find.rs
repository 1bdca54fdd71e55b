//! Who calls, and with which device.

use fido_unlock::code::Entry;
use fido_unlock::desk::composed;
use fido_unlock::{DeviceId, ErrorCode};

use super::TRIES;
use super::view::{Answering, Person};
use crate::args::Respond;
use crate::commands::typed_code::offer;
use crate::failure::Failure;
use crate::output::{say, shown};
use crate::prompt::Prompt;

/// So many letters find only what begins with them.
const SHORT: usize = 2;

/// Who calls, and with which device.
pub fn find(desk: &mut dyn Answering, args: &Respond, prompt: Prompt) -> Result<(Person, DeviceId), Failure> {
    let mut typed_user = args.user.clone();
    let mut typed_id = args.device_id.clone();
    if typed_user.is_none() && typed_id.is_none() {
        let user = prompt.or_text(None, "--user or --device-id", "User (empty: by Device ID)")?;
        if user.is_empty() {
            typed_id = Some(prompt.text("Device ID")?);
        } else {
            typed_user = Some(user);
        }
    }
    let id = typed_id.map(|text| device_id(&text, prompt)).transpose()?;
    let Some(text) = typed_user else {
        let id = id.ok_or(ErrorCode::DeviceUnknown)?;
        return Ok((desk.find_device(&id)?, id));
    };
    let found = choose_user(desk.search(&text)?, &text, prompt)?;
    let id = match id {
        Some(id) => id,
        None => choose_device(&found.devices, prompt)?,
    };
    Ok((found, id))
}

fn device_id(text: &str, prompt: Prompt) -> Result<DeviceId, Failure> {
    let mut entry = Entry::new();
    let error = match entry.device_id(text) {
        Ok(id) => return Ok(id),
        Err(error) => error,
    };
    match offer(prompt, &error, text)? {
        Some(corrected) => entry
            .device_id(&corrected)
            .map_err(|error| Failure::of_code(&error)),
        None => Err(Failure::of_code(&error)),
    }
}

fn choose_user(mut found: Vec<Person>, text: &str, prompt: Prompt) -> Result<Person, Failure> {
    if let Some(exact) = found
        .iter()
        .position(|found| found.user.as_str() == composed(text))
    {
        return Ok(found.swap_remove(exact));
    }
    if found.is_empty() && composed(text).chars().count() <= SHORT {
        return Err(Failure::new(
            ErrorCode::UserUnknown,
            "one or two letters are looked for only where a word begins: give more of the name",
        ));
    }
    if found.len() == 1 {
        return found.pop().ok_or_else(|| ErrorCode::UserUnknown.into());
    }
    let listed: Vec<String> = found
        .iter()
        .map(|found| format!("{} ({})", found.user, shown(&found.name)))
        .collect();
    let index = choose(&listed, prompt, ErrorCode::UserUnknown, "--user")?;
    Ok(found.swap_remove(index))
}

fn choose_device(in_use: &[DeviceId], prompt: Prompt) -> Result<DeviceId, Failure> {
    if let [only] = in_use {
        return Ok(*only);
    }
    let listed: Vec<String> = in_use.iter().map(DeviceId::to_code).collect();
    let index = choose(&listed, prompt, ErrorCode::DeviceUnknown, "--device-id")?;
    in_use
        .get(index)
        .copied()
        .ok_or_else(|| ErrorCode::DeviceUnknown.into())
}

/// Which of several; `none`: the error when there is nothing to choose from.
pub fn choose(listed: &[String], prompt: Prompt, none: ErrorCode, option: &str) -> Result<usize, Failure> {
    if listed.is_empty() {
        return Err(none.into());
    }
    if !prompt.is_interactive() {
        let text = format!("several fit: name one with {option}: {}", listed.join(", "));
        return Err(Failure::usage(text));
    }
    for (number, text) in (1..).zip(listed) {
        say(format_args!("{number:>3}  {text}"));
    }
    for _ in 0..TRIES {
        let number = prompt.text("Which")?.parse().ok();
        let index = number.and_then(|number: usize| number.checked_sub(1));
        if let Some(index) = index.filter(|index| *index < listed.len()) {
            return Ok(index);
        }
        say(format_args!("Type a number from 1 to {}.", listed.len()));
    }
    Err(none.into())
}
