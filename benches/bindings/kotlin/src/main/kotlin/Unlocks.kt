package bench

import io.github.fidounlock.Device
import io.github.fidounlock.Enrollment
import io.github.fidounlock.Interface
import io.github.fidounlock.IssuerKey
import io.github.fidounlock.MockKey
import io.github.fidounlock.MockWire
import io.github.fidounlock.Suite
import io.github.fidounlock.UniffiLib
import io.github.fidounlock.UnlockSession
import io.github.fidounlock.mockRespond
import io.github.fidounlock.uniffiCallbackInterfaceHidReports

private const val SLOT: UByte = 1u
private val PINS = listOf("Winter42", "Spring43")

/** Whole unlocks over TCP of a software key that is blocked before each: from the open socket to the new PIN. */
class Unlocks {
    private val key = MockKey()
    private val issuer = IssuerKey.make(Suite.P256_ECDH_MAC)
    private val device = Enrollment().use { plan ->
        plan.addKey(SLOT, issuer)
        key.open(MockWire.HID, Interface.FIDO).use { plan.run(it, null, null, null) }
    }
    private val server = key.run {
        setPin(PINS[0])
        serve(MockWire.HID, Interface.FIDO, 0u)
    }
    private var done = 0

    fun round(unlocks: Int) {
        val times = List(2) { mutableListOf<Double>() }
        var reports = 0
        repeat(unlocks) {
            times[0] += one { pipe, pin -> withBare(pipe, pin) }.first
            val (time, count) = one { pipe, pin -> withGenerated(pipe, pin) }
            times[1] += time
            reports = count
        }
        show("unlock", "bare", median(times[0]))
        show("unlock", "generated", median(times[1]))
        show("reports", "generated", reports.toDouble())
    }

    private fun one(work: (TcpHid, String) -> Long): Pair<Double, Int> {
        key.block("Winter24")
        done++
        val next = PINS[done % 2]
        val result = TcpHid(server.port()).use { work(it, next).toDouble() to it.reports }
        key.tryPin(next)
        return result
    }

    /** The help desk's part, which is not timed. */
    private fun respond(challenge: String) = mockRespond(issuer, device.deviceId, device.deviceKey, challenge)

    private fun withGenerated(pipe: TcpHid, pin: String): Long {
        uniffiCallbackInterfaceHidReports.register(UniffiLib)
        val begin = System.nanoTime()
        Device.openHid(pipe, Interface.FIDO).use { opened ->
            UnlockSession.begin(opened, null, null, null).use { session ->
                val challenge = session.challenge()
                val paused = System.nanoTime()
                val response = respond(challenge)
                val resumed = System.nanoTime()
                session.unlock(opened, response, pin, pin, null, null, null, null)
                return System.nanoTime() - resumed + (paused - begin)
            }
        }
    }

    private fun withBare(pipe: TcpHid, pin: String): Long {
        BarePipe.register()
        BarePipe.target = pipe
        val begin = System.nanoTime()
        val opened = Bare.openHid(BarePipe.HANDLE, Interface.FIDO.ordinal + 1)
        val session = Bare.begin(opened)
        val challenge = Bare.challenge(session)
        val paused = System.nanoTime()
        val response = respond(challenge)
        val resumed = System.nanoTime()
        Bare.unlock(session, opened, response, pin)
        val time = System.nanoTime() - resumed + (paused - begin)
        Bare.freeSession(session)
        Bare.freeDevice(opened)
        return time
    }
}
