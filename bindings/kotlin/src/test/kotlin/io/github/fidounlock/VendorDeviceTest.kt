package io.github.fidounlock

import java.util.concurrent.CopyOnWriteArrayList
import kotlin.concurrent.thread
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.CsvSource

/** A vendor's device with a command set of its own, in Kotlin. */
class VendorDeviceTest {
    private class Listener(val tell: (ProgressEvent) -> Unit) : ProgressListener {
        override fun onProgress(event: ProgressEvent) = tell(event)
    }

    private fun locked(suite: Suite, work: (Enrolled, VendorDevice, Device) -> Unit) = Enrolled(suite).use { enrolled ->
        enrolled.key.block("Winter24")
        val vendor = VendorDevice(enrolled.key)
        Device.openUnlockDevice(vendor).use { work(enrolled, vendor, it) }
    }

    private fun unlock(
        enrolled: Enrolled,
        device: Device,
        session: UnlockSession,
        listener: ProgressListener? = null,
        cancel: CancelHandle? = null,
        timeoutMs: UInt? = null,
    ) = session.unlock(
        device, enrolled.respond(session.challenge()), NEW_PIN, NEW_PIN, null, listener, cancel, timeoutMs,
    )

    @ParameterizedTest
    @CsvSource("P256_ECDSA, 128", "P256_ECDH_MAC, 26", "AES_ADMIN_KEY, 32")
    fun `a blocked PIN is given back`(suite: Suite, digits: Int) = locked(suite) { enrolled, vendor, device ->
        enrolled.key.setTouch(MockTouch.After(2u))
        val here = Thread.currentThread()
        val told = CopyOnWriteArrayList<Pair<Thread, ProgressEvent>>()
        vendor.before = { _, call ->
            assertEquals(here, Thread.currentThread())
            assertTrue(call.remainingMs() in 1u..30_000u)
            assertFalse(call.isCancelled())
        }
        assertTrue(device.diagnose(emptyList(), null, null).canUnlock)
        assertEquals(enrolled.device.deviceId, device.info(null, null).deviceId)
        UnlockSession.begin(device, null, null, null).use { session ->
            unlock(enrolled, device, session, Listener { told.add(Thread.currentThread() to it) })
            assertEquals(UnlockOutcome.UNLOCKED, session.resolve(device, null, null))
        }
        assertEquals(listOf<Pair<Thread, ProgressEvent>>(here to ProgressEvent.TouchNeeded), told)
        assertEquals(digits, vendor.response.length)
        enrolled.key.setTouch(MockTouch.AtOnce)
        enrolled.signIn(NEW_PIN)
    }

    @Test
    fun `what each method throws`() = locked(Suite.P256_ECDH_MAC) { enrolled, vendor, device ->
        val failures = listOf<Pair<() -> Nothing, Int>>(
            { throw IllegalStateException(HOST_SECRET) } to 803,
            { throw StackOverflowError(HOST_SECRET) } to 803,
            { throw UnlockDeviceException.HostFailed() } to 803,
            { throw UnlockDeviceException.Malformed() } to 120,
            { throw UnlockDeviceException.NoDevice() } to 501,
            { throw UnlockDeviceException.PermissionDenied("/dev/ttyS0") } to 502,
            { throw UnlockDeviceException.NeedsElevation() } to 503,
            { throw UnlockDeviceException.Busy() } to 505,
            { throw UnlockDeviceException.Gone() } to 506,
            { throw UnlockDeviceException.TimedOut() } to 507,
            { throw UnlockDeviceException.Cancelled() } to 508,
            { throw UnlockDeviceException.Failed(-5) } to 514,
            { throw UnlockDeviceException.Refused(111u) } to 111,
            // Not a device's number.
            { throw UnlockDeviceException.Refused(427u) } to 803,
        )
        UnlockSession.begin(device, null, null, null).use { session ->
            val calls = listOf<Pair<String, () -> Unit>>(
                "UnlockDevice.info" to { device.info(null, null) },
                "UnlockDevice.challenge" to { session.renew(device, null, null, null) },
                "UnlockDevice.unlock" to { unlock(enrolled, device, session) },
            )
            for ((failure, number) in failures) {
                for ((method, call) in calls) {
                    vendor.failure = failure
                    vendor.trip = method
                    assertFalse(HOST_SECRET in refused<UnlockException>(number) { call() }.toString())
                }
            }
            // Nothing of it used the code up.
            vendor.trip = ""
            unlock(enrolled, device, session)
        }
        enrolled.signIn(NEW_PIN)
    }

    @Test
    fun `an answer that is lost`() = locked(Suite.P256_ECDH_MAC) { enrolled, vendor, device ->
        UnlockSession.begin(device, null, null, null).use { session ->
            vendor.failure = { throw UnlockDeviceException.Gone() }
            vendor.before = { method, _ ->
                if (method == "UnlockDevice.unlock") {
                    vendor.trip = "UnlockDevice.info"
                    throw UnlockDeviceException.Gone()
                }
            }
            refused<UnlockException.Device>(124) { unlock(enrolled, device, session) }
            vendor.trip = ""
            assertEquals(UnlockOutcome.NOT_UNLOCKED, session.resolve(device, null, null))
        }
    }

    @Test
    fun `cancel, deadline and a listener that throws`() = locked(Suite.P256_ECDH_MAC) { enrolled, _, device ->
        enrolled.key.setTouch(MockTouch.Never)
        UnlockSession.begin(device, null, null, null).use { session ->
            CancelHandle().use { cancel ->
                val canceller = Listener { thread { cancel.cancel() } }
                refused<UnlockException.Transport>(508) { unlock(enrolled, device, session, canceller, cancel) }
            }
            refused<UnlockException.Transport>(507) { unlock(enrolled, device, session, timeoutMs = 300u) }
            val broken = Listener { error(HOST_SECRET) }
            val error = refused<UnlockException.Caller>(803) { unlock(enrolled, device, session, broken) }
            assertFalse(HOST_SECRET in error.toString())
            enrolled.key.setTouch(MockTouch.AtOnce)
            unlock(enrolled, device, session)
        }
    }

    @Test
    fun `what the port does not have, and use after close`() = locked(Suite.P256_ECDH_MAC) { enrolled, _, device ->
        refused<UnlockException.Device>(121) { device.activeInterface() }
        Enrollment().use { plan ->
            plan.addKey(SLOT, enrolled.issuer)
            refused<UnlockException.Device>(121) { plan.run(device, null, null, null) }
        }
        device.close()
        assertThrows<IllegalStateException> { device.info(null, null) }
    }
}
