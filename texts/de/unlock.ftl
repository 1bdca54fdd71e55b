unlock-title = Entsperren
unlock-own-calls = Ihre Anrufe, die nicht beendet sind
unlock-since = seit { $opened }
unlock-since-with-code = seit { $opened }, ein Code wurde erzeugt
unlock-other-calls = Anrufe bei anderen Operatoren ({ $count })
unlock-other-calls-and-more = Anrufe bei anderen Operatoren ({ $count } und mehr)
unlock-other-since = { $operator }, seit { $opened }
unlock-search-label = Benutzer oder Device ID
unlock-search = Suchen
unlock-nothing-found = Kein Benutzer und kein Gerät passt zu „{ $text }“. Prüfen Sie die Schreibweise, oder fragen Sie nach der Device ID.
unlock-users = Benutzer
unlock-found-for = Gefunden zu „{ $text }“
unlock-owner = Inhaber
unlock-device = Gerät
unlock-open-codes = Offene Codes
unlock-state = Zustand
unlock-what-to-do = Aktion
unlock-privileged = privilegiert
unlock-no-device = kein Gerät registriert: Es gibt nichts zu entsperren. Die Person braucht zuerst einen Schlüssel, von der Ausgabestelle.
unlock-last = zuletzt entsperrt am { $day }
unlock-registered = registriert am { $day }
unlock-may-be-good = { $count ->
    [one] einer kann noch gültig sein
   *[other] { $count } können noch gültig sein
}
unlock-none = keine
unlock-retired = ausgemustert: nicht zu entsperren
unlock-in-use = in Gebrauch
unlock-button = ENTSPERREN
unlock-button-for = Gerät { $device } von { $name } entsperren
unlock-more = Es gibt weitere: Geben Sie mehr vom Namen oder von der Device ID ein.
