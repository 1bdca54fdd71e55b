audit-title = Protokoll
audit-intro = Das Protokoll dieses Helpdesks, neuester Eintrag zuerst. Dass Sie es lesen, wird festgehalten. Die Liste ist ein Hinweis: „Prüfen“ vergleicht das ganze Protokoll und was neben jedem Eintrag steht mit dem Siegel.
audit-from = Von (Tag, UTC)
audit-until = Bis (Tag, UTC)
audit-operator = Operator
audit-operator-hint = Name oder die Nummer, die in einem Eintrag steht
audit-device = Device ID
audit-event-kind = Vorgang
audit-every-event = Alle Vorgänge
audit-show = Anzeigen
audit-save-lines = Als JSON Lines speichern
audit-save-csv = Als CSV speichern
audit-caption = Einträge
audit-place = Eintrag
audit-at = Zeit (UTC)
audit-what = Vorgang
audit-by = Von
audit-about = Betrifft
audit-details = Einzelheiten
audit-erased = gelöscht
audit-text-erased = Der Text wurde gelöscht.
audit-approver = mit
audit-request = Anfrage { $request }
audit-none = Kein Eintrag passt.
audit-none-yet = Bisher wurde kein passender Eintrag gefunden.
audit-older = Ältere Einträge
audit-go-on = Weiter zurück suchen
audit-looked-back = Gesucht bis Eintrag { $place }.
audit-newest = Neueste Einträge
audit-wrong-day = „{ $text }“ ist kein Tag: Schreiben Sie ihn wie 2026-11-30.
audit-wrong-operator = Es gibt niemanden mit dem Namen „{ $text }“. Geben Sie bei entfernten Operatoren die Nummer an, die in deren Einträgen steht.
audit-wrong-device = „{ $text }“ ist keine Device ID.
audit-wrong-event = „{ $text }“ ist keine Art von Einträgen.
audit-tools = Nachweise
audit-verify = Prüfen
audit-checkpoints = Prüfpunkte
audit-back = Zurück zum Protokoll
audit-entry-title = Eintrag { $place }
audit-proof = Nachweis speichern
audit-entry-bytes = Bytes des Eintrags speichern
audit-proof-hint = Der Nachweis zeigt jedem, der den öffentlichen Schlüssel der Prüfpunkte hat, dass dieser Eintrag im Protokoll steht: fido-unlock audit check-proof --proof DATEI --entry DATEI --checkpoint-key DATEI.
audit-not-covered = Diesen Eintrag deckt noch kein Prüfpunkt ab. Erstellen Sie einen, dann lässt sich der Nachweis speichern.
audit-make-checkpoint = PRÜFPUNKT ERSTELLEN
audit-checkpoints-title = Prüfpunkte
audit-checkpoints-intro = Ein Prüfpunkt ist die Unterschrift des Helpdesks über alle Einträge bis zu seinem eigenen. Speichern Sie ihn dort, wo die Verwalter dieses Helpdesks nicht schreiben können: Nur was anderswo liegt, zeigt später, dass das Protokoll nicht neu geschrieben wurde.
audit-checkpoint-made = Der Prüfpunkt ist erstellt. Speichern Sie ihn jetzt.
audit-checkpoint-none = Es wurde noch kein Prüfpunkt erstellt.
audit-checkpoint-covers = { $count ->
    [one] deckt 1 Eintrag ab
   *[other] deckt { $count } Einträge ab
}
audit-checkpoint-save = Speichern
audit-checkpoint-key = Öffentlicher Schlüssel der Prüfpunkte
audit-verify-title = Protokoll prüfen
audit-verify-intro = Jeder Eintrag, der Baum darüber und jede Zeile, nach der entschieden wird, werden mit dem Siegel verglichen. Anrufe gehen derweil weiter.
audit-verify-checkpoint = Ein anderswo aufbewahrter Prüfpunkt (freiwillig: ganze Datei einfügen)
audit-verify-hint = Ohne ihn fiele nicht auf, wenn jemand mit den Schlüsseln des Helpdesks das Protokoll neu geschrieben hätte.
audit-verify-start = PRÜFEN
audit-verify-running = Prüfung läuft seit { $since }
audit-verify-entries = { $done } von { $of } Einträgen sind richtig.
audit-verify-tiles = Alle Einträge sind richtig, { $done } von { $of } Kacheln des Baums auch.
audit-verify-rows = Das Protokoll ist richtig; { $done } Zeilen wurden angesehen.
audit-verify-whole = Das Protokoll ist vollständig: { $entries ->
    [one] 1 Eintrag
   *[other] { $entries } Einträge
}.
audit-verify-rows-right = { $rows ->
    [one] Die eine Zeile steht so da, wie der Helpdesk sie geschrieben hat, und keine fehlt.
   *[other] Alle { $rows } Zeilen stehen so da, wie der Helpdesk sie geschrieben hat, und keine fehlt.
}
audit-verify-covered = { $covered ->
    [0] Es wurde kein Prüfpunkt angegeben; ein von Inhabern der Schlüssel neu geschriebenes Protokoll fiele nicht auf.
    [one] Der Prüfpunkt deckt 1 Eintrag ab.
   *[other] Der Prüfpunkt deckt { $covered } Einträge ab; spätere könnten Inhaber der Schlüssel neu geschrieben haben.
}
audit-verify-ended = Geprüft um { $at }
audit-verify-log = Protokoll
audit-verify-root = Wurzel
audit-verify-again = Erneut prüfen
audit-verify-failed = Die Prüfung ergab um { $at }:
audit-event = { $event ->
    [LogCreated] Das Protokoll beginnt
    [LogRestored] Fortsetzung ab einer Sicherung
    [SetUpEnded] Einrichtung beendet
    [SignedIn] Angemeldet
    [Searched] Gesucht
    [SignInsRefused] Falsche Kennwörter
    [SignedOut] Abgemeldet
    [RequestOpened] Anfrage eröffnet
    [CallerVerified] Anrufer überprüft
    [Approved] Freigegeben
    [ChallengeAccepted] Challenge angenommen
    [ReasonChanged] Grund geändert
    [TakenOver] Übernommen
    [DeliveryChanged] Zustellung geändert
    [ApprovalAsked] Freigabe anderswo erbeten
    [ManagerAsked] Führungskraft gefragt
    [CallerDenied] Von der Führungskraft verneint
    [Authorised] Code genehmigt
    [CodeMade] Code erzeugt
    [CodeSent] Code gesendet
    [CallerNotKnown] Führungskraft weiß es nicht
    [CallerNumberNoted] Nummer des Anrufers notiert
    [CallerReported] Anrufer als falsch gemeldet
    [Done] Erledigt
    [Abandoned] Aufgegeben
    [NoticeSent] Nachricht gesendet
    [NoticeFailed] Nachricht nicht gesendet
    [Refused] Abgelehnt
    [AlarmRaised] Alarm
    [AlarmAcknowledged] Alarm bestätigt
    [UserChanged] Benutzer geändert
    [ChannelChanged] Adresse geändert
    [ChannelRemoved] Adresse entfernt
    [UserErased] Benutzer gelöscht
    [ManagerChanged] Führungskraft geändert
    [DeviceRegistered] Gerät registriert
    [DeviceRotated] Ausstellerschlüssel des Geräts gewechselt
    [DeviceRetired] Gerät außer Dienst gestellt
    [PinBlocked] PIN absichtlich gesperrt
    [SlotsSeen] Slots angesehen
    [ServiceSwitched] Dienst geschaltet
    [CheckpointMade] Prüfpunkt erstellt
    [IssuerKeyMade] Ausstellerschlüssel erzeugt
    [IssuerKeysBackedUp] Ausstellerschlüssel gesichert
    [IssuerKeysRestored] Ausstellerschlüssel wiederhergestellt
    [OperatorChanged] Operator geändert
    [DownloadFetched] Download abgeholt
    [ClockAccepted] Uhrzeit angenommen
    [LicenceChanged] Lizenz geändert
    [RulesChanged] Regeln geändert
    [ChangeApproved] Änderung freigegeben
    [OperatorRemoved] Operator entfernt
    [PasswordChanged] Kennwort geändert
    [LogRead] Protokoll gelesen
    [AnnouncementsRead] Mitteilungen gelesen
    [SignInConfirmed] Erneut ausgewiesen
    [PasskeyAdded] Passkey hinzugefügt
    [PasskeyNamed] Passkey umbenannt
    [PasskeyRemoved] Passkey entfernt
    [SignInCodeGiven] Einmalcode ausgegeben
    [TokenMade] Zugriffstoken erstellt
    [TokenRevoked] Zugriffstoken widerrufen
   *[other] { $event }
}
audit-field = { $name ->
    [sequence] Eintrag
    [at] Zeit
    [event] Vorgang
    [operator] Von
    [second_operator] Mit oder betrifft
    [user] Benutzer
    [device_id] Gerät
    [request] Anfrage
    [error] Fehler
    [challenge] Challenge
    [code_sha256] Hash des Codes
    [method] Anrufer überprüft durch
    [vouched_by] Verbürgt durch
    [evidence] Hash des Belegs
    [issuer] Hash des Ausstellerschlüssels
    [suite] Suite
    [slot] Slot
    [counter] Zähler
    [alarm] Alarm
    [count] Anzahl
    [rotation] Wechsel
    [text] Text
    [text_hash] Hash des Textes
   *[other] { $name }
}
