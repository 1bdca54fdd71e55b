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

/** The help desk. An app on a user's phone brings one that asks its platform's server; see the README. */
interface HelpDesk {
    /**
     * Opens the request of this [key], or finds it, and tells the desk what it lacks: its id. Asked again with the same key, no
     * second one is opened. Null where it has run out, or was ended at the desk.
     */
    suspend fun ask(deviceId: String, challenge: String, key: String): String?

    /** Waits for the Response Code; the caller wipes it. */
    suspend fun fetch(request: String): CharArray

    /** Tells how it ended. */
    suspend fun close(request: String, unlocked: Boolean)
}

/** What the help desk is told of a call. */
data class Call(
    /** The user's id at the desk. */
    val user: String,
    /** Reason or ticket. */
    val reason: String,
    /** By which of the desk's methods it was verified that it is the user, such as `call-back`. */
    val method: String,
    /** What was done for it. Say nothing that was not done: the help desk relies on it. */
    val statement: String,
)

/**
 * The help desk's console by its API (`/api/v1`, docs/for-help-desks.md). The [token] is an operator's, so that this is for
 * the platform's server.
 */
class HttpHelpDesk(
    private val url: URI,
    private val call: Call,
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

    override suspend fun ask(deviceId: String, challenge: String, key: String): String? {
        val wanted = body("user" to call.user, "device_id" to deviceId, "reason" to call.reason)
        return inTime {
            val opened = insist { send("", wanted, key).takeIf { it.path("id").isTextual } }
            if (!opened.path("lives").asBoolean()) return@inTime Asked(null)
            prepare(opened, challenge)
            Asked(opened.path("id").textValue())
        }.id
    }

    private class Asked(val id: String?)

    /** Says how the user was verified and which challenge the device shows, where that does not stand there yet. */
    private suspend fun prepare(opened: JsonNode, challenge: String) {
        var asked = opened
        var pause = poll
        val path = "/${opened.path("id").textValue()}"
        while (!asked.hasNonNull("code")) {
            val (step, body) = when {
                !asked.hasNonNull("caller") ->
                    "caller" to body("method" to call.method, "statement" to call.statement)
                !asked.hasNonNull("challenge") -> "challenge" to body("challenge" to challenge)
                else -> return
            }
            val (now, _) = once { send("$path/$step", body) }
            asked = now ?: run {
                // Perhaps it was done: once more would void an approval that was given meanwhile.
                delay(pause)
                pause = longer(pause)
                insist { send(path) }
            }
        }
    }

    override suspend fun fetch(request: String): CharArray = inTime {
        while (true) {
            try {
                // The JSON reader makes a string of it, which no JVM can wipe.
                return@inTime insist { send("/$request/code", NOTHING).path("code").textValue() }.toCharArray()
            } catch (refusal: HelpDeskException) {
                when (refusal.row.number.toInt()) {
                    APPROVAL_MISSING -> waitForApproval(request)
                    REQUEST_USED -> throw ended()
                    else -> throw refusal
                }
            }
        }
        @Suppress("UNREACHABLE_CODE")
        CharArray(0)
    }

    /** Looks at the request: each refusal of a code would be an entry in the desk's log. */
    private suspend fun waitForApproval(request: String) {
        do {
            delay(poll)
            val now = insist { send("/$request") }
            if (!now.path("lives").asBoolean()) throw ended()
        } while (!now.hasNonNull("approved_by"))
    }

    override suspend fun close(request: String, unlocked: Boolean) {
        try {
            end(request, if (unlocked) "done" else "abandon")
        } catch (refusal: HelpDeskException) {
            if (!unlocked || refusal.row.number.toInt() != REQUEST_UNKNOWN) throw refusal
            // The desk gave no code for it.
            end(request, "abandon")
        }
    }

    private suspend fun end(request: String, step: String) {
        try {
            insist { send("/$request/$step", NOTHING) }
        } catch (refusal: HelpDeskException) {
            // An answer that was lost.
            if (refusal.row.number.toInt() != REQUEST_USED) throw refusal
        }
    }

    private suspend fun <T : Any> inTime(work: suspend () -> T): T = withTimeoutOrNull(deadline) { work() }
        ?: throw HelpDeskException(REQUEST_EXPIRED, "the help desk gave no code in time")

    /** Tries again, later each time, until the deadline. Null is an answer that does not follow the protocol. */
    private suspend fun <T : Any> insist(work: suspend () -> T?): T {
        var why = MALFORMED
        val done = withTimeoutOrNull(deadline) {
            var pause = poll
            while (true) {
                val (done, trouble) = once(work)
                if (done != null) return@withTimeoutOrNull done
                why = trouble
                delay(pause)
                pause = longer(pause)
            }
            @Suppress("UNREACHABLE_CODE")
            null
        }
        return done ?: throw HelpDeskException(REQUEST_EXPIRED, "the help desk was not reached: $why")
    }

    /** Tries once: what came of it, or why another try may do. */
    private suspend fun <T : Any> once(work: suspend () -> T?): Pair<T?, String> = try {
        work() to MALFORMED
    } catch (_: JsonProcessingException) {
        // Its text quotes the answer.
        null to MALFORMED
    } catch (failure: IOException) {
        null to (failure.message ?: failure.javaClass.simpleName)
    }

    private fun body(vararg fields: Pair<String, String>): ByteArray = json.writeValueAsBytes(mapOf(*fields))

    /** The answer to a GET, or to a POST with this body. */
    private suspend fun send(rest: String, body: ByteArray? = null, key: String? = null): JsonNode {
        val request = HttpRequest.newBuilder(url.resolve("/api/v1/requests$rest"))
            .timeout(10.seconds.toJavaDuration())
            .header("Authorization", "Bearer $token")
        if (body != null) request.header("Content-Type", "application/json").POST(BodyPublishers.ofByteArray(body))
        if (key != null) request.header("Idempotency-Key", key)
        val answer = http.sendAsync(request.build(), BodyHandlers.ofByteArray()).await()
        val bytes = answer.body()
        try {
            val status = answer.statusCode()
            if (status in 400..499) throw refusal(status, bytes)
            if (status !in 200..299) throw IOException("status $status")
            return json.readTree(bytes)
        } finally {
            bytes.fill(0)
        }
    }

    /** A refusal (RFC 9457). */
    private fun refusal(status: Int, bytes: ByteArray): Exception {
        val problem = try {
            json.readTree(bytes)
        } catch (_: JsonProcessingException) {
            json.createObjectNode()
        }
        val text = problem.path("detail").asText("the help desk's service: status $status")
        return when {
            problem.path("number").isInt -> HelpDeskException(problem.path("number").intValue(), text)
            // With a number it is for too many codes in a day.
            status == 429 -> IOException("status 429")
            status == 401 -> HelpDeskException(PRIVILEGE_MISSING, text)
            else -> HelpDeskException(HOST_FAILED, text)
        }
    }

    private fun ended() =
        HelpDeskException(REQUEST_EXPIRED, "the request has run out, or was ended at the help desk")

    private fun longer(pause: Duration) = minOf(pause * 2, LONGEST_PAUSE)

    private companion object {
        val LONGEST_PAUSE = 30.seconds
        val OWN = setOf("127.0.0.1", "localhost", "[::1]")
        val NOTHING = "null".toByteArray()
        const val MALFORMED = "the answer does not follow the protocol"
        const val PRIVILEGE_MISSING = 405
        const val APPROVAL_MISSING = 409
        const val REQUEST_EXPIRED = 414
        const val REQUEST_USED = 415
        const val REQUEST_UNKNOWN = 429
        const val HOST_FAILED = 803
    }
}
