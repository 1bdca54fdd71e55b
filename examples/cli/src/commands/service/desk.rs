//! `desk` at a service.

use fido_unlock::DeviceId;
use fido_unlock::desk::Scope;
use fido_unlock_remote::model::{Found, Outcome, Request};
use serde_json::Value;

use super::audit;
use crate::args::{Close, Desk, Listed};
use crate::commands::desk::device::{CodeFacts, HISTORY, History, report as device_report};
use crate::commands::desk::rows::{self, UserRow};
use crate::commands::desk::status::RequestRow;
use crate::commands::desk::{recorded, retired};
use crate::commands::respond::outcome;
use crate::desk::request_id;
use crate::failure::Failure;
use crate::output::Report;
use crate::service::Service;

/// Runs one of them.
pub fn run(service: &Service, command: &Desk) -> Result<Report, Failure> {
    match command {
        Desk::Done(close) => record(service, close, true),
        Desk::Abandon(close) => record(service, close, false),
        Desk::Find { text, typing, .. } => find(service, text, *typing),
        Desk::List {
            what, after, limit, ..
        } => list(service, *what, after.as_deref(), *limit),
        Desk::Device { device_id, .. } => device(service, device_id),
        Desk::Retire { device_id, .. } => {
            let id = read(device_id)?;
            service.desk.retire(&id)?;
            Ok(retired(&id))
        }
        Desk::Status { .. } => status(service),
        _ => Err(Failure::usage("this command knows a desk's folder alone")),
    }
}

fn read(device_id: &str) -> Result<DeviceId, Failure> {
    DeviceId::parse(device_id).map_err(|error| Failure::of_code(&error))
}

fn record(service: &Service, close: &Close, done: bool) -> Result<Report, Failure> {
    let id = request_id(&close.request)?;
    if done {
        service.desk.done(id)?;
    } else {
        service.desk.abandon(id)?;
    }
    Ok(recorded(id, done))
}

fn find(service: &Service, text: &str, typing: bool) -> Result<Report, Failure> {
    let found = if typing {
        service.desk.suggest(text)?
    } else {
        service.desk.search(text)?
    };
    let found: Vec<UserRow> = found.found.iter().map(Into::into).collect();
    Ok(rows::users(&found, None))
}

fn list(service: &Service, what: Listed, after: Option<&str>, limit: Option<u32>) -> Result<Report, Failure> {
    if what == Listed::Operators {
        return Err(Failure::usage(
            "this is not done over the network: in the console, under Operators",
        ));
    }
    let (found, next) = users(service, after, limit)?;
    Ok(match what {
        Listed::Devices => rows::devices(found.iter().flat_map(|found| &found.devices), next),
        _ => rows::users(&found, next),
    })
}

/// A page of users, or all, and where the next page begins.
fn users(
    service: &Service,
    after: Option<&str>,
    limit: Option<u32>,
) -> Result<(Vec<UserRow>, Option<String>), Failure> {
    let most = limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(usize::MAX);
    let mut after = after.map(str::to_owned);
    let mut found: Vec<UserRow> = Vec::new();
    loop {
        let page = service.desk.users(after.as_deref())?;
        let more = page.next.is_some();
        let left = most.saturating_sub(found.len());
        let cut = page.found.len() > left || (page.found.len() == left && more);
        found.extend(page.found.iter().take(left).map(|one: &Found| one.into()));
        if cut {
            let next = found.last().map(|last| last.id.clone());
            return Ok((found, next));
        }
        if !more {
            return Ok((found, None));
        }
        after = page.next;
    }
}

fn device(service: &Service, device_id: &str) -> Result<Report, Failure> {
    let id = read(device_id)?;
    let may = service.desk.myself()?.may;
    let device = service.desk.device(&id)?;
    let codes: Option<Vec<CodeFacts>> = match may.contains(&Scope::Unlock) {
        true => Some(service.desk.open_codes(&id)?.iter().map(Into::into).collect()),
        false => None,
    };
    let page = service.desk.history(&id, HISTORY)?;
    let history = History {
        lines: page.entries.iter().map(audit::line).collect(),
        values: page.entries.into_iter().map(Value::Object).collect(),
        more: page.next.is_some(),
    };
    Ok(device_report(&(&device).into(), codes.as_deref(), history))
}

/// What is open, and in whose name this program asks.
fn status(service: &Service) -> Result<Report, Failure> {
    let may = service.desk.myself()?.may;
    let may: Vec<&str> = may.iter().map(|scope| scope.name()).collect();
    let mut report = Report::new()
        .labelled("help desk", service.desk.connection().address())
        .labelled("operator", crate::output::shown(&service.operator))
        .labelled("the token is for", may.join(", "));
    let mut requests = Vec::new();
    let mut after = None;
    while may.contains(&Scope::Unlock.name()) {
        let page = service.desk.requests(after.as_deref())?;
        for request in page.requests.iter().filter(|request| is_open(request)) {
            let row = RequestRow {
                id: request.id,
                device: request.device_id,
                user: request.user.id.clone(),
                operator: request.operator.clone(),
                opened_at: request.opened_at.clone(),
                code: request.code.map(outcome),
            };
            report = report.line(row.line());
            requests.push(row.value());
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if requests.is_empty() {
        report = report.line("No open requests.");
    }
    Ok(report
        .field("operator", service.operator.as_str())
        .field("may", may)
        .field("open_requests", Value::Array(requests)))
}

/// One that ran out without a code is over.
fn is_open(request: &Request) -> bool {
    let code: Option<Outcome> = request.code;
    code.is_some() || request.lives
}
