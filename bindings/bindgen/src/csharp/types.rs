//! How each UniFFI type is named, read, written, lowered and lifted in C#.
//!
//! All names are written from `global::` on, so that no variant, property or type of the interface can hide them.

use uniffi_bindgen::interface::{ComponentInterface, Enum, FfiType, ObjectImpl, Type};

use super::names;

/// The interface that is rendered and the C# namespace that it goes to.
pub struct Types<'a> {
    /// The interface.
    pub ci: &'a ComponentInterface,
    /// The C# namespace, as `FidoUnlock`.
    pub namespace: &'a str,
}

/// What an enum of Rust becomes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum EnumForm {
    /// A C# enum.
    Flat,
    /// An abstract class with a nested class for each variant.
    Data,
    /// An exception with a nested exception for each variant.
    Error,
    /// The same, but Rust sends only the text.
    FlatError,
}

/// One argument made ready for the native function.
pub struct Lowered {
    /// C# type of the local that holds it.
    pub ffi: String,
    /// What makes it.
    pub expr: String,
    /// What gives it back when the call is not made; none for plain values.
    pub discard: Option<String>,
    /// Where there are handles in it: what makes it and keeps in this local how they are given back.
    pub undo: Option<(String, String)>,
}

/// The type itself, without the layers that C# does not see: `Box` and custom types.
pub fn strip(ty: &Type) -> &Type {
    match ty {
        Type::Box { inner_type } => strip(inner_type),
        Type::Custom { builtin, .. } => strip(builtin),
        other => other,
    }
}

/// The C# type of an FFI type.
pub fn ffi_name(ty: &FfiType) -> &'static str {
    match ty {
        FfiType::UInt8 => "byte",
        FfiType::Int8 => "sbyte",
        FfiType::UInt16 => "ushort",
        FfiType::Int16 => "short",
        FfiType::UInt32 => "uint",
        FfiType::Int32 => "int",
        FfiType::UInt64 | FfiType::Handle => "ulong",
        FfiType::Int64 => "long",
        FfiType::Float32 => "float",
        FfiType::Float64 => "double",
        FfiType::RustBuffer(_) => "UniffiBuffer",
        FfiType::ForeignBytes => "UniffiBytes",
        FfiType::RustCallStatus => "UniffiStatus",
        FfiType::Callback(_)
        | FfiType::Struct(_)
        | FfiType::Reference(_)
        | FfiType::MutReference(_)
        | FfiType::VoidPointer => "global::System.IntPtr",
    }
}

