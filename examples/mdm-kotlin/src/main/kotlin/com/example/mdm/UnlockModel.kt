package com.example.mdm

import io.github.fidounlock.Device
import io.github.fidounlock.ErrorRow
import io.github.fidounlock.ProgressEvent
import io.github.fidounlock.UnlockException
import io.github.fidounlock.UnlockOutcome
import io.github.fidounlock.UnlockSession
import io.github.fidounlock.beginUnlock
import io.github.fidounlock.cancellable
import io.github.fidounlock.diagnosed
import io.github.fidounlock.number
import io.github.fidounlock.row
import io.github.fidounlock.unlockWith
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch

/**
 * What an unlock's screen is bound to. All functions are called on the thread of [scope], which is the
 * main thread in an app; the library's calls run elsewhere, and [state] tells what became of them.
 */
class UnlockModel(
    private val scope: CoroutineScope,
    private val desk: HelpDesk,
    private val cases: CaseFile,
) {
    private val mutable = MutableStateFlow<UnlockState>(UnlockState.NoKey)
    private var link: Link? = null
    private var code: CharArray? = null
    private var work: Job? = null

    /** What is to be shown. */
    val state: StateFlow<UnlockState> = mutable.asStateFlow()

    /** A key was connected, maybe the same one again. */
    fun keyConnected(connected: Link) {
        link = connected
        // At once: what was shown before is over.
        mutable.value = UnlockState.Looking
        begin {
            mutable.value = UnlockState.Looking
            look(connected)
        }
    }

    /** The key was taken away. What is waited for elsewhere goes on; the key is wanted again for the PIN. */
    fun keyGone() {
        link = null
        if (mutable.value is UnlockState.NotLocked) mutable.value = UnlockState.NoKey
    }

    /** The new PIN, typed twice. Both arrays are wiped before the unlock ends. */
    fun choosePin(pin: CharArray, again: CharArray) {
        val shown = mutable.value
        if (shown !is UnlockState.WantsPin) {
            pin.fill('0')
            again.fill('0')
            return
        }
        begin { unlock(shown, pin, again) }.invokeOnCompletion {
            // Also where it was cancelled before it began.
            pin.fill('0')
            again.fill('0')
        }
    }

    /** Gives up. What the key has begun ends within 100 ms. */
    fun cancel() {
        val running = work
        scope.launch {
            running?.cancelAndJoin()
            val request = cases.load()?.request
            forget()
            mutable.value = UnlockState.NoKey
            request?.let { close(it, unlocked = false) }
        }
    }

    /** One piece of work at a time; a failure is a state. */
    private fun begin(steps: suspend () -> Unit): Job {
        val before = work
        return scope.launch {
            before?.cancelAndJoin()
            try {
                steps()
            } catch (failure: UnlockException) {
                mutable.value = UnlockState.Stopped(failure.row)
            } catch (failure: HelpDeskException) {
                mutable.value = UnlockState.Stopped(failure.row)
            }
        }.also { work = it }
    }

    private suspend fun look(link: Link) {
        val session = link.open().use { device ->
            val diagnosis = device.diagnosed()
            val unresolved = cases.load()?.takeIf { it.sent }
            if (!diagnosis.canUnlock) {
                if (unresolved != null && isUnlocked(device, unresolved)) return done(unresolved)
                mutable.value = UnlockState.NotLocked(diagnosis.sentence)
                return
            }
            device.beginUnlock()
        }
        session.use { ask(it) }
    }

    /** Shows the challenge and waits for its code; goes on where an earlier run stopped. */
    private suspend fun ask(session: UnlockSession) {
        val saved = cases.load()?.takeIf { it.challenge == session.challenge() }
        if (saved == null) wipeCode()
        // It is still locked, so nothing was lost.
        var case = saved?.copy(sent = false)
            ?: Case(session.save().toHex(), session.deviceId(), session.challenge())
        cases.save(case)
        if (code == null) {
            mutable.value = UnlockState.Asking(case.deviceId, case.challenge)
            code = fetch(case) {
                case = it
                cases.save(it)
            }
        }
        mutable.value = UnlockState.WantsPin(case.deviceId, session.pinRules(), problem = null)
    }

    private suspend fun fetch(case: Case, changed: (Case) -> Unit): CharArray {
        var asked = case
        var request = desk.ask(asked.deviceId, asked.challenge, asked.key)
        if (request == null) {
            // It has run out, or was ended at the desk: another one.
            asked = asked.copy(key = newKey(), request = null)
            changed(asked)
            request = desk.ask(asked.deviceId, asked.challenge, asked.key)
                ?: throw HelpDeskException(REQUEST_EXPIRED, "the help desk ended the request")
        }
        changed(asked.copy(request = request))
        return desk.fetch(request)
    }

    private suspend fun unlock(shown: UnlockState.WantsPin, pin: CharArray, again: CharArray) {
        fun wantAgain(problem: ErrorRow) {
            mutable.value = shown.copy(problem = problem)
        }
        val case = cases.load()
        val response = code
        if (case == null || response == null) return
        val connected = link ?: return wantAgain(HelpDeskException(NO_DEVICE, "the key is not connected").row)
        if (!pin.contentEquals(again)) {
            return wantAgain(HelpDeskException(PIN_CONFIRMATION, "the two PINs are not the same").row)
        }
        // Before it is sent: whatever happens then can be found out.
        cases.save(case.copy(sent = true))
        mutable.value = UnlockState.Unlocking(case.deviceId, touchWanted = false)
        try {
            send(connected, case, response, pin)
            // Before the state tells that it is over.
            pin.fill('0')
            again.fill('0')
            done(case)
        } catch (failure: UnlockException) {
            if (failure.number != OUTCOME_UNKNOWN) cases.save(case)
            when (failure) {
                is UnlockException.Pin, is UnlockException.Transport -> wantAgain(failure.row)
                else -> {
                    // A code that does not fit is not kept; the next look asks again.
                    wipeCode()
                    throw failure
                }
            }
        }
    }

    private suspend fun send(connected: Link, case: Case, response: CharArray, pin: CharArray) {
        connected.open().use { device ->
            UnlockSession.restore(case.session.fromHex()).use { session ->
                session.unlockWith(device, response, pin) { event ->
                    if (event == ProgressEvent.TouchNeeded) {
                        mutable.value = UnlockState.Unlocking(case.deviceId, touchWanted = true)
                    }
                }
            }
        }
    }

    private suspend fun isUnlocked(device: Device, case: Case): Boolean = try {
        UnlockSession.restore(case.session.fromHex()).use { session ->
            cancellable { session.resolve(device, it, null) } == UnlockOutcome.UNLOCKED
        }
    } catch (_: UnlockException) {
        // Another key's.
        false
    }

    private suspend fun done(case: Case) {
        forget()
        mutable.value = UnlockState.Unlocked(case.deviceId)
        case.request?.let { close(it, unlocked = true) }
    }

    private suspend fun close(request: String, unlocked: Boolean) {
        try {
            desk.close(request, unlocked)
        } catch (_: HelpDeskException) {
            // The key's counter tells the desk at the next unlock.
        }
    }

    private fun forget() {
        wipeCode()
        cases.forget()
    }

    private fun wipeCode() {
        code?.fill('0')
        code = null
    }

    private companion object {
        const val OUTCOME_UNKNOWN = 124
        const val PIN_CONFIRMATION = 306
        const val REQUEST_EXPIRED = 414
        const val NO_DEVICE = 501
    }
}

private fun ByteArray.toHex(): String = joinToString("") { "%02x".format(it) }

private fun String.fromHex(): ByteArray = chunked(2).map { it.toInt(16).toByte() }.toByteArray()
