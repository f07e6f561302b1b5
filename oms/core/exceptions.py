"""What the kernel's services refuse, always with a sentence that an operator can act on."""


class Refusal(Exception):
    """A use case said no. ``str(error)`` is the sentence for the person at the screen."""


class TransitionRefused(Refusal):
    """A document cannot move the way it was asked to; the message says why."""
