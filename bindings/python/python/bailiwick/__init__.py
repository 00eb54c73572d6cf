"""Embedded authorization: OAuth tokens, apps, service accounts and Cedar policies, decided in under a microsecond.

>>> engine = Engine("policies/construction")
>>> session = engine.session("ana", tenant="acme")
>>> decision = session.decide("rfis.close", Resource("Rfi", "42"), mfa=True)
>>> bool(decision), str(decision.reason)
(True, 'permitted')
"""

from bailiwick._bailiwick import (
    Clock,
    Decision,
    Engine,
    Entity,
    EntityUid,
    Extension,
    Identity,
    Issuer,
    Policies,
    Resource,
    Session,
    SigningKey,
    __version__,
)
from bailiwick.errors import (
    AccessDenied,
    BailiwickError,
    ConfigurationError,
    KeySetError,
    Location,
    PolicyError,
    ReadError,
    RequestError,
    TokenError,
)
from bailiwick.explanation import Explanation
from bailiwick.reason import Reason

__all__ = [
    "AccessDenied",
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
    "KeySetError",
    "Location",
    "Policies",
    "PolicyError",
    "ReadError",
    "Reason",
    "RequestError",
    "Resource",
    "Session",
    "SigningKey",
    "TokenError",
    "__version__",
]
