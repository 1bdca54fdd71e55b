//! Devices and users from a CSV file, in two steps: the first shows what would be written and what is refused, the second
//! writes what was shown, all of it or nothing.

use std::fmt::Write as _;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use fido_unlock::desk::{Desk, DeskError, DeviceKeys, NewDevice, OperatorSession, UserId, WantedUser};
use fido_unlock::{ErrorCode, HasCode, Shown, text};
use fido_unlock_files::{
    ImportError, ImportErrors, UserChange, UserDifference, foreign_or, managers_elsewhere, read_devices,
    read_users, user_change,
};
use fido_unlock_texts::Texts;

use super::upload::Upload;
use super::users::class_title;
use crate::app::App;
use crate::language;
use crate::page::{Page, Who, html, moment, tag};
use crate::refusal::{Refusal, answer};

/// The most rows of a file: they are written in one transaction, for which others wait.
const MOST_ROWS: usize = 5000;
/// The most rows of which it is said why they are refused.
const MOST_REFUSED: usize = 200;

/// What a file is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Devices,
    Users,
}

impl Kind {
    const fn path(self) -> &'static str {
        match self {
            Self::Devices => "/devices/import",
            Self::Users => "/users/import",
        }
    }
}

/// A row that would be written.
struct Line {
    line: usize,
    who: String,
    what: Vec<String>,
    /// All that is written, for the tag.
    exactly: String,
}

/// A row that would not be.
struct Refused {
    line: Option<usize>,
    why: Reason,
}

/// Why it would not be.
enum Reason {
    Said(String),
    /// It is said where the answer is made, in the reader's language.
    Desk(Refusal),
}

impl Refused {
    fn why(&self) -> String {
        match &self.why {
            Reason::Said(said) => said.clone(),
            Reason::Desk(refusal) => refusal.text(),
        }
    }
}

/// What a file would do.
struct Judged {
    lines: Vec<Line>,
    refused: Vec<Refused>,
    refused_and_more: usize,
    /// Some rows cannot be read: what was moved in one may have been moved in others, so nothing is written.
    unreadable: bool,
    unchanged: usize,
    seen: String,
    work: Work,
}

/// What there is to be written.
enum Work {
    Devices(Vec<NewDevice>),
    Users(Vec<WantedUser>),
}

impl Work {
    const fn is_empty(&self) -> bool {
        match self {
            Self::Devices(devices) => devices.is_empty(),
            Self::Users(users) => users.is_empty(),
        }
    }
}

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    page: Page,
    kind: Kind,
    /// What the file would do, or why it cannot be read.
    judged: Option<Judged>,
    /// The file's text, for the second step.
    text: String,
    refusal: Option<Refusal>,
    /// It is not what was shown before.
    changed: bool,
    /// So many rows were written.
    written: Option<usize>,
}

impl ImportPage {
    fn new(app: &App, who: &Who, kind: Kind) -> Self {
        Self {
            page: Page::new(app, who, "/devices"),
            kind,
            judged: None,
            text: String::new(),
            refusal: None,
            changed: false,
            written: None,
        }
    }

    fn refused(mut self, refusal: Refusal) -> Response {
        self.refusal = Some(refusal);
        answer(StatusCode::OK, self.refusal.as_ref(), &self)
    }
}

pub(super) async fn devices(State(app): State<App>, who: Who) -> Response {
    html(StatusCode::OK, &ImportPage::new(&app, &who, Kind::Devices))
}

pub(super) async fn users(State(app): State<App>, who: Who) -> Response {
    html(StatusCode::OK, &ImportPage::new(&app, &who, Kind::Users))
}

pub(super) async fn check_devices(State(app): State<App>, who: Who, upload: Upload) -> Response {
    check(&app, &who, Kind::Devices, upload).await
}

pub(super) async fn check_users(State(app): State<App>, who: Who, upload: Upload) -> Response {
    check(&app, &who, Kind::Users, upload).await
}

pub(super) async fn write_devices(State(app): State<App>, who: Who, upload: Upload) -> Response {
    write(&app, &who, Kind::Devices, upload).await
}

