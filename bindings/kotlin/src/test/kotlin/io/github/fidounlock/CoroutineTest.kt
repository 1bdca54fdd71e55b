package io.github.fidounlock

import kotlin.time.Duration.Companion.milliseconds
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** `suspend` and `Flow`. */
class CoroutineTest {
    private fun locked(work: suspend (Enrolled, Device, UnlockSession, String) -> Unit) = runBlocking {
        Enrolled(Suite.P256_ECDH_MAC).use { enrolled ->
            enrolled.key.block("Winter24")
            enrolled.key.open(MockWire.HID, Interface.VENDOR).use { device ->
                assertEquals(Condition.Locked, device.diagnosed().condition)
                device.beginUnlock().use { session ->
                    work(enrolled, device, session, enrolled.respond(session.challenge()))
                }
            }
        }
    }

    @Test
    fun `an unlock is a flow of steps`() = locked { enrolled, device, session, code ->
        enrolled.key.setTouch(MockTouch.After(2u))
        val steps = session.unlocking(device, code, NEW_PIN, NEW_PIN).toList()
        assertEquals(listOf(UnlockStep.Progress(ProgressEvent.TouchNeeded), UnlockStep.Done), steps)
        enrolled.key.setTouch(MockTouch.AtOnce)
        enrolled.signIn(NEW_PIN)
    }

    @Test
    fun `secrets in arrays are read where they lie`() = locked { enrolled, device, session, code ->
        val (typed, pin) = code.toCharArray() to NEW_PIN.toCharArray()
        session.unlockWith(device, typed, pin)
        typed.fill('0')
        pin.fill('0')
        enrolled.signIn(NEW_PIN)
    }

    @Test
    fun `a lone surrogate is refused before anything is sent`() = locked { enrolled, device, session, code ->
        assertThrows<IllegalArgumentException> {
            session.unlockWith(device, code.toCharArray(), charArrayOf('A', '\uD800', '1', '2', '3', '4'))
        }
        session.unlockWith(device, code, NEW_PIN, NEW_PIN)
        enrolled.signIn(NEW_PIN)
    }

    @Test
    fun `cancelling the coroutine cancels the call`() = locked { enrolled, device, session, code ->
        enrolled.key.setTouch(MockTouch.Never)
        val waiting = CompletableDeferred<Unit>()
        val job = kotlinx.coroutines.CoroutineScope(kotlinx.coroutines.Dispatchers.Default).async {
            session.unlockWith(device, code, NEW_PIN, NEW_PIN) { waiting.complete(Unit) }
        }
        waiting.await()
        job.cancel()
        assertThrows<CancellationException> { job.await() }
        job.join()
        enrolled.key.setTouch(MockTouch.AtOnce)
        // The device is free again, and the code is still good.
        session.unlockWith(device, code, NEW_PIN, NEW_PIN)
        enrolled.signIn(NEW_PIN)
    }

    @Test
    fun `state, a new challenge, the outcome and enrolment suspend too`() = locked { blocked, device, session, void ->
        assertEquals(0.toUByte(), device.currentInfo().pinRetries)
        val shown = session.challenge()
        session.renewed(device)
        assertNotEquals(shown, session.challenge())
        assertThrows<UnlockException.Device> { session.unlockWith(device, void, NEW_PIN, NEW_PIN) }
        assertEquals(UnlockOutcome.NOT_UNLOCKED, session.resolved(device))
        session.unlockWith(device, blocked.respond(session.challenge()), NEW_PIN, NEW_PIN)
        assertEquals(UnlockOutcome.UNLOCKED, session.resolved(device))
        blocked.signIn(NEW_PIN)
        MockKey().use { key ->
            key.open(MockWire.HID, Interface.FIDO).use { fresh ->
                Enrollment().use { plan ->
                    plan.addKey(SLOT, blocked.issuer)
                    assertEquals(33, plan.enrolled(fresh).deviceKey.size)
                }
            }
        }
    }

    @Test
    fun `an error is thrown as it is`() = locked { enrolled, device, session, code ->
        enrolled.key.setTouch(MockTouch.Never)
        val error = assertThrows<UnlockException.Transport> {
            session.unlockWith(device, code, NEW_PIN, NEW_PIN, timeout = 300.milliseconds)
        }
        assertEquals(507, error.number.toInt())
    }
}
