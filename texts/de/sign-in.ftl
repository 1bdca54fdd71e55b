sign-in-title = Anmelden
sign-in-name = Name
sign-in-password = Kennwort
sign-in-button = Anmelden
sign-in-demo = Dies ist eine Vorführung: Namen und Kennwörter stehen in dem Terminal, in dem sie gestartet wurde.
again-title = Erneut anmelden
again-ended = Ihre Sitzung ist abgelaufen. Nichts, was Sie eingegeben haben, geht verloren; der Anruf geht weiter, sobald Sie angemeldet sind.
again-button = ANMELDEN UND WEITERMACHEN
