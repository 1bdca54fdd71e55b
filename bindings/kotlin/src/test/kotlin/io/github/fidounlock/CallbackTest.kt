package io.github.fidounlock

import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.concurrent.thread
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

/** Unlocks while the collector runs. */
private const val LOAD = 20

/** Callbacks: their thread, what they throw, cancel, close. */
class CallbackTest {
    private class Listener(val tell: (ProgressEvent) -> Unit) : ProgressListener {
        override fun onProgress(event: ProgressEvent) = tell(event)
    }

    private fun <R> locked(work: (Enrolled, Device, UnlockSession, String) -> R): R =
        Enrolled(Suite.P256_ECDH_MAC).use { enrolled ->
            enrolled.key.block("Winter24")
            enrolled.key.open(MockWire.HID, Interface.VENDOR).use { device ->
                UnlockSession.begin(device, null, null, null).use { session ->
                    work(enrolled, device, session, enrolled.respond(session.challenge()))
                }
            }
        }

    @Test
    fun `progress comes on the calling thread, a touch is told`() = locked { enrolled, device, session, code ->
        enrolled.key.setTouch(MockTouch.After(3u))
        val told = CopyOnWriteArrayList<Pair<Thread, ProgressEvent>>()
        val listener = Listener { told.add(Thread.currentThread() to it) }
        session.unlock(device, code, NEW_PIN, NEW_PIN, null, listener, null, null)
        assertEquals(setOf(Thread.currentThread()), told.map { it.first }.toSet())
        // Each change once, not once a keep-alive.
        assertEquals(listOf<ProgressEvent>(ProgressEvent.TouchNeeded), told.map { it.second })
        enrolled.key.setTouch(MockTouch.AtOnce)
        enrolled.signIn(NEW_PIN)
    }

    @Test
    fun `another thread cancels, and the code stays good`() = locked { enrolled, device, session, code ->
        enrolled.key.setTouch(MockTouch.Never)
        CancelHandle().use { cancel ->
            val waiting = CountDownLatch(1)
            val canceller = thread {
                assertTrue(waiting.await(60, TimeUnit.SECONDS))
                cancel.cancel()
            }
            val listener = Listener { waiting.countDown() }
            refused<UnlockException.Transport>(508) {
                session.unlock(device, code, NEW_PIN, NEW_PIN, null, listener, cancel, null)
            }
            canceller.join()
            assertTrue(cancel.isCancelled())
            // It stays cancelled.
            refused<UnlockException.Transport>(508) { device.info(cancel, null) }
        }
        enrolled.key.setTouch(MockTouch.AtOnce)
        assertEquals(UnlockOutcome.NOT_UNLOCKED, session.resolve(device, null, null))
        session.unlock(device, code, NEW_PIN, NEW_PIN, null, null, null, null)
        enrolled.signIn(NEW_PIN)
    }

    @Test
    fun `a touch that does not come ends at the deadline`() = locked { enrolled, device, session, code ->
        enrolled.key.setTouch(MockTouch.Never)
        val error = refused<UnlockException.Transport>(507) {
            session.unlock(device, code, NEW_PIN, NEW_PIN, null, null, null, 500u)
        }
        assertEquals("DeadlineExceeded", error.name)
        enrolled.key.setTouch(MockTouch.Refused)
        refused<UnlockException.Device>(111) {
            session.unlock(device, code, NEW_PIN, NEW_PIN, null, null, null, null)
        }
        Unit
    }

    @Test
    fun `a listener that throws ends the call`() = locked { enrolled, device, session, code ->
        enrolled.key.setTouch(MockTouch.Never)
        val failures = listOf({ throw IllegalStateException(HOST_SECRET) }, { throw HostException.HostFailed() })
        for (failure in failures) {
            val error = refused<UnlockException.Caller>(803) {
                session.unlock(device, code, NEW_PIN, NEW_PIN, null, Listener { failure() }, null, null)
            }
            assertEquals("the program's own part failed", error.text)
            assertFalse(HOST_SECRET in error.toString())
        }
        enrolled.key.setTouch(MockTouch.AtOnce)
        session.unlock(device, code, NEW_PIN, NEW_PIN, null, null, null, null)
    }

    @Test
    fun `a policy that throws refuses the PIN`() = locked { _, device, session, code ->
        class Checker(val judge: () -> Unit) : PinChecker {
            override fun check(pin: String) {
                assertEquals(NEW_PIN, pin)
                judge()
            }
        }
        fun unlock(judge: () -> Unit) = PinPolicy.host(Checker(judge)).use {
            session.unlock(device, code, NEW_PIN, NEW_PIN, it, null, null, null)
        }
        assertFalse(HOST_SECRET in refused<UnlockException.Caller>(803) { unlock { error(HOST_SECRET) } }.toString())
        refused<UnlockException.Pin>(305) { unlock { throw PinRefusalException.Listed() } }
        assertEquals(9u, refused<UnlockException.Pin>(301) { unlock { throw PinRefusalException.TooShort(9u) } }.minimum)
        unlock { }
    }

