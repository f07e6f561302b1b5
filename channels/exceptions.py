"""What the channels' services refuse."""

from oms.core.exceptions import Refusal


class ImportRefused(Refusal):
    """Nothing of the file was imported; the message says why."""


class ImportIsRunning(ImportRefused):
    """Another import of the channel has not finished."""


class DemoRefused(Refusal):
    """Demo data does not belong here."""
