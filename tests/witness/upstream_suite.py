"""A pytest plugin that runs python-fido2's own tests/device against a PipeDevice.

The suite asks a person to pull and touch a key; here the reconnect is a power cycle. The command that
holds the key is in CTAP_PIPE, its words separated by newlines.
"""

import os

from pipe_device import PipeDevice


def pytest_collection_finish(session):
    from tests.device import conftest

    def select(manager):
        return PipeDevice(os.environ["CTAP_PIPE"].split("\n"))

    def reconnect(manager):
        manager._dev.power_cycle()
        return manager._dev

    conftest.DeviceManager._select = select
    conftest.DeviceManager._reconnect_usb = reconnect
