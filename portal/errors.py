"""Errors named after the rule that was broken; the journey turns each into its page."""

from collections.abc import Mapping

from scanners.model import Message


class RuleBroken(Exception):
    """The root: carries the sentence for the person who is told."""

    def __init__(self, message: Message | str = "") -> None:
        """Hold the sentence, as a translatable message."""
        self.message = message if isinstance(message, Message) else Message(text=message)
        super().__init__(self.message.text)


class NotFound(RuleBroken):
    """There is no such thing in this scope; a foreign id and an unknown id are the same."""


class NotAllowed(RuleBroken):
    """This person may not do this."""


class NotNow(RuleBroken):
    """Right thing, wrong moment: the state does not admit it."""


class BadInput(RuleBroken):
    """What was typed cannot be taken; one sentence per field."""

    def __init__(self, fields: Mapping[str, Message]) -> None:
        """Hold a sentence for each field by its name; "" is the form as a whole."""
        self.fields = dict(fields)
        super().__init__(next(iter(self.fields.values()), Message(text="")))


class Clash(RuleBroken):
    """Somebody else changed it since it was read; `theirs` is what stands now."""

    def __init__(self, message: Message | str, *, theirs: object = None, version: int | None = None) -> None:
        """Hold the state that stands now, so that the person can choose."""
        self.theirs = theirs
        self.version = version
        super().__init__(message)


class TooMany(RuleBroken):
    """A limit that protects an account or the instance was reached; `retry_after` is in seconds."""

    def __init__(self, message: Message | str, *, retry_after: int) -> None:
        """Hold after how many seconds another try makes sense."""
        self.retry_after = retry_after
        super().__init__(message)
