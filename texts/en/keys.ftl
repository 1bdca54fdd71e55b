# The issuers' keys.
keys-title = Keys
keys-intro = By its issuer's key a device knows that a code is this help desk's. The private halves are where the service runs, or in an HSM, and are never shown here.
keys-recorded = It was recorded.
keys-none = There is no issuer's key yet. Suite 3 needs none.
keys-caption = Issuers' keys
keys-slot = Slot
keys-slot-number = Slot { $slot }
keys-suite = Suite
keys-fingerprint = SHA-256 of the public key
keys-state = State
keys-devices = Devices in use
keys-since = since { $time }
keys-present = present
keys-retired = retired
keys-count = { $count ->
    [one] 1 device
   *[other] { $count } devices
}
keys-not-counted = not counted
keys-still-needed = Still needed: these devices take no other key's codes until they are rotated.
keys-signed = Save the signed list
keys-signed-hint = Programs that see devices and not this desk show by it which slots have a key of somebody else.
keys-checkpoint-key = Public key of the list and of checkpoints
keys-rotation = Rotation
keys-rotation-intro = A new key takes the slot's place, and the one before is kept for devices that have not been rotated. Then each device is rotated at its next visit. Both are done where the keys are:
keys-backup = Backup
keys-backed-up = Backed up last at { $time }
keys-never-backed-up = No backup was ever recorded.
keys-backup-is-old = A key was made since the last backup: make a new one. Without its key, no device can be unlocked any more.
keys-tried = A backup was restored last at { $time }
keys-never-tried = No backup was ever tried.
keys-entry = entry { $place }
keys-backup-intro = A backup that was never restored may be none. Try it on a copy of the desk's folder, on another machine: it must say the same fingerprints as this page.
keys-record-intro = The command line records both by itself. What you do by other means, in an HSM for instance, you record here before you do it.
keys-record-backup = RECORD A BACKUP
keys-record-restore = RECORD A RESTORE
