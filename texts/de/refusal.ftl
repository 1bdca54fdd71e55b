refusal-busy = der Helpdesk ist ausgelastet: zu viele warten
refusal-busy-next = Warten Sie einen Augenblick und versuchen Sie es dann noch einmal; nichts wurde ausgeführt.
refusal-timed-out = der Helpdesk hat nicht rechtzeitig geantwortet
refusal-timed-out-next = Sehen Sie sich den Anruf an, bevor Sie etwas wiederholen: Es kann ausgeführt worden sein.
refusal-session-ended = Ihre Sitzung ist abgelaufen
refusal-session-ended-next = Machen Sie hier weiter: Sie werden gebeten, sich erneut anzumelden, und nichts, was Sie eingegeben haben, geht verloren.
refusal-foreign-page = das kam nicht von einer Seite dieses Helpdesks
refusal-foreign-page-next = Öffnen Sie die Seite hier noch einmal und senden Sie es von dort.
refusal-foreign-host = das ist nicht die Adresse dieses Helpdesks
refusal-foreign-host-next = Verwenden Sie die Adresse, mit der er gestartet wurde.
refusal-too-long = die Eingabe ist zu lang
refusal-too-long-next = Geben Sie nur den verlangten Text ein.
refusal-too-often = von Ihrer Adresse kommen zu viele Anfragen
refusal-too-often-next = Warten Sie eine Minute und versuchen Sie es dann noch einmal; nichts wurde ausgeführt.
refusal-malformed = so etwas sendet keine Seite dieses Helpdesks
refusal-not-found = diese Seite gibt es nicht
refusal-not-found-next = Gehen Sie zurück zur ersten Seite.
refusal-no-answer = Der Helpdesk antwortet nicht.
refusal-no-answer-next = Prüfen Sie die Verbindung und versuchen Sie es dann noch einmal; nichts, was Sie eingegeben haben, geht verloren.
refusal-until = { $text }: bis { $until }
refusal-contact = { $text }; Ansprechpartner: { $contact }
refusal-guesses = aus Ihrem Netz sind zu viele Anmeldungen fehlgeschlagen
refusal-guesses-next = { $seconds ->
    [one] Warten Sie { $seconds } Sekunde und versuchen Sie es dann noch einmal.
   *[other] Warten Sie { $seconds } Sekunden und versuchen Sie es dann noch einmal.
}
refusal-passwords-differ = die beiden Kennwörter sind nicht gleich
refusal-passwords-differ-next = Geben Sie das neue Kennwort zweimal ein.
