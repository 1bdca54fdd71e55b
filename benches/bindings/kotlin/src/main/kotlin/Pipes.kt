package bench

import com.sun.jna.Pointer
import com.sun.jna.ptr.IntByReference
import io.github.fidounlock.HidReports
import io.github.fidounlock.PipeException
import java.net.InetAddress
import java.net.Socket
import java.net.SocketTimeoutException

/** The table of functions behind `HidReports` by hand, for one pipe at a time. */
object BarePipe {
    /** Odd, as handles of a host are, and none that the generated code gives out. */
    const val HANDLE = 0x7FFF_FFFF_FFFFL

    /** What the reports go to. */
    lateinit var target: HidReports

    private val table = BareTable().apply {
        free = object : BareFree {
            override fun callback(handle: Long) = Unit
        }
        clone = object : BareClone {
            override fun callback(handle: Long) = handle
        }
        write = object : BareWrite {
            override fun callback(handle: Long, report: BareBuffer.ByValue, nothing: Pointer, status: BareStatus) =
                guarded(status) { target.writeReport(Bare.take(report)) }
        }
        read = object : BareRead {
            override fun callback(handle: Long, timeoutMs: Int, report: BareBuffer, status: BareStatus) = guarded(status) {
                val made = Bare.bytes(target.readReport(timeoutMs.toUInt()))
                report.capacity = made.capacity
                report.length = made.length
                report.data = made.data
            }
        }
        size = object : BareSize {
            override fun callback(handle: Long, size: IntByReference, status: BareStatus) =
                guarded(status) { size.value = target.reportSize().toInt() }
        }
    }

    private inline fun guarded(status: BareStatus, work: () -> Unit) = try {
        work()
    } catch (_: Exception) {
        status.code = 2
    }

    /** From now on Rust calls this table; there is one for the whole process. */
    fun register() = Exported.uniffi_fido_unlock_ffi_fn_init_callback_vtable_hidreports(table)
}

/** Gives back what it was given. */
class Loop : HidReports {
    private var last = ByteArray(64)

    override fun writeReport(report: ByteArray) {
        last = report
    }

    override fun readReport(timeoutMs: UInt) = last

    override fun reportSize() = 64u
}

/** HID reports over TCP, as the software authenticator serves them: a u16 length, then 64 bytes. */
class TcpHid(port: UShort) : HidReports, AutoCloseable {
    private val socket = Socket(InetAddress.getLoopbackAddress(), port.toInt()).apply { tcpNoDelay = true }
    private val frame = ByteArray(66)

    /** Reports out and in so far. */
    var reports = 0
        private set

    override fun writeReport(report: ByteArray) {
        reports++
        frame[0] = 0
        frame[1] = 64
        report.copyInto(frame, 2)
        socket.getOutputStream().write(frame)
    }

    override fun readReport(timeoutMs: UInt): ByteArray {
        socket.soTimeout = timeoutMs.toInt().coerceAtLeast(1)
        val got = try {
            socket.getInputStream().readNBytes(frame, 0, frame.size)
        } catch (_: SocketTimeoutException) {
            return ByteArray(0)
        }
        if (got < frame.size) throw PipeException.Gone()
        reports++
        return frame.copyOfRange(2, frame.size)
    }

    override fun reportSize() = 64u

    override fun close() = socket.close()
}