    @ParameterizedTest
    @ValueSource(strings = ["write", "read", "size"])
    fun `a HID pipe that throws`(where: String) {
        class Pipe(val failure: () -> Nothing) : HidReports {
            override fun writeReport(report: ByteArray) {
                assertEquals(64, report.size)
                if (where == "write") failure()
            }

            override fun readReport(timeoutMs: UInt) = if (where == "read") failure() else ByteArray(0)

            override fun reportSize() = if (where == "size") failure() else 64u
        }
        for ((failure, number) in failures) {
            val error = refused<UnlockException>(number) {
                Device.openHid(Pipe(failure), Interface.FIDO).use { it.info(null, 300u) }
            }
            assertFalse(HOST_SECRET in error.toString())
        }
    }

    @ParameterizedTest
    @ValueSource(strings = ["transmit", "extended", "begin"])
    fun `a card that throws`(where: String) {
        class Card(val failure: () -> Nothing) : ApduChannel {
            override fun transmit(apdu: ByteArray, timeoutMs: UInt) =
                if (where == "transmit") failure() else byteArrayOf(0x6A, 0x82.toByte())

            override fun extendedLength() = if (where == "extended") failure() else true

            override fun beginTransaction(timeoutMs: UInt) {
                if (where == "begin") failure()
            }

            override fun endTransaction() = throw IllegalStateException(HOST_SECRET)

            override fun reconnect(timeoutMs: UInt) = throw PipeException.Gone()
        }
        for ((failure, number) in failures) {
            val error = refused<UnlockException>(number) {
                Device.openApdu(Card(failure), Interface.FIDO).use { it.info(null, 300u) }
            }
            assertFalse(HOST_SECRET in error.toString())
        }
    }

    @Test
    fun `a pipe's own errors keep their meaning`() {
        val meanings = listOf(
            PipeException.NoDevice() to 501,
            PipeException.PermissionDenied("/dev/hidraw0") to 502,
            PipeException.NeedsElevation() to 503,
            PipeException.Gone() to 506,
            PipeException.TimedOut() to 507,
            PipeException.Failed(-5) to 514,
            PipeException.HostFailed() to 803,
        )
        for ((thrown, number) in meanings) {
            val pipe = object : HidReports {
                override fun writeReport(report: ByteArray) = throw thrown

                override fun readReport(timeoutMs: UInt) = ByteArray(0)

                override fun reportSize() = 64u
            }
            Device.openHid(pipe, Interface.FIDO).use { device ->
                refused<UnlockException>(number) { device.info(null, 300u) }
            }
        }
    }

    @Test
    fun `reports of a wrong size are refused`() {
        for (size in listOf(0u, 7u, 1025u, UInt.MAX_VALUE)) {
            val pipe = object : HidReports {
                override fun writeReport(report: ByteArray) = Unit

                override fun readReport(timeoutMs: UInt) = ByteArray(0)

                override fun reportSize() = size
            }
            refused<UnlockException.Transport>(509) { Device.openHid(pipe, Interface.FIDO) }
        }
        val long = object : HidReports {
            override fun writeReport(report: ByteArray) = Unit

            override fun readReport(timeoutMs: UInt) = ByteArray(100_000)

            override fun reportSize() = 64u
        }
        Device.openHid(long, Interface.FIDO).use { refused<UnlockException.Transport>(509) { it.info(null, 300u) } }
    }

    private val failures = listOf<Pair<() -> Nothing, Int>>(
        { throw IllegalStateException(HOST_SECRET) } to 803,
        { throw StackOverflowError(HOST_SECRET) } to 803,
        { throw PipeException.NeedsElevation() } to 503,
    )

