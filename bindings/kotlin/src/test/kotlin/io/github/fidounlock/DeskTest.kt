package io.github.fidounlock

import java.io.File
import java.nio.ByteBuffer
import java.nio.file.Path
import java.util.concurrent.CopyOnWriteArrayList
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

private const val PASSWORD = "correct horse battery"
private const val PASSPHRASE = "staple of the keys"

/** The operator's side, over a folder of files. */
class DeskTest {
    @TempDir
    lateinit var temporary: Path

    private class Notifier(val tell: (OwnerNotice) -> Unit = {}) : OwnerNotifier {
        override fun notifyOwner(notice: OwnerNotice) = tell(notice)
    }

    private class Verifier(val check: (CallerTask) -> CallerCheck) : CallerVerifier {
        override fun verify(task: CallerTask) = check(task)
    }

    private val callBack =
        Verifier { CallerCheck(true, VerificationMethod.CALL_BACK, false, "spoke to her".toByteArray()) }

    private fun folder(issuer: IssuerKey): DeskFolder {
        val folder = DeskFolder.create(temporary.resolve("desk").toString())
        folder.putLicence(4_102_444_800u, 10u, "licences@corp.example")
        folder.putOperator("desk-1", PASSWORD, DeskRole.ADMINISTRATOR)
        folder.putOperator("desk-2", PASSWORD, DeskRole.DEVICE_SERVICE_ADMINISTRATOR)
        if (issuer.suite() != Suite.AES_ADMIN_KEY) folder.putIssuerKey(SLOT, issuer, PASSPHRASE)
        return folder
    }

    private fun wrappingKey(suite: Suite): ByteBuffer {
        val size = if (suite == Suite.AES_ADMIN_KEY) 32 else 0
        return ByteBuffer.allocateDirect(size).apply { repeat(size) { put(it, (it + 1).toByte()) } }
    }

    private val user = DeskUser(
        "user-1",
        "User One",
        false,
        listOf(DeskChannel("mail", ChannelKind.MAIL, "user-1@corp.example")),
    )

    /** Without the time of change, which is the desk's. */
    private fun DeskUser.asGiven() = copy(channels = channels.map { it.copy(changedAt = 0u) })

    @ParameterizedTest
    @EnumSource(Suite::class)
    fun `from the call to the next sign-in`(suite: Suite) = Enrolled(suite).use { enrolled ->
        val notices = CopyOnWriteArrayList<NoticeKind>()
        val folder = folder(enrolled.issuer)
        folder.open(PASSPHRASE, wrappingKey(suite), Notifier { notices.add(it.kind) }).use { desk ->
            val session = desk.signIn("desk-1", PASSWORD)
            assertEquals("desk-1", session.operator())
            desk.putUser(session, user)
            desk.registerDevice(session, "user-1", enrolled.device, SLOT, enrolled.issuer)
            enrolled.key.block("Winter24")

            enrolled.key.open(MockWire.HID, Interface.VENDOR).use { device ->
                val unlock = UnlockSession.begin(device, null, null, null)
                val found = desk.search(session, "user one")
                assertEquals(listOf(unlock.deviceId()), found.flatMap { it.devices }.map { it.deviceId })
                assertEquals(user, desk.findDevice(session, unlock.deviceId()).user.asGiven())
                val request = desk.openRequest(session, "user-1", unlock.deviceId(), "forgotten PIN")
                assertEquals(suite, request.suite)
                val asked = CopyOnWriteArrayList<CallerTask>()
                desk.verifyCaller(session, request.id, Verifier { asked.add(it.copy(user = it.user.asGiven())); callBack.verify(it) })
                assertEquals(listOf(CallerTask(request.id, user, unlock.deviceId(), "desk-1")), asked)
                desk.enterChallenge(session, request.id, unlock.challenge())
                assertTrue(desk.request(session, request.id).run { callerVerified && challengeEntered })
                val code = desk.authorise(session, request.id)
                assertEquals(listOf(request.id), desk.openCodes(session).map { it.request })
                unlock.unlock(device, code, NEW_PIN, NEW_PIN, null, null, null, null)
                desk.done(session, request.id)
                assertEquals(emptyList<OpenCode>(), desk.openCodes(session))
                assertEquals(listOf(NoticeKind.CODE_GIVEN, NoticeKind.DONE), notices)
                assertFalse(code.lines().any { it in File(temporary.toFile(), "desk/audit.jsonl").readText() })
            }
            val report = desk.verifyAudit()
            assertTrue(report.entries > 8u)
            assertEquals(report, folder.verifyAudit())
        }
        enrolled.signIn(NEW_PIN)
    }

