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
    INSTALLATION = "installation", 11
    """Denied: what was approved for the installation does not cover the action."""
    GRANT = "grant", 12
    """Denied: what the user consented to does not cover the action."""
    BOUNDARY = "boundary", 13
    """Denied: a boundary above the principal or the resource does not cover the action."""
    PROJECT = "project", 14
    """Denied: the resource lies in none of the permitted projects."""
    TENANT = "tenant", 20
    """Denied: the resource belongs to another tenant than the session."""
    NO_TENANT = "no_tenant", 21
    """Denied: the resource belongs to no tenant, or to several."""
    EXPIRED = "expired", 30
    """Denied: the session has expired."""
    SUSPENDED = "suspended", 31
    """Denied: the installation is suspended, or its app is blocked."""
    REVOKED = "revoked", 32
    """Denied: the token, or something it came from, is revoked, removed or deleted."""
    DISABLED = "disabled", 33
    """Denied: the tenant, the user or the service account is switched off."""
    OUTDATED = "outdated", 34
    """Denied: the token is older than the last time that something it came from was out of service."""
    UNKNOWN = "unknown", 35
    """Denied: the platform does not know the tenant, the app or what the token came from."""
    STALE = "stale", 36
    """Denied: the engine has not heard from its store for longer than it may."""
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
