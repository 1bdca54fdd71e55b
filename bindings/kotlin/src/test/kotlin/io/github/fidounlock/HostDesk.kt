package io.github.fidounlock

/** The owner of the device. */
val deskUser = DeskUser(
    "user-1", "User One", false, listOf(DeskChannel("mail", ChannelKind.MAIL, "user-1@corp.example")),
)

/** A key that is enrolled for the host's HSM, with a PIN that is blocked. */
fun lockedFor(host: Host): Enrolled {
    val issuer = host.hsm.publicKey().takeIf { host.suite != Suite.AES_ADMIN_KEY }
    return Enrolled(host.suite, issuer).also { it.key.block("Winter24") }
}

/** Seconds since 1970. */
fun now(): ULong = (System.currentTimeMillis() / 1000).toULong()

/** The enrolled device; `issuer`: the public key of its slot. */
fun newDevice(enrolled: Enrolled, issuer: ByteArray?) = NewDevice(
    enrolled.device.deviceId, "user-1", enrolled.suite, SLOT, issuer, enrolled.device.deviceKey, emptyList(),
)

/** The set-up: licence, a second operator, issuer, user and device. */
fun setUp(desk: HelpDesk, enrolled: Enrolled, issuer: ByteArray?, time: ULong): OperatorSession {
    val session = desk.signIn("desk-1", Host.PASSWORD)
    desk.putLicence(session, mockLicence(time, 3u))
    desk.putOperator(session, DeskOperator("desk-2", emptyList(), listOf(DeskPrivilege.UNLOCK)), Host.PASSWORD)
    desk.putUser(session, deskUser)
    issuer?.let { desk.putIssuer(session, IssuerInfo(SLOT, enrolled.suite, it, false)) }
    val adminKey = enrolled.issuer.takeIf { issuer == null }
    desk.mayRegister(session, newDevice(enrolled, issuer), adminKey)
    desk.registerDevice(session, newDevice(enrolled, issuer), adminKey)
    return session
}

/** The same with the host's HSM, and the desk is opened. */
fun register(desk: HelpDesk, host: Host, enrolled: Enrolled): OperatorSession {
    val issuer = host.hsm.publicKey().takeIf { host.suite != Suite.AES_ADMIN_KEY }
    return setUp(desk, enrolled, issuer, Host.START).also(desk::openDesk)
}

/** A request that is ready for its code. */
fun prepare(desk: HelpDesk, session: OperatorSession, verifier: CallerVerifier, unlock: UnlockSession): String {
    val id = desk.openRequest(session, "user-1", unlock.deviceId(), "forgotten PIN").id
    desk.verifyCaller(session, id, verifier)
    desk.enterChallenge(session, id, unlock.challenge())
    return id
}

fun sendNotices(desk: HelpDesk) {
    while (desk.sendNotice()) Unit
}

/** Whole, by the desk's own keys. */
fun HelpDesk.verifyAudit(): AuditSummary = verifyAudit(emptyList(), emptyList())

/** The blocked key, and its unlock begun. */
fun <R> begun(host: Host, work: (Enrolled, Device, UnlockSession) -> R): R = lockedFor(host).use { enrolled ->
    enrolled.key.open(MockWire.HID, Interface.VENDOR).use { device ->
        UnlockSession.begin(device, null, null, null).use { work(enrolled, device, it) }
    }
}

private fun <R> Enrolled.fido(work: (Device) -> R): R = key.open(MockWire.HID, Interface.FIDO).use(work)

fun rotation(enrolled: Enrolled, old: Hsm, next: Hsm) =
    RotationPlan(SLOT, old.publicKey(), next.publicKey(), enrolled.device.deviceKey)

fun rotate(host: Host, enrolled: Enrolled, plan: RotationPlan): UInt =
    enrolled.fido { it.rotateIssuer(plan, host, null, null, null) }

fun probe(host: Host, enrolled: Enrolled, key: Hsm): UByte = enrolled.fido { device ->
    device.probeWith(SLOT, key.publicKey(), enrolled.device.deviceKey, host, null, null).use { it.slot() }
}

/** A probe, and a rotation that is taken back. */
fun thereAndBack(host: Host, enrolled: Enrolled) {
    probe(host, enrolled, host.hsm)
    rotate(host, enrolled, rotation(enrolled, host.hsm, host.next))
    rotate(host, enrolled, rotation(enrolled, host.next, host.hsm))
}
