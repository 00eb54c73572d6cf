import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar, final

from bailiwick.admin import Admin
from bailiwick.errors import BailiwickError
from bailiwick.explanation import Explanation
from bailiwick.reason import Reason

__version__: str
_REASONS: list[tuple[str, int]]
_ERROR_KINDS: list[tuple[str, int]]
__all__ = [
    "_ERROR_KINDS",
    "_REASONS",
    "__version__",
    "Answer",
    "Audit",
    "AuthorizationRequest",
    "Authorizer",
    "Clock",
    "Decision",
    "Engine",
    "Entity",
    "EntityUid",
    "Extension",
    "Identity",
    "Issuer",
    "KeyRing",
    "MintedToken",
    "Minter",
    "OAuth",
    "Policies",
    "Reply",
    "Resource",
    "Session",
    "SigningKey",
]

_T = TypeVar("_T")

class _HasEntity(Protocol):
    def __bailiwick_entity__(self) -> Entity | EntityUid | Resource: ...

# An id may be given as a str, an int or a uuid.UUID, hence object.
_Uid: TypeAlias = EntityUid | Entity | Resource | tuple[str, Any]
# Whatever an adapter is registered for counts too, hence object.
_Target: TypeAlias = Resource | Entity | EntityUid | tuple[str, Any] | _HasEntity | object
_Values: TypeAlias = Mapping[str, Any]
_Path: TypeAlias = str | os.PathLike[str]

@final
class Audit:
    def __new__(
        cls,
        *,
        records: int = 4096,
        counters: int = 16384,
        sample_allows: int = 1,
        sink: _Path | Callable[[dict[str, Any]], object] | None = None,
    ) -> Audit: ...
    def recent(self, limit: int = 100, /) -> list[dict[str, Any]]: ...
    def usage(self, tenant: str = "", /) -> list[dict[str, Any]]: ...
    def flush(self) -> None: ...
    @property
    def lost(self) -> int: ...

@final
class AuthorizationRequest:
    @property
    def app(self) -> str: ...
    @property
    def app_name(self) -> str: ...
    @property
    def redirect_uri(self) -> str: ...
    @property
    def scopes(self) -> tuple[str, ...] | None: ...

@final
class Authorizer:
    def __new__(cls, policies: _Path | Policies, /) -> Authorizer: ...
    def is_authorized(
        self,
        principal: _Uid,
        action: str | _Uid,
        resource: _Uid,
        context: _Values | None = None,
        /,
        *,
        entities: Iterable[Entity] | None = None,
    ) -> Answer: ...

@final
class Answer:
    @property
    def allowed(self) -> bool: ...
    def __bool__(self) -> bool: ...
    @property
    def policies(self) -> tuple[str, ...]: ...
    @property
    def errors(self) -> dict[str, str]: ...

@final
class Clock:
    @staticmethod
    def system() -> Clock: ...
    @staticmethod
    def fixed(seconds: int) -> Clock: ...
    def now(self) -> int: ...
    def advance(self, seconds: int) -> None: ...

@final
class EntityUid:
    def __new__(cls, type: str, id: object, /) -> EntityUid: ...
    @staticmethod
    def parse(text: str, /) -> EntityUid: ...
    @property
    def type(self) -> str: ...
    @property
    def id(self) -> str: ...
    def __hash__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __lt__(self, other: EntityUid, /) -> bool: ...
    def __le__(self, other: EntityUid, /) -> bool: ...
    def __gt__(self, other: EntityUid, /) -> bool: ...
    def __ge__(self, other: EntityUid, /) -> bool: ...
    def __getnewargs__(self) -> tuple[str, str]: ...

@final
class Entity:
    def __new__(
        cls,
        type: str,
        id: object,
        /,
        *,
        parents: Iterable[_Uid] | None = None,
        attrs: _Values | None = None,
        tags: _Values | None = None,
    ) -> Entity: ...
    @staticmethod
    def from_json(entity: Mapping[str, Any], /) -> Entity: ...
    @property
    def uid(self) -> EntityUid: ...
    @property
    def parents(self) -> tuple[EntityUid, ...]: ...
    @property
    def attrs(self) -> dict[str, Any]: ...
    @property
    def tags(self) -> dict[str, Any]: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, Any]]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment]

@final
class Extension:
    def __new__(cls, function: str, argument: str, /) -> Extension: ...
    def __getnewargs__(self) -> tuple[str, str]: ...

@final
class Reply:
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> tuple[tuple[str, str], ...]: ...
    def header(self, name: str, /) -> str | None: ...
    @property
    def body(self) -> str: ...

