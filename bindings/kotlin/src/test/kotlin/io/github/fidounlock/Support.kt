package io.github.fidounlock

import java.io.DataInputStream
import java.io.DataOutputStream
import java.io.IOException
import java.math.BigInteger
import java.net.InetAddress
import java.net.Socket
import java.net.SocketTimeoutException
import java.security.MessageDigest
import java.security.Signature
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.assertThrows

const val OLD_PIN = "Winter42"
const val NEW_PIN = "Spring43"
const val SLOT: UByte = 1u

/** Frames of a u16 length and that many bytes: what the served software authenticator speaks. */
open class TcpPipe(port: UShort) : AutoCloseable {
    protected val socket = Socket(InetAddress.getLoopbackAddress(), port.toInt()).apply { tcpNoDelay = true }
    private val input = DataInputStream(socket.getInputStream().buffered())
    private val output = DataOutputStream(socket.getOutputStream())

    protected fun send(frame: ByteArray) = gone {
        val length = frame.size
        output.write(byteArrayOf((length shr 8).toByte(), length.toByte()) + frame)
        output.flush()
    }

    /** Null where none came in time. */
    protected fun receive(timeoutMs: UInt): ByteArray? = gone {
        socket.soTimeout = timeoutMs.toInt().coerceAtLeast(1)
        input.mark(2)
        val length = try {
            input.readUnsignedShort()
        } catch (_: SocketTimeoutException) {
            return@gone null
        }
        socket.soTimeout = 0
        ByteArray(length).also(input::readFully)
    }

    private fun <T> gone(work: () -> T): T = try {
        work()
    } catch (_: IOException) {
        throw PipeException.Gone()
    }

    override fun close() = socket.close()
}

/** HID reports over TCP, written in Kotlin. */
class TcpHid(port: UShort) : TcpPipe(port), HidReports {
    override fun writeReport(report: ByteArray) = send(report)

    override fun readReport(timeoutMs: UInt): ByteArray = receive(timeoutMs) ?: ByteArray(0)

    override fun reportSize(): UInt = 64u
}

/** APDUs over TCP, written in Kotlin. */
class TcpCard(port: UShort) : TcpPipe(port), ApduChannel {
    override fun transmit(apdu: ByteArray, timeoutMs: UInt): ByteArray {
        send(apdu)
        return receive(timeoutMs) ?: throw PipeException.TimedOut()
    }

    override fun extendedLength() = true

    override fun beginTransaction(timeoutMs: UInt) = Unit

    override fun endTransaction() = Unit

    override fun reconnect(timeoutMs: UInt) = throw PipeException.Gone()
}

/** A device over a pipe written in Kotlin; the pipe is the host's to close. */
inline fun <R> withDevice(server: MockServer, wire: MockWire, which: Interface, work: (Device) -> R): R =
    when (wire) {
        MockWire.HID -> TcpHid(server.port()).use { pipe -> Device.openHid(pipe, which).use(work) }
        MockWire.APDU -> TcpCard(server.port()).use { pipe -> Device.openApdu(pipe, which).use(work) }
    }

/** An enrolled key with a PIN and a passkey; `publicKey`: of an issuer elsewhere. */
class Enrolled(val suite: Suite, publicKey: ByteArray? = null) : AutoCloseable {
    val key = MockKey()
    val issuer = IssuerKey.make(suite)
    val relyingParty = MockRelyingParty("example.com")
    val device: EnrolledDevice
    val passkey: MockPasskey

    init {
        val plan = Enrollment()
        if (publicKey == null) plan.addKey(SLOT, issuer) else plan.addPublicKey(SLOT, suite, publicKey)
        device = key.open(MockWire.HID, Interface.FIDO).use { plan.run(it, null, null, null) }
        key.setPin(OLD_PIN)
        passkey = relyingParty.makePasskey(key, "user-1", OLD_PIN)
    }

    fun respond(challenge: String): String = mockRespond(issuer, device.deviceId, device.deviceKey, challenge)

    /** A sign-in that the library's relying party takes and that the JDK's ECDSA takes too. */
    fun signIn(pin: String) {
        val assertion = relyingParty.signIn(key, passkey, pin)
        val rpIdHash = MessageDigest.getInstance("SHA-256").digest("example.com".toByteArray())
        assertArrayEquals(rpIdHash, assertion.authData.copyOf(32))
        // User present and user verified.
        assertEquals(0x05, assertion.authData[32].toInt() and 0x05)
        val verifier = Signature.getInstance("SHA256withECDSA")
        verifier.initVerify(ecPublicKey(BigInteger(1, passkey.x), BigInteger(1, passkey.y)))
        verifier.update(assertion.authData + assertion.clientDataHash)
        assertTrue(verifier.verify(assertion.signature))
    }

    override fun close() {
        listOf(key, issuer, relyingParty).forEach(AutoCloseable::close)
    }
}

/** The call fails with this number. */
inline fun <reified E : UnlockException> refused(number: Int, crossinline call: () -> Unit): E {
    val error = assertThrows<UnlockException> { call() }
    assertEquals(number, error.number, error.text)
    return error as E
}
