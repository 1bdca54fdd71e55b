//! The same steps for programs: `/api/v1`, by access token. One list has every route with what its token must be for; the
//! router and the OpenAPI description are both made of it.

#![allow(unused_qualifications, reason = "utoipa's macro writes some")]

mod audit;
mod calls;
mod devices;
mod enrolment;
mod errors;
mod given;
mod guard;
mod me;
mod model;
mod openapi;
mod token;
mod users;

use axum::http::Method;
use fido_unlock::desk::Scope;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa_axum::router::UtoipaMethodRouter;
use utoipa_axum::routes;

pub(super) use self::guard::{Gate, guard};
use super::{Access, Lapsed, Route, Row};
use crate::app::{App, LONGEST_BODY};

/// One route: what it takes and gives, and who may.
struct ApiRoute {
    access: Access,
    described: UtoipaMethodRouter<App>,
}

const fn route(access: Access, described: UtoipaMethodRouter<App>) -> ApiRoute {
    ApiRoute { access, described }
}

fn list() -> Vec<ApiRoute> {
    const ANY: Access = Access::Token(&[Scope::Unlock, Scope::Devices, Scope::Audit]);
    const LOOKING: Access = Access::Token(&[Scope::Unlock, Scope::Devices]);
    const UNLOCK: Access = Access::Token(&[Scope::Unlock]);
    const DEVICES: Access = Access::Token(&[Scope::Devices]);
    const AUDIT: Access = Access::Token(&[Scope::Audit]);
    vec![
        route(Access::Everyone, routes!(openapi::description)),
        route(Access::Everyone, routes!(errors::table)),
        route(Access::Everyone, routes!(token::exchange)),
        route(ANY, routes!(token::sign_out)),
        route(ANY, routes!(me::me)),
        route(UNLOCK, routes!(me::rules)),
        route(LOOKING, routes!(users::find)),
        route(LOOKING, routes!(users::suggest)),
        route(LOOKING, routes!(devices::list)),
        route(LOOKING, routes!(devices::device)),
        route(LOOKING, routes!(devices::history)),
        route(DEVICES, routes!(enrolment::enrolment)),
        route(DEVICES, routes!(devices::register)),
        route(DEVICES, routes!(devices::retire)),
        route(UNLOCK, routes!(calls::open_codes)),
        route(UNLOCK, routes!(calls::list)),
        route(UNLOCK, routes!(calls::open)),
        route(UNLOCK, routes!(calls::request)),
        route(UNLOCK, routes!(calls::set_reason)),
        route(UNLOCK, routes!(calls::set_number)),
        route(UNLOCK, routes!(calls::verify)),
        route(UNLOCK, routes!(calls::ask_manager)),
        route(UNLOCK, routes!(calls::enter_challenge)),
        route(UNLOCK, routes!(calls::approve)),
        route(UNLOCK, routes!(calls::code)),
        route(UNLOCK, routes!(calls::done)),
        route(UNLOCK, routes!(calls::abandon)),
        route(UNLOCK, routes!(calls::report)),
        route(UNLOCK, routes!(calls::take_over)),
        route(AUDIT, routes!(audit::entries)),
        route(AUDIT, routes!(audit::entry)),
        route(AUDIT, routes!(audit::bytes)),
        route(AUDIT, routes!(audit::proof)),
        route(AUDIT, routes!(audit::checkpoint)),
        route(AUDIT, routes!(audit::make_checkpoint)),
    ]
}

/// The one operation of a path's description.
fn operation(item: &PathItem) -> Option<(Method, &Operation)> {
    let get = item.get.as_ref().map(|get| (Method::GET, get));
    get.or_else(|| item.post.as_ref().map(|post| (Method::POST, post)))
}

/// Every route as the router takes it.
pub(super) fn table() -> Vec<Row> {
    let mut rows = Vec::new();
    for ApiRoute { access, described } in list() {
        let (_, paths, handler) = described;
        let described = paths.paths.into_iter().next();
        let Some((path, item)) = described else { continue };
        let Some((method, _)) = operation(&item) else {
            continue;
        };
        rows.push(Row {
            route: Route {
                method,
                path: path.into(),
                access,
                longest: LONGEST_BODY,
            },
            lapsed: Lapsed::SignIn,
            handler,
        });
    }
    rows
}
