"""The exceptions of the package: one tree, with a stable kind and number for each cause.

``BailiwickError`` is the root. ``kind`` is the cause's name and ``code`` its number, the same in Rust and C.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bailiwick._bailiwick import Decision


class Location(NamedTuple):
    """A place in a source text."""

    file: str
    """The file, as the caller named it; empty for text that came from memory."""
    line: int
    """Counted from 1; 0 when only the file is known."""
    column: int
    """In characters, counted from 1; 0 when only the file is known."""
    excerpt: str
    """The line's text, cut to a readable length."""
    width: int
    """How many characters from ``column`` on the place covers."""


class BailiwickError(Exception):
    """Whatever goes wrong within the library. Its text never holds a token, a key or a secret."""

    kind: str
    """The cause, as a name that never changes its meaning."""
    code: int
    """The same as a number."""
    message: str
    """The message without place and help."""
    help: str | None
    """What can be done about it."""
    location: Location | None
    """The place the error points at."""
    related: tuple[BailiwickError, ...]
    """Further errors found at the same time."""
    __notes__: list[str]
    _text: str | None

    def __init__(
        self,
        summary: str,
        *,
        kind: str = "internal",
        code: int = 999,
        message: str | None = None,
        help: str | None = None,
        location: Location | None = None,
        related: tuple[BailiwickError, ...] = (),
        text: str | None = None,
    ) -> None:
        super().__init__(summary)
        self.kind = kind
        self.code = code
        self.message = summary if message is None else message
        self.help = help
        self.location = location
        self.related = related
        self._text = text
        if text is not None:
            # Shown below the message by tracebacks, from Python 3.11 on: the excerpt, the help, the related errors.
            note = text.partition("\n")[2].rstrip()
            self.__notes__ = [note] if note else []

    def report(self) -> str:
        """Several lines for a terminal or a log: message, source excerpt with a marker, help, related errors."""
        return str(self) if self._text is None else self._text


class ReadError(BailiwickError, OSError):
    """A file or directory could not be read."""


class ConfigurationError(BailiwickError, ValueError):
    """A setting of an engine or issuer is missing or contradicts another."""


class PolicyError(BailiwickError, ValueError):
    """Policies, a schema, links or entities that do not load. Nothing of them is in force."""


class KeySetError(BailiwickError, ValueError):
    """A key or key set that cannot be used: malformed, weak or ambiguous."""


class TokenError(BailiwickError):
    """A token that is refused; ``kind`` says why. Answer with 401."""


class RequestError(BailiwickError, ValueError):
    """An argument with an impossible value."""


class PlatformError(BailiwickError, ValueError):
    """A change that the platform's state does not allow. Nothing was changed."""


class AdministrationDenied(PlatformError, PermissionError):
    """A change, or a look, that the caller may not make. Answer with 403, and keep the text to the log."""


class StoreError(BailiwickError, RuntimeError):
    """The store could not be read or written. A change that raises this has not happened."""


class AccessDenied(BailiwickError, PermissionError):
    """A decision that denies, raised by ``Session.require``. Answer with 403, and keep the text to the log."""

    decision: Decision | None

    def __init__(self, decision: Decision | str) -> None:
        if isinstance(decision, str):
            # Unpickled: the decision stayed in its own process.
            super().__init__(decision)
            self.decision = None
        else:
            super().__init__(decision.message, kind=decision.reason.value, code=decision.reason.code)
            self.decision = decision

    def __reduce__(self) -> tuple[type[AccessDenied], tuple[str], dict[str, object]]:
        return type(self), (str(self),), {"kind": self.kind, "code": self.code}
