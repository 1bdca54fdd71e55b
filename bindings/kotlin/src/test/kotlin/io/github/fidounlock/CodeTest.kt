package io.github.fidounlock

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.ObjectMapper
import java.io.File
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.assertDoesNotThrow
import org.junit.jupiter.api.assertThrows

/** Codes as people type them. */
class CodeTest {
    @TestFactory
    fun `the vectors hold`(): List<DynamicTest> {
        val file = File(System.getProperty("root"), "tests/vectors/code_line.json")
        val cases = ObjectMapper().readTree(file)["cases"].toList()
        assertTrue(cases.size > 200)
        return cases.map { case -> dynamicTest("${case["id"]}: ${case["reason"].asText()}") { judge(case) } }
    }

    private fun judge(case: JsonNode) {
        val suite = case["suite"]?.let { Suite.entries[it.asInt() - 1] }
        val field = when (case["field"].asText()) {
            "device_id" -> CodeField.deviceId()
            "challenge" -> CodeField.challenge(suite!!)
            else -> CodeField.response(suite!!)
        }
        val text = case["text"].asText()
        val outcome = case["outcome"]
        if (outcome.has("bytes")) {
            assertDoesNotThrow { field.check(text) }
            refused<UnlockException.Caller>(802) { field.correction(text) }
            return
        }
        val error = assertThrows<UnlockException.Code> { field.check(text) }
        assertEquals(outcome["error"].asText(), error.name)
        val line = (outcome["line"] ?: outcome["expected_line"])?.asInt()
        assertEquals(line, error.line?.toInt())
        outcome["groups"]?.let { groups ->
            assertEquals(groups.map { it.asInt() }, error.groups.map { it.number.toInt() })
            assertEquals(outcome.has("correction"), error.hasCorrection)
        }
        if (case["field"].asText() == "response") {
            assertTrue(error.groups.all { it.text == null })
        }
        outcome["correction"]?.let { wanted ->
            val whole = field.correction(text)
            assertEquals(wanted.asText(), whole.lines()[(line ?: 1) - 1])
            assertDoesNotThrow { field.check(whole) }
            // Never after a second failure.
            assertThrows<UnlockException.Code> { field.check(text) }
            refused<UnlockException.Caller>(802) { field.correction(text) }
        }
    }

    @Test
    fun `the group is named`() {
        val error = assertThrows<UnlockException.Code> { CodeField.deviceId().check("6HF8-3D0C-BV38-W153-J2Z2") }
        assertEquals("check group 1: 6HF8", error.text)
        assertEquals(listOf(WrongGroup(1u, "6HF8")), error.groups)
    }

    @Test
    fun `a line says at once that it is complete`() {
        val field = CodeField.deviceId()
        val line = "7HF8-3D0C-BV38-W153-J2Z2"
        for (length in 1 until line.length) {
            assertFalse(field.lineComplete(1u, line.take(length)))
        }
        assertTrue(field.lineComplete(1u, line))
        assertFalse(field.lineComplete(2u, line))
    }

    @Test
    fun `a code is spoken and fits a QR code`() {
        assertEquals("Seven, Golf, Kilo, Two. Zero, Alfa, X-ray, Zulu.", spokenCode("7gk2-0AXZ"))
        assertEquals("AB CD", qrText("AB\nCD"))
    }

    @Test
    fun `the policy judges as the unlock does`() {
        val rules = PinRules(minimum = 4u, maximum = 63u, deviceHasMore = false)
        val strict = PinPolicy.standard(PinOptions(8u, false, false, true, listOf("Sommer26")))
        strict.check("Spring43", "Spring43", rules)
        for ((pin, number) in listOf("Abc12" to 301, "12345678" to 304, "sOMMER26" to 305, "Spring-43" to 303)) {
            refused<UnlockException.Pin>(number) { strict.check(pin, pin, rules) }
        }
        refused<UnlockException.Pin>(302) { strict.check("a1".repeat(32), "a1".repeat(32), rules) }
    }
}
