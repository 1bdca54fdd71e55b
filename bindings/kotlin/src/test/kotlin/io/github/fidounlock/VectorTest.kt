package io.github.fidounlock

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.ObjectMapper
import java.io.File
import java.security.Signature
import java.util.HexFormat
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec
import java.nio.ByteBuffer
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory

/** The vectors of the suites: through the library where it takes such values, else by the JDK's cryptography. */
class VectorTest {
    private fun JsonNode.hex(name: String): ByteArray = HexFormat.of().parseHex(this[name].asText())

    private fun JsonNode.valid() = this["expected"].asText() == "valid"

    private fun tests(file: String, atLeast: Int, judge: (JsonNode) -> (() -> Unit)?): List<DynamicTest> {
        val cases = ObjectMapper().readTree(File(System.getProperty("root"), "tests/vectors/$file.json"))["cases"]
        val tests = cases.mapNotNull { case ->
            judge(case)?.let { dynamicTest("${case["id"]}: ${case["reason"].asText()}") { it() } }
        }
        assertTrue(tests.size >= atLeast, "only ${tests.size} of $file")
        return tests
    }

    /** What the library says to a public key. */
    private fun publicKey(case: JsonNode, suite: Suite) = Enrollment().use { plan ->
        if (case.valid()) {
            plan.addPublicKey(SLOT, suite, case.hex("public_key"))
        } else {
            refused<UnlockException.Signer>(607) { plan.addPublicKey(SLOT, suite, case.hex("public_key")) }
        }
        Unit
    }

    @TestFactory
    fun `suite 1`() = tests("suite1", 13) { case ->
        when (case["kind"].asText()) {
            "public_key" -> ({ publicKey(case, Suite.P256_ECDSA) })
            "response", "rfc6979" -> ({
                val verifier = Signature.getInstance("SHA256withECDSAinP1363Format")
                verifier.initVerify(decompress(case.hex("issuer")))
                verifier.update(case.hex("message"))
                assertTrue(verifier.verify(case.hex("response")))
            }).takeIf { case.valid() }
            else -> null
        }
    }

    @TestFactory
    fun `suite 2`() = tests("suite2", 16) { case ->
        when (case["kind"].asText()) {
            "public_key" -> ({ publicKey(case, Suite.P256_ECDH_MAC) })
            "response", "hmac" -> ({
                val mac = Mac.getInstance("HmacSHA256").run {
                    init(SecretKeySpec(case.hex("z"), "HmacSHA256"))
                    doFinal(case.hex("message"))
                }
                val response = mac.copyOf(13).also { it[12] = (it[12].toInt() and 0xF0).toByte() }
                assertArrayEquals(case.hex("response"), response)
            }).takeIf { case.valid() }
            else -> null
        }
    }

    @TestFactory
    fun `suite 3`() = tests("suite3", 49) { case ->
        val key by lazy {
            val bytes = case.hex("admin_key")
            ByteBuffer.allocateDirect(bytes.size).put(bytes).flip()
        }
        when (case["kind"].asText()) {
            "response" -> ({
                val made = IssuerKey.adminKey(key).use { mockRespond(it, "", ByteArray(0), case["challenge"].asText()) }
                val digits = made.filter(Char::isLetterOrDigit).lowercase()
                assertEquals(case.valid(), digits == case["response"].asText())
            })
            "key_length" -> ({
                refused<UnlockException.Caller>(801) { IssuerKey.adminKey(key) }
                Unit
            })
            else -> null
        }
    }
}
