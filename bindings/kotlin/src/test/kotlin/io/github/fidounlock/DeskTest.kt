package io.github.fidounlock

import java.io.File
import java.nio.ByteBuffer
import java.nio.file.Path
import java.util.concurrent.CopyOnWriteArrayList
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

private const val PASSPHRASE = "staple of the keys"

/** The operator's side, over a database and key files in a folder. */
class DeskTest {
    @TempDir
    lateinit var temporary: Path

    private val path get() = temporary.resolve("desk").toString()

    private class Notifier(val tell: (OwnerNotice) -> Unit = {}) : OwnerNotifier {
        override fun notifyOwner(notice: OwnerNotice) = tell(notice)
    }

    private class Verifier(val check: (CallerTask) -> CallerCheck) : CallerVerifier {
        override fun verify(task: CallerTask) = check(task)
    }

    private val callBack =
        Verifier { CallerCheck(true, VerificationMethod.CALL_BACK, false, "spoke to her".toByteArray()) }

    private val vendor = listOf(mockVendorKey())

    private fun create(files: KeyFolder, notifier: OwnerNotifier): HelpDesk = HelpDesk.create(
        path, DeskKeys.folder(files), DeskSigner.folder(files), notifier, null, vendor, defaultDeskRules(), "desk-1",
        Host.PASSWORD,
    )

    private fun open(files: KeyFolder, notifier: OwnerNotifier): HelpDesk =
        HelpDesk.open(path, DeskKeys.folder(files), DeskSigner.folder(files), notifier, null, vendor)

    /** The issuer's key in the folder; null: it is an admin key. */
    private fun issuer(files: KeyFolder, enrolled: Enrolled): ByteArray? =
        if (enrolled.suite == Suite.AES_ADMIN_KEY) null else files.putIssuerKey(SLOT, enrolled.issuer).publicKey

    /** Without the time of change, which is the desk's. */
    private fun DeskUser.asGiven() = copy(channels = channels.map { it.copy(changedAt = 0u) })

    @ParameterizedTest
    @EnumSource(Suite::class)
    fun `from the call to the next sign-in`(suite: Suite) = Enrolled(suite).use { enrolled ->
        val notices = CopyOnWriteArrayList<NoticeKind>()
        val notifier = Notifier { notices.add(it.kind) }
        val files = KeyFolder.create(path, PASSPHRASE)
        val session = create(files, notifier).use { desk ->
            setUp(desk, enrolled, issuer(files, enrolled), now()).also(desk::openDesk)
        }
        assertEquals("desk-1", session.operator())
        // Another process.
        open(files, notifier).use { desk ->
            enrolled.key.block("Winter24")
            enrolled.key.open(MockWire.HID, Interface.VENDOR).use { device ->
                val unlock = UnlockSession.begin(device, null, null, null)
                val found = desk.search(session, "user one")
                assertEquals(listOf(unlock.deviceId()), found.flatMap { it.devices }.map { it.deviceId })
                assertEquals(deskUser, desk.findDevice(session, unlock.deviceId()).user.asGiven())
                val request = desk.openRequest(session, "user-1", unlock.deviceId(), "forgotten PIN")
                assertEquals(suite, request.suite)
                val asked = CopyOnWriteArrayList<CallerTask>()
                desk.verifyCaller(session, request.id, Verifier { asked.add(it.copy(user = it.user.asGiven())); callBack.verify(it) })
                assertEquals(listOf(CallerTask(request.id, deskUser, unlock.deviceId(), "desk-1")), asked)
                desk.enterChallenge(session, request.id, unlock.challenge())
                val seen = desk.request(session, request.id.lowercase())
                assertEquals(true to unlock.challenge(), seen.callerVerified to seen.challenge)
                val code = desk.authorise(session, request.id)
                assertEquals(listOf(request.id), desk.openCodes(session, unlock.deviceId()).map { it.request })
                unlock.unlock(device, code, NEW_PIN, NEW_PIN, null, null, null, null)
                desk.done(session, request.id)
                assertEquals(emptyList<OpenCode>(), desk.openCodes(session, unlock.deviceId()))
                sendNotices(desk)
                assertEquals(listOf(NoticeKind.CODE_GIVEN, NoticeKind.DONE), notices)
                val written = temporary.toFile().walk().filter { it.isFile }.map { it.readText(Charsets.ISO_8859_1) }
                assertFalse(code.lines().any { line -> written.any { line in it } })
                assertTrue(written.any { "User One" in it })
            }
            val signed = desk.checkpoint(session, files.checkpointSigner(desk.origin()))
            assertTrue(desk.verifyAudit().state.entries >= signed.checkpoint.entries)
        }
        enrolled.signIn(NEW_PIN)
    }

    @Test
    fun `a backup is restored by an Administrator's word`() {
        val files = KeyFolder.create(path, PASSPHRASE)
        val notifier = Notifier { }
        val kept = temporary.resolve("kept").toString()
        val before = create(files, notifier).use { desk ->
            backupDesk(path, kept)
            desk.signIn("desk-1", Host.PASSWORD)
            desk.origin()
        }
        val database = File(path, "desk.sqlite")
        File(kept).copyTo(database, overwrite = true)
        refused<UnlockException.Store>(714) { open(files, notifier) }
        fun restore(note: String) = HelpDesk.restore(
            path, DeskKeys.folder(files), DeskSigner.folder(files), notifier, null, vendor, "desk-1", Host.PASSWORD, note,
        )
        refused<UnlockException.Policy>(408) { restore(" ") }
        restore("the disk broke").use { assertNotEquals(before, it.origin()) }
        open(files, notifier).close()
    }

    @Test
    fun `a desk refuses, and a callback that throws does not get by`() = Enrolled(Suite.P256_ECDH_MAC).use { enrolled ->
        val files = KeyFolder.create(path, PASSPHRASE)
        val broken = Notifier { error("no mail server") }
        create(files, broken).use { desk ->
            refused<UnlockException.Policy>(427) { desk.signIn("desk-1", "wrong") }
            // There is a desk already.
            refused<UnlockException.Store>(702) { create(files, broken) }
            val issuer = issuer(files, enrolled)
            val session = setUp(desk, enrolled, issuer, now())
            // The desk took the keys that were there when it was made.
            desk.openDesk(session)
            val second = desk.signIn("desk-2", Host.PASSWORD)
            refused<UnlockException.Policy>(405) { desk.putUser(second, deskUser) }
            refused<UnlockException.Policy>(431) { desk.registerDevice(session, newDevice(enrolled, issuer), null) }

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
                        seen = desk.logState().entries
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
                // This desk was made before the key was in the folder.
                refused<UnlockException.Signer>(601) { desk.authorise(session, again) }
                open(files, broken).use { other ->
                    assertTrue(other.authorise(session, again).length > 20)
                    // The owner's notice cannot be sent; the call goes on.
                    assertFalse(other.sendNotice())
                }
                desk.abandon(session, again)
                assertEquals(listOf(CodeOutcome.ABANDONED), desk.openCodes(session, unlock.deviceId()).map { it.outcome })
            }
            desk.retireDevice(session, enrolled.device.deviceId)
            refused<UnlockException.Policy>(428) { desk.openRequest(session, "user-1", enrolled.device.deviceId, "x") }
        }
        refused<UnlockException.Signer>(603) { KeyFolder.open(path, "wrong") }
        val zero = { ByteBuffer.allocateDirect(32) }
        refused<UnlockException.Store>(713) {
            HelpDesk.open(path, DeskKeys.of(zero(), zero()), DeskSigner.folder(files), broken, null, vendor)
        }
        Unit
    }
}
