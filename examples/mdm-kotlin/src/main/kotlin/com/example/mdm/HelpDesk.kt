package com.example.mdm

import com.fasterxml.jackson.core.JsonProcessingException
import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.ObjectMapper
import io.github.fidounlock.ErrorRow
import io.github.fidounlock.errorTable
import java.io.IOException
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandlers
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlin.time.toJavaDuration
import kotlinx.coroutines.delay
import kotlinx.coroutines.future.await
import kotlinx.coroutines.withTimeoutOrNull

/** A refusal, as a row of the error table. */
class HelpDeskException(val row: ErrorRow) : Exception(row.text) {
    constructor(number: Int, text: String) : this(
        errorTable().firstOrNull { it.number.toInt() == number }?.copy(text = text)
            ?: ErrorRow(number.toUShort(), "", "", text, ""),
    )
}

/** The help desk's service. A test brings its own. */
interface HelpDesk {
    /** Opens a request: its id. */
    suspend fun ask(deviceId: String, challenge: String): String

    /** Waits for the Response Code; the caller wipes it. */
    suspend fun fetch(request: String): CharArray

    /** Tells how it ended. */
    suspend fun close(request: String, unlocked: Boolean)
}

/** The service over HTTP, as examples/help-desk-stub describes it. */
class HttpHelpDesk(
    private val url: URI,
    private val user: String,
    private val token: String,
    private val poll: Duration = 2.seconds,
    private val deadline: Duration = 600.seconds,
) : HelpDesk {
    private val json = ObjectMapper()
    // Java would ask a plain-text server to upgrade to HTTP/2, which small servers take amiss.
    private val http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(10.seconds.toJavaDuration()).build()

    init {
        // A code must not cross a network in the clear.
        // By its name, since another answer of the DNS may follow.
        require(url.scheme == "https" || (url.scheme == "http" && url.host in OWN)) {
            "$url: http: is for this machine alone"
        }
        // The client's own refusal of such a header would tell the token.
        require(token.all { it in '!'..'~' }) { "the token has a character that no header can have" }
    }

    override suspend fun ask(deviceId: String, challenge: String): String {
        val asked = json.createObjectNode()
            .put("device_id", deviceId).put("challenge", challenge).put("user", user)
        return insist {
            send("", "POST", json.writeValueAsBytes(asked))?.get("id")?.textValue()
        }
    }

    override suspend fun fetch(request: String): CharArray {
        var code: CharArray? = null
        withTimeoutOrNull(deadline) {
            while (code == null) {
                val answer = insist { send("/$request", "GET") }
                when (answer.path("state").textValue()) {
                    // The JSON reader makes a string of it, which no JVM can wipe.
                    "answered" -> code = answer.path("response_code").textValue()?.toCharArray()
                    "refused" -> throw refusal(answer)
                }
                // Also after an "answered" without a code.
                if (code == null) delay(poll)
            }
        }
        return code ?: throw HelpDeskException(REQUEST_EXPIRED, "the help desk gave no code in time")
    }

    override suspend fun close(request: String, unlocked: Boolean) {
        insist {
            if (unlocked) send("/$request/done", "POST") else send("/$request", "DELETE")
            true
        }
    }

    /** Tries again, later each time, until the deadline. Null is an answer that does not follow the protocol. */
    private suspend fun <T : Any> insist(once: suspend () -> T?): T {
        var why = MALFORMED
        val done = withTimeoutOrNull(deadline) {
            var pause = poll
            while (true) {
                try {
                    once()?.let { return@withTimeoutOrNull it }
                    why = MALFORMED
                } catch (_: JsonProcessingException) {
                    // Its text quotes the answer.
                    why = MALFORMED
                } catch (failure: IOException) {
                    why = failure.message ?: failure.javaClass.simpleName
                }
                delay(pause)
                pause = minOf(pause * 2, LONGEST_PAUSE)
            }
            @Suppress("UNREACHABLE_CODE")
            null
        }
        return done ?: throw HelpDeskException(REQUEST_EXPIRED, "the help desk was not reached: $why")
    }

    private suspend fun send(rest: String, method: String, body: ByteArray? = null): JsonNode? {
        val request = HttpRequest.newBuilder(url.resolve("/v1/requests$rest"))
            .timeout(10.seconds.toJavaDuration())
            .header("Authorization", "Bearer $token")
            .header("Content-Type", "application/json")
            .method(method, body?.let(BodyPublishers::ofByteArray) ?: BodyPublishers.noBody())
            .build()
        val answer = http.sendAsync(request, BodyHandlers.ofByteArray()).await()
        val bytes = answer.body()
        try {
            val tree = if (bytes.isEmpty()) json.createObjectNode() else json.readTree(bytes)
            return when (val status = answer.statusCode()) {
                in 200..299 -> tree
                429 -> throw IOException("status 429")
                in 400..499 -> throw refusal(tree)
                else -> throw IOException("status $status")
            }
        } finally {
            bytes.fill(0)
        }
    }

    private fun refusal(answer: JsonNode): HelpDeskException {
        val row = answer.path("error")
        return HelpDeskException(row.path("number").asInt(HOST_FAILED), row.path("text").asText("refused"))
    }

    private companion object {
        val LONGEST_PAUSE = 30.seconds
        val OWN = setOf("127.0.0.1", "localhost", "[::1]")
        const val MALFORMED = "the answer does not follow the protocol"
        const val REQUEST_EXPIRED = 414
        const val HOST_FAILED = 803
    }
}
