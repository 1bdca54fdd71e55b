call-title = Call of { $name }
call-heading = Unlock the device of { $name }
call-owner = Owner
call-device-id = Device ID
call-call = Call
call-until = until { $until }
call-other-code = A code of call { $request } ({ $at }, by { $operator }) may still be good for this device.
call-since-backup = A backup was put in place: codes that are not listed may still be good, and another operator must approve.
call-response-code = Response Code
call-unchecked-code = This code has no check: only the device will notice a typing error.
call-say = Say:
call-say-enter-code = Enter the code, choose a new PIN and type it twice, then press UNLOCK. Tell me what you see.
call-other-is-at-it = { $operator } is at this call.
call-take-over-hint = When the caller has come to you: take the call over. Verification and approval are then void. Verify the caller yourself; an approval is asked for anew.
call-take-over = TAKE OVER
call-read-back = Read the owner’s name back:
call-you-are = You are { $name }?
call-telephone = Telephone on record:
call-no-method = Give no code: this user needs a check that this console cannot make. Tell an Administrator, who can.
call-verified = The caller is verified: { $method }.
call-how-verified = How was the caller verified?
call-statement = What you saw or heard
call-reason = Reason or ticket
call-challenge = Device Challenge
call-generate = GENERATE RESPONSE CODE
call-given-up = Given up before a code was made.
call-next = Next call
call-made-by-other = { $operator } has made a code in this call.
call-show-again-hint = A code was made for this call. It may be shown again, to the same caller, while the call lives.
call-show-again = SHOW THE CODE AGAIN
call-done = DONE
call-done-hint = the caller says that it is unlocked
call-abandon = ABANDON
call-abandon-hint = it was given up; the code stays on the list of open codes
call-abandon-no-code-hint = the call has ended without a code
call-is-done = Done: the device is unlocked.
call-abandoned = Given up. The code may still be good; it stays on the list of open codes.
call-done-after-all = DONE after all
call-run-out = This call has run out before a code was made. Begin a new one, and verify the caller again.
call-back-to-search = Back to the search
call-changed = This call has changed since.
call-show-as-it-is = Show it as it is now
call-has-approved = { $operator } has approved: press GENERATE RESPONSE CODE.
call-say-to-other = Say to another operator:
call-if-approval = If a second operator must approve, say to them:
call-please-approve = Please approve request
call-approval-hint = It stands on their page Approvals. This page tells you when they have approved; nothing has to be typed again.
call-counted = { $count } of 32 characters
call-no-typing-error = 32 of 32 characters, no typing error
call-complete = 32 of 32 characters
call-read-it-back = This challenge has no check: read it back to the caller.
call-manager-hint = { $manager } is on record as the owner’s manager and may vouch for the caller, on a page of their own.
call-manager-ask = ASK THE MANAGER
call-manager-alone = For this owner only their manager’s word counts, given on a page of their own: give a reason, then press ASK THE MANAGER.
call-manager-waits = { $manager } is asked. Send them this address, by a way that you know to be theirs and not by one that the caller names:
call-manager-waits-hint = They sign in there and answer; where they have an address, a notice is on its way as well. Tell the caller the last group of the call, { $group }: the manager asks them for it. This page tells you what they say; type on meanwhile.
call-manager-vouches = { $manager } says that it is { $name }: the caller is verified.
call-manager-unsure = { $manager } cannot say whether it is { $name }. Verify the caller another way, or ask again when they know.
call-manager-denies = { $manager } says that it is not { $name }
call-manager-denies-next = Give no code, end the call and tell your security team. The Administrators have an alarm of it.
call-number = Number that the caller calls from, if you see it
call-report = IT IS NOT THE OWNER
call-report-hint = ends the call; Administrators see an alarm
call-report-typed-hint = with what you have typed under “What you saw or heard”: ends the call; Administrators see an alarm
call-reported = { $operator } has reported: it is not { $name } who calls
call-reported-next = Reported: an Administrator sees an alarm; do not call this caller back.
call-ended-by-manager = Ended before a code was made, by the answer of { $manager }.
call-ended-by-report = Ended before a code was made, by the report of { $operator }.
call-reported-with-code = Ended by the report of { $operator } after a code was made. The code may still be good; it stays on the list of open codes.
call-new-number = new on { $day }: be wary if the caller speaks of a new number
call-compare = Let the caller read it out, and compare.
call-how-hint = To call back: end this call, dial the number on record yourself, ask “What happened?”, and read the code out on that line alone. Nobody answers? Take no other number: ask the manager, or let them come to the desk.
call-say-no-method = This desk cannot unlock your key by telephone. I tell an Administrator, who calls you on the number that we have.
call-lately = In the last 24 hours, for this device: { $what }
call-lately-codes = { $count ->
    [one] { $count } code
   *[other] { $count } codes
}
call-lately-given-up = { $count ->
    [one] { $count } call given up
   *[other] { $count } calls given up
}
call-lately-reported = { $count } reported as an impostor ({ $at })
call-lately-denied = { $count } denied by the manager ({ $at })
call-second-wanted = { $codes ->
    [one] This device had { $codes } code
   *[other] This device had { $codes } codes
} in the last { $hours } hours: from now on a second operator must approve.
call-no-more-codes = { $codes ->
    [one] This device had { $codes } code
   *[other] This device had { $codes } codes
} in the last { $hours } hours: the rules allow no further one now.
