keys-title = Schlüssel
keys-intro = Am Schlüssel seines Ausstellers erkennt ein Gerät, dass ein Code von diesem Helpdesk ist. Die privaten Hälften liegen dort, wo der Dienst läuft, oder in einem HSM und werden hier nie angezeigt.
keys-recorded = Es wurde festgehalten.
keys-none = Es gibt noch keinen Ausstellerschlüssel. Suite 3 braucht keinen.
keys-caption = Ausstellerschlüssel
keys-slot = Slot
keys-slot-number = Slot { $slot }
keys-suite = Suite
keys-fingerprint = SHA-256 des öffentlichen Schlüssels
keys-state = Zustand
keys-devices = Geräte im Einsatz
keys-since = seit { $time }
keys-present = aktuell
keys-retired = abgelöst
keys-count = { $count ->
    [one] 1 Gerät
   *[other] { $count } Geräte
}
keys-not-counted = nicht gezählt
keys-still-needed = Noch nötig: Bis zum Wechsel nehmen diese Geräte nur Codes dieses Schlüssels an.
keys-signed = Unterschriebene Liste speichern
keys-signed-hint = Programme, die Geräte und nicht diesen Helpdesk sehen, zeigen damit, in welchen Slots ein fremder Schlüssel liegt.
keys-checkpoint-key = Öffentlicher Schlüssel der Liste und der Prüfpunkte
keys-rotation = Wechsel
keys-rotation-intro = Ein neuer Schlüssel tritt an die Stelle des bisherigen im Slot; der bisherige bleibt für Geräte, die noch nicht gewechselt haben. Dann wechselt jedes Gerät beim nächsten Besuch. Beides geschieht dort, wo die Schlüssel liegen:
keys-backup = Sicherung
keys-backed-up = Zuletzt gesichert um { $time }
keys-never-backed-up = Es wurde nie eine Sicherung festgehalten.
keys-backup-is-old = Seit der letzten Sicherung wurde ein Schlüssel erzeugt: Machen Sie eine neue. Ohne seinen Schlüssel lässt sich kein Gerät mehr entsperren.
keys-tried = Zuletzt wiederhergestellt um { $time }
keys-never-tried = Es wurde nie eine Sicherung ausprobiert.
keys-entry = Eintrag { $place }
keys-backup-intro = Eine Sicherung, die nie wiederhergestellt wurde, ist vielleicht keine. Probieren Sie sie an einer Kopie des Ordners auf einem anderen Rechner aus: Sie muss dieselben Fingerabdrücke zeigen wie diese Seite.
keys-record-intro = Die Kommandozeile hält beides selbst fest. Was Sie anders tun, etwa in einem HSM, halten Sie hier fest, bevor Sie es tun.
keys-record-backup = SICHERUNG FESTHALTEN
keys-record-restore = WIEDERHERSTELLUNG FESTHALTEN
