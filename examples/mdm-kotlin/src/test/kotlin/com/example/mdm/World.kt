package com.example.mdm

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.ObjectMapper
import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import io.github.fidounlock.HidReports
import io.github.fidounlock.PipeException
import java.io.DataInputStream
import java.io.IOException
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.Socket
import java.net.SocketTimeoutException
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** The help desk's console as a process, as its demonstration is for programs, with a locked key on a port. */
class World(vararg arguments: String) : AutoCloseable {
    private val process = ProcessBuilder(
        listOf(Path.of(System.getProperty("built"), "help-desk").toString(), "--demo", "--json") + arguments,
    ).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    private val json = ObjectMapper()
    private val told: JsonNode = json.readTree(process.inputReader().readLine())
    private val http = HttpClient.newHttpClient()

    val keyPort: Int = told["key_port"].intValue()

    val url = URI(told["desk"].textValue())

    fun desk(user: String = told["user"].textValue(), url: URI = this.url) = HttpHelpDesk(
        url, Call(user, "INC-4711", "call-back", "called back on the number on record"), told["token"].textValue(),
        poll = 20.milliseconds, deadline = 60.seconds,
    )

    /** Requests that have not ended. */
    fun requests(): List<JsonNode> = ask("").path("requests").toList()

    /** The second operator approves the one request, as soon as its challenge is there. */
    fun approve() {
        val until = System.nanoTime() + 60.seconds.inWholeNanoseconds
        var ready: JsonNode? = null
        while (ready == null) {
            ready = requests().singleOrNull()?.takeIf { it.hasNonNull("challenge") }
            check(System.nanoTime() < until) { "no request is ready" }
            Thread.sleep(100)
        }
        val shown = json.createObjectNode().put("revision", ready["revision"].intValue())
        ask("/${ready["id"].textValue()}/approval", shown)
    }

    private fun ask(rest: String, body: JsonNode? = null): JsonNode {
        val request = HttpRequest.newBuilder(url.resolve("/api/v1/requests$rest"))
            .header("Authorization", "Bearer ${told["approver_token"].textValue()}")
            .header("Content-Type", "application/json")
        if (body != null) request.POST(HttpRequest.BodyPublishers.ofByteArray(json.writeValueAsBytes(body)))
        val answer = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray())
        check(answer.statusCode() in 200..299) { String(answer.body()) }
        return json.readTree(answer.body())
    }

    override fun close() {
        // It ends with its input.
        process.outputStream.close()
        check(process.waitFor(60, TimeUnit.SECONDS)) { "help-desk does not end" }
    }
}

/** What stands between app and console, and loses things: of each request the first is not carried over, and the second
 * one's answer is lost. */
class LossyRelay(private val to: URI) : AutoCloseable {
    private val times = mutableMapOf<String, Int>()
    private val http = HttpClient.newHttpClient()
    private val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0).apply {
        createContext("/") { it.use(::carry) }
        start()
    }

    val url = URI("http://127.0.0.1:${server.address.port}")

    private fun carry(asked: HttpExchange) {
        val place = asked.requestURI.toString()
        val time = times.merge("${asked.requestMethod} $place", 1, Int::plus)
        if (time == 1) return asked.sendResponseHeaders(503, -1)
        val request = HttpRequest.newBuilder(to.resolve(place))
            .method(asked.requestMethod, HttpRequest.BodyPublishers.ofByteArray(asked.requestBody.readAllBytes()))
        for (name in listOf("Authorization", "Content-Type", "Idempotency-Key")) {
            asked.requestHeaders.getFirst(name)?.let { request.header(name, it) }
        }
        val answer = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray())
        if (time == 2) return
        asked.sendResponseHeaders(answer.statusCode(), answer.body().size.toLong())
        asked.responseBody.write(answer.body())
    }

    override fun close() = server.stop(0)
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
