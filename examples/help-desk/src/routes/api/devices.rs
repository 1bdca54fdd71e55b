//! Devices: looked at, registered by an enrolment station, retired.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use fido_unlock::desk::{Desk, DeskError, NewDevice, OperatorSession, RegisteredDevice, UserId};
use fido_unlock::{DeviceId, ErrorCode, HasCode};
use fido_unlock_files::{device_rows, foreign_or, read_devices};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::audit::{Entries, limit};
use super::given::{Asked, Given};
use super::guard::Caller;
use super::model::{DeviceOut, WholeDeviceOut};
use super::users::PAGE;
use crate::app::App;
use crate::language;
use crate::problem::json;
use crate::refusal::Refusal;
use crate::routes::import::unread;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// `next` of the page before.
    after: Option<String>,
}

/// Devices, by their owners' ids.
#[derive(Serialize, ToSchema)]
pub(super) struct Devices {
    devices: Vec<DeviceOut>,
    /// What `after` is for the next page; null where there is none.
    next: Option<String>,
}

/// Devices, retired ones too, by their owners' ids
///
/// A page has the devices of 50 users.
#[utoipa::path(get, path = "/api/v1/devices", operation_id = "list_devices", tag = "devices", params(Page),
    responses((status = 200, body = Devices)))]
pub(super) async fn list(
    State(app): State<App>,
    Caller(session): Caller,
    Asked(page): Asked<Page>,
) -> Result<Response, Refusal> {
    let after = page.after.as_deref().and_then(UserId::new);
    let users = app
        .desks()
        .run(move |desk| desk.users(&session, after.as_ref(), PAGE));
    let users = users.await?;
    let last = users.last().filter(|_| users.len() == PAGE as usize);
    let devices = users.iter().flat_map(|found| &found.devices);
    let page = Devices {
        next: last.map(|last| last.user.id.as_str().to_owned()),
        devices: devices.map(Into::into).collect(),
    };
    Ok(json(StatusCode::OK, &page))
}

/// A device, with all that is known of it
///
/// That it was looked at is recorded.
#[utoipa::path(get, path = "/api/v1/devices/{device}", tag = "devices",
    params(("device" = String, Path, description = "The Device ID")),
    responses((status = 200, body = WholeDeviceOut)))]
pub(super) async fn device(
    State(app): State<App>,
    Caller(session): Caller,
    Path(device): Path<String>,
) -> Result<Response, Refusal> {
    let id = DeviceId::parse(&device)?;
    let view = app.desks().run(move |desk| desk.device(&session, &id)).await?;
    Ok(json(StatusCode::OK, &WholeDeviceOut::from(&view)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Before {
    /// `next` of the page before.
    before: Option<u64>,
    /// 1 to 250 entries; 50 without it.
    #[param(minimum = 1, maximum = 250)]
    limit: Option<u32>,
}

/// What happened to a device, newest first
///
/// Entries of the log, as far as the token's operator may see them. That it was looked at is recorded.
#[utoipa::path(get, path = "/api/v1/devices/{device}/history", tag = "devices",
    params(("device" = String, Path, description = "The Device ID"), Before),
    responses((status = 200, body = Entries)))]
pub(super) async fn history(
    State(app): State<App>,
    Caller(session): Caller,
    Path(device): Path<String>,
    Asked(page): Asked<Before>,
) -> Result<Response, Refusal> {
    let id = DeviceId::parse(&device)?;
    let limit = limit(page.limit)?;
    let read = app
        .desks()
        .run(move |desk| desk.device_history(&session, &id, page.before, limit));
    let (found, next) = read.await?;
    Ok(json(StatusCode::OK, &Entries::of(&found, next)))
}

/// A device as an enrolment station found it: the fields of a row of its CSV file.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDevice)]
pub(super) struct New {
    /// As people read it out.
    device_id: String,
    /// The owner's id.
    user: String,
    /// 1 or 2: an admin key, which a device of suite 3 needs, is not taken here.
    #[schema(minimum = 1, maximum = 2)]
    suite: u8,
    /// 0 to 15.
    #[schema(minimum = 0, maximum = 15)]
    slot: u8,
    /// Q of the slot: a compressed point in hexadecimal digits.
    issuer: String,
    /// E, in suite 2: a compressed point in hexadecimal digits.
    #[serde(default)]
    device_key: String,
    /// What people call it, such as its product: up to 128 bytes.
    #[serde(default)]
    label: String,
    /// The device's unlock counter, where the station has read it.
    counter: Option<u32>,
}

impl New {
    /// By the reader of such files.
    fn read(&self) -> Result<NewDevice, Refusal> {
        let (suite, slot) = (self.suite.to_string(), self.slot.to_string());
        let cells = [
            &*self.device_id,
            &*self.user,
            &*suite,
            &*slot,
            &*self.issuer,
            &*self.device_key,
            &*self.label,
        ];
        let t = language::spoken();
        let csv = device_rows(true, [cells]);
        let read = read_devices(csv.as_bytes()).map_err(|faults| unread(&faults, t))?;
        let faults = read.faults;
        let mut rows = read.rows.into_iter();
        match (rows.next(), rows.next()) {
            (Some(row), None) if faults.is_empty() => Ok(NewDevice {
                counter: self.counter.or(row.value.counter),
                ..row.value
            }),
            _ => Err(unread(&faults, t)),
        }
    }
}

/// What was registered.
#[derive(Serialize, ToSchema)]
pub(super) struct Registered {
    device_id: String,
}

/// Registers an enrolled device
///
/// Asked again for the same device with the same owner and keys, it is answered the same and not registered again.
#[utoipa::path(post, path = "/api/v1/devices", tag = "devices", request_body = New,
    responses((status = 201, body = Registered)))]
