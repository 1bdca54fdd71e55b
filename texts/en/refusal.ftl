# Refusals that have no row in the error table.
refusal-busy = the help desk is busy: too many are waiting
refusal-busy-next = Wait a moment, then try again; nothing was done.
refusal-timed-out = the help desk did not answer in time
refusal-timed-out-next = Look at the call again before you repeat anything: it may have been done.
refusal-session-ended = your session has ended
refusal-session-ended-next = Go on here: you are asked to sign in again, and nothing that you typed is lost.
refusal-foreign-page = this was not sent by a page of this help desk
refusal-foreign-page-next = Open the page again here, and send it from there.
refusal-foreign-host = this is not the address of this help desk
refusal-foreign-host-next = Use the address that it was started with.
refusal-too-long = what was sent is too long
refusal-too-long-next = Give only the text that was asked for.
refusal-too-often = too many requests come from your address
refusal-too-often-next = Wait a minute, then try again; nothing was done.
refusal-malformed = this is not what a page of this help desk sends
refusal-not-found = there is no such page
refusal-not-found-next = Go back to the first page.
refusal-no-answer = The help desk does not answer.
refusal-no-answer-next = Check the connection, then try again; nothing that you typed is lost.
refusal-until = { $text }: until { $until }
refusal-contact = { $text }; contact: { $contact }
refusal-guesses = too many sign-ins have failed from your network
refusal-guesses-next = { $seconds ->
    [one] Wait { $seconds } second, then try again.
   *[other] Wait { $seconds } seconds, then try again.
}
refusal-passwords-differ = the two passwords are not the same
refusal-passwords-differ-next = Type the new password twice.
