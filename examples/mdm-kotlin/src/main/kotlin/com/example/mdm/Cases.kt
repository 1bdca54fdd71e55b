package com.example.mdm

import java.nio.file.Files
import java.nio.file.NoSuchFileException
import java.nio.file.Path
import java.nio.file.StandardCopyOption.ATOMIC_MOVE
import java.nio.file.StandardCopyOption.REPLACE_EXISTING
import java.util.Properties
import java.util.UUID

/** An unlock that was begun, as it outlives the app. No secret is in it. */
data class Case(
    /** What `UnlockSession.save` gave, in hexadecimal. */
    val session: String,
    val deviceId: String,
    val challenge: String,
    /** What the help desk's request is called; kept before the desk is asked, so that the request is opened once. */
    val key: String = newKey(),
    /** The id of the help desk's request. */
    val request: String? = null,
    /** Response and PIN may have been sent, and the answer is not known. */
    val sent: Boolean = false,
)

/** A name for a request that no other one has. */
fun newKey(): String = UUID.randomUUID().toString()

/** Where the one unlock of this app is kept. An Android app gives a folder of its own. */
class CaseFile(private val path: Path) {
    fun load(): Case? {
        val read = Properties()
        try {
            Files.newBufferedReader(path).use(read::load)
        } catch (_: NoSuchFileException) {
            return null
        }
        return Case(
            session = read.getProperty("session") ?: return null,
            deviceId = read.getProperty("deviceId") ?: return null,
            challenge = read.getProperty("challenge") ?: return null,
            key = read.getProperty("key") ?: return null,
            request = read.getProperty("request"),
            sent = read.getProperty("sent") == "true",
        )
    }

    /** Writes, whole or not at all. */
    fun save(case: Case) {
        val written = Properties().apply {
            setProperty("session", case.session)
            setProperty("deviceId", case.deviceId)
            setProperty("challenge", case.challenge)
            setProperty("key", case.key)
            case.request?.let { setProperty("request", it) }
            setProperty("sent", case.sent.toString())
        }
        Files.createDirectories(path.toAbsolutePath().parent)
        val temporary = path.resolveSibling("${path.fileName}.new")
        Files.newBufferedWriter(temporary).use { written.store(it, null) }
        Files.move(temporary, path, ATOMIC_MOVE, REPLACE_EXISTING)
    }

    fun forget() {
        Files.deleteIfExists(path)
    }
}