pub(super) async fn register(
    State(app): State<App>,
    Caller(session): Caller,
    Given(new): Given<New>,
) -> Result<Response, Refusal> {
    let device = new.read()?;
    let registered = app.desks().run(move |desk| put(desk, &session, &device));
    let device_id = registered.await.map_err(of_the_row)?.to_code();
    app.desks().send_notices();
    let location = format!("/api/v1/devices/{device_id}");
    let mut response = json(StatusCode::CREATED, &Registered { device_id });
    let location = location.parse().map_err(|_| ErrorCode::HostFailed)?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// A key that is none of the desk's is no fault of the service here.
fn of_the_row(refusal: Refusal) -> Refusal {
    match refusal.code() {
        Some(
            ErrorCode::KeyMissing | ErrorCode::KeyRetired | ErrorCode::SignerSuite | ErrorCode::ForeignIssuer,
        ) => refusal.of_what_was_sent(),
        _ => refusal,
    }
}

fn put(desk: &mut Desk, session: &OperatorSession, device: &NewDevice) -> Result<DeviceId, DeskError> {
    match desk.register_device(session, device) {
        Ok(()) => Ok(device.id),
        Err(error) if error.code() == ErrorCode::KeyMissing => {
            let issuers = desk.issuers(session)?;
            Err(foreign_or(&issuers, device, error.code()).into())
        }
        Err(error) if error.code() == ErrorCode::DeviceExists => {
            let found = desk.find_device(session, &device.id)?;
            let same = found.devices.iter().any(|known| is_same(known, device));
            if same { Ok(device.id) } else { Err(error) }
        }
        Err(error) => Err(error),
    }
}

/// Whether a device that is registered is this one, as it was enrolled: then an answer was lost.
fn is_same(known: &RegisteredDevice, device: &NewDevice) -> bool {
    !known.retired
        && (known.id, &known.owner, known.slot) == (device.id, &device.owner, device.slot)
        && known.keys == device.keys
}

/// Takes a device out of use
///
/// It can no longer be unlocked.
#[utoipa::path(post, path = "/api/v1/devices/{device}/retire", tag = "devices",
    params(("device" = String, Path, description = "The Device ID")),
    responses((status = 204, description = "It is out of use.")))]
pub(super) async fn retire(
    State(app): State<App>,
    Caller(session): Caller,
    Path(device): Path<String>,
) -> Result<Response, Refusal> {
    let id = DeviceId::parse(&device)?;
    app.desks()
        .run(move |desk| desk.retire_device(&session, &id))
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