    @Test
    fun `a probe blocks a forgotten PIN, and a responder that throws does not`() =
        Enrolled(Suite.P256_ECDSA).use { enrolled ->
            class Responder(val answer: (String, String) -> String) : ProbeResponder {
                override fun respond(deviceId: String, suite: Suite, challenge: String) = answer(deviceId, challenge)
            }
            enrolled.key.open(MockWire.HID, Interface.FIDO).use { device ->
                val broken = Responder { _, _ -> error(HOST_SECRET) }
                val error = refused<UnlockException.Caller>(803) { device.probe(SLOT, broken, null, null) }
                assertFalse(HOST_SECRET in error.toString())
                val other = IssuerKey.make(Suite.P256_ECDSA)
                val foreign = Responder { id, challenge -> other.answerProbe(id, enrolled.device.deviceKey, challenge) }
                refused<UnlockException.Device>(123) { device.probe(SLOT, foreign, null, null) }
            }
            val own = Responder { id, challenge -> enrolled.issuer.answerProbe(id, enrolled.device.deviceKey, challenge) }
            val consent = enrolled.key.open(MockWire.HID, Interface.FIDO).use { device ->
                val passed = device.probe(SLOT, own, null, null)
                assertEquals(SLOT, passed.slot())
                refused<UnlockException.Transport>(508) { passed.confirmBlock(false) }
                val consent = passed.confirmBlock(true)
                refused<UnlockException.Caller>(802) { passed.confirmBlock(true) }
                consent
            }
            var replugs = 0
            while (enrolled.key.open(MockWire.HID, Interface.FIDO).use { it.blockPin(consent, null, null) } ==
                BlockOutcome.REPLUG_NEEDED
            ) {
                enrolled.key.replug()
                replugs += 1
            }
            assertEquals(2, replugs)
            refused<UnlockException.Device>(116) { enrolled.key.tryPin(OLD_PIN) }
            Unit
        }

    @Test
    fun `a second call, and one from within a callback, is refused`() = locked { enrolled, device, session, code ->
        enrolled.key.setTouch(MockTouch.After(2u))
        val inner = CopyOnWriteArrayList<Int>()
        val listener = Listener {
            inner.add(refused<UnlockException.Caller>(802) { device.info(null, null) }.number.toInt())
            thread {
                inner.add(refused<UnlockException.Caller>(802) { device.info(null, null) }.number.toInt())
            }.join()
        }
        session.unlock(device, code, NEW_PIN, NEW_PIN, null, listener, null, null)
        assertEquals(listOf(802, 802), inner)
        assertEquals(8.toUByte(), device.info(null, null).pinRetries)
    }

    @Test
    fun `an enrolment that is touched from its own callback refuses`() = MockKey().use { key ->
        key.setTouch(MockTouch.After(2u))
        IssuerKey.make(Suite.P256_ECDH_MAC).use { issuer ->
            Enrollment().use { plan ->
                plan.addKey(SLOT, issuer)
                key.open(MockWire.HID, Interface.FIDO).use { device ->
                    var tries = 0
                    val listener = Listener {
                        for (touch in listOf<() -> Unit>(
                            { plan.addKey(2u, issuer) },
                            { plan.setOptions(true, false) },
                            { plan.setPin(OLD_PIN) },
                            { plan.run(device) },
                        )) {
                            refused<UnlockException.Caller>(802, touch)
                            tries += 1
                        }
                    }
                    plan.run(device, listener)
                    assertEquals(4, tries)
                    assertEquals(listOf(SLOT), device.info().slots.map { it.slot })
                }
            }
        }
    }

    @Test
    fun `garbage collection under load`() = Enrolled(Suite.P256_ECDH_MAC).use { enrolled ->
        val stop = AtomicBoolean()
        val collector = thread(isDaemon = true) {
            while (!stop.get()) {
                System.gc()
                Thread.sleep(1)
            }
        }
        val server = enrolled.key.serve(MockWire.HID, Interface.VENDOR, 0u)
        try {
            var pin = OLD_PIN
            repeat(LOAD) {
                enrolled.key.block("Winter24")
                enrolled.key.setTouch(MockTouch.After(2u))
                pin = if (pin == OLD_PIN) NEW_PIN else OLD_PIN
                var told = 0
                var judged = 0
                withDevice(server, MockWire.HID, Interface.VENDOR) { device ->
                    UnlockSession.begin(device).use { session ->
                        val code = enrolled.respond(session.challenge())
                        // Neither is kept by this side: the library's reference alone holds them.
                        val policy = PinPolicy.host(object : PinChecker {
                            override fun check(pin: String) {
                                judged += 1
                            }
                        })
                        session.unlock(device, code, pin, pin, policy, Listener { told += 1 })
                    }
                }
                assertEquals(1, told)
                assertEquals(1, judged)
                enrolled.key.setTouch(MockTouch.AtOnce)
            }
            enrolled.signIn(pin)
        } finally {
            stop.set(true)
            server.stop()
        }
        collector.join()
    }

    @Test
    fun `use after close is an exception, close twice is none`() = MockKey().use { key ->
        val device = key.open(MockWire.HID, Interface.FIDO)
        device.info(null, null)
        device.close()
        device.close()
        assertThrows<IllegalStateException> { device.info(null, null) }
        assertThrows<IllegalStateException> { UnlockSession.begin(device, null, null, null) }
        Unit
    }

    @Test
    fun `a panic is an exception without data`() {
        val error = assertThrows<InternalException> { mockPanic() }
        assertEquals("asked for by a test", error.message)
        // The library goes on.
        assertTrue(libraryVersion().isNotEmpty())
    }
}
