call-title = Anruf von { $name }
call-heading = Gerät von { $name } entsperren
call-owner = Inhaber
call-device-id = Device ID
call-call = Anruf
call-until = bis { $until }
call-other-code = Ein Code aus Anruf { $request } ({ $at }, von { $operator }) kann für dieses Gerät noch gültig sein.
call-since-backup = Eine Sicherung wurde eingespielt: Auch nicht aufgeführte Codes können noch gültig sein. Ein anderer Operator muss freigeben.
call-response-code = Response Code
call-unchecked-code = Dieser Code hat keine Prüfzeichen: Nur das Gerät bemerkt einen Tippfehler.
call-say = Sagen Sie:
call-say-enter-code = Geben Sie den Code ein, wählen Sie eine neue PIN, geben Sie sie zweimal ein und drücken Sie ENTSPERREN. Sagen Sie mir, was Sie sehen.
call-other-is-at-it = { $operator } bearbeitet diesen Anruf.
call-take-over-hint = Ist der Anrufer jetzt bei Ihnen, übernehmen Sie den Anruf. Prüfung und Freigabe gelten dann nicht mehr: Prüfen Sie den Anrufer selbst; eine Freigabe wird neu eingeholt.
call-take-over = ÜBERNEHMEN
call-read-back = Wiederholen Sie den Namen des Inhabers:
call-you-are = Sie sind { $name }?
call-telephone = Hinterlegte Telefonnummer:
call-no-method = Geben Sie keinen Code heraus: Bei diesem Benutzer ist eine Prüfung nötig, die diese Konsole nicht leisten kann. Sagen Sie es einem Administrator.
call-verified = Der Anrufer ist geprüft: { $method }.
call-how-verified = Wie wurde der Anrufer geprüft?
call-statement = Was Sie gesehen oder gehört haben
call-reason = Grund oder Ticket
call-challenge = Device Challenge
call-generate = RESPONSE CODE ERZEUGEN
call-given-up = Abgebrochen, bevor ein Code erzeugt wurde.
call-next = Nächster Anruf
call-made-by-other = { $operator } hat in diesem Anruf einen Code erzeugt.
call-show-again-hint = Für diesen Anruf wurde ein Code erzeugt. Demselben Anrufer darf er noch einmal gezeigt werden, solange der Anruf läuft.
call-show-again = CODE ERNEUT ANZEIGEN
call-done = ERLEDIGT
call-done-hint = der Anrufer sagt, dass das Gerät entsperrt ist
call-abandon = ABBRECHEN
call-abandon-hint = aufgegeben; der Code bleibt in der Liste der offenen Codes
call-abandon-no-code-hint = der Anruf endet ohne Code
call-is-done = Erledigt: Das Gerät ist entsperrt.
call-abandoned = Aufgegeben. Der Code kann noch gültig sein und bleibt in der Liste der offenen Codes.
call-done-after-all = Doch ERLEDIGT
call-run-out = Dieser Anruf ist abgelaufen, bevor ein Code erzeugt wurde. Beginnen Sie einen neuen, und prüfen Sie den Anrufer noch einmal.
call-back-to-search = Zurück zur Suche
call-changed = Dieser Anruf hat sich seither geändert.
call-show-as-it-is = Jetzigen Stand anzeigen
call-has-approved = { $operator } hat freigegeben: Drücken Sie RESPONSE CODE ERZEUGEN.
call-say-to-other = Sagen Sie einem anderen Operator:
call-if-approval = Muss ein zweiter Operator freigeben, sagen Sie ihm:
call-please-approve = Bitte geben Sie diese Anfrage frei:
call-approval-hint = Sie steht dort auf der Seite Freigaben. Diese Seite meldet die Freigabe; nichts muss neu eingegeben werden.
call-counted = { $count } von 32 Zeichen
call-no-typing-error = 32 von 32 Zeichen, kein Tippfehler
call-complete = 32 von 32 Zeichen
call-read-it-back = Diese Challenge hat keine Prüfzeichen: Lesen Sie sie dem Anrufer vor.
call-manager-hint = { $manager } ist als Führungskraft des Besitzers hinterlegt und kann auf einer eigenen Seite für den Anrufer bürgen.
call-manager-ask = FÜHRUNGSKRAFT FRAGEN
call-manager-alone = Für diesen Besitzer zählt nur das Wort der Führungskraft, gegeben auf einer eigenen Seite: Geben Sie einen Grund an, und drücken Sie dann FÜHRUNGSKRAFT FRAGEN.
call-manager-waits = { $manager } ist gefragt. Senden Sie diese Adresse auf einem Weg, den Sie kennen, und nicht auf einem, den der Anrufer nennt:
call-manager-waits-hint = Dort wird nach der Anmeldung geantwortet; wo eine Adresse hinterlegt ist, ist auch eine Nachricht unterwegs. Sagen Sie dem Anrufer die letzte Gruppe des Anrufs, { $group }: Der Vorgesetzte fragt danach. Diese Seite sagt Ihnen die Antwort; tippen Sie inzwischen weiter.
call-manager-vouches = { $manager } sagt, dass { $name } anruft: Der Anrufer ist geprüft.
call-manager-unsure = { $manager } kann nicht sagen, ob { $name } anruft. Prüfen Sie den Anrufer anders, oder fragen Sie später noch einmal.
call-manager-denies = { $manager } sagt, dass nicht { $name } anruft
call-manager-denies-next = Geben Sie keinen Code heraus, beenden Sie den Anruf, und informieren Sie Ihr Sicherheitsteam. Die Administratoren haben einen Alarm dazu.
call-number = Nummer des Anrufers, falls Sie sie sehen
call-report = ES IST NICHT DER INHABER
call-report-hint = beendet den Anruf; die Administratoren sehen einen Alarm
call-report-typed-hint = mit dem, was Sie unter „Was Sie gesehen oder gehört haben“ eingegeben haben: beendet den Anruf; die Administratoren sehen einen Alarm
call-reported = { $operator } hat gemeldet: Es ruft nicht { $name } an
call-reported-next = Gemeldet: Ein Administrator sieht einen Alarm; rufen Sie diesen Anrufer nicht zurück.
call-ended-by-manager = Beendet, bevor ein Code erzeugt wurde, durch die Antwort von { $manager }.
call-ended-by-report = Beendet, bevor ein Code erzeugt wurde, durch die Meldung von { $operator }.
call-reported-with-code = Durch die Meldung von { $operator } beendet, nachdem ein Code erzeugt war. Der Code kann noch gültig sein und bleibt in der Liste der offenen Codes.
call-new-number = neu am { $day }: Vorsicht, wenn der Anrufer von einer neuen Nummer spricht
call-compare = Lassen Sie sie vorlesen, und vergleichen Sie.
call-how-hint = Zum Rückruf: Beenden Sie dieses Gespräch, wählen Sie die hinterlegte Nummer selbst, fragen Sie „Was ist passiert?“, und lesen Sie den Code nur auf dieser Leitung vor. Hebt niemand ab? Nehmen Sie keine andere Nummer: Fragen Sie den Vorgesetzten, oder lassen Sie die Person an den Helpdesk kommen.
call-say-no-method = Dieser Helpdesk kann Ihren Schlüssel nicht am Telefon entsperren. Ich sage es einem Administrator; er ruft Sie unter der Nummer an, die wir haben.
call-lately = In den letzten 24 Stunden für dieses Gerät: { $what }
call-lately-codes = { $count ->
    [one] { $count } Code
   *[other] { $count } Codes
}
call-lately-given-up = { $count ->
    [one] { $count } Anruf abgebrochen
   *[other] { $count } Anrufe abgebrochen
}
call-lately-reported = { $count } als falscher Anrufer gemeldet ({ $at })
call-lately-denied = { $count } von der Führungskraft verneint ({ $at })
call-second-wanted = Dieses Gerät bekam in den letzten { $hours } Stunden { $codes ->
    [one] { $codes } Code
   *[other] { $codes } Codes
}: Ab jetzt muss ein zweiter Operator freigeben.
call-no-more-codes = Dieses Gerät bekam in den letzten { $hours } Stunden { $codes ->
    [one] { $codes } Code
   *[other] { $codes } Codes
}: Die Regeln erlauben jetzt keinen weiteren.
