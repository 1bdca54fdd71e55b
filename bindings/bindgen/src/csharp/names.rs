//! Names by .NET convention, and what to do where C# has the word already.
//!
//! PascalCase for methods, properties and enum members, camelCase for parameters, `I` before an interface,
//! `Exception` in place of `Error`, `Async` after an asynchronous method. A name that its place does not allow
//! gets a suffix that says what it is: `EventValue`, `GetTypeMethod`.

use heck::{ToLowerCamelCase, ToUpperCamelCase};

/// Words that cannot be an identifier without `@` (C# 7.3 specification, keywords).
const KEYWORDS: &[&str] = &[
    "abstract",
    "as",
    "base",
    "bool",
    "break",
    "byte",
    "case",
    "catch",
    "char",
    "checked",
    "class",
    "const",
    "continue",
    "decimal",
    "default",
    "delegate",
    "do",
    "double",
    "else",
    "enum",
    "event",
    "explicit",
    "extern",
    "false",
    "finally",
    "fixed",
    "float",
    "for",
    "foreach",
    "goto",
    "if",
    "implicit",
    "in",
    "int",
    "interface",
    "internal",
    "is",
    "lock",
    "long",
    "namespace",
    "new",
    "null",
    "object",
    "operator",
    "out",
    "override",
    "params",
    "private",
    "protected",
    "public",
    "readonly",
    "ref",
    "return",
    "sbyte",
    "sealed",
    "short",
    "sizeof",
    "stackalloc",
    "static",
    "string",
    "struct",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "uint",
    "ulong",
    "unchecked",
    "unsafe",
    "ushort",
    "using",
    "virtual",
    "void",
    "volatile",
    "while",
];

/// Members of every object, and those that the generated classes have.
const OBJECT_MEMBERS: &[&str] = &[
    "CompareTo",
    "Dispose",
    "Equals",
    "Finalize",
    "GetHashCode",
    "GetType",
    "MemberwiseClone",
    "ReferenceEquals",
    "ToString",
];

/// Members of `System.Exception`.
const EXCEPTION_MEMBERS: &[&str] = &[
    "Data",
    "GetBaseException",
    "GetObjectData",
    "HResult",
    "HelpLink",
    "InnerException",
    "Message",
    "SerializeObjectState",
    "Source",
    "StackTrace",
    "TargetSite",
];

/// A parameter: `new_pin` becomes `newPin`, `params` becomes `@params`.
pub fn parameter(rust: &str) -> String {
    let name = rust.to_lower_camel_case();
    if KEYWORDS.contains(&name.as_str()) {
        format!("@{name}")
    } else {
        name
    }
}

/// A method of the class `owner`.
pub fn method(rust: &str, owner: &str, is_async: bool) -> String {
    let mut name = rust.to_upper_camel_case();
    if is_async {
        name.push_str("Async");
    }
    if name == owner || OBJECT_MEMBERS.contains(&name.as_str()) {
        name.push_str("Method");
    }
    name
}

/// A property of the class `owner`, which is an exception or not.
pub fn property(rust: &str, owner: &str, exception: bool) -> String {
    let mut name = rust.to_upper_camel_case();
    if name == owner
        || OBJECT_MEMBERS.contains(&name.as_str())
        || (exception && EXCEPTION_MEMBERS.contains(&name.as_str()))
    {
        name.push_str("Value");
    }
    name
}

/// A variant that becomes a class nested in `owner`.
pub fn variant_class(rust: &str, owner: &str, exception: bool) -> String {
    let mut name = type_name(rust);
    if name == owner
        || OBJECT_MEMBERS.contains(&name.as_str())
        || (exception && EXCEPTION_MEMBERS.contains(&name.as_str()))
    {
        name.push_str("Variant");
    }
    name
}

/// A type or an enum member: Rust's own spelling where it is PascalCase already.
pub fn type_name(rust: &str) -> String {
    if rust.contains('_') || !rust.starts_with(|first: char| first.is_ascii_uppercase()) {
        rust.to_upper_camel_case()
    } else {
        rust.to_owned()
    }
}

/// The class of an error enum: `UnlockError` becomes `UnlockException`.
pub fn exception(rust: &str) -> String {
    let name = type_name(rust);
    let stem = name
        .strip_suffix("Error")
        .or_else(|| name.strip_suffix("Exception"))
        .unwrap_or(&name);
    format!("{stem}Exception")
}

/// The interface of a trait: `Pipe` becomes `IPipe`.
pub fn interface(rust: &str) -> String {
    format!("I{}", type_name(rust))
}

/// A field without a name, as of a tuple variant, gets one from its place, counted from 0.
pub fn field(rust: &str, index: usize) -> String {
    if rust.is_empty() {
        format!("item{}", index + 1)
    } else {
        rust.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_dotnet() {
        assert_eq!(parameter("new_pin"), "newPin");
        assert_eq!(parameter("params"), "@params");
        assert_eq!(method("get_device_id", "Device", false), "GetDeviceId");
        assert_eq!(method("unlock", "Session", true), "UnlockAsync");
        assert_eq!(exception("UnlockError"), "UnlockException");
        assert_eq!(exception("Failure"), "FailureException");
        assert_eq!(interface("HidReports"), "IHidReports");
        assert_eq!(type_name("ctap_hid"), "CtapHid");
        assert_eq!(type_name("DeviceID"), "DeviceID");
    }

    #[test]
    fn taken_names_get_a_suffix() {
        assert_eq!(method("get_type", "Device", false), "GetTypeMethod");
        assert_eq!(method("device", "Device", false), "DeviceMethod");
        assert_eq!(property("event", "Event", false), "EventValue");
        assert_eq!(property("data", "Told", true), "DataValue");
        assert_eq!(property("data", "Told", false), "Data");
        assert_eq!(variant_class("Shape", "Shape", false), "ShapeVariant");
        assert_eq!(variant_class("Source", "UnlockException", true), "SourceVariant");
    }
}
