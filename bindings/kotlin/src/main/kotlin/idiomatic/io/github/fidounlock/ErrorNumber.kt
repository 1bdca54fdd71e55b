package io.github.fidounlock

/**
 * The numbers of docs/errors.md. A number never changes its meaning; a newer library may have more, so
 * leave room for what is not here.
 */
enum class ErrorNumber(val number: Int) {
    /** Device not locked. */
    DeviceNotLocked(101),
    /** This device was never enrolled for unlocking. */
    DeviceNotEnrolled(102),
    /** The device refuses PINs until it is plugged in again. */
    PinAuthBlocked(103),
    /** Five wrong Response Codes since the device was plugged in. */
    TooManyWrongResponses(104),
    /** This Response Code does not match this device and challenge. */
    ResponseWrong(105),
    /** The device is waiting for the response to another challenge. */
    ChallengePending(106),
    /** The device has been unlocked since it showed this challenge, so the Response Code is void. */
    ChallengeUsed(107),
    /** The device has a new challenge, so the Response Code for the old one is void. */
    ChallengeRenewed(108),
    /** This is not the device that the unlock was started with. */
    OtherDevice(109),
    /** Nobody touched the device in time. */
    TouchTimedOut(110),
    /** The request was declined on the device. */
    TouchRefused(111),
    /** The device trusts an issuer key that is not this help desk's. */
    ForeignIssuer(112),
    /** The fingerprint sensor is blocked. */
    UvBlocked(113),
    /** The device has no PIN. */
    PinNotSet(114),
    /** Wrong PIN. */
    PinInvalid(115),
    /** The PIN is blocked: too many wrong tries. */
    PinBlocked(116),
    /** The device could not verify the message that was sent to it. */
    MacRefused(117),
    /** The device could not generate a random number. */
    NoEntropy(118),
    /** The device answered with an unexpected status. */
    UnexpectedStatus(119),
    /** The device's answer does not follow the protocol. */
    MalformedAnswer(120),
    /** The device does not know this command. */
    NotSupported(121),
    /** The device is sealed: its issuer keys are already enrolled. */
    Sealed(122),
    /** The device refused the test response: an unlock would not work. */
    ProbeFailed(123),
    /** The connection broke before the device confirmed the unlock. */
    OutcomeUnknown(124),
    /** The card's PIN belongs to another applet. */
    OtherApplet(125),
    /** The device has a PIN or credentials, so it cannot be enrolled without permission. */
    EnrolmentRefused(126),
    /** The device refused the new issuer key. */
    RotationRefused(127),
    /** A new challenge needs a touch, or a request within ten seconds of plugging in. */
    RenewRefused(128),
    /** The device has no key in this slot. */
    SuiteNotEnrolled(129),
    /** The device could not read or write its own memory. */
    StoreBroken(130),
    /** This is the device's only issuer key: without it, nobody could ever unlock the device. */
    LastSlot(131),
    /** The device's counter has reached its end: it can never be unlocked again. */
    CounterAtEnd(132),
    /** The code has the wrong length. */
    CodeLength(201),
    /** The code contains a character that no code uses. */
    CodeCharacter(202),
    /** The code has a typing error. */
    CodeCheck(203),
    /** This is the wrong kind of code. */
    CodeKind(204),
    /** The lines of the code are in the wrong order. */
    CodeOrder(205),
    /** The code is not one that this software makes. */
    CodePadding(206),
    /** The challenge has a version that this software does not know. */
    CodeVersion(207),
    /** The challenge names a suite that this software does not know. */
    CodeSuite(208),
    /** The PIN is too short. */
    PinTooShort(301),
    /** The PIN is too long. */
    PinTooLong(302),
    /** The PIN contains a character that is not allowed. */
    PinCharacter(303),
    /** The PIN is too easy to guess. */
    PinTrivial(304),
    /** The PIN is on the list of forbidden PINs. */
    PinListed(305),
    /** The two PINs are not the same. */
    PinConfirmation(306),
    /** The device's own rules refuse this PIN. */
    PinRefusedByDevice(307),
    /** The device requires a PIN that differs from the old one. */
    PinSameAsOld(308),
    /** There is no licence. */
    LicenceMissing(401),
    /** The licence has expired. */
    LicenceExpired(402),
    /** The unlock service is switched off. */
    ServiceOff(403),
    /** More devices are registered than the licence covers. */
    LicenceDevices(404),
    /** You do not have the privilege for this. */
    PrivilegeMissing(405),
    /** The caller has not been verified. */
    CallerUnverified(406),
    /** This way of verifying the caller is not enough for this user. */
    CallerMethod(407),
    /** A reason or ticket number is required. */
    ReasonMissing(408),
    /** A second operator must approve. */
    ApprovalMissing(409),
    /** You cannot approve your own request. */
    ApprovalSelf(410),
    /** Too many Response Codes have been given out for this device. */
    LimitDevice(411),
    /** You have given out too many Response Codes. */
    LimitOperator(412),
    /** Too many Response Codes have been given out in total. */
    LimitIssuer(413),
    /** The request is older than ten minutes. */
    RequestExpired(414),
    /** The request has already been answered. */
    RequestUsed(415),
    /** No such user is registered. */
    UserUnknown(416),
    /** No such device is registered. */
    DeviceUnknown(417),
    /** This challenge was already answered for another Device ID. */
    ChallengeElsewhere(418),
    /** The device's unlock counter went back: an old copy of its memory may have been restored. */
    CounterWentBack(419),
    /** The device was unlocked without a record of it. */
    CounterMoved(420),
    /** The challenge's suite is not the one registered for this device. */
    ChallengeSuite(421),
    /** The challenge's key slot is not the one registered for this device. */
    ChallengeSlot(422),
    /** This computer's clock went back. */
    ClockWentBack(423),
    /** This admin key is a known default. */
    AdminKeyDefault(424),
    /** Another device has the same admin key. */
    AdminKeyShared(425),
    /** The channel was typed in or changed recently, so no code is sent to it. */
    ChannelUnusable(426),
    /** No such operator, or wrong password. */
    OperatorUnknown(427),
    /** This device is no longer in use. */
    DeviceRetired(428),
    /** No such request is open. */
    RequestUnknown(429),
    /** This device is registered for another user. */
    DeviceNotUsers(430),
    /** This Device ID is already registered. */
    DeviceExists(431),
    /** The second operator did not approve. */
    ApprovalRefused(432),
    /** The approval system cannot be reached. */
    ApprovalUnavailable(433),
    /** The approval is for another request, or for this one before it was changed. */
    ApprovalElsewhere(434),
    /** The approver is not an operator of this help desk. */
    ApproverUnknown(435),
    /** The approver does not have the privilege for this. */
    ApproverPrivilege(436),
    /** The help desk is still being set up: it gives no code yet. */
    DeskNotOpen(437),
    /** Too many wrong passwords were typed for this operator. */
    SignInLocked(438),
    /** This computer's clock differs from the database's. */
    ClockDiffers(439),
    /** The password or passphrase is too short or too common. */
    PasswordWeak(440),
    /** The help desk's set-up has ended. */
    SetUpEnded(441),
    /** There is an operator of this name, or of one that looks like it. */
    OperatorExists(442),
    /** This is the help desk's only Administrator. */
    LastAdministrator(443),
    /** This is no licence that the vendor signed. */
    LicenceRefused(444),
    /** The operator approved this request before taking it over. */
    ApproverTookOver(445),
    /** Nothing that was asked for rests here. */
    NothingRests(446),
    /** There is no operator of this name. */
    OperatorMissing(447),
    /** There is no such alarm, or it was acknowledged before. */
    AlarmUnknown(448),
    /** This needs a sign-in of the last few minutes. */
    ConfirmationMissing(450),
    /** This operator signs in with a passkey. */
    PasskeyWanted(451),
    /** The passkey was not taken. */
    PasskeyRefused(452),
    /** No such operator, or the one-time code is wrong or has run out. */
    SignInCodeWrong(453),
    /** The user's manager or an operator says that the caller is not the user. */
    CallerDenied(454),
    /** No security key or card was found. */
    NoDevice(501),
    /** This user may not open the device. */
    PermissionDenied(502),
    /** Only an administrator may open the device. */
    NeedsElevation(503),
    /** The sandbox that this program runs in hides the device. */
    Sandboxed(504),
    /** Another program is using the device. */
    Busy(505),
    /** The device was removed. */
    Gone(506),
    /** The device did not answer in time. */
    DeadlineExceeded(507),
    /** Cancelled. */
    Cancelled(508),
    /** The device sent something that is not CTAP. */
    Framing(509),
    /** The message is too large for the device. */
    MessageTooLarge(510),
    /** The smart card service is not running. */
    NoService(511),
    /** No smart card reader was found. */
    NoReader(512),
    /** There is no card in the reader. */
    NoCard(513),
    /** The connection to the device failed. */
    TransportFailed(514),
    /** Another program reset the card. */
    CardReset(515),
    /** The card has no FIDO applet. */
    AppletMissing(516),
    /** Several devices are connected. */
    SeveralDevices(517),
    /** The smart card service refuses this user. */
    ServiceRefused(518),
    /** The smart card service is older than this program's library. */
    ServiceOutdated(519),
    /** This program was built without USB keys and smart cards. */
    NotBuilt(520),
    /** The help desk cannot be reached. */
    DeskUnreachable(521),
    /** There is no issuer key for this slot. */
    KeyMissing(601),
    /** The key file does not hold a key in a known format. */
    KeyFile(602),
    /** The passphrase does not open the key file. */
    KeyPassphrase(603),
    /** This key is for another suite. */
    SignerSuite(604),
    /** The signer cannot be reached. */
    SignerUnavailable(605),
    /** The signer refused to make the response. */
    SignerFailed(606),
    /** A public key is not a point on the curve. */
    InvalidPoint(607),
    /** This issuer key is retired and serves only devices that have not been rotated yet. */
    KeyRetired(608),
    /** This slot already has a key. */
    KeyExists(609),
    /** This computer could not generate a random number. */
    EntropyFailed(610),
    /** The checkpoint key is also an issuer key. */
    KeyPurpose(611),
    /** These are the keys, or the database, of another help desk. */
    KeyElsewhere(612),
    /** Stored data cannot be read. */
    StoreRead(701),
    /** Data cannot be stored. */
    StoreWrite(702),
    /** Stored data is damaged. */
    StoreCorrupt(703),
    /** The audit log was changed or has a gap. */
    AuditBroken(704),
    /** The audit log does not agree with its checkpoint. */
    AuditCheckpoint(705),
    /** Stored data has a version that this software does not know. */
    StoreVersion(706),
    /** Another program is writing to the same data. */
    StoreBusy(707),
    /** The saved unlock cannot be read. */
    SessionUnreadable(708),
    /** The text is neither UTF-8 nor UTF-16. */
    TextEncoding(709),
    /** The text is too long. */
    TextTooLong(710),
    /** The text does not have the expected form. */
    TextForm(711),
    /** Other users of this computer can write to the folder. */
    FolderShared(712),
    /** Stored data is not what the help desk wrote: somebody changed it. */
    StoreTampered(713),
    /** The help desk's data is older than what was seen of it before. */
    StoreSetBack(714),
    /** There is no room left to store data. */
    StoreFull(715),
    /** This is the folder of an older version, which this one cannot read. */
    StoreOutdated(716),
    /** Nobody whom this program trusts has signed this text. */
    NoteUntrusted(717),
    /** The audit log has no such entry. */
    EntryUnknown(718),
    /** The library was called with an invalid argument. */
    InvalidArgument(801),
    /** The library was called in the wrong order. */
    WrongState(802),
    /** The program's own part failed. */
    HostFailed(803),
    /** What was given on the command line or typed cannot be used. */
    Usage(804),
    /** A secret must be typed, but there is no terminal. */
    NotInteractive(805),
    /** The result cannot be written. */
    OutputFailed(806);

    companion object {
        /** The row with this number; null for one that is newer than this list. */
        fun of(number: Int): ErrorNumber? = entries.find { it.number == number }
    }
}
