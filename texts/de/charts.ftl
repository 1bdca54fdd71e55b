# Diagramme der letzten Tage.
charts-title = Diagramme
charts-hint = Die letzten 30 Tage in UTC, heute eingeschlossen, aus den neuesten { $entries } Einträgen des Protokolls. Es sind Hinweise: „Prüfen“ vergleicht das ganze Protokoll.
charts-cut = Es sind zu viele Einträge für die Diagramme: Die vor { $before } UTC fehlen.
charts-below = Die Tabelle darunter hat dieselben Zahlen.
charts-table = Dasselbe als Tabelle
charts-days = Entsperrungen je Tag
charts-days-hint = { $codes } Codes herausgegeben, davon { $done } als entsperrt gemeldet. Hell: Codes; dunkel: entsperrt.
charts-day = Tag
charts-codes = Codes
charts-done = Entsperrt
charts-refusals = Ablehnungen nach Grund
charts-refusals-hint = { $count } Schritte wurden abgelehnt.
charts-refusals-none = Nichts wurde abgelehnt.
charts-reason = Grund
charts-how-often = Wie oft
charts-others = alle anderen
charts-durations = Vom Beginn des Anrufs bis zum Ende
charts-durations-hint = Die Hälfte der Anrufe dauerte höchstens { $median } (Minuten und Sekunden).
charts-durations-none = Kein Anruf wurde abgeschlossen.
charts-time = Dauer
charts-up-to = bis { $minutes ->
    [one] { $minutes } Minute
   *[other] { $minutes } Minuten
}
charts-longer = länger als { $minutes } Minuten
charts-calls = Anrufe
charts-numbers = Eine Nummer, viele Benutzer
charts-numbers-hint = Nummern, die sich als mehr als ein Benutzer gemeldet haben, soweit Operatoren die Nummer notiert haben. Die Nummer einer Telefonzentrale ist kein Betrug; eine, die viele Personen sein will, kann einer sein.
charts-numbers-none = Keine Nummer hat sich als mehr als ein Benutzer gemeldet, soweit Nummern notiert wurden.
charts-number = Nummer
charts-users = Benutzer
charts-operators = Codes je Operator
charts-operators-hint = Markiert ist, wer mindestens zehn Codes herausgegeben hat und mehr als das Dreifache dessen, was bei den anderen in der Mitte liegt. Es kann gute Gründe geben; sehen Sie sich die Anrufe im Protokoll an.
charts-operators-none = Niemand hat einen Code herausgegeben.
charts-operator = Operator
charts-marked = auffällig