pub(super) async fn write_users(State(app): State<App>, who: Who, upload: Upload) -> Response {
    write(&app, &who, Kind::Users, upload).await
}

/// The first step.
async fn check(app: &App, who: &Who, kind: Kind, upload: Upload) -> Response {
    let mut page = ImportPage::new(app, who, kind);
    let (session, t) = (who.session.clone(), language::spoken());
    let judged = app.desks().run(move |desk| {
        let judged = judge(desk, &session, kind, &upload.bytes, t)?;
        Ok((judged, upload))
    });
    match judged.await {
        Err(refusal) => page.refused(refusal),
        Ok((Err(refusal), _)) => page.refused(refusal),
        Ok((Ok(judged), upload)) => {
            page.text = readable(&upload.bytes);
            page.judged = Some(judged);
            html(StatusCode::OK, &page)
        }
    }
}

/// The second step.
async fn write(app: &App, who: &Who, kind: Kind, upload: Upload) -> Response {
    let mut page = ImportPage::new(app, who, kind);
    let (session, t) = (who.session.clone(), language::spoken());
    let written = app.desks().run(move |desk| {
        let judged = match judge(desk, &session, kind, &upload.bytes, t)? {
            Ok(judged) => judged,
            Err(refusal) => return Ok((Err(refusal), upload)),
        };
        let as_shown = judged.seen == upload.seen && !judged.unreadable && !judged.work.is_empty();
        let done = as_shown && carry_out(desk, &session, &judged.work)?;
        Ok((Ok((judged, done)), upload))
    });
    match written.await {
        Err(refusal) => page.refused(refusal),
        Ok((Err(refusal), _)) => page.refused(refusal),
        Ok((Ok((judged, true)), _)) => {
            app.desks().send_notices();
            page.written = Some(judged.lines.len());
            html(StatusCode::OK, &page)
        }
        Ok((Ok((judged, false)), upload)) => {
            page.changed = true;
            page.text = readable(&upload.bytes);
            page.judged = Some(judged);
            html(StatusCode::CONFLICT, &page)
        }
    }
}

/// All or nothing; whether it is done.
fn carry_out(desk: &mut Desk, session: &OperatorSession, work: &Work) -> Result<bool, DeskError> {
    match work {
        Work::Devices(devices) => match desk.register_all(session, devices) {
            Ok(()) => Ok(true),
            // It was not, a moment ago.
            Err(error) if error.code() == ErrorCode::DeviceExists => Ok(false),
            Err(error) => Err(error),
        },
        Work::Users(users) => desk.put_users_known(session, users),
    }
}

/// The text of a file that was read already.
fn readable(bytes: &[u8]) -> String {
    text::read(bytes).map_or_else(|_| String::new(), |text| text.as_str().to_owned())
}

