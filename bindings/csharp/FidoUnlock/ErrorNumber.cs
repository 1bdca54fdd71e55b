namespace FidoUnlock
{
    /// <summary>
    /// The numbers of docs/errors.md. A number never changes its meaning; a newer library may have more, so leave room
    /// for what is not here.
    /// </summary>
    public enum ErrorNumber : ushort
    {
        /// <summary>Device not locked.</summary>
        DeviceNotLocked = 101,
        /// <summary>This device was never enrolled for unlocking.</summary>
        DeviceNotEnrolled = 102,
        /// <summary>The device refuses PINs until it is plugged in again.</summary>
        PinAuthBlocked = 103,
        /// <summary>Five wrong Response Codes since the device was plugged in.</summary>
        TooManyWrongResponses = 104,
        /// <summary>This Response Code does not match this device and challenge.</summary>
        ResponseWrong = 105,
        /// <summary>The device is waiting for the response to another challenge.</summary>
        ChallengePending = 106,
        /// <summary>The device has been unlocked since it showed this challenge, so the Response Code is void.</summary>
        ChallengeUsed = 107,
        /// <summary>The device has a new challenge, so the Response Code for the old one is void.</summary>
        ChallengeRenewed = 108,
        /// <summary>This is not the device that the unlock was started with.</summary>
        OtherDevice = 109,
        /// <summary>Nobody touched the device in time.</summary>
        TouchTimedOut = 110,
        /// <summary>The request was declined on the device.</summary>
        TouchRefused = 111,
        /// <summary>The device trusts an issuer key that is not this help desk's.</summary>
        ForeignIssuer = 112,
        /// <summary>The fingerprint sensor is blocked.</summary>
        UvBlocked = 113,
        /// <summary>The device has no PIN.</summary>
        PinNotSet = 114,
        /// <summary>Wrong PIN.</summary>
        PinInvalid = 115,
        /// <summary>The PIN is blocked: too many wrong tries.</summary>
        PinBlocked = 116,
        /// <summary>The device could not verify the message that was sent to it.</summary>
        MacRefused = 117,
        /// <summary>The device could not generate a random number.</summary>
        NoEntropy = 118,
        /// <summary>The device answered with an unexpected status.</summary>
        UnexpectedStatus = 119,
        /// <summary>The device's answer does not follow the protocol.</summary>
        MalformedAnswer = 120,
        /// <summary>The device does not know this command.</summary>
        NotSupported = 121,
        /// <summary>The device is sealed: its issuer keys are already enrolled.</summary>
        Sealed = 122,
        /// <summary>The device refused the test response: an unlock would not work.</summary>
        ProbeFailed = 123,
        /// <summary>The connection broke before the device confirmed the unlock.</summary>
        OutcomeUnknown = 124,
        /// <summary>The card's PIN belongs to another applet.</summary>
        OtherApplet = 125,
        /// <summary>The device has a PIN or credentials, so it cannot be enrolled without permission.</summary>
        EnrolmentRefused = 126,
        /// <summary>The device refused the new issuer key.</summary>
        RotationRefused = 127,
        /// <summary>A new challenge needs a touch, or a request within ten seconds of plugging in.</summary>
        RenewRefused = 128,
        /// <summary>The device has no key in this slot.</summary>
        SuiteNotEnrolled = 129,
        /// <summary>The device could not read or write its own memory.</summary>
        StoreBroken = 130,
        /// <summary>This is the device's only issuer key: without it, nobody could ever unlock the device.</summary>
        LastSlot = 131,
        /// <summary>The device's counter has reached its end: it can never be unlocked again.</summary>
        CounterAtEnd = 132,
        /// <summary>The code has the wrong length.</summary>
        CodeLength = 201,
        /// <summary>The code contains a character that no code uses.</summary>
        CodeCharacter = 202,
        /// <summary>The code has a typing error.</summary>
        CodeCheck = 203,
        /// <summary>This is the wrong kind of code.</summary>
        CodeKind = 204,
        /// <summary>The lines of the code are in the wrong order.</summary>
        CodeOrder = 205,
        /// <summary>The code is not one that this software makes.</summary>
        CodePadding = 206,
        /// <summary>The challenge has a version that this software does not know.</summary>
        CodeVersion = 207,
        /// <summary>The challenge names a suite that this software does not know.</summary>
        CodeSuite = 208,
        /// <summary>The PIN is too short.</summary>
        PinTooShort = 301,
        /// <summary>The PIN is too long.</summary>
        PinTooLong = 302,
        /// <summary>The PIN contains a character that is not allowed.</summary>
        PinCharacter = 303,
        /// <summary>The PIN is too easy to guess.</summary>
        PinTrivial = 304,
        /// <summary>The PIN is on the list of forbidden PINs.</summary>
        PinListed = 305,
        /// <summary>The two PINs are not the same.</summary>
        PinConfirmation = 306,
        /// <summary>The device's own rules refuse this PIN.</summary>
        PinRefusedByDevice = 307,
        /// <summary>The device requires a PIN that differs from the old one.</summary>
        PinSameAsOld = 308,
        /// <summary>There is no licence.</summary>
        LicenceMissing = 401,
        /// <summary>The licence has expired.</summary>
        LicenceExpired = 402,
        /// <summary>The unlock service is switched off.</summary>
        ServiceOff = 403,
        /// <summary>More devices are registered than the licence covers.</summary>
        LicenceDevices = 404,
        /// <summary>You do not have the privilege for this.</summary>
        PrivilegeMissing = 405,
        /// <summary>The caller has not been verified.</summary>
        CallerUnverified = 406,
        /// <summary>This way of verifying the caller is not enough for this user.</summary>
        CallerMethod = 407,
        /// <summary>A reason or ticket number is required.</summary>
        ReasonMissing = 408,
        /// <summary>A second operator must approve.</summary>
        ApprovalMissing = 409,
        /// <summary>You cannot approve your own request.</summary>
        ApprovalSelf = 410,
        /// <summary>Too many Response Codes have been given out for this device.</summary>
        LimitDevice = 411,
        /// <summary>You have given out too many Response Codes.</summary>
        LimitOperator = 412,
        /// <summary>Too many Response Codes have been given out in total.</summary>
        LimitIssuer = 413,
        /// <summary>The request is older than ten minutes.</summary>
        RequestExpired = 414,
        /// <summary>The request has already been answered.</summary>
        RequestUsed = 415,
        /// <summary>No such user is registered.</summary>
        UserUnknown = 416,
        /// <summary>No such device is registered.</summary>
        DeviceUnknown = 417,
        /// <summary>This challenge was already answered for another Device ID.</summary>
        ChallengeElsewhere = 418,
        /// <summary>The device's unlock counter went back: an old copy of its memory may have been restored.</summary>
        CounterWentBack = 419,
        /// <summary>The device was unlocked without a record of it.</summary>
        CounterMoved = 420,
        /// <summary>The challenge's suite is not the one registered for this device.</summary>
        ChallengeSuite = 421,
        /// <summary>The challenge's key slot is not the one registered for this device.</summary>
        ChallengeSlot = 422,
        /// <summary>This computer's clock went back.</summary>
        ClockWentBack = 423,
        /// <summary>This admin key is a known default.</summary>
        AdminKeyDefault = 424,
        /// <summary>Another device has the same admin key.</summary>
        AdminKeyShared = 425,
        /// <summary>The channel was typed in or changed recently, so no code is sent to it.</summary>
        ChannelUnusable = 426,
        /// <summary>No such operator, or wrong password.</summary>
        OperatorUnknown = 427,
        /// <summary>This device is no longer in use.</summary>
        DeviceRetired = 428,
        /// <summary>No such request is open.</summary>
        RequestUnknown = 429,
        /// <summary>This device is registered for another user.</summary>
        DeviceNotUsers = 430,
        /// <summary>This Device ID is already registered.</summary>
        DeviceExists = 431,
        /// <summary>The second operator did not approve.</summary>
        ApprovalRefused = 432,
        /// <summary>The approval system cannot be reached.</summary>
        ApprovalUnavailable = 433,
        /// <summary>The approval is for another request, or for this one before it was changed.</summary>
        ApprovalElsewhere = 434,
        /// <summary>The approver is not an operator of this help desk.</summary>
        ApproverUnknown = 435,
        /// <summary>The approver does not have the privilege for this.</summary>
        ApproverPrivilege = 436,
        /// <summary>The help desk is still being set up: it gives no code yet.</summary>
        DeskNotOpen = 437,
        /// <summary>Too many wrong passwords were typed for this operator.</summary>
        SignInLocked = 438,
        /// <summary>This computer's clock differs from the database's.</summary>
        ClockDiffers = 439,
        /// <summary>The password or passphrase is too short or too common.</summary>
        PasswordWeak = 440,
        /// <summary>The help desk's set-up has ended.</summary>
        SetUpEnded = 441,
        /// <summary>There is an operator of this name, or of one that looks like it.</summary>
        OperatorExists = 442,
        /// <summary>This is the help desk's only Administrator.</summary>
        LastAdministrator = 443,
        /// <summary>This is no licence that the vendor signed.</summary>
        LicenceRefused = 444,
        /// <summary>The operator approved this request before taking it over.</summary>
        ApproverTookOver = 445,
        /// <summary>Nothing that was asked for rests here.</summary>
        NothingRests = 446,
        /// <summary>There is no operator of this name.</summary>
        OperatorMissing = 447,
        /// <summary>There is no such alarm, or it was acknowledged before.</summary>
        AlarmUnknown = 448,
        /// <summary>This needs a sign-in of the last few minutes.</summary>
        ConfirmationMissing = 450,
        /// <summary>This operator signs in with a passkey.</summary>
        PasskeyWanted = 451,
        /// <summary>The passkey was not taken.</summary>
        PasskeyRefused = 452,
        /// <summary>No such operator, or the one-time code is wrong or has run out.</summary>
        SignInCodeWrong = 453,
        /// <summary>The user's manager or an operator says that the caller is not the user.</summary>
        CallerDenied = 454,
        /// <summary>No security key or card was found.</summary>
        NoDevice = 501,
        /// <summary>This user may not open the device.</summary>
        PermissionDenied = 502,
        /// <summary>Only an administrator may open the device.</summary>
        NeedsElevation = 503,
        /// <summary>The sandbox that this program runs in hides the device.</summary>
        Sandboxed = 504,
        /// <summary>Another program is using the device.</summary>
        Busy = 505,
        /// <summary>The device was removed.</summary>
        Gone = 506,
        /// <summary>The device did not answer in time.</summary>
        DeadlineExceeded = 507,
        /// <summary>Cancelled.</summary>
        Cancelled = 508,
        /// <summary>The device sent something that is not CTAP.</summary>
        Framing = 509,
        /// <summary>The message is too large for the device.</summary>
        MessageTooLarge = 510,
        /// <summary>The smart card service is not running.</summary>
        NoService = 511,
        /// <summary>No smart card reader was found.</summary>
        NoReader = 512,
        /// <summary>There is no card in the reader.</summary>
        NoCard = 513,
        /// <summary>The connection to the device failed.</summary>
        TransportFailed = 514,
        /// <summary>Another program reset the card.</summary>
        CardReset = 515,
        /// <summary>The card has no FIDO applet.</summary>
        AppletMissing = 516,
        /// <summary>Several devices are connected.</summary>
        SeveralDevices = 517,
        /// <summary>The smart card service refuses this user.</summary>
        ServiceRefused = 518,
        /// <summary>The smart card service is older than this program's library.</summary>
        ServiceOutdated = 519,
        /// <summary>This program was built without USB keys and smart cards.</summary>
        NotBuilt = 520,
        /// <summary>The help desk cannot be reached.</summary>
        DeskUnreachable = 521,
        /// <summary>There is no issuer key for this slot.</summary>
        KeyMissing = 601,
        /// <summary>The key file does not hold a key in a known format.</summary>
        KeyFile = 602,
        /// <summary>The passphrase does not open the key file.</summary>
        KeyPassphrase = 603,
        /// <summary>This key is for another suite.</summary>
        SignerSuite = 604,
        /// <summary>The signer cannot be reached.</summary>
        SignerUnavailable = 605,
        /// <summary>The signer refused to make the response.</summary>
        SignerFailed = 606,
        /// <summary>A public key is not a point on the curve.</summary>
        InvalidPoint = 607,
        /// <summary>This issuer key is retired and serves only devices that have not been rotated yet.</summary>
        KeyRetired = 608,
        /// <summary>This slot already has a key.</summary>
        KeyExists = 609,
        /// <summary>This computer could not generate a random number.</summary>
        EntropyFailed = 610,
        /// <summary>The checkpoint key is also an issuer key.</summary>
        KeyPurpose = 611,
        /// <summary>These are the keys, or the database, of another help desk.</summary>
        KeyElsewhere = 612,
        /// <summary>Stored data cannot be read.</summary>
        StoreRead = 701,
        /// <summary>Data cannot be stored.</summary>
        StoreWrite = 702,
        /// <summary>Stored data is damaged.</summary>
        StoreCorrupt = 703,
        /// <summary>The audit log was changed or has a gap.</summary>
        AuditBroken = 704,
        /// <summary>The audit log does not agree with its checkpoint.</summary>
        AuditCheckpoint = 705,
        /// <summary>Stored data has a version that this software does not know.</summary>
        StoreVersion = 706,
        /// <summary>Another program is writing to the same data.</summary>
        StoreBusy = 707,
        /// <summary>The saved unlock cannot be read.</summary>
        SessionUnreadable = 708,
        /// <summary>The text is neither UTF-8 nor UTF-16.</summary>
        TextEncoding = 709,
        /// <summary>The text is too long.</summary>
        TextTooLong = 710,
        /// <summary>The text does not have the expected form.</summary>
        TextForm = 711,
        /// <summary>Other users of this computer can write to the folder.</summary>
        FolderShared = 712,
        /// <summary>Stored data is not what the help desk wrote: somebody changed it.</summary>
        StoreTampered = 713,
        /// <summary>The help desk's data is older than what was seen of it before.</summary>
        StoreSetBack = 714,
        /// <summary>There is no room left to store data.</summary>
        StoreFull = 715,
        /// <summary>This is the folder of an older version, which this one cannot read.</summary>
        StoreOutdated = 716,
        /// <summary>Nobody whom this program trusts has signed this text.</summary>
        NoteUntrusted = 717,
        /// <summary>The audit log has no such entry.</summary>
        EntryUnknown = 718,
        /// <summary>The library was called with an invalid argument.</summary>
        InvalidArgument = 801,
        /// <summary>The library was called in the wrong order.</summary>
        WrongState = 802,
        /// <summary>The program's own part failed.</summary>
        HostFailed = 803,
        /// <summary>What was given on the command line or typed cannot be used.</summary>
        Usage = 804,
        /// <summary>A secret must be typed, but there is no terminal.</summary>
        NotInteractive = 805,
        /// <summary>The result cannot be written.</summary>
        OutputFailed = 806,
    }
}
