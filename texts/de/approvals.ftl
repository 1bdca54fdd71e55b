approvals-title = Freigaben
approvals-approved = Sie haben die Anfrage { $request } von { $operator } für { $name } freigegeben.
approvals-answer-for = Sie verantworten, was Sie freigeben: Fragen Sie den Operator, woher er weiß, wer anruft, und geben Sie nur frei, was er Ihnen selbst sagt.
approvals-nothing = Keine Anfrage wartet auf Sie. Bittet ein anderer Operator um Ihre Freigabe, erscheint sie hier von selbst.
approvals-asks = { $operator } bittet um einen Code für { $name }
approvals-earlier-codes = { $count ->
    [one] Ein früherer Code kann für dieses Gerät noch gültig sein.
   *[other] { $count } frühere Codes können für dieses Gerät noch gültig sein.
}
approvals-since-backup = Eine Sicherung wurde eingespielt: Auch nicht aufgeführte Codes können noch gültig sein.
approvals-request = Anfrage
approvals-class = Klasse
approvals-ordinary = gewöhnlich
approvals-reason = Grund
approvals-caller-verified = Anrufer geprüft
approvals-by-machine = { $method }, von einer Maschine geprüft
approvals-by-word = { $method }, allein auf das Wort von { $operator }
approvals-code = Code
approvals-read-out = wird dem Anrufer vorgelesen
approvals-sent-to = geht an { $address }
approvals-approve = FREIGEBEN
approvals-approve-for = Die Anfrage von { $operator } für { $name } freigeben
approvals-more = Es gibt mehr Anfragen, als hier stehen.
approvals-by-manager = Die Führungskraft hat sich hier angemeldet und bürgt
approvals-telephone = Hinterlegte Telefonnummer