@final
class Resource:
    def __new__(
        cls,
        type: str,
        id: object,
        /,
        *,
        parents: Iterable[_Uid] | None = None,
        attrs: _Values | None = None,
        tags: _Values | None = None,
        entities: Iterable[Entity] | None = None,
    ) -> Resource: ...
    @property
    def uid(self) -> EntityUid: ...
    @property
    def type(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def is_stored(self) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, Any]]: ...

@final
class Identity:
    def __new__(
        cls,
        principal: str | _Uid | None = None,
        /,
        *,
        service_account: str | None = None,
        scopes: Iterable[str] | None,
        app: str | None = None,
        grant_type: str | None = None,
        expires: int | None = None,
    ) -> Identity: ...

@final
class Issuer:
    def __new__(
        cls,
        issuer: str,
        /,
        *,
        audience: str | Iterable[str],
        jwks: _Path | Mapping[str, Any] | bytes | Callable[[], Mapping[str, Any] | bytes] | None = None,
        secrets: Mapping[str, Any] | bytes | None = None,
        encryption_keys: Mapping[str, Any] | bytes | None = None,
        provider: str | None = None,
        algorithms: Iterable[str] | None = None,
        token_types: Iterable[str] | None = None,
        accept_untyped: bool = False,
        leeway: int | None = None,
        max_lifetime: int | None = None,
        required: Iterable[str] | None = None,
        principal_claim: str | None = None,
        client_claims: Iterable[str] | None = None,
        tenant_claim: str | None = None,
        tenant_from_request: bool = False,
        scope_claims: Iterable[str] | None = None,
        service_account_when: tuple[str, str] | None = None,
        context_claims: Sequence[tuple[str, str, str]] | None = None,
    ) -> Issuer: ...
    @property
    def issuer(self) -> str: ...
    @property
    def warnings(self) -> list[str]: ...
    def refresh(self, now: int | None = None, /) -> bool: ...

@final
class KeyRing:
    def __new__(cls, *, clock: Clock | None = None) -> KeyRing: ...
    def stage(self, algorithm: str = "EdDSA", /) -> str: ...
    def promote(self, key_id: str, /) -> None: ...
    def rotate(self, algorithm: str = "EdDSA", /) -> str: ...
    def retire(self, key_id: str, /) -> None: ...
    def compromise(self, key_id: str, /) -> None: ...
    @property
    def keys(self) -> list[dict[str, Any]]: ...
    @property
    def jwks(self) -> dict[str, Any]: ...

