//! Default values of arguments and fields as constants of C#.

use uniffi_bindgen::interface::{DefaultValue, Literal, Radix, Type};

use super::names;
use super::types::{EnumForm, Types, strip};

impl Types<'_> {
    /// The default as a constant of C#; `None` where C# has no constant for it.
    pub fn default(&self, ty: &Type, default: &DefaultValue) -> Option<String> {
        let ty = strip(ty);
        match default {
            DefaultValue::Default => match ty {
                Type::Optional { .. } => Some("null".into()),
                Type::Boolean => Some("false".into()),
                Type::String => Some("\"\"".into()),
                Type::Enum { .. } | Type::Timestamp | Type::Duration => None,
                plain if self.is_value(plain) => Some("0".into()),
                _ => None,
            },
            DefaultValue::Literal(literal) => self.literal(ty, literal),
        }
    }

    fn literal(&self, ty: &Type, literal: &Literal) -> Option<String> {
        match literal {
            Literal::Boolean(value) => Some(value.to_string()),
            Literal::String(value) => Some(quoted(value)),
            Literal::UInt(value, radix, _) => Some(match radix {
                Radix::Hexadecimal => format!("0x{value:x}"),
                Radix::Decimal | Radix::Octal => value.to_string(),
            }),
            Literal::Int(value, _, _) => Some(value.to_string()),
            Literal::Float(value, _) => Some(if *ty == Type::Float32 {
                format!("{value}f")
            } else {
                format!("{value}d")
            }),
            Literal::Enum(variant, enum_type) => match enum_type {
                Type::Enum { name, .. } if self.enum_form(name) == Some(EnumForm::Flat) => {
                    Some(format!("{}.{}", self.name(enum_type), names::type_name(variant)))
                }
                _ => None,
            },
            Literal::None => Some("null".into()),
            Literal::Some { inner } => match ty {
                Type::Optional { inner_type } => self.default(inner_type, inner),
                _ => None,
            },
            Literal::EmptySequence | Literal::EmptyMap | Literal::EmptySet => None,
        }
    }
}

/// A C# string constant.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for unit in text.encode_utf16() {
        match char::from_u32(u32::from(unit)) {
            Some(plain @ (' '..='!' | '#'..='[' | ']'..='~')) => out.push(plain),
            _ => out.push_str(&format!("\\u{unit:04X}")),
        }
    }
    out.push('"');
    out
}
