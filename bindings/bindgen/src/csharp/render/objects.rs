//! Objects of Rust as disposable classes; traits that the host implements as interfaces.

use anyhow::Result;
use askama::Template;
use uniffi_bindgen::interface::{AsType, CallbackInterface, FfiFunction, Method, Object, Type};

use super::callable::{self, Receiver};
use crate::csharp::types::{Types, ffi_name, is_interface, strip};
use crate::csharp::{docs, names};

#[derive(Template)]
#[template(path = "csharp/object.cs", escape = "none")]
struct ObjectTemplate {
    docs: String,
    name: String,
    full_name: String,
    bases: String,
    clone: String,
    free: String,
    members: Vec<String>,
    equals: Option<String>,
    hash: Option<String>,
    compare: Option<String>,
}

#[derive(Template)]
#[template(path = "csharp/interface.cs", escape = "none")]
struct InterfaceTemplate {
    docs: String,
    /// As `IPipe`.
    name: String,
    full_name: String,
    /// As `Pipe`.
    stem: String,
    init: String,
    declarations: Vec<String>,
    handlers: Vec<Handler>,
    /// Present when Rust implements the trait as well.
    rust: Option<RustSide>,
}

struct RustSide {
    clone: String,
    free: String,
    members: Vec<String>,
}

/// One entry of the table of functions that Rust calls.
struct Handler {
    name: String,
    /// Parameters after the handle, each with `, ` before it.
    parameters: String,
    lines: Vec<String>,
}

/// An object, or a trait that Rust alone implements.
pub fn object(types: &Types<'_>, item: &Object) -> Result<String> {
    let name = names::type_name(item.name());
    let full_name = types.global(&name);
    let mut members = Vec::new();
    for constructor in item.constructors() {
        members.push(if constructor.is_primary_constructor() {
            callable::member(types, constructor, "public", &name, &Receiver::Constructor(&name))
        } else {
            let method = names::method(constructor.name(), &name, constructor.is_async());
            callable::member(types, constructor, "public static", &method, &Receiver::None)
        });
    }
    members.extend(methods(types, &name, &item.methods()));
    let traits = item.uniffi_trait_methods();
    if let Some(display) = traits.display_fmt.as_ref().or(traits.debug_fmt.as_ref()) {
        members.push(callable::member(
            types,
            display,
            "public override",
            "ToString",
            &Receiver::Handle,
        ));
    }
    let private = |method: &Option<Method>, name: &str| {
        method
            .as_ref()
            .map(|method| callable::member(types, method, "private", name, &Receiver::Handle))
    };
    let mut bases = "global::System.IDisposable".to_owned();
    if traits.eq_eq.is_some() {
        bases.push_str(&format!(", global::System.IEquatable<{full_name}>"));
    }
    if traits.ord_cmp.is_some() {
        bases.push_str(&format!(", global::System.IComparable<{full_name}>"));
    }
    Ok(ObjectTemplate {
        docs: docs::comment(item.docstring(), None, 4),
        clone: item.ffi_object_clone().name().to_owned(),
        free: item.ffi_object_free().name().to_owned(),
        equals: private(&traits.eq_eq, "UniffiEquals"),
        hash: private(&traits.hash_hash, "UniffiHash"),
        compare: private(&traits.ord_cmp, "UniffiCompare"),
        name,
        full_name,
        bases,
        members,
    }
    .render()?)
}

fn methods(types: &Types<'_>, owner: &str, methods: &[&Method]) -> Vec<String> {
    methods
        .iter()
        .map(|method| {
            let name = names::method(method.name(), owner, method.is_async());
            callable::member(types, *method, "public", &name, &Receiver::Handle)
        })
        .collect()
}

/// A trait that the host may implement.
pub fn foreign_trait(types: &Types<'_>, item: &Object) -> Result<String> {
    let rust = match item.imp() {
        uniffi_bindgen::interface::ObjectImpl::Trait(kind) if kind.has_rust() => Some(RustSide {
            clone: item.ffi_object_clone().name().to_owned(),
            free: item.ffi_object_free().name().to_owned(),
            members: methods(types, &names::interface(item.name()), &item.methods()),
        }),
        _ => None,
    };
    interface(
        types,
        item.name(),
        item.docstring(),
        &item.methods(),
        item.ffi_init_callback(),
        rust,
    )
}

/// A callback interface, which the host alone implements.
pub fn callback_interface(types: &Types<'_>, item: &CallbackInterface) -> Result<String> {
    interface(
        types,
        item.name(),
        item.docstring(),
        &item.methods(),
        item.ffi_init_callback(),
        None,
    )
}

fn interface(
    types: &Types<'_>,
    rust_name: &str,
    docstring: Option<&str>,
    methods: &[&Method],
    init: &FfiFunction,
    rust: Option<RustSide>,
) -> Result<String> {
    let name = names::interface(rust_name);
    let declarations = methods
        .iter()
        .map(|method| {
            format!(
                "{}        {} {}({});",
                callable::comment(types, *method, None, 8),
                callable::return_type(types, *method),
                names::method(method.name(), &name, method.is_async()),
                callable::parameters(types, *method)
            )
        })
        .collect();
    Ok(InterfaceTemplate {
        docs: docs::comment(docstring, None, 4),
        full_name: types.global(&name),
        stem: names::type_name(rust_name),
        init: init.name().to_owned(),
        declarations,
        handlers: methods
            .iter()
            .map(|method| handler(types, method, &name))
            .collect(),
        rust,
        name,
    }
    .render()?)
}

