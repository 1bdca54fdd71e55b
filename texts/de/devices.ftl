devices-title = Geräte
devices-search-label = Benutzer oder Device ID
devices-search = Suchen
devices-none = Noch ist kein Benutzer und kein Gerät registriert.
devices-nothing-found = Kein Benutzer und kein Gerät passt zu „{ $text }“. Prüfen Sie die Schreibweise.
devices-by-owner = Geräte nach Inhaber
devices-found-for = Gefunden zu „{ $text }“
devices-owner = Inhaber
devices-device = Gerät
devices-slot = Slot
devices-slot-and-suite = { $slot }, Suite { $suite }
devices-label = Bezeichnung
devices-last-unlock = Zuletzt entsperrt
devices-never = nie
devices-registered = Registriert
devices-state = Zustand
devices-in-use = in Gebrauch
devices-retired = ausgemustert
devices-privileged = privilegiert
devices-no-device = kein Gerät registriert
devices-next-page = Nächste Seite
devices-type-more = Es gibt weitere: Geben Sie mehr vom Namen oder von der Device ID ein.
devices-open-by-id = Gerät { $code } öffnen
devices-more-devices = Weitere Geräte
devices-import-link = Geräte aus Datei importieren
devices-station = Schlüssel an einer Station einrichten
devices-station-what = Am Rechner, an dem Schlüssel eingerichtet werden: Stecken Sie einen nach dem anderen ein. Jeder wird für den nächsten Benutzer der Liste eingerichtet; seine Zeile steht danach in der Datei, die Sie hier importieren.
devices-station-hint = issuer.json enthält die öffentlichen Schlüssel des Helpdesks („issuer show --public“), users.txt die IDs der Inhaber, eine pro Zeile. Mit „--force-pin-change“ wählt jeder Inhaber bei der ersten Benutzung eine andere PIN.
device-title = Gerät { $code }
device-just-retired = Das Gerät ist ausgemustert: Es kann nicht mehr entsperrt werden.
device-owner-erased = Der Inhaber wurde gelöscht. Mustern Sie das Gerät aus, sonst zählt es bei der Lizenz für niemanden.
device-to-be-rotated = Der Helpdesk hat in diesem Slot inzwischen einen anderen Schlüssel: Tauschen Sie den Schlüssel des Geräts, sobald Sie es zur Hand haben.
device-nobody = niemand, der noch bekannt ist
device-rotation = Rotation
device-open-codes = Offene Codes
device-may-be-good = { $count ->
    [one] einer kann noch gültig sein
   *[other] { $count } können noch gültig sein
}
device-none-open = keine
device-unknown-since-backup = eine Sicherung wurde eingespielt: es kann weitere geben
device-other-slots = Weitere Slots
device-other-slot = Slot { $slot }: Suite { $suite }, Rotation { $rotation }
device-in-the-log = Alle Einträge im Protokoll
device-history = Verlauf
device-history-none = Nichts, was im Protokoll noch benannt ist.
device-at = Wann
device-what = Was
device-by = Von
device-older = Ältere
device-retire-link = Ausmustern
device-back = Zurück zu den Geräten
device-retire-title = Gerät { $code } ausmustern
device-retire-means = Ein ausgemustertes Gerät kann nicht mehr entsperrt werden; das lässt sich nicht rückgängig machen. Bei der Lizenz zählt es nicht mehr.
device-retire = AUSMUSTERN
device-keep = In Gebrauch lassen
import-devices-title = Geräte importieren
import-users-title = Benutzer importieren
import-devices-hint = Eine CSV-Datei, wie die Einrichtungsstation sie schreibt, mit dieser ersten Zeile:
import-users-hint = Eine CSV-Datei mit dieser ersten Zeile. Die Klasse ist ordinary, privileged oder leer; was leer ist, bleibt, wie es ist.
import-file = Datei
import-limit = Höchstens 5.000 Zeilen und 1 MB. Zuerst sehen Sie, was geschrieben würde; noch ändert sich nichts.
import-check = DATEI PRÜFEN
import-would-register = { $count ->
    [one] 1 Gerät würde registriert
   *[other] { $count } Geräte würden registriert
}; abgelehnt: { $refused }.
import-would-change = { $count ->
    [one] 1 Benutzer würde geändert
   *[other] { $count } Benutzer würden geändert
}; schon so: { $unchanged }; abgelehnt: { $refused }.
import-refused = Abgelehnt
import-line = Zeile
import-reason = Grund
import-and-more = und { $count } weitere
import-unreadable = Solange eine Zeile nicht gelesen werden kann, wird nichts geschrieben: Was in einer Zeile verrutscht ist, kann auch in anderen verrutscht sein. Berichtigen Sie die Datei und prüfen Sie sie noch einmal.
import-to-be-registered = Wird registriert
import-to-be-changed = Wird geändert
import-suite = Suite
import-user = Benutzer
import-what = Was
import-register = { $count ->
    [one] 1 GERÄT REGISTRIEREN
   *[other] { $count } GERÄTE REGISTRIEREN
}
import-change = { $count ->
    [one] 1 BENUTZER ÄNDERN
   *[other] { $count } BENUTZER ÄNDERN
}
import-registered = { $count ->
    [one] 1 Gerät ist registriert.
   *[other] { $count } Geräte sind registriert.
}
import-changed-users = { $count ->
    [one] 1 Benutzer ist geändert.
   *[other] { $count } Benutzer sind geändert.
}
import-to-devices = Zu den Geräten
import-changed-meanwhile = Nichts wurde geschrieben: Es ist nicht mehr das, was Ihnen gezeigt wurde
import-changed-meanwhile-next = Jemand hat inzwischen etwas geändert. Sehen Sie sich an, was jetzt geschrieben würde.
import-header = die erste Zeile muss { $wanted } lauten, nicht { $found }
import-cells = { $found } Zellen statt { $wanted }; eine Zelle, die das Trennzeichen enthält, muss in Anführungszeichen stehen
import-field = { $field }: { $what }
import-twice = { $field }: um dasselbe geht es schon in Zeile { $before }
import-cell-user = keine Benutzer-ID
import-cell-suite = weder 1 noch 2
import-cell-slot = keine Zahl von 0 bis 15
import-cell-hex = 66 hexadezimale Ziffern werden erwartet
import-cell-point = kein Punkt von P-256
import-cell-not-wanted = bei Suite 1 bleibt die Zelle leer
import-cell-name = ein Name fehlt
import-cell-class = weder ordinary noch privileged noch leer
import-cell-mail = keine Mailadresse
import-cell-text = zu lang oder mit unsichtbaren Zeichen
import-class-rests = die Klasse „{ $class }“ gilt ab { $from }: Schreiben Sie eine Klasse, oder importieren Sie die Zeile danach
import-new-user = neu: { $name }, { $class }
import-name = Name { $from } wird { $to }
import-address = { $from } wird { $to }
import-address-new = { $to }
import-class = Klasse { $from } wird { $to }
import-class-after-rest = Klasse { $from } wird { $to }, nach der Wartezeit
import-class-stays = Klasse bleibt { $class }; { $withdrawn }, was noch wartet, wird zurückgenommen
import-manager = Führungskraft { $from } wird { $to }
import-manager-after-rest = Führungskraft { $from } wird { $to }, nach der Wartezeit; bis dahin niemand
import-manager-stays = Führungskraft bleibt { $manager }; eine andere, die noch wartet, wird zurückgenommen
