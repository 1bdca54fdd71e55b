"""python-fido2 as a client that is not ours, against the software authenticator.

Usage: ctap_pipe.py KEY PROTOCOL, where KEY is the built example `ctap_pipe` and PROTOCOL is 1 or 2.
Prints one line for each step that held; any failure ends it with a traceback and exit code 1.
"""

import os
import sys
import tempfile
from functools import partial

from fido2.client import DefaultClientDataCollector, Fido2Client, UserInteraction
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from fido2.ctap2.config import Config
from fido2.ctap2.credman import CredentialManagement
from fido2.ctap2.extensions import CredProtectExtension, HmacSecretExtension
from fido2.ctap2.pin import ClientPin
from fido2.server import Fido2Server
from pipe_device import PipeDevice

ORIGIN = "https://example.org"
RP = {"id": "example.org", "name": "Example"}
PIN = "naïve-42"
ERR = CtapError.ERR


class Person(UserInteraction):
    """Types the PIN; touches the key when asked."""

    def __init__(self, pin):
        self.pin = pin
        self.touches = 0

    def prompt_up(self):
        self.touches += 1

    def request_pin(self, permissions, rp_id):
        return self.pin

    def request_uv(self, permissions, rp_id):
        return True


def refused(status, call):
    try:
        call()
    except CtapError as error:
        assert error.code == status, f"{error} instead of {status!r}"
    else:
        raise AssertionError(f"taken, instead of {status!r}")


class Rig:
    def __init__(self, key, protocol, *options):
        self.command = [key, "--protocols", str(protocol), *options]
        self.protocol = next(p for p in ClientPin.PROTOCOLS if p.VERSION == protocol)
        self.start()

    def start(self):
        self.device = PipeDevice(self.command)
        self.ctap = Ctap2(self.device)
        self.pin = ClientPin(self.ctap, self.protocol())
        self.server = Fido2Server(RP, attestation="direct")

    def client(self, pin=PIN):
        self.person = Person(pin)
        return Fido2Client(
            self.device,
            DefaultClientDataCollector(ORIGIN),
            self.person,
            [HmacSecretExtension(allow_hmac_secret=True), CredProtectExtension()],
        )

    def token(self, permission, pin=PIN, rp_id=None):
        return self.pin.get_pin_token(pin, permission, rp_id)


def register(rig, user, discoverable, pin=PIN, **extensions):
    options, state = rig.server.register_begin(
        {"id": user, "name": user.decode()},
        resident_key_requirement="required" if discoverable else "discouraged",
        user_verification="required",
        extensions=extensions,
    )
    result = rig.client(pin).make_credential(options["publicKey"])
    data = rig.server.register_complete(state, result)
    assert rig.person.touches == 1
    assert data.credential_data.aaguid == b"fido-unlock-mock"
    return data.credential_data, result


def sign_in(rig, credentials, known=None, pin=PIN, **extensions):
    options, state = rig.server.authenticate_begin(
        credentials, user_verification="required", extensions=extensions
    )
    selection = rig.client(pin).get_assertion(options["publicKey"])
    results = []
    for index in range(len(selection.get_assertions())):
        result = selection.get_response(index)
        used = rig.server.authenticate_complete(state, credentials or known, result)
        results.append((used, result))
    return results


def registration_and_sign_in(rig):
    assert rig.ctap.info.options["clientPin"] is False
    refused(ERR.PIN_NOT_SET, rig.pin.get_pin_retries)
    rig.pin.set_pin(PIN)
    rig.start_info = rig.ctap.get_info()
    assert rig.start_info.options["clientPin"] is True
    assert rig.start_info.pin_uv_protocols == [rig.protocol.VERSION]
    plain, _ = register(rig, b"plain", False)
    secret, result = register(rig, b"secret", False, hmacCreateSecret=True)
    assert result.client_extension_results.hmac_create_secret is True
    [(used, _)] = sign_in(rig, [plain])
    assert used.credential_id == plain.credential_id
    salts = {"salt1": b"\x01" * 32, "salt2": b"\x02" * 32}
    outputs = []
    for _ in range(2):
        [(_, result)] = sign_in(rig, [secret], hmacGetSecret=salts)
        secrets = result.client_extension_results.hmac_get_secret
        outputs.append((secrets.output1, secrets.output2))
    assert outputs[0] == outputs[1] and outputs[0][0] != outputs[0][1]
    assert len(outputs[0][0]) == 32
    return plain, secret, salts, outputs[0]


def passkeys(rig):
    made = [register(rig, user, True)[0] for user in (b"one", b"two", b"three")]
    results = sign_in(rig, None, made)
    used = [credential.credential_id for credential, _ in results]
    assert used == [credential.credential_id for credential in reversed(made)]
    return made


