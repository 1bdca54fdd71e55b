import io.github.fidounlock.Device
import io.github.fidounlock.HidReports
import io.github.fidounlock.Interface
import io.github.fidounlock.PipeException
import io.github.fidounlock.ProgressEvent
import io.github.fidounlock.UnlockSession
import io.github.fidounlock.UnlockStep
import io.github.fidounlock.unlocking
import java.io.DataInputStream
import java.net.InetAddress
import java.net.Socket
import java.net.SocketTimeoutException
import kotlinx.coroutines.runBlocking

/** Reports over TCP, each behind its length. */
private class Pipe(port: Int) : HidReports {
    private val socket = Socket(InetAddress.getLoopbackAddress(), port).apply { tcpNoDelay = true }
    private val input = DataInputStream(socket.getInputStream().buffered())

    override fun writeReport(report: ByteArray) =
        socket.getOutputStream().write(byteArrayOf((report.size shr 8).toByte(), report.size.toByte()) + report)

    override fun readReport(timeoutMs: UInt): ByteArray {
        socket.soTimeout = timeoutMs.toInt().coerceAtLeast(1)
        input.mark(2)
        val length = try {
            input.readUnsignedShort()
        } catch (_: SocketTimeoutException) {
            input.reset()
            return ByteArray(0)
        }
        socket.soTimeout = 0
        return ByteArray(length).also(input::readFully)
    }

    override fun reportSize(): UInt = if (socket.isClosed) throw PipeException.Gone() else 64u
}

/** Unlocks the key that is served on this port: says Device ID and challenge, and takes the code and the new PIN. */
fun main(arguments: Array<String>) = runBlocking {
    Device.openHid(Pipe(arguments[0].toInt()), Interface.VENDOR).use { device ->
        UnlockSession.begin(device).use { session ->
            println("id ${session.deviceId()}")
            println("challenge ${session.challenge()}")
            val code = readln()
            val pin = readln()
            session.unlocking(device, code, pin, pin).collect { step ->
                when (step) {
                    is UnlockStep.Progress -> if (step.event == ProgressEvent.TouchNeeded) println("touch")
                    UnlockStep.Done -> println("unlocked")
                }
            }
        }
    }
}