    @Test
    fun `a desk refuses, and a callback that throws does not get by`() = Enrolled(Suite.P256_ECDH_MAC).use { enrolled ->
        val folder = folder(enrolled.issuer)
        val broken = Notifier { error("no mail server") }
        folder.open(PASSPHRASE, wrappingKey(enrolled.suite), broken).use { desk ->
            refused<UnlockException.Policy>(427) { desk.signIn("desk-1", "wrong") }
            refused<UnlockException.Store>(707) { folder.open(PASSPHRASE, wrappingKey(enrolled.suite), broken) }
            val session = desk.signIn("desk-1", PASSWORD)
            desk.putUser(session, user)
            desk.registerDevice(session, "user-1", enrolled.device, SLOT, enrolled.issuer)
            val second = desk.signIn("desk-2", PASSWORD)
            refused<UnlockException.Policy>(405) { desk.putUser(second, user) }
            refused<UnlockException.Policy>(431) {
                desk.registerDeviceByPublicKey(
                    session, "user-1", enrolled.device, SLOT, enrolled.suite, enrolled.issuer.publicKey()!!,
                )
            }

            enrolled.key.block("Winter24")
            enrolled.key.open(MockWire.HID, Interface.VENDOR).use { device ->
                val unlock = UnlockSession.begin(device, null, null, null)
                val id = desk.openRequest(session, "user-1", unlock.deviceId(), "forgotten PIN").id
                desk.enterChallenge(session, id, unlock.challenge())
                refused<UnlockException.Policy>(406) { desk.authorise(session, id) }
                val unsure = Verifier { CallerCheck(false, VerificationMethod.CALL_BACK, false, ByteArray(0)) }
                refused<UnlockException.Policy>(406) { desk.verifyCaller(session, id, unsure) }
                val secret = "the identity provider's token"
                val error = refused<UnlockException.Policy>(406) {
                    desk.verifyCaller(session, id, Verifier { error(secret) })
                }
                assertFalse(secret in error.toString())
                val questions = Verifier { CallerCheck(true, VerificationMethod.QUESTIONS, false, ByteArray(0)) }
                refused<UnlockException.Policy>(407) { desk.verifyCaller(session, id, questions); desk.authorise(session, id) }
                val again = desk.openRequest(session, "user-1", unlock.deviceId(), "forgotten PIN").id
                // The desk serves its own verifier meanwhile.
                var seen = 0uL
                desk.verifyCaller(
                    session,
                    again,
                    Verifier {
                        seen = desk.verifyAudit().entries
                        callBack.verify(it)
                    },
                )
                assertTrue(seen > 0uL)
                val wrong = unlock.challenge().replaceFirstChar { if (it == '7') '8' else '7' }
                val typed = refused<UnlockException.Code>(203) { desk.enterChallenge(session, again, wrong) }
                assertEquals(listOf(1.toUByte()), typed.groups.map { it.number })
                desk.enterChallenge(session, again, unlock.challenge())
                refused<UnlockException.Policy>(410) { desk.approve(session, again) }
                desk.approve(second, again)
                assertEquals("desk-2", desk.request(session, again).approvedBy)
                // The owner's notice cannot be sent; the call goes on.
                desk.authorise(session, again)
                refused<UnlockException.Policy>(415) { desk.authorise(session, again) }
                desk.abandon(session, again)
                assertTrue(desk.openCodes(session).single().abandoned)
            }
            desk.retireDevice(session, enrolled.device.deviceId)
            refused<UnlockException.Policy>(428) { desk.openRequest(session, "user-1", enrolled.device.deviceId, "x") }
        }
        // An edit is found, also by who only reads.
        val log = File(temporary.toFile(), "desk/audit.jsonl")
        log.writeText(log.readText().replaceFirst("forgotten PIN", "forgotten pin"))
        refused<UnlockException.Store>(704) { folder.verifyAudit() }
        refused<UnlockException.Signer>(603) { folder.open("wrong", wrappingKey(enrolled.suite), broken) }
        Unit
    }
}
