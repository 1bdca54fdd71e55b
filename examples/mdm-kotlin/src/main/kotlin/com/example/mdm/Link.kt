package com.example.mdm

import io.github.fidounlock.ApduChannel
import io.github.fidounlock.Device
import io.github.fidounlock.HidReports
import io.github.fidounlock.Interface

/** A connected key, by a pipe that the app brings and closes: on Android `UsbHidPipe` and `IsoDepPipe`. */
sealed interface Link {
    /** Over USB; [which] says which interface of the key it is. */
    data class Usb(val pipe: HidReports, val which: Interface = Interface.VENDOR) : Link

    /** Held to the phone, or in a reader. */
    data class Nfc(val pipe: ApduChannel) : Link

    /** Opens it for one conversation. */
    fun open(): Device = when (this) {
        is Usb -> Device.openHid(pipe, which)
        is Nfc -> Device.openApdu(pipe, Interface.VENDOR)
    }
}
