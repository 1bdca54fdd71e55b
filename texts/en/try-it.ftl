try-it-title = Try it
try-it-heading = Try it: what { $owner } sees
try-it-hint = A virtual security key in this process, as the app on the caller’s computer would show it. A passkey for example.com was made on it before its PIN was blocked; the old PIN was { $pin }.
try-it-unlocked = Unlocked: the new PIN is set, and every passkey is still there. Tell the help desk.
try-it-signed-in = Signed in to { $site } with the old passkey: the site verified it by the public key that it has had since before the lock.
try-it-locked-again = Locked again, by { $tries } wrong PINs.
try-it-replugged = Taken out and put back in.
try-it-locked = Locked
try-it-not-locked = Not locked
try-it-take-out = Take the key out and put it back in
try-it-lock = Lock it again with wrong PINs
try-it-sign-in = Sign in with the passkey
try-it-pin = PIN
try-it-sign-in-button = SIGN IN
try-it-unlock = Unlock
try-it-new-pin = New PIN
try-it-pin-rules = 6 to 63 letters and digits
try-it-new-pin-again = New PIN again
try-it-unlock-button = UNLOCK
try-it-is-locked = The PIN is blocked for good: ask the help desk to unlock the device.
try-it-is-unlocked = { $tries ->
    [one] Device not locked: { $tries } try is left, sign in with your PIN.
   *[other] Device not locked: { $tries } tries are left, sign in with your PIN.
}
try-it-is-pin-auth-blocked = { $tries ->
    [one] The device refuses PINs until it is plugged in again, and then takes { $tries } try: take the key out and put it back in.
   *[other] The device refuses PINs until it is plugged in again, and then takes { $tries } tries: take the key out and put it back in.
}
