//! The ways of verifying a caller, as operators name them.

use fido_unlock::desk::VerificationMethod;
use fido_unlock_texts::Texts;

/// A method, its value in a form, and what it is called.
type Line = (VerificationMethod, &'static str, fn(&Texts) -> String);

/// The ways of verifying a caller of which an operator can say that they were used.
pub(super) const METHODS: [Line; 6] = [
    (VerificationMethod::CallBack, "call-back", Texts::method_call_back),
    (VerificationMethod::InPerson, "in-person", Texts::method_in_person),
    (
        VerificationMethod::IdentityDocument,
        "identity-document",
        Texts::method_identity_document,
    ),
    (VerificationMethod::Manager, "manager", Texts::method_manager),
    (
        VerificationMethod::EnrolledFactor,
        "enrolled-factor",
        Texts::method_enrolled_factor,
    ),
    (
        VerificationMethod::Questions,
        "questions",
        Texts::method_questions,
    ),
];

/// As it is said of a caller who was verified so.
pub(super) fn title(texts: &Texts, method: VerificationMethod) -> String {
    let known = METHODS.iter().find(|(own, ..)| *own == method);
    known.map_or_else(|| texts.method_other(), |(.., title)| title(texts))
}

/// The title of a value of the form.
pub(super) fn title_of(texts: &Texts, value: &str) -> Option<String> {
    let known = METHODS.iter().find(|(_, own, _)| *own == value);
    known.map(|(.., title)| title(texts))
}
