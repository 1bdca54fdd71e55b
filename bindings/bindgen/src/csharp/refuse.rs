//! What has no form in C#: found before anything is written, all of it at once, by name.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use uniffi_bindgen::interface::{AsType, Callable, Type};

use super::names;
use super::types::{EnumForm, Types, is_interface, strip};

/// Names that the runtime has in the same namespace.
const TAKEN: &[&str] = &["RustPanicException", "NativeLibraryMismatchException"];

/// Fails with one line for each thing that is not supported.
///
/// # Errors
/// The list.
pub fn check(types: &Types<'_>, class: &str) -> Result<()> {
    let mut found = Vec::new();
    names_clash(types, class, &mut found);
    let ci = types.ci;
    for item in ci.iter_external_types() {
        found.push(format!(
            "{}: a type of another crate",
            item.name().unwrap_or("a type")
        ));
    }
    for function in ci.function_definitions() {
        callable(types, function.name(), function, &mut found);
    }
    for item in ci.object_definitions() {
        for constructor in item.constructors() {
            let place = format!("{}::{}", item.name(), constructor.name());
            callable(types, &place, constructor, &mut found);
            if constructor.is_primary_constructor() && Callable::is_async(constructor) {
                found.push(format!("{place}: a constructor named `new` that is asynchronous"));
            }
        }
        for method in item.methods() {
            let place = format!("{}::{}", item.name(), method.name());
            callable(types, &place, method, &mut found);
            if is_interface(item.imp()) {
                foreign(types, &place, method, &mut found);
            }
        }
        if is_interface(item.imp()) && !item.uniffi_traits().is_empty() {
            found.push(format!(
                "{}: Debug, Display, Eq, Hash or Ord of a trait",
                item.name()
            ));
        }
        for implemented in item.trait_impls() {
            found.push(format!(
                "{}: implements the exported trait {:?}",
                item.name(),
                implemented.trait_ty
            ));
        }
    }
    for item in ci.callback_interface_definitions() {
        for method in item.methods() {
            let place = format!("{}::{}", item.name(), method.name());
            callable(types, &place, method, &mut found);
            foreign(types, &place, method, &mut found);
        }
    }
    for item in ci.record_definitions() {
        for field in item.fields() {
            value(
                types,
                &format!("{}.{}", item.name(), field.name()),
                &field.as_type(),
                &mut found,
            );
        }
        members(
            types,
            item.name(),
            item.methods(),
            item.constructors().len(),
            &mut found,
        );
        traits(item.name(), &item.uniffi_trait_methods(), &mut found);
    }
    for item in ci.enum_definitions() {
        for variant in item.variants() {
            for field in variant.fields() {
                let place = format!("{}::{}.{}", item.name(), variant.name(), field.name());
                value(types, &place, &field.as_type(), &mut found);
            }
        }
        members(
            types,
            item.name(),
            item.methods(),
            item.constructors().len(),
            &mut found,
        );
        let form = types.form_of(item);
        if form != EnumForm::Data && !item.methods().is_empty() {
            found.push(format!(
                "{}: methods of an enum without data or of an error",
                item.name()
            ));
        }
        if form == EnumForm::Data {
            traits(item.name(), &item.uniffi_trait_methods(), &mut found);
        } else if has_any(&item.uniffi_trait_methods()) {
            found.push(format!(
                "{}: Debug, Display, Eq, Hash or Ord of an enum without data or of an error",
                item.name()
            ));
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    bail!("not supported in C#:\n  {}", found.join("\n  "))
}

fn members(
    types: &Types<'_>,
    owner: &str,
    methods: &[uniffi_bindgen::interface::Method],
    constructors: usize,
    found: &mut Vec<String>,
) {
    for method in methods {
        callable(types, &format!("{owner}::{}", method.name()), method, found);
    }
    if constructors > 0 {
        found.push(format!("{owner}: constructors of a record or enum"));
    }
}

fn traits(owner: &str, traits: &uniffi_bindgen::interface::UniffiTraitMethods, found: &mut Vec<String>) {
    if traits.eq_eq.is_some() || traits.hash_hash.is_some() || traits.ord_cmp.is_some() {
        found.push(format!(
            "{owner}: Eq, Hash or Ord of a record or enum, which compare by content in C#"
        ));
    }
}

fn has_any(traits: &uniffi_bindgen::interface::UniffiTraitMethods) -> bool {
    let all = [
        &traits.debug_fmt,
        &traits.display_fmt,
        &traits.eq_eq,
        &traits.hash_hash,
        &traits.ord_cmp,
    ];
    all.into_iter().any(Option::is_some)
}

/// What no callable may have.
fn callable(types: &Types<'_>, place: &str, item: &dyn Callable, found: &mut Vec<String>) {
    let token = item
        .is_async()
        .then(|| ("cancellationToken".to_owned(), "the token".to_owned()));
    let parameters = item
        .arguments()
        .into_iter()
        .map(|one| (names::parameter(one.name()), one.name().to_owned()));
    unique(place, parameters.chain(token).collect::<Vec<_>>(), found);
    for argument in item.arguments() {
        value(
            types,
            &format!("{place}({})", argument.name()),
            &argument.as_type(),
            found,
        );
        if argument.is_borrowed_bytes() && item.is_async() {
            found.push(format!(
                "{place}({}): borrowed bytes of an asynchronous function",
                argument.name()
            ));
        }
    }
    if let Some(ty) = item.return_type() {
        value(types, &format!("{place} -> "), ty, found);
        if contains_callback_interface(ty) {
            found.push(format!("{place}: gives a callback interface back"));
        }
    }
    match item.throws_type().map(strip) {
        None => {}
        Some(Type::Enum { .. }) => {}
        Some(other) => found.push(format!("{place}: throws {other:?}, which is not an enum")),
    }
}

/// What no method of the host may have.
fn foreign(types: &Types<'_>, place: &str, item: &dyn Callable, found: &mut Vec<String>) {
    if item
        .arguments()
        .iter()
        .any(|argument| argument.is_borrowed_bytes())
    {
        found.push(format!("{place}: borrowed bytes handed to the host"));
    }
    if let Some(Type::Enum { name, .. }) = item.throws_type().map(strip)
        && types.enum_form(name) == Some(EnumForm::FlatError)
    {
        found.push(format!(
            "{place}: throws {name}, a flat error, which Rust cannot read"
        ));
    }
}

fn contains_callback_interface(ty: &Type) -> bool {
    ty.iter_types()
        .any(|inner| matches!(inner, Type::CallbackInterface { .. }))
}

/// What no value may be.
fn value(types: &Types<'_>, place: &str, ty: &Type, found: &mut Vec<String>) {
    for inner in ty.iter_types() {
        match strip(inner) {
            Type::Optional { inner_type } if matches!(strip(inner_type), Type::Optional { .. }) => {
                found.push(format!("{place}: an optional of an optional"));
            }
            Type::Map { key_type, .. } if !is_key(types, key_type) => {
                found.push(format!(
                    "{place}: a map whose key is not a number, bool, text, time or flat enum"
                ));
            }
            Type::Set { inner_type } if !is_key(types, inner_type) => {
                found.push(format!(
                    "{place}: a set of what is not a number, bool, text, time or flat enum"
                ));
            }
            _ => {}
        }
    }
}

/// True for what .NET compares by content.
fn is_key(types: &Types<'_>, ty: &Type) -> bool {
    types.is_value(ty) || matches!(strip(ty), Type::String)
}

/// Two things that would have the same name.
fn names_clash(types: &Types<'_>, class: &str, found: &mut Vec<String>) {
    let ci = types.ci;
    let mut top: Vec<(String, String)> = vec![(class.to_owned(), "the class of functions".into())];
    top.extend(
        TAKEN
            .iter()
            .map(|name| ((*name).to_owned(), "the runtime".to_owned())),
    );
    let named = ci
        .record_definitions()
        .iter()
        .map(|item| (item.name(), item.as_type()))
        .chain(
            ci.enum_definitions()
                .iter()
                .map(|item| (item.name(), item.as_type())),
        )
        .chain(
            ci.object_definitions()
                .iter()
                .map(|item| (item.name(), item.as_type())),
        )
        .chain(
            ci.callback_interface_definitions()
                .iter()
                .map(|item| (item.name(), item.as_type())),
        );
    top.extend(named.map(|(name, ty)| (types.own_name(&ty), name.to_owned())));
    for (name, rust) in &top {
        if name.starts_with("Uniffi") {
            found.push(format!("{rust}: names that begin with Uniffi are the runtime's"));
        }
    }
    unique("the namespace", top, found);

    let functions = ci.function_definitions().iter();
    unique(
        class,
        functions.map(|item| {
            (
                names::method(item.name(), class, item.is_async()),
                item.name().to_owned(),
            )
        }),
        found,
    );
    for item in ci.object_definitions() {
        let owner = types.own_name(&item.as_type());
        let constructors = item.alternate_constructors().into_iter().map(|one| {
            (
                names::method(one.name(), &owner, Callable::is_async(one)),
                one.name().to_owned(),
            )
        });
        let methods = item.methods().into_iter().map(|one| {
            (
                names::method(one.name(), &owner, Callable::is_async(one)),
                one.name().to_owned(),
            )
        });
        unique(
            item.name(),
            constructors.chain(methods).collect::<Vec<_>>(),
            found,
        );
    }
    for item in ci.record_definitions() {
        let owner = names::type_name(item.name());
        let fields = item
            .fields()
            .iter()
            .map(|one| (names::property(one.name(), &owner, false), one.name()));
        let methods = item
            .methods()
            .iter()
            .map(|one| (names::method(one.name(), &owner, one.is_async()), one.name()));
        unique(
            item.name(),
            fields.chain(methods).map(|(name, rust)| (name, rust.to_owned())),
            found,
        );
    }
    for item in ci.enum_definitions() {
        let owner = types.own_name(&item.as_type());
        let exception = matches!(types.form_of(item), EnumForm::Error | EnumForm::FlatError);
        let methods: Vec<_> = item
            .methods()
            .iter()
            .map(|one| {
                (
                    names::method(one.name(), &owner, one.is_async()),
                    one.name().to_owned(),
                )
            })
            .collect();
        let variants = item.variants().iter().map(|one| {
            (
                names::variant_class(one.name(), &owner, exception),
                one.name().to_owned(),
            )
        });
        unique(item.name(), variants.chain(methods.clone()), found);
        for variant in item.variants() {
            let class = names::variant_class(variant.name(), &owner, exception);
            let fields = variant.fields().iter().enumerate().map(|(place, one)| {
                let rust = names::field(one.name(), place);
                (names::property(&rust, &class, exception), rust)
            });
            // A variant inherits the methods.
            let place = format!("{}::{}", item.name(), variant.name());
            unique(&place, fields.chain(methods.clone()), found);
        }
    }
}

fn unique(place: &str, all: impl IntoIterator<Item = (String, String)>, found: &mut Vec<String>) {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (name, rust) in all {
        if let Some(first) = seen.insert(name.clone(), rust.clone()) {
            found.push(format!("{place}: {first} and {rust} both become {name}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use uniffi_bindgen::interface::ComponentInterface;

    use super::*;

    fn refused(udl: &str) -> String {
        let mut ci = ComponentInterface::from_webidl(udl, "refused").unwrap();
        ci.derive_ffi_funcs().unwrap();
        let types = Types {
            ci: &ci,
            namespace: "Refused",
        };
        check(&types, "RefusedFunctions")
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn what_is_supported_passes() {
        assert_eq!(
            refused("namespace refused { u8? fine(record<string, sequence<u8>> a); };"),
            ""
        );
    }

    #[test]
    fn values_without_a_form() {
        let text = refused(
            "[Custom] typedef u8? MaybeByte;
             namespace refused { u8? f(MaybeByte? a, record<bytes, u8> b); };
             dictionary R { sequence<record<sequence<u8>, u8>> c; };",
        );
        assert!(text.contains("f(a): an optional of an optional"), "{text}");
        assert!(text.contains("f(b): a map whose key"), "{text}");
        assert!(text.contains("R.c: a map whose key"), "{text}");
    }

    #[test]
    fn names_that_become_one() {
        let text = refused(
            "namespace refused {
                 void get_it(); void getIt(); void twice(u8 a_b, u8 aB); [Async] void late(u8 cancellation_token);
             };
             dictionary RustPanicException { u8 a; };
             interface One { void do_it(); void doIt(); };
             dictionary Both { u8 a_b; u8 aB; };
             dictionary UniffiThing { u8 a; };
             [Enum] interface Data { Held(u8 a_b, u8 aB); };",
        );
        assert!(
            text.contains("get_it and getIt both become GetIt") || text.contains("getIt and get_it"),
            "{text}"
        );
        assert!(text.contains("both become RustPanicException"), "{text}");
        assert!(text.contains("both become DoIt"), "{text}");
        assert!(text.contains("Both: a_b and aB both become AB"), "{text}");
        assert!(text.contains("twice: a_b and aB both become aB"), "{text}");
        assert!(text.contains("late: cancellation_token and the token"), "{text}");
        assert!(
            text.contains("UniffiThing: names that begin with Uniffi"),
            "{text}"
        );
        assert!(text.contains("Data::Held: a_b and aB both become AB"), "{text}");
    }

    #[test]
    fn hosts_without_flat_errors() {
        let text = refused(
            "namespace refused {};
             [Error] enum Flat { \"A\" };
             [Trait, WithForeign] interface Host { [Throws=Flat] void now(); };",
        );
        assert!(text.contains("Host::now: throws Flat, a flat error"), "{text}");
    }

    #[test]
    fn objects_as_errors_and_async_constructors() {
        let text = refused(
            "namespace refused { [Throws=Wrong] void f(); };
             interface Wrong { [Async] constructor(); };",
        );
        assert!(text.contains("f: throws"), "{text}");
        assert!(
            text.contains("Wrong::new: a constructor named `new` that is asynchronous"),
            "{text}"
        );
    }

    #[test]
    fn traits_that_have_no_form() {
        for kind in ["Debug", "Display", "Eq", "Hash", "Ord"] {
            let text = refused(&format!(
                "namespace refused {{}}; [Traits=({kind}), Enum] interface Flat {{ A(); B(); }};",
            ));
            let line = "Flat: Debug, Display, Eq, Hash or Ord of an enum without data";
            assert!(text.contains(line), "{kind}: {text}");
        }
        for kind in ["Eq", "Hash", "Ord"] {
            let text = refused(&format!(
                "namespace refused {{}};
                 [Traits=({kind})] dictionary R {{ u8 a; }};
                 [Traits=({kind}), Enum] interface Data {{ Held(u8 a); }};
                 [Trait, WithForeign, Traits=({kind})] interface Host {{ void now(); }};",
            ));
            assert!(text.contains("R: Eq, Hash or Ord of a record"), "{kind}: {text}");
            assert!(
                text.contains("Data: Eq, Hash or Ord of a record"),
                "{kind}: {text}"
            );
            assert!(text.contains("Host: Debug, Display, Eq"), "{kind}: {text}");
        }
    }

    #[test]
    fn borrowed_bytes_and_callback_interfaces() {
        let text = refused(
            "namespace refused { [Async] void late([ByRef] bytes a); Told give(); sequence<Told> all(); };
             callback interface Told { void now([ByRef] bytes b); };",
        );
        assert!(
            text.contains("late(a): borrowed bytes of an asynchronous"),
            "{text}"
        );
        assert!(text.contains("give: gives a callback interface back"), "{text}");
        assert!(text.contains("all: gives a callback interface back"), "{text}");
        assert!(
            text.contains("Told::now: borrowed bytes handed to the host"),
            "{text}"
        );
        // UDL has no word for a set.
        let ci = ComponentInterface::from_webidl("namespace refused {};", "refused").unwrap();
        let types = Types {
            ci: &ci,
            namespace: "Refused",
        };
        let inner_type = Box::new(Type::Bytes);
        let mut found = Vec::new();
        value(&types, "several", &Type::Set { inner_type }, &mut found);
        assert!(
            found.concat().contains("several: a set of what is not"),
            "{found:?}"
        );
    }

    #[test]
    fn types_of_another_crate() {
        let text = refused(
            "namespace refused { Other f(); };
             [External=\"elsewhere\"] typedef dictionary Other;",
        );
        assert!(text.contains("Other: a type of another crate"), "{text}");
    }
}
