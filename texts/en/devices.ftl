# Devices: the list, one device, and what is brought in from a file.
devices-title = Devices
devices-search-label = User or Device ID
devices-search = Search
devices-none = No user and no device is registered yet.
devices-nothing-found = Nobody and no device matches “{ $text }”. Check the spelling.
devices-by-owner = Devices by owner
devices-found-for = Found for “{ $text }”
devices-owner = Owner
devices-device = Device
devices-slot = Slot
devices-slot-and-suite = { $slot }, suite { $suite }
devices-registered = Registered
devices-label = Label
devices-last-unlock = Last unlocked
devices-never = never
devices-state = State
devices-in-use = in use
devices-retired = retired
devices-privileged = privileged
devices-no-device = no device registered
devices-next-page = Next page
devices-type-more = There are more: type more of the name or of the Device ID.
devices-open-by-id = Open device { $code }
devices-more-devices = More devices
devices-import-link = Import devices from a file
devices-station = Enrol keys at a station
devices-station-what = On the computer at which keys are enrolled: put them in one after another; each is enrolled for the next user of the list, and its row is written to the file, which you then import here.
devices-station-hint = issuer.json holds the desk’s public keys (“issuer show --public”), users.txt the owners’ ids, one per line. With “--force-pin-change” each owner chooses another PIN at the first use.
device-title = Device { $code }
device-just-retired = The device is retired: it can no longer be unlocked.
device-owner-erased = The owner was erased. Retire the device, or it counts against the licence for nobody.
device-to-be-rotated = The desk has another issuer key in this slot by now: rotate the device’s key when it is at hand.
device-nobody = nobody who is still known
device-rotation = Rotation
device-open-codes = Open codes
device-may-be-good = { $count } may still be good
device-none-open = none
device-unknown-since-backup = a backup was put in place: there may be more
device-other-slots = Other slots
device-other-slot = Slot { $slot }: suite { $suite }, rotation { $rotation }
device-in-the-log = All entries of the log
device-history = History
device-history-none = Nothing that the log still names.
device-at = When
device-what = What
device-by = By
device-older = Older
device-retire-link = Retire
device-back = Back to the devices
device-retire-title = Retire device { $code }
device-retire-means = A retired device can no longer be unlocked, and nothing takes that back. It no longer counts against the licence.
device-retire = RETIRE
device-keep = Keep it in use
import-devices-title = Import devices
import-users-title = Import users
import-devices-hint = A CSV file as the enrolment station writes it, with this first line:
import-users-hint = A CSV file with this first line. The class is ordinary, privileged or empty; what is empty stays as it is.
import-file = File
import-limit = At most 5,000 rows and 1 MB. First you are shown what would be written; nothing is changed yet.
import-check = CHECK THE FILE
import-would-register = { $count ->
    [one] 1 device would be registered
   *[other] { $count } devices would be registered
}; refused: { $refused }.
import-would-change = { $count ->
    [one] 1 user would be changed
   *[other] { $count } users would be changed
}; as they are already: { $unchanged }; refused: { $refused }.
import-refused = Refused
import-line = Line
import-reason = Reason
import-and-more = and { $count } more
import-unreadable = Nothing is written while a line cannot be read: what was moved in one line may have been moved in others. Mend the file, and check it again.
import-to-be-registered = To be registered
import-to-be-changed = To be changed
import-suite = Suite
import-user = User
import-what = What
import-register = { $count ->
    [one] REGISTER 1 DEVICE
   *[other] REGISTER { $count } DEVICES
}
import-change = { $count ->
    [one] CHANGE 1 USER
   *[other] CHANGE { $count } USERS
}
import-registered = { $count ->
    [one] 1 device is registered.
   *[other] { $count } devices are registered.
}
import-changed-users = { $count ->
    [one] 1 user is changed.
   *[other] { $count } users are changed.
}
import-to-devices = To the devices
import-changed-meanwhile = Nothing was written: it is not what you were shown any more
import-changed-meanwhile-next = Somebody has changed something since. Look at what would be written now.
import-header = the first line must be { $wanted }, not { $found }
import-cells = { $found } cells instead of { $wanted }; a cell that contains the separator must be in double quotes
import-field = { $field }: { $what }
import-twice = { $field }: line { $before } is about the same one
import-cell-user = not a user’s id
import-cell-suite = neither 1 nor 2
import-cell-slot = not a number from 0 to 15
import-cell-hex = 66 hexadecimal digits are wanted
import-cell-point = not a point of P-256
import-cell-not-wanted = nothing is wanted in suite 1
import-cell-name = a name is wanted
import-cell-class = neither ordinary nor privileged nor empty
import-cell-mail = not a mail address
import-cell-text = too long, or with characters that cannot be seen
import-class-rests = the class “{ $class }” holds from { $from } on: write a class, or import the line after that
import-new-user = new: { $name }, { $class }
import-name = name { $from } to { $to }
import-address = { $from } to { $to }
import-address-new = { $to }
import-class = class { $from } to { $to }
import-class-after-rest = class { $from } to { $to }, after its rest
import-class-stays = class { $class } stays; { $withdrawn }, which rests, is withdrawn
import-manager = manager { $from } to { $to }
import-manager-after-rest = manager { $from } to { $to }, after a rest; nobody until then
import-manager-stays = manager { $manager } stays; another, which rests, is withdrawn
