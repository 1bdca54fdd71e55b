try-it-title = Ausprobieren
try-it-heading = Ausprobieren: was { $owner } sieht
try-it-hint = Ein virtueller Sicherheitsschlüssel in diesem Prozess, so wie ihn die App auf dem Rechner des Anrufers zeigt. Ein Passkey für example.com wurde darauf angelegt, bevor die PIN gesperrt wurde; die alte PIN war { $pin }.
try-it-unlocked = Entsperrt: Die neue PIN gilt, und alle Passkeys sind noch da. Sagen Sie es dem Helpdesk.
try-it-signed-in = Mit dem alten Passkey bei { $site } angemeldet: Die Website hat ihn mit dem öffentlichen Schlüssel geprüft, den sie seit der Zeit vor der Sperre hat.
try-it-locked-again = Wieder gesperrt, durch { $tries } falsche PINs.
try-it-replugged = Herausgenommen und wieder eingesteckt.
try-it-locked = Gesperrt
try-it-not-locked = Nicht gesperrt
try-it-take-out = Schlüssel herausnehmen und wieder einstecken
try-it-lock = Mit falschen PINs wieder sperren
try-it-sign-in = Mit dem Passkey anmelden
try-it-pin = PIN
try-it-sign-in-button = ANMELDEN
try-it-unlock = Entsperren
try-it-new-pin = Neue PIN
try-it-pin-rules = 6 bis 63 Buchstaben und Ziffern
try-it-new-pin-again = Neue PIN wiederholen
try-it-unlock-button = ENTSPERREN
try-it-is-locked = Die PIN ist endgültig gesperrt: Bitten Sie den Helpdesk, das Gerät zu entsperren.
try-it-is-unlocked = { $tries ->
    [one] Das Gerät ist nicht gesperrt: Ein Versuch ist übrig, melden Sie sich mit Ihrer PIN an.
   *[other] Das Gerät ist nicht gesperrt: { $tries } Versuche sind übrig, melden Sie sich mit Ihrer PIN an.
}
try-it-is-pin-auth-blocked = { $tries ->
    [one] Das Gerät nimmt keine PIN an, bis es neu eingesteckt wird, und lässt dann einen Versuch zu: Nehmen Sie den Schlüssel heraus und stecken Sie ihn wieder ein.
   *[other] Das Gerät nimmt keine PIN an, bis es neu eingesteckt wird, und lässt dann { $tries } Versuche zu: Nehmen Sie den Schlüssel heraus und stecken Sie ihn wieder ein.
}
