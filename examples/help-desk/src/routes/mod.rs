//! Every page, in one list: its address, its method, and who may. The router is made of the list, so that no route is
//! without a rule.

mod account;
mod again;
mod announcements;
mod api;
mod approvals;
mod asks_manager;
mod assets;
mod audit;
mod audit_export;
mod audit_proofs;
mod authorize;
mod call;
mod call_page;
mod challenge;
mod charts;
mod codes;
mod device;
mod devices;
mod downloads;
mod guard;
mod import;
mod keys;
mod language;
mod lately;
mod licence;
mod live;
mod methods;
mod operators;
mod report;
pub(crate) mod rules_form;
mod set_up;
mod settings;
mod sign_in;
mod tokens;
mod try_it;
mod unlock;
mod upload;
mod users;
mod vouch;
mod waits;

use std::borrow::Cow;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use fido_unlock::desk::{Privilege, Scope};

use self::again::Step;
use self::guard::Lapsed;
use self::upload::LONGEST_UPLOAD;
use crate::app::{App, LONGEST_BODY};
use crate::refusal::Refusal;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Everyone.
    Everyone,
    /// Operators who have signed in.
    SignedIn,
    /// Those of them who have a privilege.
    May(Privilege),
    /// Managers, whose account vouches for others and may do nothing else.
    Manager,
    /// Programs whose access token is for one of these.
    Token(&'static [Scope]),
}

/// A route's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// GET or POST.
    pub method: Method,
    /// The path, as axum writes it: `{name}` is a part of any text.
    pub path: Cow<'static, str>,
    /// Who may.
    pub access: Access,
    /// The longest body, in bytes.
    pub longest: usize,
}

/// Every route of the service, with its rule.
#[must_use]
pub fn routes(app: &App) -> Vec<Route> {
    table(app).into_iter().map(|row| row.route).collect()
}

pub(crate) fn router(app: &App) -> Router<App> {
    let mut router = Router::new();
    for row in table(app) {
        let app = app.clone();
        let guarded = if let Access::Token(scopes) = row.route.access {
            let gate = api::Gate { app, scopes };
            row.handler.route_layer(from_fn_with_state(gate, api::guard))
        } else {
            let gate = guard::Gate {
                app,
                access: row.route.access,
                lapsed: row.lapsed,
                longest: row.route.longest,
            };
            row.handler.route_layer(from_fn_with_state(gate, guard::guard))
        };
        let guarded = guarded.route_layer(DefaultBodyLimit::max(row.route.longest));
        router = router.route(&row.route.path, guarded);
    }
    router.fallback(async || Refusal::not_found())
}

struct Row {
    route: Route,
    lapsed: Lapsed,
    handler: MethodRouter<App>,
}

fn row(method: Method, access: Access, path: &'static str, handler: MethodRouter<App>) -> Row {
    Row {
        route: Route {
            method,
            path: path.into(),
            access,
            longest: LONGEST_BODY,
        },
        lapsed: Lapsed::SignIn,
        handler,
    }
}

impl Row {
    fn when_lapsed(self, lapsed: Lapsed) -> Self {
        Self { lapsed, ..self }
    }

    /// Its form has a file.
    fn with_file(mut self) -> Self {
        self.route.longest = LONGEST_UPLOAD;
        self
    }
}

