sign-in-title = Sign in
sign-in-name = Name
sign-in-password = Password
sign-in-button = Sign in
sign-in-demo = This is a demonstration: names and passwords stand in the terminal that it was started in.
again-title = Sign in again
again-ended = Your session has ended. Nothing that you typed is lost, and the call goes on when you have signed in.
again-button = SIGN IN AND GO ON
