method-call-back = Rückruf unter der hinterlegten Nummer
method-in-person = Die Person steht am Helpdesk
method-identity-document = Ausweis und Gesicht per Video gesehen
method-manager = Vorgesetzte bürgen; ich habe sie selbst erreicht, nicht über den Anrufer
method-manager-answered = der Vorgesetzte hat hier geantwortet
method-enrolled-factor = Ein früher registrierter Faktor
method-questions = Fragen, die nur diese Person beantworten kann
method-other = auf anderem Weg
