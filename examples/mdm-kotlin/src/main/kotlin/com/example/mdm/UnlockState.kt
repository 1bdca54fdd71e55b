package com.example.mdm

import io.github.fidounlock.ErrorRow
import io.github.fidounlock.PinRules

/** What a screen shows. No secret is in it, so that it may be logged and restored. */
sealed interface UnlockState {
    /** "Connect your key." */
    data object NoKey : UnlockState

    /** A key was connected and is being read. */
    data object Looking : UnlockState

    /** A key that needs no unlock, or cannot have one: its state and what to do, in one sentence. */
    data class NotLocked(val sentence: String) : UnlockState

    /** The help desk is being asked. Device ID and challenge are shown, to be compared or read aloud. */
    data class Asking(val deviceId: String, val challenge: String) : UnlockState

    /** The code is there: "choose a new PIN". [problem]: why the last one, or the last try, failed. */
    data class WantsPin(val deviceId: String, val rules: PinRules, val problem: ErrorRow?) : UnlockState

    /** The key is working. */
    data class Unlocking(val deviceId: String, val touchWanted: Boolean) : UnlockState

    /** "Your new PIN is set." */
    data class Unlocked(val deviceId: String) : UnlockState

    /** It ended without an unlock: what happened and what to do. Connecting the key begins anew. */
    data class Stopped(val problem: ErrorRow) : UnlockState
}
