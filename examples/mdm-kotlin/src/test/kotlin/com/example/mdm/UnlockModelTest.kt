package com.example.mdm

import java.net.URI
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.Executors
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

/** The model over a real key, service and pipe; an app's main thread is one of our own here. */
class UnlockModelTest {
    @TempDir
    lateinit var folder: Path

    private class App(desk: HelpDesk, cases: CaseFile) : AutoCloseable {
        private val main = Executors.newSingleThreadExecutor().asCoroutineDispatcher()
        private val scope = CoroutineScope(main)
        val model = UnlockModel(scope, desk, cases)

        suspend fun on(work: UnlockModel.() -> Unit) = withContext(main) { model.work() }

        suspend inline fun <reified T : UnlockState> wait(crossinline test: (T) -> Boolean = { true }): T =
            withTimeout(20.seconds) { model.state.first { it is T && test(it) } as T }

        override fun close() {
            scope.cancel()
            main.close()
        }
    }

    private val cases get() = CaseFile(folder.resolve("case"))

    private fun pin(text: String = "Spring43") = text.toCharArray()

    /** A key that is not locked says so to the next look: the PIN was set by the device, not by us. */
    private suspend fun App.mustBeUnlocked(port: Int) {
        PortPipe(port).use { pipe ->
            on { keyConnected(Link.Usb(pipe)) }
            wait<UnlockState.NotLocked>()
        }
    }

    @ParameterizedTest
    @ValueSource(strings = ["1", "2", "3"])
    fun `each suite, from the key to the new PIN`(suite: String) = runBlocking {
        World("--suite", suite, "--approval-from", "0").use { world ->
            App(world.desk(), cases).use { app ->
                val secret = pin()
                PortPipe(world.keyPort).use { pipe ->
                    app.on { keyConnected(Link.Usb(pipe)) }
                    val asking = app.wait<UnlockState.Asking>()
                    world.approve()
                    val wants = app.wait<UnlockState.WantsPin>()
                    assertEquals(asking.deviceId, wants.deviceId)
                    app.on { choosePin(pin("12"), pin("12")) }
                    assertEquals(301, app.wait<UnlockState.WantsPin> { it.problem != null }.problem?.number?.toInt())
                    app.on { choosePin(pin("Spring43"), pin("Spring44")) }
                    app.wait<UnlockState.WantsPin> { it.problem?.number?.toInt() == 306 }
                    app.on { choosePin(secret, pin()) }
                    app.wait<UnlockState.Unlocked>()
                }
                assertTrue(secret.all { it == '0' }, "the PIN is wiped")
                assertFalse(Files.exists(folder.resolve("case")), "an unlocked key is kept")
                withTimeout(30.seconds) { while (world.requests().isNotEmpty()) delay(100) }
                app.mustBeUnlocked(world.keyPort)
            }
        }
    }

    @Test
    fun `an app that was closed meanwhile goes on with the same request`() = runBlocking {
        World("--approval-from", "0").use { world ->
            val shown = App(world.desk(), cases).use { app ->
                PortPipe(world.keyPort).use { pipe ->
                    app.on { keyConnected(Link.Usb(pipe)) }
                    val asking = app.wait<UnlockState.Asking>()
                    withTimeout(30.seconds) { while (cases.load()?.request == null) delay(10) }
                    asking
                }
            }
            val request = cases.load()?.request
            App(world.desk(), cases).use { app ->
                PortPipe(world.keyPort).use { pipe ->
                    app.on { keyConnected(Link.Usb(pipe)) }
                    assertEquals(shown, app.wait<UnlockState.Asking>())
                    world.approve()
                    app.wait<UnlockState.WantsPin>()
                    assertEquals(request, cases.load()?.request)
                    app.on { choosePin(pin(), pin()) }
                    app.wait<UnlockState.Unlocked>()
                }
                app.mustBeUnlocked(world.keyPort)
            }
        }
    }

    @Test
    fun `each step is asked again where an answer is lost, and done once`() = runBlocking {
        World("--approval-from", "0").use { world ->
            LossyRelay(world.url).use { relay ->
                App(world.desk(url = relay.url), cases).use { app ->
                    PortPipe(world.keyPort).use { pipe ->
                        app.on { keyConnected(Link.Usb(pipe)) }
                        world.approve()
                        app.wait<UnlockState.WantsPin>()
                        assertEquals(listOf(cases.load()?.request), world.requests().map { it["id"].textValue() })
                        app.on { choosePin(pin(), pin()) }
                        app.wait<UnlockState.Unlocked>()
                    }
                    withTimeout(30.seconds) { while (world.requests().isNotEmpty()) delay(100) }
                    app.mustBeUnlocked(world.keyPort)
                }
            }
        }
    }

    @Test
    fun `a key that is pulled at any report is asked again, and unlocks`() = runBlocking {
        World().use { world ->
            App(world.desk(), cases).use { app ->
                var reports = 0
                var pulls = 0
                while (app.model.state.value !is UnlockState.Unlocked) {
                    PortPipe(world.keyPort).use { pipe ->
                        app.on { keyConnected(Link.Usb(pipe)) }
                        app.wait<UnlockState> {
                            it is UnlockState.WantsPin || it is UnlockState.Unlocked || it is UnlockState.Stopped
                        }
                        if (app.model.state.value is UnlockState.WantsPin) {
                            // The next report of the unlock itself, one further each time.
                            pipe.pullAfter = pipe.written + reports++
                            app.on { choosePin(pin(), pin()) }
                            app.wait<UnlockState> {
                                it is UnlockState.Unlocked || it is UnlockState.Stopped ||
                                    (it is UnlockState.WantsPin && it.problem != null)
                            }
                            if (app.model.state.value !is UnlockState.Unlocked) pulls++
                        }
                    }
                    app.on { keyGone() }
                    assertTrue(reports < 100, "it never unlocks")
                }
                assertTrue(pulls > 5, "pulled only $pulls times")
                app.mustBeUnlocked(world.keyPort)
            }
        }
    }

    @Test
    fun `a token is not told, and no code crosses a network in the clear`() {
        val call = Call("robin.sample", "INC-4711", "call-back", "called back")
        fun refused(url: String, token: String): String =
            assertThrows<IllegalArgumentException> { HttpHelpDesk(URI(url), call, token) }.message.orEmpty()
        assertFalse("geheim" in refused("https://desk.example", "geheim\n"))
        for (url in listOf("http://desk.example", "http://0.0.0.0:1", "http:///v1", "ftp://127.0.0.1")) {
            refused(url, "geheim")
        }
    }

    @Test
    fun `a cancel gives up, and what the desk refuses is shown`() = runBlocking {
        World("--approval-from", "0").use { world ->
            App(world.desk(), cases).use { app ->
                PortPipe(world.keyPort).use { pipe ->
                    app.on { keyConnected(Link.Usb(pipe)) }
                    app.wait<UnlockState.Asking>()
                    // The desk has answered: what is cancelled before that runs out there by itself.
                    withTimeout(30.seconds) { while (cases.load()?.request == null) delay(10) }
                    app.on { cancel() }
                    app.wait<UnlockState.NoKey>()
                }
                assertFalse(Files.exists(folder.resolve("case")))
                withTimeout(30.seconds) { while (world.requests().isNotEmpty()) delay(100) }
            }
            App(world.desk(user = "nobody"), cases).use { app ->
                PortPipe(world.keyPort).use { pipe ->
                    app.on { keyConnected(Link.Usb(pipe)) }
                    assertEquals(416, app.wait<UnlockState.Stopped>().problem.number.toInt())
                }
            }
        }
    }
}
