//! The OpenAPI description: it has every route of the router and no other, with what each token must be for.

use std::collections::BTreeSet;

use axum::http::Method;
use help_desk::{Access, routes};
use serde_json::{Value, json};

use crate::browser::demo;
use crate::program::Program;

fn method(text: &str) -> Option<Method> {
    match text {
        "get" => Some(Method::GET),
        "post" => Some(Method::POST),
        _ => None,
    }
}

/// Every reference in a description.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(target) if name == "$ref" => {
                        found.insert(target.clone());
                    }
                    other => references(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn it_is_the_routers_own_list() {
    let demo = demo();
    let described = Program::with(&demo.app(), None).get("/openapi.json").await.done();
    assert!(described["openapi"].as_str().unwrap().starts_with("3.1."));
    assert_eq!(
        described["components"]["securitySchemes"]["token"]["scheme"],
        "bearer"
    );
    let mut seen = BTreeSet::new();
    for (path, item) in described["paths"].as_object().unwrap() {
        for (name, operation) in item.as_object().unwrap() {
            let method = method(name).unwrap();
            let route = routes(&demo.app())
                .into_iter()
                .find(|route| route.path == path.as_str() && route.method == method);
            let route = route.unwrap_or_else(|| panic!("no route {name} {path}"));
            let wanted: Vec<Value> = match route.access {
                Access::Token(scopes) => scopes
                    .iter()
                    .map(|scope| json!({"token": [scope.name()]}))
                    .collect(),
                Access::Everyone => Vec::new(),
                other => panic!("{path}: {other:?}"),
            };
            assert_eq!(operation["security"], json!(wanted), "{name} {path}");
            let problem = &operation["responses"]["default"]["content"]["application/problem+json"];
            assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem");
            assert!(operation["summary"].is_string() && operation["operationId"].is_string());
            for part in path.split('/').filter(|part| part.starts_with('{')) {
                let name = part.trim_matches(['{', '}']);
                let parameters = operation["parameters"].as_array().unwrap();
                let known = |parameter: &&Value| parameter["name"] == name && parameter["in"] == "path";
                assert_eq!(parameters.iter().filter(known).count(), 1, "{path} {name}");
            }
            assert!(seen.insert((path.clone(), method.to_string())));
        }
    }
    let routed: BTreeSet<_> = routes(&demo.app())
        .into_iter()
        .filter(|route| route.path.starts_with("/api/"))
        .map(|route| (route.path.to_string(), route.method.to_string()))
        .collect();
    assert_eq!(seen, routed);
    let mut names = BTreeSet::new();
    let operations = described["paths"].as_object().unwrap().values();
    for operation in operations.flat_map(|item| item.as_object().unwrap().values()) {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} twice");
    }
    let mut targets = BTreeSet::new();
    references(&described, &mut targets);
    assert!(targets.len() > 8);
    for target in targets {
        let place = target.strip_prefix('#').unwrap();
        assert!(described.pointer(place).is_some(), "{target}");
    }
}