/// What a file would do. Why it cannot be read at all is no error of the desk's.
fn judge(
    desk: &mut Desk,
    session: &OperatorSession,
    kind: Kind,
    bytes: &[u8],
    t: &'static Texts,
) -> Result<Result<Judged, Refusal>, DeskError> {
    let (lines, work, faults, mut refused, unchanged) = match kind {
        Kind::Devices => {
            let read = match read_devices(bytes) {
                Ok(read) if read.rows.len() <= MOST_ROWS => read,
                Ok(_) => return Ok(Err(Refusal::too_long())),
                Err(faults) => return Ok(Err(unread(&faults, t))),
            };
            let (lines, devices): (Vec<_>, Vec<_>) =
                read.rows.into_iter().map(|row| (row.line, row.value)).unzip();
            let (written, refused) = judge_devices(desk, session, &lines, devices)?;
            let (lines, devices): (Vec<_>, Vec<_>) = written.into_iter().unzip();
            (lines, Work::Devices(devices), read.faults, refused, 0)
        }
        Kind::Users => {
            let read = match read_users(bytes) {
                Ok(read) if read.rows.len() <= MOST_ROWS => read,
                Ok(_) => return Ok(Err(Refusal::too_long())),
                Err(faults) => return Ok(Err(unread(&faults, t))),
            };
            let ids: Vec<_> = read.rows.iter().map(|row| row.value.id.clone()).collect();
            let known = desk.known_users(session, &ids)?;
            let nobody = nobody(desk, session, &managers_elsewhere(&read.rows))?;
            let rests = desk.standing(session)?.open && desk.rules(session)?.rest_seconds > 0;
            let (mut lines, mut users, mut refused, mut unchanged) = (vec![], vec![], vec![], 0);
            for (row, known) in read.rows.iter().zip(known) {
                if row.value.manager.as_ref().is_some_and(|id| nobody.contains(id)) {
                    refused.push(Refused {
                        line: Some(row.line),
                        why: Reason::Said(t.import_field("manager", t.error(ErrorCode::UserUnknown))),
                    });
                    continue;
                }
                match user_change(row, known, rests) {
                    Ok(Some(change)) => {
                        lines.push(Line::of_user(&change, t));
                        users.push(WantedUser {
                            user: change.user,
                            manager: change.manager,
                            known: change.known,
                        });
                    }
                    Ok(None) => unchanged += 1,
                    Err(rests) => refused.push(Refused {
                        line: Some(rests.line),
                        why: Reason::Said(
                            t.import_class_rests(class_title(rests.class, t), moment(rests.holds_from)),
                        ),
                    }),
                }
            }
            (lines, Work::Users(users), read.faults, refused, unchanged)
        }
    };
    let unreadable = !faults.is_empty();
    let more = faults.more;
    refused.extend(faults.errors.iter().map(|fault| Refused {
        line: line_of(fault),
        why: Reason::Said(why(fault, t)),
    }));
    refused.sort_by_key(|refused| refused.line);
    let count = refused.len() + more;
    let mut parts: Vec<String> = lines.iter().map(|line| line.exactly.clone()).collect();
    parts.extend(refused.iter().map(|refused| format!("{:?}", refused.line)));
    parts.push(count.to_string());
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    refused.truncate(MOST_REFUSED);
    Ok(Ok(Judged {
        seen: tag(&parts),
        refused_and_more: count - refused.len(),
        lines,
        refused,
        unreadable,
        unchanged,
        work,
    }))
}

/// Those of whom the desk does not know.
fn nobody(desk: &mut Desk, session: &OperatorSession, ids: &[UserId]) -> Result<Vec<UserId>, DeskError> {
    let known = desk.known_users(session, ids)?;
    let missing = ids.iter().zip(known).filter(|(_, known)| known.is_none());
    Ok(missing.map(|(id, _)| id.clone()).collect())
}

fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

type Registrable = Vec<(Line, NewDevice)>;

fn judge_devices(
    desk: &mut Desk,
    session: &OperatorSession,
    lines: &[usize],
    devices: Vec<NewDevice>,
) -> Result<(Registrable, Vec<Refused>), DeskError> {
    let issuers = desk.issuers(session)?;
    let judged = desk.try_devices(session, &devices)?;
    let (mut written, mut refused) = (Vec::new(), Vec::new());
    for ((device, line), judged) in devices.into_iter().zip(lines).zip(judged) {
        match judged {
            Ok(()) => written.push((Line::of_device(*line, &device), device)),
            Err(error) => {
                let code = foreign_or(&issuers, &device, error.code());
                let why = if code == error.code() {
                    Refusal::from(error)
                } else {
                    Refusal::from(code)
                };
                refused.push(Refused {
                    line: Some(*line),
                    why: Reason::Desk(why),
                });
            }
        }
    }
    Ok((written, refused))
}

impl Line {
    fn of_device(line: usize, device: &NewDevice) -> Self {
        let suite = device.keys.suite().number();
        let mut exactly = format!("{} {} {suite} {}", device.id, device.owner, device.slot);
        // Writing to a text cannot fail.
        let _ = match &device.keys {
            DeviceKeys::P256Ecdsa { issuer } => write!(exactly, " {}", hex(issuer.as_compressed())),
            DeviceKeys::P256EcdhMac { issuer, device } => {
                let (issuer, device) = (issuer.as_compressed(), device.as_compressed());
                write!(exactly, " {} {}", hex(issuer), hex(device))
            }
            DeviceKeys::AesAdminKey => Ok(()),
        };
        let label = device.label.as_ref().map(ToString::to_string).unwrap_or_default();
        let _ = write!(exactly, " {label}");
        Self {
            line,
            who: Shown(device.owner.as_str()).to_string(),
            what: vec![
                device.id.to_code(),
                suite.to_string(),
                device.slot.to_string(),
                label,
            ],
            exactly,
        }
    }

