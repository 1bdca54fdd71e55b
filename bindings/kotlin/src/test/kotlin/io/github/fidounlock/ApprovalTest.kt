package io.github.fidounlock

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** A second operator who approves in the host's own system. */
class ApprovalTest {
    private fun ready(work: (Host, HelpDesk, OperatorSession, UnlockSession, String) -> Unit) {
        val host = Host(Suite.P256_ECDH_MAC)
        begun(host) { enrolled, _, unlock ->
            host.create().use { desk ->
                val session = register(desk, host, enrolled)
                work(host, desk, session, unlock, prepare(desk, session, host, unlock))
            }
        }
    }

    @Test
    fun `the host's system approves a request as it stands`() = ready { host, desk, session, unlock, id ->
        desk.askApproval(session, id, host)
        assertEquals("desk-2", desk.request(session, id).approvedBy)
        val asked = host.askedLast!!
        assertEquals(32, asked.basis.size)
        assertEquals(id to "desk-1", asked.request to asked.operator)
        assertEquals("user-1" to "forgotten PIN", asked.user.id to asked.reason)
        assertEquals(unlock.deviceId() to unlock.challenge(), asked.deviceId to asked.challenge)
        assertEquals(VerificationMethod.CALL_BACK to false, asked.method to asked.byMachine)
        assertEquals(Host.START + 3600u, asked.expiresAt)

        // Whatever is entered again makes it another request to approve.
        desk.enterChallenge(session, id, unlock.challenge())
        assertNull(desk.request(session, id).approvedBy)
        desk.askApproval(session, id, host)
        assertFalse(host.askedLast!!.basis.contentEquals(asked.basis))
        assertTrue(desk.authorise(session, id).length > 20)
        refused<UnlockException.Policy>(415) { desk.askApproval(session, id, host) }
        Unit
    }

    @Test
    fun `an approver that throws has approved nothing`() = ready { host, desk, session, _, id ->
        val failures = listOf<Pair<() -> Nothing, Int>>(
            { throw ApproverException.Pending() } to 409,
            { throw ApproverException.Refused() } to 432,
            { throw ApproverException.Unavailable(503) } to 433,
            { throw ApproverException.HostFailed() } to 803,
            { throw IllegalStateException(HOST_SECRET) } to 803,
            { throw StackOverflowError(HOST_SECRET) } to 803,
        )
        host.trip = "Approver.ask"
        for ((failure, number) in failures) {
            host.failure = failure
            val error = refused<UnlockException>(number) { desk.askApproval(session, id, host) }
            assertFalse(HOST_SECRET in error.toString())
            assertNull(desk.request(session, id).approvedBy)
        }
    }

    @Test
    fun `neither the same operator nor a stranger approves`() = ready { host, desk, session, _, id ->
        for ((operator, number) in listOf("desk-1" to 410, "desk-3" to 435, "" to 435)) {
            host.approves = operator
            refused<UnlockException.Policy>(number) { desk.askApproval(session, id, host) }
            assertNull(desk.request(session, id).approvedBy)
        }
    }

    @Test
    fun `an approval of another request is none`() = ready { host, desk, session, unlock, id ->
        desk.askApproval(session, id, host)
        host.approvedBasis = host.askedLast!!.basis
        val other = prepare(desk, session, host, unlock)
        refused<UnlockException.Policy>(434) { desk.askApproval(session, other, host) }
        assertNull(desk.request(session, other).approvedBy)
        // It is one of the request that it was made for.
        desk.askApproval(session, id, host)
        assertEquals("desk-2", desk.request(session, id).approvedBy)
    }
}
