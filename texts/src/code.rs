//! What is wrong with a typed code, as `CodeError` says it in English.

use fido_unlock_protocol::code::{CodeError, CodeKind, Group};

use crate::Texts;

impl Texts {
    /// What is wrong with a typed code. It holds nothing of a Response Code, as `error` does not.
    #[must_use]
    pub fn code_error(&self, error: &CodeError) -> String {
        match error {
            CodeError::Length { expected, got } => self.code_wrong_length(*expected, *got),
            CodeError::Character {
                position,
                character: Some(character),
            } => self.code_character_is(format!("{character:?}"), *position),
            CodeError::Character { position, .. } => self.code_character(*position),
            CodeError::Check { groups, .. } => match groups.as_slice() {
                [] => self.code_check_all(),
                [one] => self.code_check_group(self.group(one)),
                [first, second, ..] => self.code_check_groups(self.group(first), self.group(second)),
            },
            CodeError::Kind { expected, found } => {
                // Two that are both Response Codes differ in their lines.
                let both = expected.is_response() && found.is_response();
                self.code_is_another(self.kind(*expected, both), self.kind(*found, both))
            }
            CodeError::Order {
                expected_line,
                found_line,
            } => self.code_order(*expected_line, *found_line),
            CodeError::Padding => self.code_padding(),
            CodeError::Version => self.code_version(),
            CodeError::Suite => self.code_suite(),
            CodeError::InLine { line, error } => self.code_in_line(*line, self.code_error(error)),
            // A later kind has its row.
            other => self.error(fido_unlock_protocol::error::HasCode::code(other)),
        }
    }

    fn group(&self, group: &Group) -> String {
        match &group.text {
            Some(text) => self.code_group_is(group.number, text),
            None => self.code_group(group.number),
        }
    }

    fn kind(&self, kind: CodeKind, with_lines: bool) -> String {
        match kind {
            CodeKind::DeviceId => self.code_kind_device_id(),
            CodeKind::DeviceChallenge => self.code_kind_challenge(),
            CodeKind::ResponseLine if with_lines => self.code_kind_response_line(),
            CodeKind::ResponseLong(_) if with_lines => self.code_kind_response_long(),
            CodeKind::ResponseLine | CodeKind::ResponseLong(_) => self.code_kind_response(),
            CodeKind::Request => self.code_kind_request(),
        }
    }
}