@final
class MintedToken:
    @property
    def token(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def issued_at(self) -> int: ...
    @property
    def expires(self) -> int: ...

@final
class Minter:
    def __new__(cls, issuer: str, keys: KeyRing, /, *, max_lifetime: int | None = None) -> Minter: ...
    def sign(
        self,
        subject: str,
        client_id: str,
        /,
        *,
        audience: str | Iterable[str],
        tenant: str | None = None,
        scopes: Iterable[str] | None = None,
        lifetime: int = 900,
        claims: Mapping[str, Any] | None = None,
    ) -> MintedToken: ...

@final
class OAuth:
    def __new__(
        cls,
        issuer: str,
        /,
        *,
        audience: str | Iterable[str],
        keys: KeyRing,
        endpoints: str | None = None,
        access_tokens: int | None = None,
        codes: int | None = None,
        refresh_tokens: int | None = None,
        refresh_grace: int | None = None,
        documentation: str | None = None,
    ) -> OAuth: ...

@final
class Policies:
    def __new__(
        cls,
        directory: _Path | None = None,
        /,
        *,
        cedar: str | Mapping[str, str] | None = None,
        schema: str | None = None,
        schema_json: str | Mapping[str, Any] | None = None,
        entities: str | Sequence[Mapping[str, Any]] | None = None,
        links: str | Sequence[Mapping[str, Any]] | None = None,
    ) -> Policies: ...
    @property
    def ids(self) -> tuple[str, ...]: ...
    @property
    def warnings(self) -> tuple[BailiwickError, ...]: ...
    def origin(self, id: str, /) -> str | None: ...

@final
class Engine:
    def __new__(
        cls,
        policies: _Path | Policies,
        *,
        issuers: Iterable[Issuer] | None = None,
        clock: Clock | None = None,
        store: _Path | None = None,
        follow: bool = False,
        host_key: bytes | None = None,
        oauth: OAuth | None = None,
        audit: Audit | None = None,
        max_staleness: int | None = None,
    ) -> Engine: ...
    @staticmethod
    def open(
        policies: _Path | Policies,
        *,
        issuers: Iterable[Issuer] | None = None,
        clock: Clock | None = None,
        store: _Path | None = None,
        follow: bool = False,
        host_key: bytes | None = None,
        oauth: OAuth | None = None,
        audit: Audit | None = None,
        max_staleness: int | None = None,
    ) -> Engine: ...
    def authenticate(
        self,
        token: str,
        /,
        *,
        tenant: str | None = None,
        dpop: tuple[str, str, str] | None = None,
        certificate: bytes | None = None,
    ) -> Session: ...
    def bootstrap(self, tenant: str, name: str, operator: str, /) -> None: ...
    def act_as(self, session: Session, /) -> Admin: ...
    def _administer(self, session: Session, request: str, /) -> str: ...
    def token_endpoint(self, authorization: str | None, body: bytes, /) -> Reply: ...
    def revocation_endpoint(self, authorization: str | None, body: bytes, /) -> Reply: ...
    def introspection_endpoint(self, authorization: str | None, body: bytes, /) -> Reply: ...
    def jwks_endpoint(self) -> Reply: ...
    def metadata_endpoint(self) -> Reply: ...
    def authorize(self, query: str, /) -> AuthorizationRequest | Reply: ...
    def consent(self, request: AuthorizationRequest, session: Session, /) -> Reply: ...
    def decline(self, request: AuthorizationRequest, /) -> Reply: ...
    @property
    def audit(self) -> Audit | None: ...
    def follow(self) -> None: ...
    def follow_store(self, seconds: float = 1.0, /) -> None: ...
    def flush(self) -> None: ...
    def session(
        self,
        principal: str | _Uid | None = None,
        /,
        *,
        service_account: str | None = None,
        tenant: str | None = None,
    ) -> Session: ...
    def session_of(self, identity: Identity, /, *, tenant: str | None = None) -> Session: ...
    def reload(self, policies: _Path | Policies, /) -> int: ...
    @property
    def revision(self) -> int: ...
    @property
    def fetches_keys(self) -> bool: ...
    @property
    def policies(self) -> Policies: ...
    @property
    def scopes(self) -> list[str]: ...
    def scopes_covering(self, action: str, /) -> list[str] | None: ...
    def actions_covered(self, scope: str, /) -> list[str]: ...
    def run_suite(self, file: _Path, /) -> dict[str, Any]: ...

@final
class Session:
    def allows(
        self, action: str, resource: _Target, context: _Values | None = None, /, **attributes: Any
    ) -> bool: ...
    def decide(
        self, action: str, resource: _Target, context: _Values | None = None, /, **attributes: Any
    ) -> Decision: ...
    def decide_many(
        self, action: str, resources: Iterable[_Target], context: _Values | None = None, /, **attributes: Any
    ) -> list[Decision]: ...
    def filter(
        self, action: str, resources: Iterable[_T], context: _Values | None = None, /, **attributes: Any
    ) -> list[_T]: ...
    def require(
        self, action: str, resource: _Target, context: _Values | None = None, /, **attributes: Any
    ) -> Decision: ...
    def explain(
        self, action: str, resource: _Target, context: _Values | None = None, /, **attributes: Any
    ) -> Explanation: ...
    @property
    def principal(self) -> EntityUid: ...
    @property
    def tenant(self) -> EntityUid | None: ...
    @property
    def app(self) -> EntityUid | None: ...
    @property
    def scopes(self) -> tuple[str, ...] | None: ...
    @property
    def grant_type(self) -> str | None: ...
    @property
    def expires(self) -> int | None: ...

@final
class Decision:
    @property
    def allowed(self) -> bool: ...
    def __bool__(self) -> bool: ...
    @property
    def reason(self) -> Reason: ...
    @property
    def message(self) -> str: ...
    @property
    def policies(self) -> tuple[str, ...]: ...
    @property
    def errors(self) -> dict[str, str]: ...
    @property
    def revision(self) -> int: ...
    @property
    def action(self) -> str: ...
    @property
    def resource(self) -> Any: ...
    def explain(self) -> Explanation: ...
    def _repr_html_(self) -> str: ...

@final
class SigningKey:
    @staticmethod
    def generate(key_id: str, /, *, algorithm: str = "EdDSA") -> SigningKey: ...
    @staticmethod
    def from_pkcs8(key_id: str, pkcs8: bytes, /, *, algorithm: str) -> SigningKey: ...
    def sign(self, claims: Mapping[str, Any], /, *, type: str = "at+jwt") -> str: ...
    @property
    def key_id(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def jwks(self) -> dict[str, Any]: ...
