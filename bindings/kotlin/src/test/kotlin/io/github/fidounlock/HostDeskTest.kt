package io.github.fidounlock

import java.util.TreeMap
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

/** The operator's side over the host's own ports: database, accounts and HSM in Kotlin. */
class HostDeskTest {
    @ParameterizedTest
    @EnumSource(Suite::class)
    fun `from the call to the next sign-in with an HSM of the host`(suite: Suite) {
        val host = Host(suite)
        begun(host) { enrolled, device, unlock ->
            host.open().use { desk ->
                val session = register(desk, host, enrolled)
                val found = desk.search(session, "user one").single()
                assertEquals(listOf(unlock.deviceId()), found.devices.map { it.deviceId })
                assertEquals(host.time, found.user.channels.single().changedAt)
                val id = prepare(desk, session, host, unlock)
                val code = desk.authorise(session, id)
                unlock.unlock(device, code, NEW_PIN, NEW_PIN, null, null, null, null)
                desk.done(session, id)
                assertEquals(listOf(NoticeKind.CODE_GIVEN, NoticeKind.DONE), host.notices)
                assertFalse(code.lines().any { line -> host.log.any { line in it.decodeToString() } })
                assertEquals(host.log.size.toULong(), desk.verifyAudit().entries)
            }
            enrolled.signIn(NEW_PIN)
            // The next process reads the same log, and one that was edited does not open.
            host.open().close()
            host.log[3][host.log[3].size - 1] = (host.log[3].last() + 1).toByte()
            refused<UnlockException.Store>(704) { host.open() }
        }
    }

    /** All that a desk does, so that each method of the host is called. */
    private fun everything(host: Host, enrolled: Enrolled, unlock: UnlockSession) {
        host.open().use { desk ->
            val session = register(desk, host, enrolled)
            desk.search(session, "")
            val shown = prepare(desk, session, host, unlock)
            desk.askApproval(session, shown, host)
            desk.authorise(session, shown)
            desk.abandon(session, shown)
            val sent = prepare(desk, session, host, unlock)
            desk.authoriseToChannel(session, sent, "mail")
            assertTrue(host.sent.length > 20)
            desk.done(session, sent)
            desk.checkpoint(session, host)
            if (host.suite != Suite.AES_ADMIN_KEY) thereAndBack(host, enrolled)
            desk.setService(session, false)
        }
        // What is there already is read by the next process.
        host.open().close()
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
                    // A notice that fails is recorded and holds nothing up.
                    "OwnerNotifier.notifyOwner" -> 0
                    "CallerVerifier.verify" -> 406
                    else -> 803
                }
                assertEquals(expected, number, method)
            }
        }
    }

    @Test
    fun `a store says what is wrong`() {
        val stores = listOf("Directory", "AuditLog", "Limits", "Operators", "Licence")
        val failures = listOf<Pair<() -> Nothing, Int>>(
            { throw StorageException.Read("users") } to 701,
            { throw StorageException.Write("users") } to 702,
            { throw StorageException.Corrupt("users") } to 703,
            { throw StorageException.Busy("users") } to 707,
        )
        for ((failure, number) in failures) {
            tripEach(failure).filterKeys { it.substringBefore('.') in stores }
                .forEach { (method, found) -> assertEquals(number, found, method) }
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
        for ((failure, number) in failures) {
            val host = Host(Suite.P256_ECDSA)
            host.failure = failure
            begun(host) { enrolled, _, unlock ->
                host.open().use { desk ->
                    val session = register(desk, host, enrolled)
                    val id = prepare(desk, session, host, unlock)
                    host.trip = "ResponseSigner.respond"
                    refused<UnlockException.Signer>(number) { desk.authorise(session, id) }
                    host.trip = "ResponseSigner.issuers"
                    refused<UnlockException.Signer>(number) {
                        desk.recordRotation(session, unlock.deviceId(), host.hsm.publicKey(), 1u)
                    }
                }
            }
        }
    }

    @Test
    fun `the host's stores keep the contracts`() {
        mockCheckDirectory(Host(Suite.P256_ECDSA))
        mockCheckAuditLog(Host(Suite.P256_ECDSA))
        mockCheckLimits(Host(Suite.P256_ECDSA))
        mockCheckOperators(Host(Suite.P256_ECDSA).apply { alone = true }, Host.administrator, Host.PASSWORD)
        val full = Host(Suite.P256_ECDSA)
        mockCheckDirectory(full)
        refused<UnlockException.Caller>(801) { mockCheckDirectory(full) }
    }

    @Test
    fun `a second operator approves, and the clock is not turned back`() {
        val host = Host(Suite.P256_ECDH_MAC)
        begun(host) { enrolled, _, unlock ->
            host.open().use { desk ->
                val session = register(desk, host, enrolled)
                val second = desk.signIn("desk-2", Host.PASSWORD)
                refused<UnlockException.Policy>(405) { desk.putUser(second, deskUser) }
                val id = prepare(desk, session, host, unlock)
                refused<UnlockException.Policy>(410) { desk.approve(session, id) }
                desk.approve(second, id)
                assertEquals("desk-2", desk.request(session, id).approvedBy)
                host.time -= 500u
                refused<UnlockException.Policy>(423) { desk.authorise(session, id) }
                desk.acceptClock("desk-1", Host.PASSWORD, "battery changed")
                refused<UnlockException.Policy>(427) { desk.authorise(session, id) }
            }
        }
    }

    @Test
    fun `a port that is missing, and a builder that is used up`() {
        val builder = DeskBuilder()
        val error = refused<UnlockException.Caller>(801) { builder.open() }
        assertTrue(error.text.endsWith("the desk has no licence"), error.text)
        refused<UnlockException.Caller>(802) { builder.setClock(Host(Suite.P256_ECDSA)) }
    }
}
