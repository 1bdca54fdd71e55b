"""A client that is not ours, before the lock and after the unlock, on one key in a file.

Usage: before_and_after.py before|after KEY PROTOCOL FILE NOTES OLD_PIN NEW_PIN

`before` registers, notes what the relying party stores, and types wrong PINs until the key is blocked.
`after` signs in with those notes and the new PIN, and finds everything else as it was.
"""

import json
import sys
from functools import partial

from ctap_pipe import ERR, RP, Rig, register, refused, sign_in
from fido2.ctap import CtapError
from fido2.ctap2.blob import LargeBlobs
from fido2.ctap2.pin import ClientPin
from fido2.webauthn import AttestedCredentialData

SALT = {"salt1": b"\x05" * 32}
BLOB = b"kept"
GET_ASSERTION = ClientPin.PERMISSION.GET_ASSERTION


def secret(rig, credential, pin):
    [(used, result)] = sign_in(rig, [credential], pin=pin, hmacGetSecret=SALT)
    assert used.credential_id == credential.credential_id
    return result.client_extension_results.hmac_get_secret.output1


def blobs(rig, pin):
    token = rig.token(ClientPin.PERMISSION.LARGE_BLOB_WRITE, pin)
    return LargeBlobs(rig.ctap, rig.pin.protocol, token)


def before(rig, notes, old_pin, _):
    rig.pin.set_pin(old_pin)
    plain, _ = register(rig, b"plain", False, pin=old_pin)
    extended, _ = register(rig, b"extended", False, pin=old_pin, hmacCreateSecret=True)
    passkey, _ = register(rig, b"passkey", True, pin=old_pin)
    blobs(rig, old_pin).put_blob(b"\x01" * 32, BLOB)
    credentials = [plain, extended, passkey]
    with open(notes, "w") as file:
        json.dump(
            {
                "credentials": [bytes(credential).hex() for credential in credentials],
                "secret": secret(rig, extended, old_pin).hex(),
            },
            file,
        )
    while True:
        try:
            rig.token(GET_ASSERTION, "wrong-pin", RP["id"])
        except CtapError as error:
            if error.code == ERR.PIN_BLOCKED:
                break
            if error.code == ERR.PIN_AUTH_BLOCKED:
                rig.device.power_cycle()
    refused(ERR.PIN_BLOCKED, partial(rig.token, GET_ASSERTION, old_pin, RP["id"]))


def after(rig, notes, old_pin, new_pin):
    with open(notes) as file:
        noted = json.load(file)
    plain, extended, passkey = (
        AttestedCredentialData(bytes.fromhex(data)) for data in noted["credentials"]
    )
    assert rig.pin.get_pin_retries()[0] == 8
    [(used, _)] = sign_in(rig, [plain], pin=new_pin)
    assert used.credential_id == plain.credential_id
    [(used, _)] = sign_in(rig, None, [passkey], pin=new_pin)
    assert used.credential_id == passkey.credential_id
    assert secret(rig, extended, new_pin).hex() == noted["secret"]
    assert blobs(rig, new_pin).get_blob(b"\x01" * 32) == BLOB
    refused(ERR.PIN_INVALID, partial(rig.token, GET_ASSERTION, old_pin, RP["id"]))
    assert rig.pin.get_pin_retries()[0] == 7


def main(step, key, protocol, file, *rest):
    rig = Rig(key, int(protocol), file)
    {"before": before, "after": after}[step](rig, *rest)
    rig.device.close()
    print(step)


if __name__ == "__main__":
    main(*sys.argv[1:])
