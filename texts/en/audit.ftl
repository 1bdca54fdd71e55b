# The pages of the log.
audit-title = Audit
audit-intro = The log of this help desk, newest entry first. That you read it is recorded. The list is a hint: “Verify” compares the whole log, and what stands beside each entry, with the desk's seal.
audit-from = From (day, UTC)
audit-until = Until (day, UTC)
audit-operator = Operator
audit-operator-hint = Name, or the number that stands in an entry
audit-device = Device ID
audit-event-kind = What
audit-every-event = Everything
audit-show = Show
audit-save-lines = Save as JSON Lines
audit-save-csv = Save as CSV
audit-caption = Entries
audit-place = Entry
audit-at = Time (UTC)
audit-what = What
audit-by = By
audit-about = About
audit-details = Details
audit-erased = erased
audit-text-erased = The text was erased.
audit-approver = with
audit-request = Request { $request }
audit-none = No entry fits.
audit-none-yet = No entry that fits was found so far.
audit-older = Older entries
audit-go-on = Look further back
audit-looked-back = Looked back to entry { $place }.
audit-newest = Newest entries
audit-wrong-day = “{ $text }” is no day: write it as 2026-11-30.
audit-wrong-operator = There is nobody of the name “{ $text }”. Of a removed operator, give the number that stands in their entries.
audit-wrong-device = “{ $text }” is no Device ID.
audit-wrong-event = “{ $text }” is not among the kinds of entries.
audit-tools = Proofs
audit-verify = Verify
audit-checkpoints = Checkpoints
audit-back = Back to the log
audit-entry-title = Entry { $place }
audit-proof = Save the proof
audit-entry-bytes = Save the entry's bytes
audit-proof-hint = The proof shows to anybody who has the desk's checkpoint key that this entry is in the log: fido-unlock audit check-proof --proof FILE --entry FILE --checkpoint-key FILE.
audit-not-covered = No checkpoint covers this entry yet. Make one, then the proof can be saved.
audit-make-checkpoint = MAKE A CHECKPOINT
audit-checkpoints-title = Checkpoints
audit-checkpoints-intro = A checkpoint is the desk's signature over all entries up to its own. Save it where whoever administers this desk cannot write: only what is kept elsewhere shows later that the log was not written anew.
audit-checkpoint-made = The checkpoint was made. Save it now.
audit-checkpoint-none = No checkpoint was made yet.
audit-checkpoint-covers = { $count ->
    [one] covers 1 entry
   *[other] covers { $count } entries
}
audit-checkpoint-save = Save
audit-checkpoint-key = Public key of checkpoints
audit-verify-title = Verify the log
audit-verify-intro = Each entry, the tree over them, and every row that decisions are made from are compared with the desk's seal. Calls go on meanwhile.
audit-verify-checkpoint = A checkpoint that was kept elsewhere (optional: paste the whole file)
audit-verify-hint = Without one, a log that was written anew by somebody who has the desk's keys would not be noticed.
audit-verify-start = VERIFY
audit-verify-running = Verifying since { $since }
audit-verify-entries = { $done } of { $of } entries are right.
audit-verify-tiles = All entries are right; { $done } of { $of } tiles of the tree are.
audit-verify-rows = The log is right; { $done } rows were looked at.
audit-verify-whole = The log is whole: { $entries ->
    [one] 1 entry
   *[other] { $entries } entries
}.
audit-verify-rows-right = { $rows ->
    [one] The 1 row is as the desk wrote it, and none is missing.
   *[other] Each of { $rows } rows is as the desk wrote it, and none is missing.
}
audit-verify-covered = { $covered ->
    [0] No checkpoint was given, so a log that was written anew by somebody who has the keys would not be noticed.
    [one] The checkpoint covers 1 entry.
   *[other] The checkpoint covers { $covered } entries; those after it could have been written anew by somebody who has the keys.
}
audit-verify-ended = Verified at { $at }
audit-verify-log = Log
audit-verify-root = Root
audit-verify-again = Verify again
audit-verify-failed = The verification found this, at { $at }:
audit-event = { $event ->
    [LogCreated] The log begins
    [LogRestored] Goes on from a backup
    [SetUpEnded] The set-up has ended
    [SignedIn] Signed in
    [Searched] Searched
    [SignInsRefused] Wrong passwords
    [SignedOut] Signed out
    [RequestOpened] Request opened
    [CallerVerified] Caller verified
    [Approved] Approved
    [ChallengeAccepted] Challenge accepted
    [ReasonChanged] Reason changed
    [TakenOver] Taken over
    [DeliveryChanged] Delivery changed
    [ApprovalAsked] Approval asked for elsewhere
    [ManagerAsked] Manager asked
    [CallerDenied] Caller denied by their manager
    [Authorised] Code authorised
    [CodeMade] Code made
    [CodeSent] Code sent
    [CallerNotKnown] Caller not known to their manager
    [CallerNumberNoted] Caller’s number noted
    [CallerReported] Caller reported as an impostor
    [Done] Done
    [Abandoned] Given up
    [NoticeSent] Notice sent
    [NoticeFailed] Notice not sent
    [Refused] Refused
    [AlarmRaised] Alarm
    [AlarmAcknowledged] Alarm acknowledged
    [UserChanged] User changed
    [ChannelChanged] Address changed
    [ChannelRemoved] Address removed
    [UserErased] User erased
    [ManagerChanged] Manager changed
    [DeviceRegistered] Device registered
    [DeviceRotated] Device's issuer key rotated
    [DeviceRetired] Device retired
    [PinBlocked] PIN blocked on purpose
    [SlotsSeen] Slots looked at
    [ServiceSwitched] Service switched
    [CheckpointMade] Checkpoint made
    [IssuerKeyMade] Issuer key made
    [IssuerKeysBackedUp] Issuer keys backed up
    [IssuerKeysRestored] Issuer keys restored
    [OperatorChanged] Operator changed
    [DownloadFetched] Download fetched
    [ClockAccepted] Clock accepted
    [LicenceChanged] Licence changed
    [RulesChanged] Rules changed
    [ChangeApproved] Change approved
    [OperatorRemoved] Operator removed
    [PasswordChanged] Password changed
    [LogRead] Log read
    [AnnouncementsRead] Announcements read
    [SignInConfirmed] Shown again who it is
    [PasskeyAdded] Passkey added
    [PasskeyNamed] Passkey renamed
    [PasskeyRemoved] Passkey removed
    [SignInCodeGiven] One-time code given
    [TokenMade] Access token made
    [TokenRevoked] Access token revoked
   *[other] { $event }
}
audit-field = { $name ->
    [sequence] Entry
    [at] Time
    [event] What
    [operator] By
    [second_operator] With, or about
    [user] User
    [device_id] Device
    [request] Request
    [error] Error
    [challenge] Challenge
    [code_sha256] Hash of the code
    [method] Caller verified by
    [vouched_by] Vouched for by
    [evidence] Hash of the evidence
    [issuer] Hash of the issuer key
    [suite] Suite
    [slot] Slot
    [counter] Counter
    [alarm] Alarm
    [count] How many
    [rotation] Rotation
    [text] Text
    [text_hash] Hash of the text
   *[other] { $name }
}
