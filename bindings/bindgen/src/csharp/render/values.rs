//! Records, enums and errors.

use anyhow::Result;
use askama::Template;
use uniffi_bindgen::interface::{
    AsType, DefaultValue, Enum, Field, Method, Record, Type, UniffiTraitMethods,
};

use super::callable::{Receiver, member};
use crate::csharp::types::{EnumForm, Types, strip};
use crate::csharp::{docs, names};

const MESSAGE: &str = "Message";
const OVERRIDE: &str = "override ";

/// A field of a record or variant as C# sees it.
struct FieldView {
    modifier: &'static str,
    docs: String,
    ty: String,
    property: String,
    parameter: String,
    write: String,
    read: String,
    same: String,
    check: Option<String>,
    shown: Option<String>,
}

/// A constructor, its fields, and what follows from them: a record's or a variant's class.
struct ClassView {
    docs: String,
    name: String,
    full_name: String,
    parameters: String,
    fields: Vec<FieldView>,
    reads: String,
    index: usize,
    message: String,
}

#[derive(Template)]
#[template(path = "csharp/record.cs", escape = "none")]
struct RecordTemplate {
    class: ClassView,
    members: Vec<String>,
}

#[derive(Template)]
#[template(path = "csharp/flat_enum.cs", escape = "none")]
struct FlatEnumTemplate {
    docs: String,
    name: String,
    full_name: String,
    base: String,
    variants: Vec<FlatVariant>,
}

struct FlatVariant {
    docs: String,
    name: String,
    value: String,
    index: usize,
}

#[derive(Template)]
#[template(path = "csharp/data_enum.cs", escape = "none")]
struct DataEnumTemplate {
    docs: String,
    name: String,
    full_name: String,
    variants: Vec<ClassView>,
    members: Vec<String>,
}

#[derive(Template)]
#[template(path = "csharp/error.cs", escape = "none")]
struct ErrorTemplate {
    docs: String,
    name: String,
    full_name: String,
    flat: bool,
    /// Properties that every variant has, for who catches the base.
    common: Vec<Common>,
    variants: Vec<ClassView>,
}

struct Common {
    docs: String,
    ty: String,
    property: String,
}

/// A record as an immutable class.
pub fn record(types: &Types<'_>, item: &Record) -> Result<String> {
    let name = names::type_name(item.name());
    let class = class(types, item.docstring(), &name, "", item.fields(), 0, false);
    let members = members(
        types,
        &name,
        item.methods(),
        &item.uniffi_trait_methods(),
        &item.as_type(),
    );
    Ok(RecordTemplate { class, members }.render()?)
}

/// An enum in the form that it takes.
pub fn enumeration(types: &Types<'_>, item: &Enum) -> Result<String> {
    match types.form_of(item) {
        EnumForm::Flat => flat_enum(types, item),
        EnumForm::Data => data_enum(types, item),
        EnumForm::Error => error(types, item, false),
        EnumForm::FlatError => error(types, item, true),
    }
}

fn flat_enum(types: &Types<'_>, item: &Enum) -> Result<String> {
    let name = names::type_name(item.name());
    let mut variants = Vec::new();
    for (position, variant) in item.variants().iter().enumerate() {
        let value = match item.variant_discr(position)? {
            uniffi_bindgen::interface::Literal::Int(value, _, _) => value.to_string(),
            uniffi_bindgen::interface::Literal::UInt(value, _, _) => value.to_string(),
            other => anyhow::bail!("the number of {}::{} is {other:?}", item.name(), variant.name()),
        };
        variants.push(FlatVariant {
            docs: docs::comment(variant.docstring(), None, 8),
            name: names::type_name(variant.name()),
            value,
            index: position + 1,
        });
    }
    let base = item
        .variant_discr_type()
        .as_ref()
        .map_or("int".to_owned(), |ty| types.name(ty));
    let full_name = types.global(&name);
    Ok(FlatEnumTemplate {
        docs: docs::comment(item.docstring(), None, 4),
        name,
        full_name,
        base,
        variants,
    }
    .render()?)
}

fn data_enum(types: &Types<'_>, item: &Enum) -> Result<String> {
    let name = names::type_name(item.name());
    let members = members(
        types,
        &name,
        item.methods(),
        &item.uniffi_trait_methods(),
        &item.as_type(),
    );
    Ok(DataEnumTemplate {
        docs: docs::comment(item.docstring(), None, 4),
        full_name: types.global(&name),
        variants: variants(types, item, &name, false),
        name,
        members,
    }
    .render()?)
}

fn error(types: &Types<'_>, item: &Enum, flat: bool) -> Result<String> {
    let name = names::exception(item.name());
    let mut variants = variants(types, item, &name, true);
    let common = if flat { Vec::new() } else { common(&mut variants) };
    Ok(ErrorTemplate {
        docs: docs::comment(item.docstring(), None, 4),
        full_name: types.global(&name),
        flat,
        common,
        variants,
        name,
    }
    .render()?)
}

/// Takes out what all variants share by name and type; they override it.
fn common(variants: &mut [ClassView]) -> Vec<Common> {
    let Some((first, rest)) = variants.split_first_mut() else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for field in &mut first.fields {
        let same = |other: &FieldView| other.property == field.property && other.ty == field.ty;
        if field.property == MESSAGE || !rest.iter().all(|variant| variant.fields.iter().any(same)) {
            continue;
        }
        for variant in rest.iter_mut() {
            variant
                .fields
                .iter_mut()
                .filter(|other| same(other))
                .for_each(|other| other.modifier = OVERRIDE);
        }
        field.modifier = OVERRIDE;
        all.push(Common {
            docs: field.docs.replace("            ///", "        ///"),
            ty: field.ty.clone(),
            property: field.property.clone(),
        });
    }
    all
}