fn table(app: &App) -> Vec<Row> {
    use Access::{Everyone, Manager, May, SignedIn};
    use Lapsed::{GoOn, Stay};
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    let unlock = May(Privilege::Unlock);
    let devices = May(Privilege::ManageDevices);
    let audit = May(Privilege::Audit);
    let administer = May(Privilege::Administer);
    let downloads = May(Privilege::Downloads);
    let mut table = vec![
        row(GET, SignedIn, "/", get(sign_in::first_page)),
        row(GET, Everyone, "/sign-in", get(sign_in::page)),
        row(POST, Everyone, "/sign-in", post(sign_in::sign_in)),
        row(POST, SignedIn, "/sign-out", post(sign_in::sign_out)),
        row(GET, unlock, "/unlock", get(unlock::page)),
        row(GET, unlock, "/unlock/rows", get(unlock::rows)),
        row(POST, unlock, "/unlock", post(unlock::open)),
        row(POST, unlock, "/unlock/challenge", post(challenge::check)).when_lapsed(Stay),
        row(GET, unlock, "/unlock/{request}", get(call::page)),
        row(POST, unlock, "/unlock/{request}/code", post(call::code)).when_lapsed(GoOn(Step::Code)),
        row(POST, unlock, "/unlock/{request}/done", post(call::done)).when_lapsed(GoOn(Step::Done)),
        row(POST, unlock, "/unlock/{request}/abandon", post(call::abandon)).when_lapsed(GoOn(Step::Abandon)),
        row(POST, unlock, "/unlock/{request}/report", post(report::report)).when_lapsed(GoOn(Step::Report)),
        row(POST, unlock, "/unlock/{request}/take-over", post(call::take_over))
            .when_lapsed(GoOn(Step::TakeOver)),
        row(GET, Everyone, "/unlock/{request}/sign-in", get(again::page)),
        row(POST, Everyone, "/unlock/{request}/sign-in", post(again::sign_in)),
        row(GET, unlock, "/unlock/{request}/approval", get(waits::part)).when_lapsed(Stay),
        row(GET, unlock, "/unlock/{request}/manager", get(asks_manager::part)).when_lapsed(Stay),
        row(POST, unlock, "/unlock/{request}/manager", post(asks_manager::ask))
            .when_lapsed(GoOn(Step::AskManager)),
        row(GET, Manager, "/vouch", get(vouch::page)),
        row(GET, Manager, "/vouch/waiting", get(vouch::list)).when_lapsed(Stay),
        row(GET, Manager, "/vouch/{request}", get(vouch::question)),
        row(POST, Manager, "/vouch/{request}", post(vouch::answer)),
        row(GET, unlock, "/approvals", get(approvals::page)),
        row(GET, unlock, "/approvals/waiting", get(approvals::list)),
        // Whom the desk refuses is told what an approver needs, and it is recorded.
        row(POST, SignedIn, "/approvals/{request}", post(approvals::approve)),
        row(POST, Everyone, "/language", post(language::choose)),
        row(GET, SignedIn, "/account", get(account::page)),
        row(POST, SignedIn, "/account/confirm", post(account::confirm)),
        row(POST, SignedIn, "/account/password", post(account::password)),
        row(POST, SignedIn, "/account/passkeys", post(account::add_passkey)),
        row(
            POST,
            SignedIn,
            "/account/passkeys/{id}/name",
            post(account::name_passkey),
        ),
        row(
            POST,
            SignedIn,
            "/account/passkeys/{id}/remove",
            post(account::remove_passkey),
        ),
        row(
            POST,
            SignedIn,
            "/account/sessions/end",
            post(account::end_other_sessions),
        ),
        row(
            POST,
            SignedIn,
            "/account/sessions/{id}/end",
            post(account::end_session),
        ),
        row(POST, SignedIn, "/account/tokens", post(tokens::make)),
        row(
            POST,
            SignedIn,
            "/account/tokens/{id}/revoke",
            post(tokens::revoke),
        ),
        row(GET, Everyone, "/authorize", get(authorize::page)),
        row(POST, SignedIn, "/authorize", post(authorize::answer)),
        row(POST, SignedIn, "/authorize/confirm", post(authorize::confirm)),
        row(POST, Everyone, "/authorize/sign-in", post(authorize::sign_in)),
        row(GET, Everyone, "/first", get(codes::page)),
        row(POST, Everyone, "/first", post(codes::redeem)),
        row(
            POST,
            May(Privilege::Administer),
            "/operators/code",
            post(codes::give),
        ),
        row(GET, devices, "/devices", get(devices::page)),
        row(GET, devices, "/devices/rows", get(devices::rows)),
        row(GET, devices, "/devices/import", get(import::devices)),
        row(POST, devices, "/devices/import", post(import::write_devices)).with_file(),
        row(
            POST,
            devices,
            "/devices/import/check",
            post(import::check_devices),
        )
        .with_file(),
        row(GET, devices, "/devices/{device}", get(device::page)),
        row(GET, devices, "/devices/{device}/retire", get(device::ask_retire)),
        row(POST, devices, "/devices/{device}/retire", post(device::retire)),
        row(GET, administer, "/users/new", get(users::new)),
        row(POST, administer, "/users/new", post(users::add)),
        row(GET, administer, "/users/user", get(users::user)),
        row(POST, administer, "/users/user", post(users::change)),
        row(POST, administer, "/users/user/approve", post(users::approve)),
        row(GET, administer, "/users/user/erase", get(users::ask_erase)),
        row(POST, administer, "/users/user/erase", post(users::erase)),
        row(GET, administer, "/users/import", get(import::users)),
        row(POST, administer, "/users/import", post(import::write_users)).with_file(),
        row(POST, administer, "/users/import/check", post(import::check_users)).with_file(),
        row(GET, administer, "/operators", get(operators::page)),
        row(POST, administer, "/operators/read", post(announcements::read)),
        row(GET, administer, "/operators/new", get(operators::new)),
        row(POST, administer, "/operators/new", post(operators::add)),
        row(GET, administer, "/operators/operator", get(operators::operator)),
        row(POST, administer, "/operators/operator", post(operators::change)),
        row(
            POST,
            administer,
            "/operators/operator/approve",
            post(operators::approve),
        ),
        row(
            GET,
            administer,
            "/operators/operator/remove",
            get(operators::ask_remove),
        ),
        row(
            POST,
            administer,
            "/operators/operator/remove",
            post(operators::remove),
        ),
        row(GET, administer, "/licence", get(licence::page)),
        row(POST, administer, "/licence", post(licence::put)).with_file(),
        row(GET, downloads, "/downloads", get(downloads::page)),
        row(GET, downloads, "/downloads/{file}", get(downloads::file)),
        row(GET, administer, "/set-up", get(set_up::page)),
        row(POST, administer, "/set-up", post(set_up::open)),
        row(GET, audit, "/audit", get(audit::page)),
        row(GET, audit, "/charts", get(charts::page)),
        row(GET, audit, "/audit/save", get(audit_export::save)),
        row(GET, audit, "/audit/entries/{place}", get(audit::entry)),
        row(
            GET,
            audit,
            "/audit/entries/{place}/proof",
            get(audit_proofs::proof),
        ),
        row(
            GET,
            audit,
            "/audit/entries/{place}/bytes",
            get(audit_proofs::bytes),
        ),
        row(GET, audit, "/audit/verify", get(audit_proofs::verify_page)),
        row(GET, audit, "/audit/verify/state", get(audit_proofs::verify_state)).when_lapsed(Stay),
        row(POST, audit, "/audit/verify", post(audit_proofs::verify)),
        row(GET, audit, "/audit/checkpoints", get(audit_proofs::checkpoints)),
        row(
            POST,
            audit,
            "/audit/checkpoints",
            post(audit_proofs::make_checkpoint),
        ),
        row(
            GET,
            audit,
            "/audit/checkpoints/{place}",
            get(audit_proofs::checkpoint),
        ),
        row(GET, administer, "/keys", get(keys::page)),
        row(GET, administer, "/keys/issuers", get(keys::signed)),
        row(POST, administer, "/keys/records", post(keys::record)),
        row(GET, administer, "/settings", get(settings::page)),
        row(POST, administer, "/settings/preview", post(settings::preview)),
        row(POST, administer, "/settings/rules", post(settings::change)),
        row(POST, administer, "/settings/approve", post(settings::approve)),
        row(POST, administer, "/settings/service", post(settings::switch)),
        row(POST, administer, "/settings/alarms", post(settings::acknowledge)),
        row(GET, Everyone, "/assets/{name}", get(assets::asset)),
    ];
    table.extend(api::table());
    if app.key().is_some() {
        table.extend([
            row(GET, SignedIn, "/try-it", get(try_it::page)),
            row(POST, SignedIn, "/try-it/unlock", post(try_it::unlock)),
            row(POST, SignedIn, "/try-it/sign-in", post(try_it::sign_in)),
            row(POST, SignedIn, "/try-it/replug", post(try_it::replug)),
            row(POST, SignedIn, "/try-it/lock", post(try_it::lock)),
        ]);
    }
    table
}
