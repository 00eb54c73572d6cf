"""Embedded authorization: OAuth tokens, apps, service accounts and Cedar policies, decided in under a microsecond.

>>> engine = Engine("policies/construction")
>>> session = engine.session("ana", tenant="acme")
>>> decision = session.decide("rfis.close", Resource("Rfi", "42"), mfa=True)
>>> bool(decision), str(decision.reason)
(True, 'permitted')
"""

from bailiwick._bailiwick import (
    Audit,
    AuthorizationRequest,
    Clock,
    Decision,
    Engine,
    Entity,
    EntityUid,
    Extension,
    Identity,
    Issuer,
    KeyRing,
    MintedToken,
    Minter,
    OAuth,
    Policies,
    Reply,
    Resource,
    Session,
    SigningKey,
    __version__,
)

# What most programs never need is imported when it is first asked for.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from bailiwick import adapters, cedar
    from bailiwick.admin import Admin
    from bailiwick.errors import (
        AccessDenied,
        AdministrationDenied,
        BailiwickError,
        ConfigurationError,
        KeySetError,
        Location,
        PlatformError,
        PolicyError,
        ReadError,
        RequestError,
        StoreError,
        TokenError,
    )
    from bailiwick.explanation import Explanation
    from bailiwick.reason import Reason

__all__ = [
    "AccessDenied",
    "Admin",
    "AdministrationDenied",
    "Audit",
    "AuthorizationRequest",
    "BailiwickError",
    "Clock",
    "ConfigurationError",
    "Decision",
    "Engine",
    "Entity",
    "EntityUid",
    "Explanation",
    "Extension",
    "Identity",
    "Issuer",
    "KeyRing",
    "KeySetError",
    "Location",
    "MintedToken",
    "Minter",
    "OAuth",
    "PlatformError",
    "Policies",
    "PolicyError",
    "ReadError",
    "Reason",
    "Reply",
    "RequestError",
    "Resource",
    "Session",
    "SigningKey",
    "StoreError",
    "TokenError",
    "__version__",
    "adapters",
    "cedar",
]

_LATER = {
    **dict.fromkeys(__all__, "errors"),
    **{name: name for name in ("adapters", "cedar")},
    "Admin": "admin",
    "Explanation": "explanation",
    "Reason": "reason",
}


def __getattr__(name: str) -> object:
    module = _LATER.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    imported = __import__(f"{__name__}.{module}", fromlist=[name])
    found: object = imported if module == name else getattr(imported, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
