package io.github.fidounlock

import java.nio.ByteBuffer
import java.nio.CharBuffer
import kotlin.time.Duration
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.channelFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

/** A step of an unlock, as [UnlockSession.unlocking] tells it. */
sealed interface UnlockStep {
    /** What the device does. */
    data class Progress(val event: ProgressEvent) : UnlockStep

    /** The new PIN is set; the last step. */
    data object Done : UnlockStep
}

/**
 * Runs a blocking call on [dispatcher]. Cancelling the coroutine cancels the call within 100 ms, or as
 * soon as a pipe of the host's comes back; the coroutine ends only when the call has ended, so that a
 * device is never left in the middle. A device may be faster than a cancel: [resolved] tells.
 */
suspend fun <T> cancellable(
    dispatcher: CoroutineDispatcher = Dispatchers.IO,
    call: (CancelHandle) -> T,
): T = CancelHandle().use { handle ->
    try {
        coroutineScope {
            val watcher = launch(Dispatchers.Unconfined, CoroutineStart.UNDISPATCHED) {
                try {
                    awaitCancellation()
                } finally {
                    handle.cancel()
                }
            }
            try {
                withContext(dispatcher + NonCancellable) { call(handle) }
            } finally {
                watcher.cancel()
            }
        }
    } catch (error: UnlockException) {
        // To who cancelled it, the call's "cancelled" is the coroutine's own.
        currentCoroutineContext().ensureActive()
        throw error
    }
}

/** What state the device is in and what the person can do. See [Device.diagnose]. */
suspend fun Device.diagnosed(
    ownIssuers: List<ByteArray> = emptyList(),
    timeout: Duration? = null,
): Diagnosis = cancellable { diagnose(ownIssuers, it, timeout.millis()) }

/** The device's state in full. See [Device.info]. */
suspend fun Device.currentInfo(timeout: Duration? = null): DeviceInfo = cancellable { info(it, timeout.millis()) }

/** Begins an unlock. See [UnlockSession.begin]. */
suspend fun Device.beginUnlock(slot: UByte? = null, timeout: Duration? = null): UnlockSession =
    cancellable { UnlockSession.begin(this, slot, it, timeout.millis()) }

/** Unlocks and returns when the new PIN is set. [onProgress] comes on the call's thread. */
suspend fun UnlockSession.unlockWith(
    device: Device,
    response: String,
    pin: String,
    pinAgain: String,
    policy: PinPolicy? = null,
    timeout: Duration? = null,
    onProgress: ((ProgressEvent) -> Unit)? = null,
) = cancellable { unlock(device, response, pin, pinAgain, policy, onProgress?.let(::Listener), it, timeout.millis()) }

/**
 * The same for secrets in arrays that the host wipes: the copies that are made here are wiped before
 * this returns, also when it throws. The host has compared the PIN with its confirmation.
 */
suspend fun UnlockSession.unlockWith(
    device: Device,
    response: CharArray,
    pin: CharArray,
    policy: PinPolicy? = null,
    timeout: Duration? = null,
    onProgress: ((ProgressEvent) -> Unit)? = null,
) = DirectSecret(response).use { code ->
    DirectSecret(pin).use { newPin ->
        cancellable {
            unlockFromMemory(device, code.bytes, newPin.bytes, policy, onProgress?.let(::Listener), it, timeout.millis())
        }
    }
}

/** Unlocks as a flow of steps: progress, then [UnlockStep.Done]. Cold: each collection is an unlock. */
fun UnlockSession.unlocking(
    device: Device,
    response: String,
    pin: String,
    pinAgain: String,
    policy: PinPolicy? = null,
    timeout: Duration? = null,
): Flow<UnlockStep> = channelFlow {
    unlockWith(device, response, pin, pinAgain, policy, timeout) { event ->
        trySend(UnlockStep.Progress(event))
    }
    send(UnlockStep.Done)
}

