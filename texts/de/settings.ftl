settings-title = Einstellungen
settings-changed = Die Regeln sind geändert. Was lockert, steht unten, bis es gilt.
settings-approved = Sie haben die Änderung freigegeben; sie gilt jetzt. Alle Administratoren erfahren davon.
settings-switched = Der Dienst ist geschaltet.
settings-acknowledged = Der Alarm ist bestätigt.
settings-service = Dienst
settings-service-on = Der Dienst ist eingeschaltet.
settings-service-on-hint = Ausgeschaltet gibt er keinen Code aus, und niemand kann suchen.
settings-service-off = Der Dienst ist ausgeschaltet.
settings-service-off-hint = Es wird kein Code ausgegeben, und niemand kann suchen.
settings-switch-off = AUSSCHALTEN
settings-switch-on = EINSCHALTEN
settings-not-open = Die Einrichtung ist nicht beendet: Noch wird kein Code ausgegeben, und was lockert, ruht nicht.
settings-clock = Die Uhr zeigt { $now }.
settings-clock-hint = Geht die Uhr mehr als 5 Sekunden hinter dem Protokoll nach, lehnt der Helpdesk alles ab; ein Administrator nimmt dann mit fido-unlock desk accept-clock die richtige Zeit an.
settings-alarms = Alarme
settings-alarms-intro = Ein Alarm steht, bis ein Administrator herausgefunden hat, was geschehen ist. Mit der Bestätigung arbeitet der Helpdesk mit dem Zähler weiter, der ihn ausgelöst hat.
settings-no-alarm = Es steht kein Alarm.
settings-counter = Zähler { $counter }
settings-found-out = Was Sie herausgefunden haben
settings-acknowledge = BESTÄTIGEN
settings-resting = Ruhende Regeln
settings-resting-by = { $name } hat diese Änderung verlangt. Sie gilt ab { $time }.
settings-resting-from = Diese Änderung gilt ab { $time }.
settings-resting-own = Sie haben sie verlangt: Vorher kann sie nur ein anderer Administrator freigeben.
settings-reason = Warum es nicht warten kann
settings-reason-hint = Der Grund wird festgehalten, und alle Administratoren erfahren davon.
settings-approve = JETZT FREIGEBEN
settings-rules = Regeln
settings-rules-intro = Was eine Regel verschärft, gilt sofort. Was sie lockert, gilt nach der Ruhezeit, außer ein zweiter Administrator gibt es frei. Bevor sich etwas ändert, sehen Sie, was die Änderung bewirkt.
settings-unread = „{ $rule }“ ist nicht zu verstehen.
settings-too-short = „{ $rule }“ muss mindestens { $least } betragen
settings-too-short-next = Mit weniger könnte niemand einen Anruf abschließen oder die Regel wieder ändern.
settings-unit = Einheit von: { $rule }
settings-unit-name = { $unit ->
    [days] Tage
    [hours] Stunden
    [minutes] Minuten
   *[seconds] Sekunden
}
settings-duration = { $unit ->
    [days] { $count ->
        [one] 1 Tag
       *[other] { $count } Tage
    }
    [hours] { $count ->
        [one] 1 Stunde
       *[other] { $count } Stunden
    }
    [minutes] { $count ->
        [one] 1 Minute
       *[other] { $count } Minuten
    }
   *[seconds] { $count ->
        [one] 1 Sekunde
       *[other] { $count } Sekunden
    }
}
settings-codes = { $count ->
    [one] 1 Code
   *[other] { $count } Codes
}
settings-yes = ja
settings-no = nein
settings-nothing = nichts
settings-no-method = kein Weg zählt
settings-accepted = { $word ->
    [machine] { $method } (eine Maschine muss es bezeugen)
   *[operator] { $method } (das Wort des Operators)
}
settings-counts-not = zählt nicht
settings-counts-by-machine = eine Maschine muss es bezeugen
settings-counts-by-operator = das Wort des Operators zählt
settings-never-reached = { $rule }: Ab { $refuse } wird abgelehnt, sodass { $approval } nie erreicht wird.
settings-nobody-verified = { $rule }: Kein Weg zählt, sodass diese Benutzer keinen Code bekommen.
settings-preview = ÄNDERUNG ANZEIGEN
settings-preview-hint = Noch wird nichts geändert.
settings-preview-title = Regeln ändern
settings-what-changes = Was sich ändert
settings-the-rule = Regel
settings-says-now = Jetzt
settings-at-once = Sofort
settings-at-once-too = Sofort
settings-later-from = Ab { $time }
settings-loosens = lockert
settings-rests = Was lockert, ruht ab jetzt bis { $time }, außer ein zweiter Administrator gibt es vorher frei.
settings-replaces = Dies ersetzt eine ruhende Änderung, die ab { $time } gelten würde.
settings-replaces-by = Dies ersetzt eine ruhende Änderung von { $name }, die ab { $time } gelten würde.
settings-no-change = Dies ändert keine Regel.
settings-confirm = ÜBERNEHMEN
settings-back = Zurück ohne Änderung
settings-group = { $group ->
    [calls] Anrufe
    [verification] Anrufer überprüfen
    [limits] Grenzen
    [sign-in] Anmeldung
    [rests] Ruhezeiten
    [licence] Lizenz
   *[other] { $group }
}
settings-group-hint = { $group ->
    [calls] Was ein Anruf braucht, und wie lange jeder Teil davon zählt.
    [verification] Welche Wege, einen Anrufer zu überprüfen, zählen. Bei privilegierten Benutzern zählt das Wort des Operators allein nie.
    [limits] Wie viele Codes ausgegeben werden dürfen. Ein Code zählt, sobald er genehmigt ist, und wird nie zurückgezählt.
    [sign-in] Wie lange Operatoren angemeldet bleiben.
    [rests] Wie lange wartet, was lockert, bevor es gilt.
    [licence] Wird angezeigt, wo es gar keine Lizenz gibt.
   *[other] { $group }
}
settings-rule = { $rule ->
    [reason_wanted] Grund oder Ticket ist Pflicht
    [request_seconds] Ein Anruf lebt
    [verification_seconds] Ein überprüfter Anrufer zählt
    [approval_seconds] Eine Freigabe zählt
    [session_seconds] Eine Sitzung dauert
    [rest_seconds] Was lockert, ruht
    [channel_rest_seconds] Eine geänderte Adresse ruht
    [licence_contact] Wen man nach einer Lizenz fragt
    [ordinary_methods] Für gewöhnliche Benutzer
    [privileged_methods] Für privilegierte Benutzer
    [limits-device-approval_from] Je Gerät: zweiter Operator ab
    [limits-device-refuse_from] Je Gerät: abgelehnt ab
    [limits-device-window_seconds] Je Gerät: gezählt über
    [limits-operator-approval_from] Je Operator: zweiter Operator ab
    [limits-operator-refuse_from] Je Operator: abgelehnt ab
    [limits-operator-window_seconds] Je Operator: gezählt über
    [limits-issuer-approval_from] Je Ausstellerschlüssel: zweiter Operator ab
    [limits-issuer-refuse_from] Je Ausstellerschlüssel: abgelehnt ab
    [limits-issuer-window_seconds] Je Ausstellerschlüssel: gezählt über
   *[other] { $rule }
}
settings-rule-hint = { $rule ->
    [reason_wanted] „Nein“ lockert.
    [request_seconds] Länger lockert. Danach muss der Anruf neu eröffnet werden.
    [verification_seconds] Länger lockert.
    [approval_seconds] Länger lockert.
    [session_seconds] Länger lockert. Danach meldet sich der Operator neu an.
    [rest_seconds] Kürzer lockert.
    [channel_rest_seconds] Kürzer lockert. An eine Adresse, die vor weniger als dieser Zeit geändert wurde, geht kein Code.
    [licence_contact] Ein Name, eine Adresse oder eine Telefonnummer.
    [ordinary_methods] Ein Weg mehr, oder das Wort des Operators statt des Zeugnisses einer Maschine, lockert.
    [privileged_methods] Ein Weg mehr lockert.
    [limits-device-approval_from] Bei so vielen Codes im Zeitraum braucht der nächste einen zweiten Operator. Mehr lockert.
    [limits-device-refuse_from] Bei so vielen Codes im Zeitraum wird der nächste abgelehnt. Mehr lockert.
    [limits-device-window_seconds] Kürzer lockert.
    [limits-operator-approval_from] Mehr lockert.
    [limits-operator-refuse_from] Mehr lockert.
    [limits-operator-window_seconds] Kürzer lockert.
    [limits-issuer-approval_from] Mehr lockert.
    [limits-issuer-refuse_from] Mehr lockert.
    [limits-issuer-window_seconds] Kürzer lockert.
   *[other] { $rule }
}
