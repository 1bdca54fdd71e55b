# The ways of verifying a caller.
method-call-back = Called back on the number on record
method-in-person = The person stands at the desk
method-identity-document = Saw an identity document and the face, by video
method-manager = Their manager vouches, whom I reached myself, not through the caller
method-manager-answered = their manager answered here
method-enrolled-factor = A factor that was enrolled before
method-questions = Questions that only they can answer
method-other = another way