impl Types<'_> {
    /// The form of an enum; `None` when the interface has no such enum.
    pub fn enum_form(&self, name: &str) -> Option<EnumForm> {
        self.ci.get_enum_definition(name).map(|item| self.form_of(item))
    }

    /// The form of an enum.
    pub fn form_of(&self, item: &Enum) -> EnumForm {
        match (self.ci.is_name_used_as_error(item.name()), item.is_flat()) {
            (true, true) => EnumForm::FlatError,
            (true, false) => EnumForm::Error,
            (false, true) => EnumForm::Flat,
            (false, false) => EnumForm::Data,
        }
    }

    /// The C# name of a type of the interface, without its namespace.
    pub fn own_name(&self, ty: &Type) -> String {
        match ty {
            Type::Enum { name, .. } => match self.enum_form(name) {
                Some(EnumForm::Error | EnumForm::FlatError) => names::exception(name),
                _ => names::type_name(name),
            },
            Type::Object { name, imp, .. } if is_interface(imp) => names::interface(name),
            Type::CallbackInterface { name, .. } => names::interface(name),
            Type::Object { name, .. } | Type::Record { name, .. } => names::type_name(name),
            _ => String::new(),
        }
    }

    /// A name of the generated namespace, in full.
    pub fn global(&self, name: &str) -> String {
        format!("global::{}.{name}", self.namespace)
    }

    /// The C# type.
    pub fn name(&self, ty: &Type) -> String {
        match strip(ty) {
            Type::UInt8 => "byte".into(),
            Type::Int8 => "sbyte".into(),
            Type::UInt16 => "ushort".into(),
            Type::Int16 => "short".into(),
            Type::UInt32 => "uint".into(),
            Type::Int32 => "int".into(),
            Type::UInt64 => "ulong".into(),
            Type::Int64 => "long".into(),
            Type::Float32 => "float".into(),
            Type::Float64 => "double".into(),
            Type::Boolean => "bool".into(),
            Type::String => "string".into(),
            Type::Bytes => "byte[]".into(),
            Type::Timestamp => "global::System.DateTimeOffset".into(),
            Type::Duration => "global::System.TimeSpan".into(),
            Type::Optional { inner_type } if self.is_value(inner_type) => {
                format!("{}?", self.name(inner_type))
            }
            Type::Optional { inner_type } => self.name(inner_type),
            Type::Sequence { inner_type } => {
                format!(
                    "global::System.Collections.Generic.IReadOnlyList<{}>",
                    self.name(inner_type)
                )
            }
            Type::Set { inner_type } => {
                format!(
                    "global::System.Collections.Generic.ISet<{}>",
                    self.name(inner_type)
                )
            }
            Type::Map { key_type, value_type } => format!(
                "global::System.Collections.Generic.IReadOnlyDictionary<{}, {}>",
                self.name(key_type),
                self.name(value_type)
            ),
            other => self.global(&self.own_name(other)),
        }
    }

    /// True for C# value types, which need `?` to be missing.
    pub fn is_value(&self, ty: &Type) -> bool {
        match strip(ty) {
            Type::String
            | Type::Bytes
            | Type::Sequence { .. }
            | Type::Map { .. }
            | Type::Set { .. }
            | Type::Optional { .. }
            | Type::Object { .. }
            | Type::CallbackInterface { .. }
            | Type::Record { .. } => false,
            Type::Enum { name, .. } => self.enum_form(name) == Some(EnumForm::Flat),
            _ => true,
        }
    }

    /// True where a null from the caller is a mistake.
    pub fn refuses_null(&self, ty: &Type) -> bool {
        !self.is_value(ty) && !matches!(strip(ty), Type::Optional { .. })
    }

    /// A statement that writes `value` to `writer`.
    pub fn write(&self, ty: &Type, writer: &str, value: &str, depth: usize) -> String {
        let lambda = |inner: &Type| self.write_lambda(inner, depth);
        match strip(ty) {
            Type::Optional { inner_type } => format!(
                "{writer}.{}<{}>({value}, {})",
                if self.is_value(inner_type) {
                    "WriteNullable"
                } else {
                    "WriteOptional"
                },
                self.name(inner_type),
                lambda(inner_type)
            ),
            Type::Sequence { inner_type } => {
                format!(
                    "{writer}.WriteSequence<{}>({value}, {})",
                    self.name(inner_type),
                    lambda(inner_type)
                )
            }
            Type::Set { inner_type } => {
                format!(
                    "{writer}.WriteSet<{}>({value}, {})",
                    self.name(inner_type),
                    lambda(inner_type)
                )
            }
            Type::Map { key_type, value_type } => format!(
                "{writer}.WriteMap<{}, {}>({value}, {}, {})",
                self.name(key_type),
                self.name(value_type),
                lambda(key_type),
                lambda(value_type)
            ),
            object @ (Type::Object { .. } | Type::CallbackInterface { .. }) => {
                format!(
                    "{writer}.WriteHandle(UniffiConverters.Lower{0}({value}), UniffiConverters.Discard{0})",
                    self.own_name(object)
                )
            }
            named @ (Type::Record { .. } | Type::Enum { .. }) => {
                format!(
                    "UniffiConverters.Write{}({writer}, {value})",
                    self.own_name(named)
                )
            }
            plain => format!("{writer}.Write{}({value})", plain_name(plain)),
        }
    }

    /// A lambda that takes a writer and a value.
    pub fn write_lambda(&self, ty: &Type, depth: usize) -> String {
        let (writer, value) = (format!("uniffiW{depth}"), format!("uniffiV{depth}"));
        format!(
            "({writer}, {value}) => {}",
            self.write(ty, &writer, &value, depth + 1)
        )
    }

    /// An expression that reads a value from `reader`.
    pub fn read(&self, ty: &Type, reader: &str, depth: usize) -> String {
        let lambda = |inner: &Type| self.read_lambda(inner, depth);
        match strip(ty) {
            Type::Optional { inner_type } => format!(
                "{reader}.{}<{}>({})",
                if self.is_value(inner_type) {
                    "ReadNullable"
                } else {
                    "ReadOptional"
                },
                self.name(inner_type),
                lambda(inner_type)
            ),
            Type::Sequence { inner_type } => {
                format!(
                    "{reader}.ReadSequence<{}>({})",
                    self.name(inner_type),
                    lambda(inner_type)
                )
            }
            Type::Set { inner_type } => {
                format!(
                    "{reader}.ReadSet<{}>({})",
                    self.name(inner_type),
                    lambda(inner_type)
                )
            }
            Type::Map { key_type, value_type } => format!(
                "{reader}.ReadMap<{}, {}>({}, {})",
                self.name(key_type),
                self.name(value_type),
                lambda(key_type),
                lambda(value_type)
            ),
            object @ (Type::Object { .. } | Type::CallbackInterface { .. }) => {
                format!(
                    "UniffiConverters.Lift{}({reader}.ReadUInt64())",
                    self.own_name(object)
                )
            }
            named @ (Type::Record { .. } | Type::Enum { .. }) => {
                format!("UniffiConverters.Read{}({reader})", self.own_name(named))
            }
            plain => format!("{reader}.Read{}()", plain_name(plain)),
        }
    }

    fn read_lambda(&self, ty: &Type, depth: usize) -> String {
        let reader = format!("uniffiR{depth}");
        format!("{reader} => {}", self.read(ty, &reader, depth + 1))
    }

    /// True where a handle may be somewhere in a value. Where there are callback interfaces at all, UniFFI
    /// does not tell in what.
    fn holds_handles(&self, ty: &Type) -> bool {
        self.ci.item_contains_object_references(ty) || !self.ci.callback_interface_definitions().is_empty()
    }

    /// `value` as an argument of a native function.
    pub fn lower(&self, ty: &Type, value: &str, local: &str) -> Lowered {
        let ffi = ffi_name(&FfiType::from(ty)).to_owned();
        let mut undo = None;
        let discard = |more: &str| Some(format!("UniffiBuffers.Discard({local}{more})"));
        let (expr, discard) = match strip(ty) {
            Type::Boolean => (format!("({value} ? (sbyte)1 : (sbyte)0)"), None),
            Type::String => (format!("UniffiBuffers.LowerString({value})"), discard("")),
            Type::Bytes => (format!("UniffiBuffers.LowerBytes({value})"), discard("")),
            object @ (Type::Object { .. } | Type::CallbackInterface { .. }) => {
                let name = self.own_name(object);
                (
                    format!("UniffiConverters.Lower{name}({value})"),
                    Some(format!("UniffiConverters.Discard{name}({local})")),
                )
            }
            _ if ffi != "UniffiBuffer" => (value.to_owned(), None),
            other => {
                let (name, lambda) = (self.name(other), self.write_lambda(other, 0));
                let expr = format!("UniffiBuffers.Lower<{name}>({value}, {lambda})");
                if self.holds_handles(other) {
                    let written = format!("{local}Written");
                    let kept = format!("UniffiBuffers.Lower<{name}>({value}, {lambda}, out {written})");
                    let discard = discard(&format!(", {written}"));
                    undo = Some((written, kept));
                    (expr, discard)
                } else {
                    (expr, discard(""))
                }
            }
        };
        Lowered {
            ffi,
            expr,
            discard,
            undo,
        }
    }

    /// What a native function returned, as a value.
    pub fn lift(&self, ty: &Type, raw: &str) -> String {
        match strip(ty) {
            Type::Boolean => format!("UniffiReader.Bool({raw})"),
            Type::String => format!("UniffiBuffers.LiftString({raw})"),
            Type::Bytes => format!("UniffiBuffers.LiftBytes({raw})"),
            object @ (Type::Object { .. } | Type::CallbackInterface { .. }) => {
                format!("UniffiConverters.Lift{}({raw})", self.own_name(object))
            }
            other if ffi_name(&FfiType::from(other)) != "UniffiBuffer" => raw.to_owned(),
            other => format!("UniffiBuffers.Lift({raw}, {})", self.read_lambda(other, 0)),
        }
    }

    /// A condition that is true when `left` and `right` hold the same content.
    pub fn same(&self, ty: &Type, left: &str, right: &str) -> String {
        match strip(ty) {
            Type::Set { .. } => format!("UniffiValues.SameSet({left}, {right})"),
            Type::Float32 | Type::Float64 => format!("{left}.Equals({right})"),
            Type::String => format!("{left} == {right}"),
            plain if self.is_value(plain) => format!("{left} == {right}"),
            _ => format!("UniffiValues.Same({left}, {right})"),
        }
    }
}

/// True for traits that the host may implement; a trait of Rust alone is a class.
pub fn is_interface(imp: &ObjectImpl) -> bool {
    imp.has_callback_interface()
}

/// What follows `Read` and `Write` in the runtime.
fn plain_name(ty: &Type) -> &'static str {
    match ty {
        Type::UInt8 => "Byte",
        Type::Int8 => "SByte",
        Type::UInt16 => "UInt16",
        Type::Int16 => "Int16",
        Type::UInt32 => "UInt32",
        Type::Int32 => "Int32",
        Type::UInt64 => "UInt64",
        Type::Int64 => "Int64",
        Type::Float32 => "Single",
        Type::Float64 => "Double",
        Type::Boolean => "Bool",
        Type::Bytes => "Bytes",
        Type::Timestamp => "Timestamp",
        Type::Duration => "Duration",
        _ => "String",
    }
}
