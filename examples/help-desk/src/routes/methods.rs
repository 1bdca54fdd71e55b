//! The ways of verifying a caller, as operators name them.

use fido_unlock::desk::VerificationMethod;

/// The ways of verifying a caller of which an operator can say that they were used.
pub(super) const METHODS: [(VerificationMethod, &str, &str); 6] = [
    (
        VerificationMethod::CallBack,
        "call-back",
        "Called back on the number on record",
    ),
    (
        VerificationMethod::InPerson,
        "in-person",
        "The person stands at the desk",
    ),
    (
        VerificationMethod::IdentityDocument,
        "identity-document",
        "Saw an identity document and the face, by video",
    ),
    (
        VerificationMethod::Manager,
        "manager",
        "Their manager vouches, reached another way",
    ),
    (
        VerificationMethod::EnrolledFactor,
        "enrolled-factor",
        "A factor that was enrolled before",
    ),
    (
        VerificationMethod::Questions,
        "questions",
        "Questions that only they can answer",
    ),
];

/// As it is said of a caller who was verified so.
pub(super) fn title(method: VerificationMethod) -> &'static str {
    let known = METHODS.iter().find(|(own, ..)| *own == method);
    known.map_or("another way", |(.., title)| title)
}

/// The title of a value of the form; empty where there is none.
pub(super) fn title_of(value: &str) -> &'static str {
    let known = METHODS.iter().find(|(_, own, _)| *own == value);
    known.map_or("", |(.., title)| title)
}