fn handler(types: &Types<'_>, method: &Method, owner: &str) -> Handler {
    let name = names::method(method.name(), owner, method.is_async());
    let mut parameters = String::new();
    let mut values = Vec::new();
    for (index, (_, ty)) in callable::arguments(method).iter().enumerate() {
        parameters.push_str(&format!(", {} uniffiA{index}", ffi_name(&ty.into())));
        values.push(types.lift(ty, &format!("uniffiA{index}")));
    }
    let lines = if method.is_async() {
        parameters.push_str(
            ", global::System.IntPtr uniffiComplete, ulong uniffiData, ref UniffiDropped uniffiDropped",
        );
        values.push("uniffiToken".into());
        task(
            types,
            method,
            &format!("Objects.Get(uniffiHandle).{name}({})", values.join(", ")),
        )
    } else {
        match method.return_type() {
            Some(ty) => parameters.push_str(&format!(", ref {} uniffiReturn", ffi_name(&ty.into()))),
            None => parameters.push_str(", global::System.IntPtr uniffiReturn"),
        }
        parameters.push_str(", ref UniffiStatus uniffiStatus");
        direct(
            types,
            method,
            &format!("Objects.Get(uniffiHandle).{name}({})", values.join(", ")),
        )
    };
    Handler {
        name,
        parameters,
        lines,
    }
}

/// Calls at once and gives back what came.
fn direct(types: &Types<'_>, method: &Method, called: &str) -> Vec<String> {
    let mut lines = vec!["try".to_owned(), "{".to_owned()];
    match method.return_type() {
        Some(ty) => {
            lines.push(format!("    var uniffiResult = {called};"));
            lines.push(format!(
                "    uniffiReturn = {};",
                types.lower(ty, "uniffiResult", "").expr
            ));
        }
        None => lines.push(format!("    {called};")),
    }
    lines.push("}".into());
    lines.push("catch (global::System.Exception uniffiThrown)".into());
    lines.push("{".into());
    lines.push(format!("    {}", thrown(types, method, "uniffiStatus")));
    lines.push("}".into());
    lines
}

/// Starts the host's task; its end calls Rust back.
fn task(types: &Types<'_>, method: &Method, called: &str) -> Vec<String> {
    let kind = result_kind(method);
    let (value, start) = match method.return_type() {
        Some(ty) => (
            types.name(ty),
            format!("async uniffiToken => await {called}.ConfigureAwait(false),"),
        ),
        None => (
            "bool".to_owned(),
            format!("async uniffiToken => {{ await {called}.ConfigureAwait(false); return true; }},"),
        ),
    };
    let got = "uniffiTask.GetAwaiter().GetResult()";
    let take = match method.return_type() {
        Some(ty) => vec![
            format!("var uniffiValue = {got};"),
            format!(
                "uniffiResult.Value = {};",
                types.lower(ty, "uniffiValue", "").expr
            ),
        ],
        None => vec![format!("{got};")],
    };
    let mut lines = vec![
        format!("UniffiHostTasks.Start<{value}>("),
        format!("    {start}"),
        "    uniffiTask =>".into(),
        "    {".into(),
        format!("        var uniffiResult = default(UniffiResult{kind});"),
        "        try".into(),
        "        {".into(),
    ];
    lines.extend(take.into_iter().map(|line| format!("            {line}")));
    lines.extend([
        "        }".into(),
        "        catch (global::System.Exception uniffiThrown)".into(),
        "        {".into(),
        format!("            {}", thrown(types, method, "uniffiResult.Status")),
        "        }".into(),
        format!(
            "        global::System.Runtime.InteropServices.Marshal.GetDelegateForFunctionPointer<UniffiComplete{kind}>(             uniffiComplete)(uniffiData, uniffiResult);"
        ),
        "    },".into(),
        "    ref uniffiDropped);".into(),
    ]);
    lines
}

fn thrown(types: &Types<'_>, method: &Method, status: &str) -> String {
    match method.throws_type() {
        Some(ty) => format!(
            "UniffiCall.Threw<{}>(ref {status}, uniffiThrown, UniffiConverters.Write{});",
            types.name(ty),
            types.own_name(strip(ty))
        ),
        None => format!("UniffiCall.Undeclared(ref {status}, uniffiThrown);"),
    }
}

/// Names the native type of a task's result: `Void`, `Uint`, `UniffiBuffer`...
pub fn result_kind(method: &Method) -> String {
    names::type_name(method.return_type().map_or("void", |ty| ffi_name(&ty.into())))
}

/// True for an object type that is rendered as an interface.
pub fn rendered_as_interface(item: &Object) -> bool {
    matches!(item.as_type(), Type::Object { imp, .. } if is_interface(&imp))
}
