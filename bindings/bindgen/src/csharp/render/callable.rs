//! Functions, methods and constructors: signature and body.

use uniffi_bindgen::interface::{Argument, AsType, Callable, FfiType, Type};

use crate::csharp::types::{Types, ffi_name, strip};
use crate::csharp::{docs, names};

/// What stands before the arguments on the native side.
pub enum Receiver<'a> {
    /// Nothing: a function, or a constructor under a name of its own.
    None,
    /// Nothing; the result becomes `uniffiHandle` of the class with this name.
    Constructor(&'a str),
    /// Another reference to the object.
    Handle,
    /// The whole value, of this type.
    Value(&'a Type),
}

/// The C# return type, `Task` included.
pub fn return_type(types: &Types<'_>, callable: &dyn Callable) -> String {
    match (callable.is_async(), callable.return_type()) {
        (true, Some(ty)) => format!("global::System.Threading.Tasks.Task<{}>", types.name(ty)),
        (true, None) => "global::System.Threading.Tasks.Task".into(),
        (false, Some(ty)) => types.name(ty),
        (false, None) => "void".into(),
    }
}

/// The C# parameters, a cancellation token last where the callable is asynchronous. A default is written only
/// where all that follows has one too, as C# wants it.
pub fn parameters(types: &Types<'_>, callable: &dyn Callable) -> String {
    let mut all = Vec::new();
    let mut may_default = true;
    if callable.is_async() {
        all.push(
            "global::System.Threading.CancellationToken cancellationToken = \
             default(global::System.Threading.CancellationToken)"
                .to_owned(),
        );
    }
    for argument in callable.arguments().into_iter().rev() {
        let ty = argument.as_type();
        let default = argument
            .default_value()
            .and_then(|value| types.default(&ty, value));
        may_default &= default.is_some();
        let suffix = default
            .filter(|_| may_default)
            .map(|value| format!(" = {value}"))
            .unwrap_or_default();
        all.push(format!(
            "{} {}{suffix}",
            types.name(&ty),
            names::parameter(argument.name())
        ));
    }
    all.reverse();
    all.join(", ")
}

/// XML comment of a callable; `fallback` where Rust has no text.
pub fn comment(types: &Types<'_>, callable: &dyn Callable, fallback: Option<&str>, indent: usize) -> String {
    let throws = callable.throws_type().map(|ty| types.name(ty));
    docs::comment(callable.docstring().or(fallback), throws.as_deref(), indent)
}

/// The whole member with its documentation, eight spaces in. `head` is what stands before the name, without the
/// return type.
pub fn member(
    types: &Types<'_>,
    callable: &dyn Callable,
    head: &str,
    name: &str,
    receiver: &Receiver<'_>,
) -> String {
    let result = match receiver {
        Receiver::Constructor(_) => String::new(),
        _ => format!("{} ", return_type(types, callable)),
    };
    let fallback = (name == "ToString").then_some("The text that Rust gives.");
    let mut out = comment(types, callable, fallback, 8);
    out.push_str(&format!(
        "        {head} {result}{name}({})\n        {{\n",
        parameters(types, callable)
    ));
    for line in body(types, callable, receiver) {
        out.push_str(&format!("            {line}\n"));
    }
    out.push_str("        }\n");
    out
}

/// An argument on its way to the native function.
struct Local {
    name: String,
    ffi: String,
    expr: String,
    discard: Option<String>,
    undo: Option<(String, String)>,
}

fn body(types: &Types<'_>, callable: &dyn Callable, receiver: &Receiver<'_>) -> Vec<String> {
    let mut lines = vec!["UniffiLibrary.Ensure();".to_owned()];
    for argument in callable.arguments() {
        if types.refuses_null(&argument.as_type()) {
            let name = names::parameter(argument.name());
            lines.push(format!(
                "if ({name} == null) throw new global::System.ArgumentNullException(\"{}\");",
                name.trim_start_matches('@')
            ));
        }
    }
    if callable.is_async() {
        let task = callable
            .return_type()
            .map_or("bool".to_owned(), |ty| types.name(ty));
        lines.push("if (cancellationToken.IsCancellationRequested)".into());
        lines.push(format!(
            "    return global::System.Threading.Tasks.Task.FromCanceled<{task}>(cancellationToken);"
        ));
    }

    let mut arguments = Vec::new();
    let mut locals = Vec::new();
    let mut pins = Vec::new();
    match receiver {
        Receiver::None | Receiver::Constructor(_) => {}
        Receiver::Handle => {
            arguments.push("uniffiSelf".to_owned());
            locals.push(Local {
                name: "uniffiSelf".into(),
                ffi: "ulong".into(),
                expr: "uniffiHandle.Clone()".into(),
                discard: Some("uniffiHandle.Discard(uniffiSelf)".into()),
                undo: None,
            });
        }
        Receiver::Value(ty) => {
            arguments.push("uniffiSelf".to_owned());
            locals.push(lowered(types, ty, "this", "uniffiSelf"));
        }
    }
    for (index, argument) in callable.arguments().into_iter().enumerate() {
        let ty = argument.as_type();
        let name = names::parameter(argument.name());
        if argument.is_borrowed_bytes() {
            pins.push(format!("using (var uniffiP{index} = new UniffiPin({name}))"));
            arguments.push(format!("uniffiP{index}.Bytes"));
            continue;
        }
        let local = lowered(types, &ty, &name, &format!("uniffiA{index}"));
        if local.discard.is_none() {
            arguments.push(local.expr);
        } else {
            arguments.push(local.name.clone());
            locals.push(local);
        }
    }
    lower_all(&mut lines, &locals);
    call(types, callable, receiver, arguments, &pins, &mut lines);
    lines
}

fn lowered(types: &Types<'_>, ty: &Type, value: &str, local: &str) -> Local {
    let lowered = types.lower(ty, value, local);
    Local {
        name: local.to_owned(),
        ffi: lowered.ffi,
        expr: lowered.expr,
        discard: lowered.discard,
        undo: lowered.undo,
    }
}

/// With two or more, those already made are given back when a later one cannot be.
fn lower_all(lines: &mut Vec<String>, locals: &[Local]) {
    if let [only] = locals {
        lines.push(format!("var {} = {};", only.name, only.expr));
        return;
    }
    if locals.is_empty() {
        return;
    }
    for local in locals {
        lines.push(format!("var {} = default({});", local.name, local.ffi));
        if let Some((written, _)) = &local.undo {
            lines.push(format!("var {written} = default(UniffiWriter);"));
        }
    }
    lines.push("try".into());
    lines.push("{".into());
    for local in locals {
        let expr = local.undo.as_ref().map_or(&local.expr, |(_, expr)| expr);
        lines.push(format!("    {} = {expr};", local.name));
    }
    lines.push("}".into());
    lines.push("catch".into());
    lines.push("{".into());
    for local in locals {
        if let Some(discard) = &local.discard {
            lines.push(format!("    {discard};"));
        }
    }
    lines.push("    throw;".into());
    lines.push("}".into());
}

fn call(
    types: &Types<'_>,
    callable: &dyn Callable,
    receiver: &Receiver<'_>,
    mut arguments: Vec<String>,
    pins: &[String],
    lines: &mut Vec<String>,
) {
    let function = callable.ffi_func().name();
    let declared = callable.throws_type().map_or("null".to_owned(), |ty| {
        format!("UniffiConverters.Read{}", types.own_name(strip(ty)))
    });
    if callable.is_async() {
        let (raw, value, complete, lift) = match callable.return_type() {
            Some(ty) => (
                ffi_name(&FfiType::from(ty)).to_owned(),
                types.name(ty),
                format!("UniffiNative.{}", callable.ffi_rust_future_complete(types.ci)),
                format!("uniffiRaw => {}", types.lift(ty, "uniffiRaw")),
            ),
            None => (
                "bool".to_owned(),
                "bool".to_owned(),
                format!(
                    "(ulong uniffiF, ref UniffiStatus uniffiS) => {{ UniffiNative.{}(uniffiF, ref uniffiS); \
                     return true; }}",
                    callable.ffi_rust_future_complete(types.ci)
                ),
                "uniffiRaw => uniffiRaw".to_owned(),
            ),
        };
        lines.push(format!(
            "var uniffiFuture = UniffiNative.{function}({});",
            arguments.join(", ")
        ));
        lines.push(format!("return UniffiFuture<{raw}, {value}>.Start("));
        lines.push(format!(
            "    uniffiFuture, UniffiNative.{}, UniffiNative.{},",
            callable.ffi_rust_future_poll(types.ci),
            callable.ffi_rust_future_cancel(types.ci)
        ));
        lines.push(format!(
            "    {complete}, UniffiNative.{},",
            callable.ffi_rust_future_free(types.ci)
        ));
        lines.push(format!("    {lift}, {declared}, cancellationToken);"));
        return;
    }
    arguments.push("ref uniffiStatus".into());
    let target = format!("UniffiNative.{function}({})", arguments.join(", "));
    lines.push("var uniffiStatus = default(UniffiStatus);".into());
    match callable.return_type() {
        Some(ty) if !pins.is_empty() => {
            lines.push(format!("{} uniffiRaw;", ffi_name(&FfiType::from(ty))));
            lines.extend(pins.iter().cloned());
            lines.push(format!("    uniffiRaw = {target};"));
        }
        Some(_) => lines.push(format!("var uniffiRaw = {target};")),
        None => {
            lines.extend(pins.iter().cloned());
            lines.push(format!("{}{target};", if pins.is_empty() { "" } else { "    " }));
        }
    }
    lines.push(format!(
        "if (uniffiStatus.Code != UniffiStatus.Success) throw UniffiCall.Failure(ref uniffiStatus, {declared});"
    ));
    match (receiver, callable.return_type()) {
        (Receiver::Constructor(class), _) => {
            lines.push(format!(
                "uniffiHandle = UniffiConverters.Handle{class}(uniffiRaw);"
            ));
        }
        (_, Some(ty)) => lines.push(format!("return {};", types.lift(ty, "uniffiRaw"))),
        (_, None) => {}
    }
}

/// The names of the native functions that drive the future of an asynchronous callable.
pub fn future_functions(types: &Types<'_>, callable: &dyn Callable) -> Option<FutureFunctions> {
    callable.is_async().then(|| FutureFunctions {
        poll: callable.ffi_rust_future_poll(types.ci),
        cancel: callable.ffi_rust_future_cancel(types.ci),
        complete: callable.ffi_rust_future_complete(types.ci),
        free: callable.ffi_rust_future_free(types.ci),
        result: callable
            .return_type()
            .map_or("void", |ty| ffi_name(&FfiType::from(ty))),
    })
}

/// The four native functions of one kind of future.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct FutureFunctions {
    /// Polls.
    pub poll: String,
    /// Cancels.
    pub cancel: String,
    /// Takes the result.
    pub complete: String,
    /// Frees.
    pub free: String,
    /// C# type of the result.
    pub result: &'static str,
}

/// The arguments of a callable with their types.
pub fn arguments(callable: &dyn Callable) -> Vec<(Argument, Type)> {
    callable
        .arguments()
        .into_iter()
        .map(|argument| (argument.clone(), argument.as_type()))
        .collect()
}