fn variants(types: &Types<'_>, item: &Enum, owner: &str, exception: bool) -> Vec<ClassView> {
    item.variants()
        .iter()
        .enumerate()
        .map(|(position, variant)| {
            let name = names::variant_class(variant.name(), owner, exception);
            class(
                types,
                variant.docstring(),
                &name,
                owner,
                variant.fields(),
                position + 1,
                exception,
            )
        })
        .collect()
}

fn class(
    types: &Types<'_>,
    docstring: Option<&str>,
    name: &str,
    owner: &str,
    fields: &[Field],
    index: usize,
    exception: bool,
) -> ClassView {
    let indent = if owner.is_empty() { 4 } else { 8 };
    let views: Vec<FieldView> = fields
        .iter()
        .enumerate()
        .map(|(place, field)| view(types, field, place, name, indent + 4, exception))
        .collect();
    let full_name = if owner.is_empty() {
        types.global(name)
    } else {
        types.global(&format!("{owner}.{name}"))
    };
    let message = match fields
        .iter()
        .zip(&views)
        .find(|(field, _)| is_message(field, exception))
        .or_else(|| {
            fields
                .iter()
                .zip(&views)
                .find(|(field, _)| is_text(field, exception))
        }) {
        Some((_, view)) => view.parameter.clone(),
        None => {
            let shown: Vec<&str> = views.iter().filter_map(|view| view.shown.as_deref()).collect();
            if shown.is_empty() {
                format!("\"{name}\"")
            } else {
                format!("\"{name}: \" + {}", shown.join(" + \", \" + "))
            }
        }
    };
    ClassView {
        docs: docs::comment(docstring, None, indent),
        name: name.to_owned(),
        full_name,
        parameters: parameters(types, fields),
        reads: views
            .iter()
            .map(|view| view.read.clone())
            .collect::<Vec<_>>()
            .join(", "),
        fields: views,
        index,
        message,
    }
}

/// A string field named `message` of an error is `Exception.Message`.
fn is_message(field: &Field, exception: bool) -> bool {
    exception && field.name() == "message" && *strip(&field.as_type()) == Type::String
}

/// Without a `message`, a string field named `text` is shown as one.
fn is_text(field: &Field, exception: bool) -> bool {
    exception && field.name() == "text" && *strip(&field.as_type()) == Type::String
}

fn view(
    types: &Types<'_>,
    field: &Field,
    place: usize,
    owner: &str,
    indent: usize,
    exception: bool,
) -> FieldView {
    let ty = field.as_type();
    let rust = names::field(field.name(), place);
    let parameter = names::parameter(&rust);
    let property = if is_message(field, exception) {
        "Message".into()
    } else {
        names::property(&rust, owner, exception)
    };
    let unnamed = field.name().is_empty().then(|| format!("Field {}.", place + 1));
    let plain = matches!(strip(&ty), Type::String) || types.is_value(&ty);
    FieldView {
        modifier: "",
        docs: docs::comment(field.docstring().or(unnamed.as_deref()), None, indent),
        ty: types.name(&ty),
        write: types.write(&ty, "uniffiWriter", &property, 0),
        read: types.read(&ty, "uniffiReader", 0),
        same: types.same(&ty, &property, &format!("other.{property}")),
        check: types
            .refuses_null(&ty)
            .then(|| parameter.trim_start_matches('@').to_owned()),
        shown: plain.then(|| format!("\"{}=\" + {parameter}", parameter.trim_start_matches('@'))),
        property,
        parameter,
    }
}

/// Constructor parameters; a default only where all that follows has one.
fn parameters(types: &Types<'_>, fields: &[Field]) -> String {
    let mut may_default = true;
    let mut all: Vec<String> = fields
        .iter()
        .enumerate()
        .rev()
        .map(|(place, field)| {
            let ty = field.as_type();
            let default: Option<String> = field
                .default_value()
                .and_then(|value: &DefaultValue| types.default(&ty, value));
            may_default &= default.is_some();
            let suffix = default
                .filter(|_| may_default)
                .map(|value| format!(" = {value}"))
                .unwrap_or_default();
            format!(
                "{} {}{suffix}",
                types.name(&ty),
                names::parameter(&names::field(field.name(), place))
            )
        })
        .collect();
    all.reverse();
    all.join(", ")
}

/// Methods of a value, which crosses whole with each call, and `ToString` where Rust has `Display`.
fn members(
    types: &Types<'_>,
    owner: &str,
    methods: &[Method],
    traits: &UniffiTraitMethods,
    ty: &Type,
) -> Vec<String> {
    let mut all: Vec<String> = methods
        .iter()
        .map(|method| {
            let name = names::method(method.name(), owner, method.is_async());
            member(types, method, "public", &name, &Receiver::Value(ty))
        })
        .collect();
    if let Some(display) = traits.display_fmt.as_ref().or(traits.debug_fmt.as_ref()) {
        all.push(member(
            types,
            display,
            "public override",
            "ToString",
            &Receiver::Value(ty),
        ));
    }
    all
}
