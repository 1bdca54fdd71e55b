package io.github.fidounlock

import java.util.TreeMap
import kotlin.concurrent.thread
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

/** The operator's side with the host's own parts: mail server, identity provider and HSM in Kotlin. */
class HostDeskTest {
    @ParameterizedTest
    @EnumSource(Suite::class)
    fun `from the call to the next sign-in with an HSM of the host`(suite: Suite) {
        val host = Host(suite)
        begun(host) { enrolled, device, unlock ->
            val session = host.create().use { desk ->
                val session = register(desk, host, enrolled)
                val found = desk.search(session, "user one").single()
                assertEquals(listOf(unlock.deviceId()), found.devices.map { it.deviceId })
                assertEquals(Host.START, found.user.channels.single().changedAt)
                val id = prepare(desk, session, host, unlock)
                val code = desk.authorise(session, id)
                unlock.unlock(device, code, NEW_PIN, NEW_PIN, null, null, null, null)
                desk.done(session, id)
                sendNotices(desk)
                assertEquals(listOf(NoticeKind.CODE_GIVEN, NoticeKind.DONE), host.notices.map { it.kind })
                assertEquals(id, host.notices.first().request)
                assertFalse(code.lines().any(host.database::contains))
                assertTrue(host.database.contains("User One"))
                session
            }
            enrolled.signIn(NEW_PIN)
            // The next process knows the session, and finds an entry that was edited.
            host.open().use { desk ->
                assertEquals(emptyList<OpenCode>(), desk.openCodes(session, unlock.deviceId()))
                assertTrue(desk.auditEntries(session, 0u, 100u).map { it.event }.containsAll(listOf("CodeMade", "Done")))
                desk.verifyAudit()
                host.database.editEntry(3u)
                refused<UnlockException.Store>(704) { desk.verifyAudit() }
            }
        }
    }

    /** All that a desk does, so that each method of the host is called. */
    private fun everything(host: Host, enrolled: Enrolled, unlock: UnlockSession) {
        host.create().use { desk ->
            val session = register(desk, host, enrolled)
            val shown = prepare(desk, session, host, unlock)
            desk.askApproval(session, shown, host)
            desk.authorise(session, shown)
            desk.abandon(session, shown)
            val sent = prepare(desk, session, host, unlock)
            desk.authoriseToChannel(session, sent, "mail")
            assertTrue(host.sent.length > 20)
            desk.done(session, sent)
            sendNotices(desk)
            desk.checkpoint(session, host)
            if (host.suite != Suite.AES_ADMIN_KEY) thereAndBack(host, enrolled)
        }
    }

    /** Everything once for each method, which fails; the number that came of it, 0 for none. */
    private fun tripEach(failure: () -> Nothing): Map<String, Int> {
        val numbers = TreeMap<String, Int>()
        for (suite in listOf(Suite.P256_ECDH_MAC, Suite.AES_ADMIN_KEY)) {
            val whole = Host(suite)
            begun(whole) { enrolled, _, unlock ->
                everything(whole, enrolled, unlock)
                for (method in whole.called - numbers.keys) {
                    val host = Host(suite, whole.hsm)
                    host.trip = method
                    host.failure = failure
                    numbers[method] = try {
                        everything(host, enrolled, unlock)
                        0
                    } catch (error: UnlockException) {
                        assertFalse(HOST_SECRET in error.toString(), method)
                        error.number
                    }
                }
            }
        }
        val methods = Host.ports.flatMap { port ->
            // Unsigned arguments are mangled into the name.
            port.java.methods.map { "${port.simpleName}.${it.name.substringBefore('-')}" }
        }
        assertEquals(methods.sorted(), numbers.keys.toList())
        return numbers
    }

    @Test
    fun `an exception in each method of each port`() {
        val failures = listOf<() -> Nothing>(
            { throw IllegalStateException(HOST_SECRET) },
            { throw StackOverflowError(HOST_SECRET) },
        )
        for (failure in failures) {
            for ((method, number) in tripEach(failure)) {
                val expected = when (method) {
                    // A notice that fails is recorded and sent again.
                    "OwnerNotifier.notifyOwner" -> 0
                    "CallerVerifier.verify" -> 406
                    else -> 803
                }
                assertEquals(expected, number, method)
            }
        }
    }

    @Test
    fun `an HSM says what is wrong`() {
        val failures = listOf<Pair<() -> Nothing, Int>>(
            { throw SigningException.KeyMissing() } to 601,
            { throw SigningException.WrongSuite() } to 604,
            { throw SigningException.Unavailable(0x32) } to 605,
            { throw SigningException.Refused(0x30) } to 606,
        )
        val host = Host(Suite.P256_ECDSA)
        begun(host) { enrolled, device, unlock ->
            host.create().use { desk ->
                val session = register(desk, host, enrolled)
                val id = prepare(desk, session, host, unlock)
                host.trip = "ResponseSigner.sign"
                for ((failure, number) in failures) {
                    host.failure = failure
                    refused<UnlockException.Signer>(number) { desk.authorise(session, id) }
                }
                // The request lives on, and its operator has the code made again.
                host.trip = ""
                unlock.unlock(device, desk.authorise(session, id), NEW_PIN, NEW_PIN, null, null, null, null)
            }
        }
    }

    @Test
    fun `a second operator approves, and the clock is not turned back`() {
        val host = Host(Suite.P256_ECDH_MAC)
        begun(host) { enrolled, _, unlock ->
            host.create().use { desk ->
                val session = register(desk, host, enrolled)
                val second = desk.signIn("desk-2", Host.PASSWORD)
                refused<UnlockException.Policy>(405) { desk.putUser(second, deskUser) }
                val id = prepare(desk, session, host, unlock)
                refused<UnlockException.Policy>(410) { desk.approve(session, id) }
                desk.approve(second, id)
                assertEquals("desk-2", desk.request(session, id).approvedBy)
                // Lists come in pages.
                val place = desk.request(session, id).run { RequestPlace(openedAt, id) }
                assertEquals(listOf(id), desk.openRequests(second, null, 10u).map { it.id })
                assertEquals(emptyList<DeskRequest>(), desk.openRequests(second, place, 10u))
                host.database.setClock(Host.START - 500u)
                refused<UnlockException.Policy>(423) { desk.authorise(session, id) }
                desk.acceptClock("desk-1", Host.PASSWORD, "battery changed")
                refused<UnlockException.Policy>(427) { desk.authorise(session, id) }
                host.database.failNextWrite()
                refused<UnlockException.Store>(702) { desk.signIn("desk-1", Host.PASSWORD) }
            }
        }
    }

    /** A mail server that calls the desk: from where it is called, and from another thread. */
    private class Meddling : OwnerNotifier {
        lateinit var desk: HelpDesk
        val told = ArrayList<Int>()

        private fun call() {
            try {
                desk.logState()
            } catch (refused: UnlockException) {
                told.add(refused.number)
            }
        }

        override fun notifyOwner(notice: OwnerNotice) {
            call()
            thread { call() }.join()
        }
    }

    @Test
    fun `a port that calls the desk gets a number`() {
        val host = Host(Suite.P256_ECDH_MAC)
        begun(host) { enrolled, _, unlock ->
            host.create().use { desk ->
                val session = register(desk, host, enrolled)
                desk.authorise(session, prepare(desk, session, host, unlock))
                val meddling = Meddling()
                meddling.desk = host.database.open(DeskSigner.host(host), meddling, null)
                assertTrue(meddling.desk.sendNotice())
                assertEquals(listOf(802, 707), meddling.told)
                meddling.desk.logState()
            }
        }
    }
}
