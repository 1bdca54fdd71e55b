//! The free functions, the check at load, and the declarations of native functions.

use std::collections::BTreeSet;

use anyhow::Result;
use askama::Template;
use uniffi_bindgen::interface::{Callable, FfiFunction};

use super::callable::{self, FutureFunctions, Receiver};
use super::objects::{rendered_as_interface, result_kind};
use crate::csharp::types::{Types, ffi_name};
use crate::csharp::{docs, names};

#[derive(Template)]
#[template(path = "csharp/library.cs", escape = "none")]
struct LibraryTemplate<'a> {
    docs: String,
    class: &'a str,
    library: &'a str,
    functions: Vec<String>,
    tables: Vec<String>,
    contract: String,
    contract_version: u32,
    checksums: Vec<Checksum>,
    allocate: String,
    free: String,
    natives: Vec<String>,
    results: Vec<TaskResult>,
}

/// What a task of the host hands to Rust: one native type for each kind of value.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct TaskResult {
    kind: String,
    ffi: Option<&'static str>,
}

struct Checksum {
    name: String,
    value: u16,
}

/// The class of functions named `class`, and what is internal to the library `library`.
pub fn library(types: &Types<'_>, class: &str, library: &str) -> Result<String> {
    let ci = types.ci;
    let functions = ci
        .function_definitions()
        .iter()
        .map(|function| {
            let name = names::method(function.name(), class, function.is_async());
            callable::member(types, function, "public static", &name, &Receiver::None)
        })
        .collect();
    let traits = ci
        .object_definitions()
        .iter()
        .filter(|item| rendered_as_interface(item))
        .map(|item| item.name());
    let tables = traits
        .chain(ci.callback_interface_definitions().iter().map(|item| item.name()))
        .map(names::type_name)
        .collect();
    let checksums: Vec<Checksum> = ci
        .iter_checksums()
        .map(|(name, value)| Checksum { name, value })
        .collect();
    let contract = ci.ffi_uniffi_contract_version().name().to_owned();

    let mut natives = vec![format!("uint {contract}()")];
    natives.extend(
        checksums
            .iter()
            .map(|checksum| format!("ushort {}()", checksum.name)),
    );
    natives.extend(ci.iter_user_ffi_function_definitions().map(native));
    for future in futures(types) {
        natives.push(format!(
            "void {}(ulong future, UniffiContinuation continuation, ulong data)",
            future.poll
        ));
        natives.push(format!("void {}(ulong future)", future.cancel));
        natives.push(format!(
            "{} {}(ulong future, ref UniffiStatus status)",
            future.result, future.complete
        ));
        natives.push(format!("void {}(ulong future)", future.free));
    }
    let text = ci
        .namespace_docstring()
        .unwrap_or("The functions of the library.");
    Ok(LibraryTemplate {
        docs: docs::comment(Some(text), None, 4),
        class,
        library,
        functions,
        tables,
        contract,
        contract_version: ci.uniffi_contract_version(),
        checksums,
        allocate: ci.ffi_rustbuffer_alloc().name().to_owned(),
        free: ci.ffi_rustbuffer_free().name().to_owned(),
        natives,
        results: task_results(types).into_iter().collect(),
    }
    .render()?)
}

fn native(function: &FfiFunction) -> String {
    let mut arguments: Vec<String> = function
        .arguments()
        .iter()
        .enumerate()
        .map(|(index, argument)| format!("{} a{index}", ffi_name(&argument.type_())))
        .collect();
    if function.has_rust_call_status_arg() {
        arguments.push("ref UniffiStatus status".into());
    }
    let result = function.return_type().map_or("void", ffi_name);
    format!("{result} {}({})", function.name(), arguments.join(", "))
}

fn futures(types: &Types<'_>) -> BTreeSet<FutureFunctions> {
    let ci = types.ci;
    let values = ci
        .record_definitions()
        .iter()
        .flat_map(|item| item.methods())
        .chain(ci.enum_definitions().iter().flat_map(|item| item.methods()))
        .filter_map(|method| callable::future_functions(types, method as &dyn Callable));
    ci.iter_callables()
        .filter_map(|item| callable::future_functions(types, item))
        .chain(values)
        .collect()
}

fn task_results(types: &Types<'_>) -> BTreeSet<TaskResult> {
    let ci = types.ci;
    let traits = ci
        .object_definitions()
        .iter()
        .filter(|item| rendered_as_interface(item))
        .flat_map(|item| item.methods());
    traits
        .chain(
            ci.callback_interface_definitions()
                .iter()
                .flat_map(|item| item.methods()),
        )
        .filter(|method| method.is_async())
        .map(|method| TaskResult {
            kind: result_kind(method),
            ffi: method.return_type().map(|ty| ffi_name(&ty.into())),
        })
        .collect()
}