/** Asks for a new challenge, which voids the code for the old one; needs a touch. See [UnlockSession.renew]. */
suspend fun UnlockSession.renewed(
    device: Device,
    timeout: Duration? = null,
    onProgress: ((ProgressEvent) -> Unit)? = null,
) = cancellable { renew(device, onProgress?.let(::Listener), it, timeout.millis()) }

/** What became of an unlock whose answer was lost, also after a restart. See [UnlockSession.resolve]. */
suspend fun UnlockSession.resolved(device: Device, timeout: Duration? = null): UnlockOutcome =
    cancellable { resolve(device, it, timeout.millis()) }

/** Enrols a device, which asks for a touch. See [Enrollment.run]. */
suspend fun Enrollment.enrolled(
    device: Device,
    timeout: Duration? = null,
    onProgress: ((ProgressEvent) -> Unit)? = null,
): EnrolledDevice = cancellable { run(device, onProgress?.let(::Listener), it, timeout.millis()) }

/** Every device on a desktop, each once. See [listDevices]. */
suspend fun findDevices(timeout: Duration? = null): DeviceListing =
    cancellable { listDevices(it, timeout.millis()) }

/** Opens a device that was found, by the first of its routes that works. See [Device.openFound]. */
suspend fun FoundDevice.open(which: Interface? = null): Device =
    cancellable { Device.openFound(this, which, it) }

/** Devices as they come and go, on a desktop; what is there at the beginning comes as arrived. */
fun deviceChanges(): Flow<DeviceChange> = channelFlow {
    DeviceWatch().use { watch ->
        while (true) {
            cancellable { watch.next(WATCH_MILLIS, it) }?.let { send(it) }
        }
    }
}

private const val WATCH_MILLIS: UInt = 1_000u

/** The stable number of an error (docs/errors.md). */
val UnlockException.number: Int
    get() = row.number.toInt()

/** What happened, in one sentence for the person. */
val UnlockException.text: String
    get() = row.text

/** What the person can do now. */
val UnlockException.nextStep: String
    get() = row.nextStep

/** The row of the error table, with this error's own text. */
val UnlockException.row: ErrorRow
    get() = when (this) {
        is UnlockException.Device -> ErrorRow(number, name, "device", text, nextStep)
        is UnlockException.Code -> ErrorRow(number, name, "code", text, nextStep)
        is UnlockException.Pin -> ErrorRow(number, name, "pin", text, nextStep)
        is UnlockException.Policy -> ErrorRow(number, name, "policy", text, nextStep)
        is UnlockException.Transport -> ErrorRow(number, name, "transport", text, nextStep)
        is UnlockException.Signer -> ErrorRow(number, name, "signer", text, nextStep)
        is UnlockException.Store -> ErrorRow(number, name, "store", text, nextStep)
        is UnlockException.Caller -> ErrorRow(number, name, "caller", text, nextStep)
    }

private class Listener(private val tell: (ProgressEvent) -> Unit) : ProgressListener {
    override fun onProgress(event: ProgressEvent) = tell(event)
}

private fun Duration?.millis(): UInt? =
    this?.inWholeMilliseconds?.coerceIn(0, UInt.MAX_VALUE.toLong())?.toUInt()

/** UTF-8 in memory outside the heap, which no garbage collection copies; wiped when closed. */
private class DirectSecret(text: CharArray) : AutoCloseable {
    val bytes: ByteBuffer

    init {
        // UTF-8 has at most three bytes for a UTF-16 unit.
        bytes = ByteBuffer.allocateDirect(3 * text.size)
        val result = Charsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text), bytes, true)
        if (result.isError) {
            close()
            throw IllegalArgumentException("a lone surrogate is no character")
        }
        bytes.flip()
    }

    override fun close() {
        for (place in 0 until bytes.capacity()) {
            bytes.clear()
            bytes.put(place, 0)
        }
    }
}