    fn of_user(change: &UserChange, t: &Texts) -> Self {
        let said = |difference| said(difference, t);
        Self {
            line: change.line,
            who: Shown(change.user.id.as_str()).to_string(),
            what: change.differences.iter().map(said).collect(),
            exactly: format!("{:?} {:?} {:?}", change.user, change.manager, change.known),
        }
    }
}

fn said(difference: &UserDifference, t: &Texts) -> String {
    let shown = |text: &str| Shown(text).to_string();
    match difference {
        UserDifference::New { name, class } => t.import_new_user(class_title(*class, t), shown(name)),
        UserDifference::Name { from, to } => t.import_name(shown(from), shown(to)),
        UserDifference::Address { from: None, to, .. } => t.import_address_new(shown(to)),
        UserDifference::Address {
            from: Some(from), to, ..
        } => t.import_address(shown(from), shown(to)),
        UserDifference::Class { from, to, rests } => {
            let (from, to) = (class_title(*from, t), class_title(*to, t));
            if *rests {
                t.import_class_after_rest(from, to)
            } else {
                t.import_class(from, to)
            }
        }
        UserDifference::Manager { from, to, rests } => {
            let from = from.as_ref().map(|from| shown(from.as_str()));
            let from = from.unwrap_or_else(|| t.users_manager_none());
            let to = shown(to.as_str());
            if *rests {
                t.import_manager_after_rest(from, to)
            } else {
                t.import_manager(from, to)
            }
        }
        UserDifference::ManagerStays { manager } => t.import_manager_stays(shown(manager.as_str())),
        UserDifference::ClassStays { class, withdrawn } => {
            t.import_class_stays(class_title(*class, t), class_title(*withdrawn, t))
        }
        _ => String::new(),
    }
}

/// A file of which nothing can be read.
pub(super) fn unread(faults: &ImportErrors, t: &Texts) -> Refusal {
    let first = faults.errors.first();
    let why = first.map(|fault| why(fault, t)).unwrap_or_default();
    Refusal::file(faults.code(), &why)
}

const fn line_of(fault: &ImportError) -> Option<usize> {
    match fault {
        ImportError::Header { line, .. }
        | ImportError::Cells { line, .. }
        | ImportError::Field { line, .. }
        | ImportError::DeviceId { line, .. }
        | ImportError::Twice { line, .. } => Some(*line),
        _ => None,
    }
}

/// What is wrong, without the line.
fn why(fault: &ImportError, t: &Texts) -> String {
    match fault {
        ImportError::Header { wanted, found, .. } => t.import_header(found, wanted),
        ImportError::Cells { found, wanted, .. } => t.import_cells(found, wanted),
        ImportError::Field { field, what, .. } => {
            use fido_unlock_files::CellFault as Fault;
            let what = match what {
                Fault::Suite => t.import_cell_suite(),
                Fault::Slot => t.import_cell_slot(),
                Fault::Hex => t.import_cell_hex(),
                Fault::Point => t.import_cell_point(),
                Fault::NotWanted => t.import_cell_not_wanted(),
                Fault::User => t.import_cell_user(),
                Fault::Name => t.import_cell_name(),
                Fault::Class => t.import_cell_class(),
                Fault::Mail => t.import_cell_mail(),
                Fault::Text => t.import_cell_text(),
                _ => t.error(ErrorCode::TextForm),
            };
            t.import_field(field, what)
        }
        ImportError::DeviceId { error, .. } => t.import_field("device_id", t.code_error(error)),
        ImportError::Twice { field, before, .. } => t.import_twice(before, field),
        other => t.error(other.code()),
    }
}
