/// The numbers of docs/errors.md. A number never changes its meaning; a newer library may have more, so
/// leave room for what is not here.
public enum ErrorNumber: UInt16, CaseIterable, Sendable {
    /// Device not locked.
    case deviceNotLocked = 101
    /// This device was never enrolled for unlocking.
    case deviceNotEnrolled = 102
    /// The device refuses PINs until it is plugged in again.
    case pinAuthBlocked = 103
    /// Five wrong Response Codes since the device was plugged in.
    case tooManyWrongResponses = 104
    /// This Response Code does not match this device and challenge.
    case responseWrong = 105
    /// The device is waiting for the response to another challenge.
    case challengePending = 106
    /// The device has been unlocked since it showed this challenge, so the Response Code is void.
    case challengeUsed = 107
    /// The device has a new challenge, so the Response Code for the old one is void.
    case challengeRenewed = 108
    /// This is not the device that the unlock was started with.
    case otherDevice = 109
    /// Nobody touched the device in time.
    case touchTimedOut = 110
    /// The request was declined on the device.
    case touchRefused = 111
    /// The device trusts an issuer key that is not this help desk's.
    case foreignIssuer = 112
    /// The fingerprint sensor is blocked.
    case uvBlocked = 113
    /// The device has no PIN.
    case pinNotSet = 114
    /// Wrong PIN.
    case pinInvalid = 115
    /// The PIN is blocked: too many wrong tries.
    case pinBlocked = 116
    /// The device could not verify the message that was sent to it.
    case macRefused = 117
    /// The device could not generate a random number.
    case noEntropy = 118
    /// The device answered with an unexpected status.
    case unexpectedStatus = 119
    /// The device's answer does not follow the protocol.
    case malformedAnswer = 120
    /// The device does not know this command.
    case notSupported = 121
    /// The device is sealed: its issuer keys are already enrolled.
    case sealed = 122
    /// The device refused the test response: an unlock would not work.
    case probeFailed = 123
    /// The connection broke before the device confirmed the unlock.
    case outcomeUnknown = 124
    /// The card's PIN belongs to another applet.
    case otherApplet = 125
    /// The device has a PIN or credentials, so it cannot be enrolled without permission.
    case enrolmentRefused = 126
    /// The device refused the new issuer key.
    case rotationRefused = 127
    /// A new challenge needs a touch, or a request within ten seconds of plugging in.
    case renewRefused = 128
    /// The device has no key in this slot.
    case suiteNotEnrolled = 129
    /// The device could not read or write its own memory.
    case storeBroken = 130
    /// This is the device's only issuer key: without it, nobody could ever unlock the device.
    case lastSlot = 131
    /// The device's counter has reached its end: it can never be unlocked again.
    case counterAtEnd = 132
    /// The code has the wrong length.
    case codeLength = 201
    /// The code contains a character that no code uses.
    case codeCharacter = 202
    /// The code has a typing error.
    case codeCheck = 203
    /// This is the wrong kind of code.
    case codeKind = 204
    /// The lines of the code are in the wrong order.
    case codeOrder = 205
    /// The code is not one that this software makes.
    case codePadding = 206
    /// The challenge has a version that this software does not know.
    case codeVersion = 207
    /// The challenge names a suite that this software does not know.
    case codeSuite = 208
    /// The PIN is too short.
    case pinTooShort = 301
    /// The PIN is too long.
    case pinTooLong = 302
    /// The PIN contains a character that is not allowed.
    case pinCharacter = 303
    /// The PIN is too easy to guess.
    case pinTrivial = 304
    /// The PIN is on the list of forbidden PINs.
    case pinListed = 305
    /// The two PINs are not the same.
    case pinConfirmation = 306
    /// The device's own rules refuse this PIN.
    case pinRefusedByDevice = 307
    /// The device requires a PIN that differs from the old one.
    case pinSameAsOld = 308
    /// There is no licence.
    case licenceMissing = 401
    /// The licence has expired.
    case licenceExpired = 402
    /// The unlock service is switched off.
    case serviceOff = 403
    /// More devices are registered than the licence covers.
    case licenceDevices = 404
    /// You do not have the privilege for this.
    case privilegeMissing = 405
    /// The caller has not been verified.
    case callerUnverified = 406
    /// This way of verifying the caller is not enough for this user.
    case callerMethod = 407
    /// A reason or ticket number is required.
    case reasonMissing = 408
    /// A second operator must approve.
    case approvalMissing = 409
    /// You cannot approve your own request.
    case approvalSelf = 410
    /// Too many Response Codes have been given out for this device.
    case limitDevice = 411
    /// You have given out too many Response Codes.
    case limitOperator = 412
    /// Too many Response Codes have been given out in total.
    case limitIssuer = 413
    /// The request is older than ten minutes.
    case requestExpired = 414
    /// The request has already been answered.
    case requestUsed = 415
    /// No such user is registered.
    case userUnknown = 416
    /// No such device is registered.
    case deviceUnknown = 417
    /// This challenge was already answered for another Device ID.
    case challengeElsewhere = 418
    /// The device's unlock counter went back: an old copy of its memory may have been restored.
    case counterWentBack = 419
    /// The device was unlocked without a record of it.
    case counterMoved = 420
    /// The challenge's suite is not the one registered for this device.
    case challengeSuite = 421
    /// The challenge's key slot is not the one registered for this device.
    case challengeSlot = 422
    /// This computer's clock went back.
    case clockWentBack = 423
    /// This admin key is a known default.
    case adminKeyDefault = 424
    /// Another device has the same admin key.
    case adminKeyShared = 425
    /// The channel was typed in or changed recently, so no code is sent to it.
    case channelUnusable = 426
    /// No such operator, or wrong password.
    case operatorUnknown = 427
    /// This device is no longer in use.
    case deviceRetired = 428
    /// No such request is open.
    case requestUnknown = 429
    /// This device is registered for another user.
    case deviceNotUsers = 430
    /// This Device ID is already registered.
    case deviceExists = 431
    /// The second operator did not approve.
    case approvalRefused = 432
    /// The approval system cannot be reached.
    case approvalUnavailable = 433
    /// The approval is for another request, or for this one before it was changed.
    case approvalElsewhere = 434
    /// The approver is not an operator of this help desk.
    case approverUnknown = 435
    /// The approver does not have the privilege for this.
    case approverPrivilege = 436
    /// The help desk is still being set up: it gives no code yet.
    case deskNotOpen = 437
    /// Too many wrong passwords were typed for this operator.
    case signInLocked = 438
    /// This computer's clock differs from the database's.
    case clockDiffers = 439
    /// The password or passphrase is too short or too common.
    case passwordWeak = 440
    /// The help desk's set-up has ended.
    case setUpEnded = 441
    /// There is an operator of this name, or of one that looks like it.
    case operatorExists = 442
    /// This is the help desk's only Administrator.
    case lastAdministrator = 443
    /// This is no licence that the vendor signed.
    case licenceRefused = 444
    /// The operator approved this request before taking it over.
    case approverTookOver = 445
    /// Nothing that was asked for rests here.
    case nothingRests = 446
    /// There is no operator of this name.
    case operatorMissing = 447
    /// There is no such alarm, or it was acknowledged before.
    case alarmUnknown = 448
    /// This needs a sign-in of the last few minutes.
    case confirmationMissing = 450
    /// This operator signs in with a passkey.
    case passkeyWanted = 451
    /// The passkey was not taken.
    case passkeyRefused = 452
    /// No such operator, or the one-time code is wrong or has run out.
    case signInCodeWrong = 453
    /// The user's manager or an operator says that the caller is not the user.
    case callerDenied = 454
    /// No security key or card was found.
    case noDevice = 501
    /// This user may not open the device.
    case permissionDenied = 502
    /// Only an administrator may open the device.
    case needsElevation = 503
    /// The sandbox that this program runs in hides the device.
    case sandboxed = 504
    /// Another program is using the device.
    case busy = 505
    /// The device was removed.
    case gone = 506
    /// The device did not answer in time.
    case deadlineExceeded = 507
    /// Cancelled.
    case cancelled = 508
    /// The device sent something that is not CTAP.
    case framing = 509
    /// The message is too large for the device.
    case messageTooLarge = 510
    /// The smart card service is not running.
    case noService = 511
    /// No smart card reader was found.
    case noReader = 512
    /// There is no card in the reader.
    case noCard = 513
    /// The connection to the device failed.
    case transportFailed = 514
    /// Another program reset the card.
    case cardReset = 515
    /// The card has no FIDO applet.
    case appletMissing = 516
    /// Several devices are connected.
    case severalDevices = 517
    /// The smart card service refuses this user.
    case serviceRefused = 518
    /// The smart card service is older than this program's library.
    case serviceOutdated = 519
    /// This program was built without USB keys and smart cards.
    case notBuilt = 520
    /// The help desk cannot be reached.
    case deskUnreachable = 521
    /// There is no issuer key for this slot.
    case keyMissing = 601
    /// The key file does not hold a key in a known format.
    case keyFile = 602
    /// The passphrase does not open the key file.
    case keyPassphrase = 603
    /// This key is for another suite.
    case signerSuite = 604
    /// The signer cannot be reached.
    case signerUnavailable = 605
    /// The signer refused to make the response.
    case signerFailed = 606
    /// A public key is not a point on the curve.
    case invalidPoint = 607
    /// This issuer key is retired and serves only devices that have not been rotated yet.
    case keyRetired = 608
    /// This slot already has a key.
    case keyExists = 609
    /// This computer could not generate a random number.
    case entropyFailed = 610
    /// The checkpoint key is also an issuer key.
    case keyPurpose = 611
    /// These are the keys, or the database, of another help desk.
    case keyElsewhere = 612
    /// Stored data cannot be read.
    case storeRead = 701
    /// Data cannot be stored.
    case storeWrite = 702
    /// Stored data is damaged.
    case storeCorrupt = 703
    /// The audit log was changed or has a gap.
    case auditBroken = 704
    /// The audit log does not agree with its checkpoint.
    case auditCheckpoint = 705
    /// Stored data has a version that this software does not know.
    case storeVersion = 706
    /// Another program is writing to the same data.
    case storeBusy = 707
    /// The saved unlock cannot be read.
    case sessionUnreadable = 708
    /// The text is neither UTF-8 nor UTF-16.
    case textEncoding = 709
    /// The text is too long.
    case textTooLong = 710
    /// The text does not have the expected form.
    case textForm = 711
    /// Other users of this computer can write to the folder.
    case folderShared = 712
    /// Stored data is not what the help desk wrote: somebody changed it.
    case storeTampered = 713
    /// The help desk's data is older than what was seen of it before.
    case storeSetBack = 714
    /// There is no room left to store data.
    case storeFull = 715
    /// This is the folder of an older version, which this one cannot read.
    case storeOutdated = 716
    /// Nobody whom this program trusts has signed this text.
    case noteUntrusted = 717
    /// The audit log has no such entry.
    case entryUnknown = 718
    /// The library was called with an invalid argument.
    case invalidArgument = 801
    /// The library was called in the wrong order.
    case wrongState = 802
    /// The program's own part failed.
    case hostFailed = 803
    /// What was given on the command line or typed cannot be used.
    case usage = 804
    /// A secret must be typed, but there is no terminal.
    case notInteractive = 805
    /// The result cannot be written.
    case outputFailed = 806
}
