# Service, alarms and rules.
settings-title = Settings
settings-changed = The rules were changed. What loosens is listed below until it holds.
settings-approved = You have approved the change; it holds now. Every Administrator is told.
settings-switched = The service was switched.
settings-acknowledged = The alarm was acknowledged.
settings-service = Service
settings-service-on = The service is on.
settings-service-on-hint = Switched off, it gives no code, and nobody can search.
settings-service-off = The service is off.
settings-service-off-hint = No code is given, and nobody can search.
settings-switch-off = SWITCH OFF
settings-switch-on = SWITCH ON
settings-not-open = The set-up has not ended: no code is given yet, and what loosens does not rest.
settings-clock = The clock says { $now }.
settings-clock-hint = The desk refuses everything while its clock is more than 5 seconds behind the log; an Administrator then accepts the right time by fido-unlock desk accept-clock.
settings-alarms = Alarms
settings-alarms-intro = An alarm stands until an Administrator has found out what happened. Acknowledging one lets the desk go on with the counter that raised it.
settings-no-alarm = No alarm stands.
settings-counter = counter { $counter }
settings-found-out = What you found out
settings-acknowledge = ACKNOWLEDGE
settings-resting = Rules that rest
settings-resting-by = { $name } has asked for this change. It holds from { $time } on.
settings-resting-from = This change holds from { $time } on.
settings-resting-own = You have asked for it: only another Administrator can let it hold before that.
settings-reason = Why it cannot wait
settings-reason-hint = The reason is recorded, and every Administrator is told.
settings-approve = APPROVE NOW
settings-rules = Rules
settings-rules-intro = What tightens a rule holds at once. What loosens one holds after the rest, unless a second Administrator approves it. Before anything is changed, you are shown what it would do.
settings-unread = “{ $rule }” cannot be understood.
settings-too-short = “{ $rule }” must be { $least } at least
settings-too-short-next = With less, nobody could end a call or change it again.
settings-unit = Unit of: { $rule }
settings-unit-name = { $unit ->
    [days] days
    [hours] hours
    [minutes] minutes
   *[seconds] seconds
}
settings-duration = { $unit ->
    [days] { $count ->
        [one] 1 day
       *[other] { $count } days
    }
    [hours] { $count ->
        [one] 1 hour
       *[other] { $count } hours
    }
    [minutes] { $count ->
        [one] 1 minute
       *[other] { $count } minutes
    }
   *[seconds] { $count ->
        [one] 1 second
       *[other] { $count } seconds
    }
}
settings-codes = { $count ->
    [one] 1 code
   *[other] { $count } codes
}
settings-yes = yes
settings-no = no
settings-nothing = nothing
settings-no-method = no way counts
settings-accepted = { $word ->
    [machine] { $method } (a machine must vouch)
   *[operator] { $method } (the operator's word)
}
settings-counts-not = does not count
settings-counts-by-machine = a machine must vouch
settings-counts-by-operator = the operator's word counts
settings-never-reached = { $rule }: codes are refused from { $refuse } on, so that { $approval } is never reached.
settings-nobody-verified = { $rule }: no way counts, so that these users get no code.
settings-preview = SHOW WHAT CHANGES
settings-preview-hint = Nothing is changed yet.
settings-preview-title = Change the rules
settings-what-changes = What changes
settings-the-rule = Rule
settings-says-now = Now
settings-at-once = At once
settings-at-once-too = At once
settings-later-from = From { $time }
settings-loosens = loosens
settings-rests = What loosens rests until { $time }, counted from now, unless a second Administrator approves it before.
settings-replaces = This takes the place of a change that rests and would hold from { $time } on.
settings-replaces-by = This takes the place of a change by { $name } that rests and would hold from { $time } on.
settings-no-change = This changes no rule.
settings-confirm = CONFIRM
settings-back = Back without a change
settings-group = { $group ->
    [calls] Calls
    [verification] Verifying callers
    [limits] Limits
    [sign-in] Sign-in
    [rests] Rests
    [licence] Licence
   *[other] { $group }
}
settings-group-hint = { $group ->
    [calls] What a call needs, and how long each part of it counts.
    [verification] Which ways of verifying a caller count. For privileged users an operator's word alone never does.
    [limits] How many codes may be given. A code counts where it is authorised, and is never given back.
    [sign-in] How long operators stay signed in.
    [rests] How long what loosens waits before it holds.
    [licence] Shown where there is no licence at all.
   *[other] { $group }
}
settings-rule = { $rule ->
    [reason_wanted] A reason or ticket is required
    [request_seconds] A call lives
    [verification_seconds] A verified caller counts for
    [approval_seconds] An approval counts for
    [session_seconds] A session lasts
    [rest_seconds] What loosens rests for
    [channel_rest_seconds] A changed address rests for
    [licence_contact] Whom to ask for a licence
    [ordinary_methods] For ordinary users
    [privileged_methods] For privileged users
    [limits-device-approval_from] Per device: second operator from
    [limits-device-refuse_from] Per device: refused from
    [limits-device-window_seconds] Per device: counted over
    [limits-operator-approval_from] Per operator: second operator from
    [limits-operator-refuse_from] Per operator: refused from
    [limits-operator-window_seconds] Per operator: counted over
    [limits-issuer-approval_from] Per issuer key: second operator from
    [limits-issuer-refuse_from] Per issuer key: refused from
    [limits-issuer-window_seconds] Per issuer key: counted over
   *[other] { $rule }
}
settings-rule-hint = { $rule ->
    [reason_wanted] “No” loosens.
    [request_seconds] Longer loosens. After that the call must be opened again.
    [verification_seconds] Longer loosens.
    [approval_seconds] Longer loosens.
    [session_seconds] Longer loosens. After that the operator signs in again.
    [rest_seconds] Shorter loosens.
    [channel_rest_seconds] Shorter loosens. No code is sent to an address that was changed less than this ago.
    [licence_contact] A name, an address or a telephone number.
    [ordinary_methods] One more, or the operator's word in place of a machine's, loosens.
    [privileged_methods] One more loosens.
    [limits-device-approval_from] With so many codes in the window, the next one needs a second operator. More loosens.
    [limits-device-refuse_from] With so many codes in the window, the next one is refused. More loosens.
    [limits-device-window_seconds] Shorter loosens.
    [limits-operator-approval_from] More loosens.
    [limits-operator-refuse_from] More loosens.
    [limits-operator-window_seconds] Shorter loosens.
    [limits-issuer-approval_from] More loosens.
    [limits-issuer-refuse_from] More loosens.
    [limits-issuer-window_seconds] Shorter loosens.
   *[other] { $rule }
}
