package com.example.mdm

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.ObjectMapper
import io.github.fidounlock.HidReports
import io.github.fidounlock.PipeException
import java.io.DataInputStream
import java.io.IOException
import java.net.InetAddress
import java.net.Socket
import java.net.SocketTimeoutException
import java.net.URI
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** `help-desk-stub` as a process: the service, and a locked key on a port. */
class World(vararg arguments: String) : AutoCloseable {
    private val process = ProcessBuilder(
        listOf(Path.of(System.getProperty("built"), "help-desk-stub").toString()) + arguments,
    ).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    private val told: JsonNode = ObjectMapper().readTree(process.inputReader().readLine())

    val keyPort: Int = told["key_port"].intValue()

    fun desk(user: String = told["user"].textValue()) = HttpHelpDesk(
        URI(told["desk"].textValue()), user, told["token"].textValue(), poll = 20.milliseconds, deadline = 60.seconds,
    )

    override fun close() {
        // It ends with its input.
        process.outputStream.close()
        check(process.waitFor(60, TimeUnit.SECONDS)) { "help-desk-stub does not end" }
    }
}

/** The key on a port: what `UsbHidPipe` is on Android. [pull] takes it out in the middle. */
class PortPipe(port: Int) : HidReports, AutoCloseable {
    private val socket = Socket(InetAddress.getLoopbackAddress(), port).apply { tcpNoDelay = true }
    private val input = DataInputStream(socket.getInputStream())

    /** Reports out before the key is pulled; null: never. */
    @Volatile
    var pullAfter: Int? = null

    @Volatile
    var written = 0

    override fun writeReport(report: ByteArray) = carry {
        if (pullAfter == written) pull()
        written++
        socket.getOutputStream().write(byteArrayOf((report.size shr 8).toByte(), report.size.toByte()) + report)
    }

    override fun readReport(timeoutMs: UInt): ByteArray = carry {
        socket.soTimeout = timeoutMs.toInt().coerceAtLeast(1)
        val length = try {
            input.readUnsignedShort()
        } catch (_: SocketTimeoutException) {
            return@carry ByteArray(0)
        }
        socket.soTimeout = 0
        ByteArray(length).also(input::readFully)
    }

    override fun reportSize(): UInt = 64u

    fun pull() = socket.close()

    override fun close() = pull()

    private fun <T> carry(work: () -> T): T = try {
        work()
    } catch (_: IOException) {
        throw PipeException.Gone()
    }
}