def management(rig, made):
    permission = ClientPin.PERMISSION.CREDENTIAL_MGMT
    manage = CredentialManagement(rig.ctap, rig.pin.protocol, rig.token(permission))
    RESULT = CredentialManagement.RESULT
    assert manage.get_metadata()[RESULT.EXISTING_CRED_COUNT] == 3
    [rp] = manage.enumerate_rps()
    assert rp[RESULT.RP]["id"] == RP["id"]
    listed = manage.enumerate_creds(rp[RESULT.RP_ID_HASH])
    ids = [entry[RESULT.CREDENTIAL_ID]["id"] for entry in listed]
    assert ids == [credential.credential_id for credential in made]
    keys = [entry[RESULT.PUBLIC_KEY] for entry in listed]
    assert [dict(key) for key in keys] == [dict(credential.public_key) for credential in made]
    manage.update_user_info(
        listed[0][RESULT.CREDENTIAL_ID], {"id": b"one", "name": "uno", "displayName": "Uno"}
    )
    manage.delete_cred(listed[1][RESULT.CREDENTIAL_ID])
    listed = manage.enumerate_creds(rp[RESULT.RP_ID_HASH])
    assert [entry[RESULT.USER]["name"] for entry in listed] == ["uno", "three"]


def configuration(rig):
    def config():
        token = rig.token(ClientPin.PERMISSION.AUTHENTICATOR_CFG)
        return Config(rig.ctap, rig.pin.protocol, token)

    config().toggle_always_uv()
    assert rig.ctap.get_info().options["alwaysUv"] is True
    config().toggle_always_uv()
    assert rig.ctap.get_info().options["alwaysUv"] is False
    config().set_min_pin_length(min_pin_length=6)
    assert rig.ctap.get_info().min_pin_length == 6
    assert rig.ctap.get_info().force_pin_change is False
    refused(ERR.PIN_POLICY_VIOLATION, lambda: config().set_min_pin_length(min_pin_length=5))
    refused(ERR.INVALID_PARAMETER, lambda: config().enable_enterprise_attestation())


def lock(rig, plain):
    """Eight wrong PINs; the credentials stay, but nothing verifies the user any more."""
    permission = ClientPin.PERMISSION.GET_ASSERTION
    for used in range(1, 9):
        expected = ERR.PIN_INVALID
        if used == 8:
            expected = ERR.PIN_BLOCKED
        elif used % 3 == 0:
            expected = ERR.PIN_AUTH_BLOCKED
        refused(expected, partial(rig.token, permission, "wrong!", RP["id"]))
        left, power_cycle = rig.pin.get_pin_retries()
        assert left == 8 - used and bool(power_cycle) == (expected == ERR.PIN_AUTH_BLOCKED)
        if expected == ERR.PIN_AUTH_BLOCKED:
            refused(expected, partial(rig.token, permission, PIN, RP["id"]))
            rig.device.power_cycle()
    # Another process, the same flash.
    rig.device.close()
    rig.start()
    refused(ERR.PIN_BLOCKED, partial(rig.token, permission, PIN, RP["id"]))
    refused(ERR.PIN_BLOCKED, partial(rig.pin.change_pin, PIN, "another"))
    assert rig.ctap.info.options["clientPin"] is True
    entry = {"id": plain.credential_id, "type": "public-key"}
    assertion = rig.ctap.get_assertion(RP["id"], b"\x00" * 32, [entry])
    assertion.verify(b"\x00" * 32, plain.public_key)


def reset(rig):
    rig.device.power_cycle()
    touches = []
    rig.ctap.reset(on_keepalive=touches.append)
    assert len(touches) == 1
    assert rig.ctap.get_info().options["clientPin"] is False
    assert rig.ctap.get_info().min_pin_length == 4


def main(key, protocol):
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(key, int(protocol), os.path.join(folder, "key"))
        plain, secret, salts, outputs = registration_and_sign_in(rig)
        print("registration and sign-in, hmac-secret")
        made = passkeys(rig)
        print("passkeys, several assertions")
        management(rig, made)
        print("credential management")
        configuration(rig)
        print("configuration")
        rig.pin.change_pin(PIN, PIN + "!")
        refused(ERR.PIN_INVALID, partial(rig.token, ClientPin.PERMISSION.CREDENTIAL_MGMT))
        rig.pin.change_pin(PIN + "!", PIN)
        [(_, result)] = sign_in(rig, [secret], hmacGetSecret=salts)
        again = result.client_extension_results.hmac_get_secret
        assert (again.output1, again.output2) == outputs
        print("PIN changed, the same credentials and secrets")
        lock(rig, plain)
        print("blocked for good")
        reset(rig)
        rig.device.close()
        print("reset")


if __name__ == "__main__":
    main(*sys.argv[1:])
