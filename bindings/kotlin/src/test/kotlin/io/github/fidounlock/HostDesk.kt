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

/** User and device, by the first operator. */
fun register(desk: HelpDesk, host: Host, enrolled: Enrolled): OperatorSession {
    val session = desk.signIn("desk-1", Host.PASSWORD)
    desk.putUser(session, deskUser)
    if (host.suite == Suite.AES_ADMIN_KEY) {
        desk.registerDevice(session, "user-1", enrolled.device, SLOT, enrolled.issuer)
    } else {
        desk.registerDeviceByPublicKey(session, "user-1", enrolled.device, SLOT, host.suite, host.hsm.publicKey())
    }
    return session
}

/** A request that is ready for its code. */
fun prepare(desk: HelpDesk, session: OperatorSession, host: Host, unlock: UnlockSession): ULong {
    val id = desk.openRequest(session, "user-1", unlock.deviceId(), "forgotten PIN").id
    desk.verifyCaller(session, id, host)
    desk.enterChallenge(session, id, unlock.challenge())
    return id
}

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
