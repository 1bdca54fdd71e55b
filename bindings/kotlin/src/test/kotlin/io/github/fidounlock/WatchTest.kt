package io.github.fidounlock

import java.util.concurrent.CopyOnWriteArrayList
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** `deviceChanges()`: keys that are plugged in and pulled, and the end of the watch. */
class WatchTest {
    private fun describe(change: DeviceChange) = when (change) {
        is DeviceChange.Arrived -> "arrived ${change.device.name}"
        is DeviceChange.Left -> "left ${change.device.name}"
        else -> change.toString()
    }

    private fun <R> patient(work: suspend CoroutineScope.() -> R): R = runBlocking { withTimeout(60.seconds, work) }

    /** Threads that are inside the native watch now. */
    private fun watching() = Thread.getAllStackTraces().filterValues { frames ->
        // An unsigned argument is mangled into the name.
        frames.any { it.className.endsWith(".DeviceWatch") && it.methodName.startsWith("next") }
    }.keys

    @Test
    fun `a key that comes and goes is told, in order`() = patient {
        val looking = mockLooking()
        MockKey().use { key ->
            val told = Channel<DeviceChange>(Channel.UNLIMITED)
            val collector = launch(Dispatchers.Default) { deviceChanges().collect { told.send(it) } }
            key.plugIn("First")
            val arrived = told.receive() as DeviceChange.Arrived
            assertEquals("First", arrived.device.name)
            // One key, by both of its interfaces, and it can be opened while the watch goes on.
            assertEquals(setOf(Interface.FIDO, Interface.VENDOR), arrived.device.routes.map { it.which }.toSet())
            arrived.device.open().use { assertEquals(Condition.PinNotSet, it.diagnosed().condition) }
            MockKey().use { second ->
                second.plugIn("Second")
                assertEquals("arrived Second", describe(told.receive()))
                key.pull()
                assertEquals("left First", describe(told.receive()))
            }
            // A key that is freed is pulled.
            assertEquals("left Second", describe(told.receive()))
            key.plugIn("First again")
            assertEquals("arrived First again", describe(told.receive()))
            collector.cancelAndJoin()
        }
        assertEquals(looking, mockLooking())
    }

    @Test
    fun `what is there already arrives first, and the flow ends with who takes from it`() = patient {
        val looking = mockLooking()
        MockKey().use { key ->
            key.plugIn("Here")
            assertEquals(listOf("arrived Here"), deviceChanges().take(1).toList().map(::describe))
            // Cold: each collection watches anew.
            assertEquals("arrived Here", describe(deviceChanges().first()))
        }
        assertEquals(looking, mockLooking())
    }

    @Test
    fun `cancelling ends the watch and its thread`() = patient {
        val looking = mockLooking()
        val told = CopyOnWriteArrayList<DeviceChange>()
        MockKey().use { key ->
            key.plugIn("Here")
            val first = Channel<Unit>(1)
            val collector = launch(Dispatchers.Default) {
                deviceChanges().collect {
                    told.add(it)
                    first.send(Unit)
                }
            }
            first.receive()
            // It waits for what does not come.
            while (watching().isEmpty()) delay(1)
            assertTrue(mockLooking() > looking)
            collector.cancelAndJoin()
            assertEquals(emptySet<Thread>(), watching())
            assertEquals(looking, mockLooking())
            // Nobody is there to be told.
            key.pull()
        }
        assertEquals(listOf("arrived Here"), told.map(::describe))
    }
}
