"""Why a decision came out as it did."""

from enum import Enum


class Reason(str, Enum):
    """The reason of a decision. A ``str`` that compares with the names that suites and logs use.

    >>> Reason.SCOPE == "scope", Reason.SCOPE.code, Reason.SCOPE.is_outside_bailiwick
    (True, 10, True)
    """

    code: int
    """The stable number, the same in Rust and C."""

    INTERNAL = "internal", 0
    """Denied: the library failed where it should not."""
    PERMITTED = "permitted", 1
    """Allowed: at least one permit matches and no forbid does."""
    NOT_PERMITTED = "not_permitted", 2
    """Denied: no permit matches."""
    FORBIDDEN = "forbidden", 3
    """Denied: a forbid matches."""
    POLICY_ERROR = "policy_error", 4
    """Denied: the evaluation of a forbid failed, so nobody knows whether it would have matched."""
    SCOPE = "scope", 10
    """Denied: the token's scopes do not cover the action."""
    TENANT = "tenant", 20
    """Denied: the resource belongs to another tenant than the session."""
    NO_TENANT = "no_tenant", 21
    """Denied: the resource belongs to no tenant, or to several."""
    EXPIRED = "expired", 30
    """Denied: the session has expired."""
    INVALID_REQUEST = "invalid_request", 40
    """Denied: the action is unknown, does not apply to these types, or the context or an entity does not conform."""

    def __new__(cls, name: str, code: int) -> "Reason":
        member = str.__new__(cls, name)
        member._value_ = name
        member.code = code
        return member

    def __str__(self) -> str:
        return str(self.value)

    @property
    def is_outside_bailiwick(self) -> bool:
        """True when the action lies outside of what the session may do at all, whatever the policies say."""
        return 10 <= self.code < 30
