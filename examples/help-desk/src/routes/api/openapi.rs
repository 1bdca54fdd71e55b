//! The OpenAPI description, made of the list of routes.

use axum::http::StatusCode;
use axum::response::Response;
use utoipa::PartialSchema;
use utoipa::openapi::path::{Operation, Paths};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, ResponseBuilder,
};

use super::{Access, ApiRoute, list};
use crate::problem::{Problem, json};

/// The name of the one way in.
const TOKEN: &str = "token";
const DESCRIPTION: &str = "The help desk's steps for programs. Each asks by an access token, which an operator makes on \
     their account page (`Authorization: Bearer fud_…`); it acts in their name, as far as it is for. A route's scopes are \
     those of which the token must have one. Whatever is refused is a problem with its row of the error table.";

/// This description
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "description",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
pub(super) async fn description() -> Response {
    json(StatusCode::OK, &described())
}

fn described() -> OpenApi {
    let mut components = ComponentsBuilder::new()
        .security_scheme(TOKEN, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)))
        .schema("Problem", Problem::schema());
    let mut all = Paths::new();
    for ApiRoute { access, described } in list() {
        let (schemas, mut paths, _) = described;
        components = components.schemas_from_iter(schemas);
        let operations = paths
            .paths
            .values_mut()
            .flat_map(|item| item.get.as_mut().into_iter().chain(item.post.as_mut()));
        operations.for_each(|operation| complete(operation, access));
        all.merge(paths);
    }
    let info = InfoBuilder::new()
        .title("Help desk")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION));
    OpenApiBuilder::new()
        .info(info)
        .paths(all)
        .components(Some(components.build()))
        .build()
}

/// Adds who may, and what a refusal is.
fn complete(operation: &mut Operation, access: Access) {
    let scopes = match access {
        Access::Token(scopes) => scopes,
        _ => &[],
    };
    let may = scopes
        .iter()
        .map(|scope| SecurityRequirement::new(TOKEN, [scope.name()]));
    operation.security = Some(may.collect());
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem")));
    let refused = ResponseBuilder::new()
        .description("It was refused, and why.")
        .content("application/problem+json", problem.build());
    let responses = &mut operation.responses.responses;
    responses.insert("default".to_owned(), refused.build().into());
}
