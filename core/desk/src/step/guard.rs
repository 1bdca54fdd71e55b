//! What must hold before a decision goes on, by name, so that the model can show what each of them keeps out.

macro_rules! guards {
    ($($name:ident $doc:literal)+) => {
        /// A condition that a decision insists on. The desk's model takes each out in turn and must then find a way
        /// to something that must never happen; one without such a way would be no guard.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Guard {
            $(#[doc = $doc] $name,)+
        }

        impl Guard {
            /// Every guard.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];
        }
    };
}

guards! {
    SetUpEnded "The set-up has ended."
    Licensed "There is a licence that has not run out, for as many devices as there are."
    ServiceOn "The service is switched on."
    SessionLives "The operator's session has not run out."
    SessionCredentials "The operator's password has not been changed since they signed in."
    OperatorMay "The operator has the privilege."
    RequestOwn "The request is this operator's."
    RequestLives "The request has not run out."
    RequestOpen "No code was authorised for the request."
    DeviceInUse "The device is in use."
    DeviceOwner "The device is the user's."
    CallerThere "The caller was verified."
    CallerFresh "The verification has not run out."
    CallerThis "The verifier's answer is for this request as it is."
    CallerMethod "The method counts for this class of user."
    ReasonThere "There is a reason, where one is wanted."
    ChallengeSlot "The challenge is of the registered suite and slot."
    ChallengeHere "The challenge was answered for no other device."
    Counter "The counter in the challenge is the expected one."
    ApprovalThere "A second operator has approved, where one must."
    ApprovalFresh "The approval has not run out."
    ApprovalThis "What was approved is what is to be done."
    ApproverOther "Who approves is not the request's operator."
    ApproverMay "Who approves may answer callers, now too."
    ApprovalAsk "The approval answers the last ask."
    LimitDevice "The device's limit is not reached."
    LimitOperator "The operator's limit is not reached."
    LimitIssuer "The issuer's limit is not reached."
    ChannelRested "The channel is registered and has not changed of late."
    RemakeSame "A code that is made again is for the same keys."
    CodeAuthorised "A code that is recorded was authorised."
}
