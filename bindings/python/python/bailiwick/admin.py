"""Administration: every change of the platform, made by somebody and decided by the same engine."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from bailiwick._bailiwick import Engine, Session

__all__ = ["Admin", "Consent", "Credential"]

Side: TypeAlias = Literal["tenant_admin", "developer", "platform"]
GrantType: TypeAlias = Literal["authorization_code", "refresh_token", "client_credentials", "token_exchange"]
Projects: TypeAlias = Iterable[str] | Literal["all"]


class Credential(NamedTuple):
    """What was made, and its secret, which is shown this once and never again."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"Credential(id={self.id!r})"


class Consent(NamedTuple):
    """What came of a user's consent: a grant, or a request that an admin will see."""

    grant: str | None
    request: str | None


class Admin:
    """Administers the platform in the name of a session's caller; made by `Engine.act_as`.

    Every method asks the policies of the administration first. It raises `AdministrationDenied` when they deny, and
    `PlatformError` when the state does not allow the change; nothing is changed then. Times are in seconds since the Unix
    epoch. What is listed comes as the records of the change log, in dicts.

    >>> platform = Engine("policies/construction")
    >>> platform.bootstrap("operator", "The operator", "olga")
    >>> admin = platform.act_as(platform.session("olga", tenant="operator"))
    >>> admin.create_tenant("initech", "Initech", admin="bill")
    >>> bill = platform.act_as(platform.session("bill", tenant="initech"))
    >>> bill.create_project("initech", "p7", "Harbour bridge")
    >>> account = bill.create_service_account("initech", "ERP sync", projects=["p7"])
    >>> [it["name"] for it in bill.service_accounts("initech")]
    ['ERP sync']
    """

    def __init__(self, engine: Engine, session: Session) -> None:
        self._engine = engine
        self._session = session

    def __repr__(self) -> str:
        return f"<Admin {self._session.principal}>"

    def _do(self, operation: str, /, **parameters: Any) -> Any:
        request = json.dumps({"do": operation, **parameters})
        return json.loads(self._engine._administer(self._session, request))

    # Tenants, projects and members

    def create_tenant(self, id: str, name: str, *, admin: str, roles: Iterable[str] = ()) -> None:
        """Creates a tenant with its first admin, who begins with these roles of the host's policies on the whole tenant."""
        self._do("create_tenant", id=id, name=name, admin=admin, roles=_names(roles))

    def allow_user_installs(self, tenant: str, allowed: bool) -> None:
        """Says whether a user's consent installs apps in a tenant."""
        self._do("allow_user_installs", tenant=tenant, allowed=allowed)

    def disable_tenant(self, tenant: str) -> None:
        """Disables a tenant: nothing is allowed in it."""
        self._do("disable_tenant", tenant=tenant)

    def enable_tenant(self, tenant: str) -> None:
        """Enables a tenant again; tokens from before stay dead."""
        self._do("enable_tenant", tenant=tenant)

    def create_project(self, tenant: str, id: str, name: str) -> None:
        """Creates a project in a tenant."""
        self._do("create_project", tenant=tenant, id=id, name=name)

    def remove_project(self, project: str) -> None:
        """Removes a project for good, with the roles that were assigned in it."""
        self._do("remove_project", project=project)

    def add_member(self, tenant: str, user: str) -> None:
        """Makes a user a member of a tenant."""
        self._do("add_member", tenant=tenant, user=user)

    def add_guest(self, tenant: str, user: str) -> None:
        """Makes a user a guest, who belongs to the projects they join and not to the tenant itself."""
        self._do("add_guest", tenant=tenant, user=user)

    def remove_member(self, tenant: str, user: str) -> None:
        """Takes a user out of a tenant: their roles there are withdrawn, their consents revoked."""
        self._do("remove_member", tenant=tenant, user=user)

    def add_to_project(self, tenant: str, user: str, project: str) -> None:
        """Puts a member into a project."""
        self._do("add_to_project", tenant=tenant, user=user, project=project)

    def remove_from_project(self, tenant: str, user: str, project: str) -> None:
        """Takes a member out of a project, with the roles that they hold in it."""
        self._do("remove_from_project", tenant=tenant, user=user, project=project)

    def deactivate_user(self, tenant: str, user: str) -> None:
        """Deactivates a user in a tenant: they may do nothing there, and nothing acts for them."""
        self._do("deactivate_user", tenant=tenant, user=user)

    def reactivate_user(self, tenant: str, user: str) -> None:
        """Reactivates a user; tokens from before stay dead."""
        self._do("reactivate_user", tenant=tenant, user=user)

    def projects(self, tenant: str) -> list[dict[str, Any]]:
        """The projects of a tenant, sorted by id."""
        return list(self._do("projects", tenant=tenant))

    def members(self, tenant: str) -> list[dict[str, Any]]:
        """The members and guests of a tenant, sorted by user."""
        return list(self._do("members", tenant=tenant))

    # Apps and their versions

    def register_app(self, owner: str, name: str, *, id: str | None = None, developers: Iterable[str] = ()) -> str:
        """Registers an app of a developer's organisation; returns its `client_id`, which is random unless given."""
        made = self._do("register_app", owner=owner, name=name, id=id, developers=_names(developers))
        return str(made["id"])

    def draft_version(
        self,
        app: str,
        *,
        scopes: Iterable[str],
        redirect_uris: Iterable[str] = (),
        grant_types: Iterable[GrantType] = (),
    ) -> int:
        """Adds a version that asks for these scopes, and that nobody can install yet; returns its number."""
        manifest = {
            "scopes": _names(scopes),
            "redirect_uris": _names(redirect_uris),
            "grant_types": _names(grant_types),
        }
        return int(self._do("draft_version", app=app, manifest=manifest)["id"])

    def publish_version(self, app: str, number: int) -> None:
        """Publishes a version: it can be installed, and waits for approval where the app is installed already."""
        self._do("publish_version", app=app, number=number)

    def set_developer(self, app: str, user: str, is_behind: bool) -> None:
        """Puts somebody behind an app, or takes them away."""
        self._do("set_developer", app=app, user=user, is_behind=is_behind)

    def block_app(self, app: str) -> None:
        """Blocks an app everywhere; for the platform's operator."""
        self._do("block_app", app=app)

    def unblock_app(self, app: str) -> None:
        """Lifts the block; tokens from before stay dead."""
        self._do("unblock_app", app=app)

    def retire_app(self, app: str) -> None:
        """Retires an app everywhere, for good."""
        self._do("retire_app", app=app)

    # Installations and consents

    def install(self, tenant: str, app: str, *, scopes: Iterable[str], projects: Projects) -> str:
        """Installs an app with the scopes that are approved, in the projects that are permitted; returns its id.

        With `projects="all"` every project is permitted, present and future.
        """
        made = self._do("install", tenant=tenant, app=app, scopes=_names(scopes), projects=_projects(projects))
        return str(made["id"])

    def consent(self, app: str, scopes: Iterable[str]) -> Consent:
        """The session's user consents that an app act for them; where it is not installed the tenant's setting decides."""
        came = self._do("consent", app=app, scopes=_names(scopes))
        return Consent(came.get("given"), came.get("requested"))

    def request_install(self, app: str, scopes: Iterable[str]) -> str:
        """Asks an admin to install an app; returns the id of the request, the same when it is asked again."""
        return str(self._do("request_install", app=app, scopes=_names(scopes))["id"])

    def decline_request(self, request: str) -> None:
        """Declines a request."""
        self._do("decline_request", request=request)

    def configure_projects(self, installation: str, projects: Projects) -> None:
        """Permits an installation other projects."""
        self._do("configure_projects", installation=installation, projects=_projects(projects))

    def approve_version(self, installation: str, version: int, scopes: Iterable[str]) -> None:
        """Approves a later version with the scopes it may have; the permitted projects stay."""
        self._do("approve_version", installation=installation, version=version, scopes=_names(scopes))

    def suspend(self, installation: str, side: Side) -> None:
        """Suspends an installation from one side."""
        self._do("suspend", installation=installation, side=side)

    def unsuspend(self, installation: str, side: Side) -> None:
        """Lifts one side's suspension; the others stand, and tokens from before stay dead."""
        self._do("unsuspend", installation=installation, side=side)

    def uninstall(self, installation: str) -> None:
        """Removes an installation for good, with its consents and its service account."""
        self._do("uninstall", installation=installation)

    def revoke_grant(self, grant: str) -> None:
        """Revokes a consent, with every token that came of it."""
        self._do("revoke_grant", grant=grant)

    def installations(self, tenant: str) -> list[dict[str, Any]]:
        """The installations of a tenant, sorted by id."""
        return list(self._do("installations", tenant=tenant))

    def install_requests(self, tenant: str) -> list[dict[str, Any]]:
        """The open install requests of a tenant, sorted by id."""
        return list(self._do("install_requests", tenant=tenant))

    def connected_apps(self) -> list[dict[str, Any]]:
        """The session's user's own consents in the session's tenant."""
        return list(self._do("connected_apps"))

    # Service accounts and secrets

    def create_service_account(
        self, tenant: str, name: str, *, projects: Projects = (), installation: str | None = None
    ) -> Credential:
        """Creates a service account with its first secret. With an installation it is the app's own account there."""
        parameters = {"tenant": tenant, "name": name, "projects": _projects(projects), "installation": installation}
        return Credential(**self._do("create_service_account", **parameters))

    def create_secret(self, *, service_account: str | None = None, app: str | None = None) -> Credential:
        """Gives a service account or an app a further secret; at most two are usable."""
        return Credential(**self._do("create_secret", owner=_owner(service_account, app)))

    def rotate_secret(
        self, *, service_account: str | None = None, app: str | None = None, overlap: int = 0
    ) -> Credential:
        """Replaces a secret: the old one stays good for the overlap, in seconds. Roles and projects stay as they are."""
        return Credential(**self._do("rotate_secret", owner=_owner(service_account, app), overlap=overlap))

    def revoke_secret(self, secret: str, *, with_tokens: bool) -> None:
        """Revokes a secret by its id; with its tokens every token that was obtained with it, and no other, dies too."""
        self._do("revoke_secret", secret=secret, with_tokens=with_tokens)

    def set_account_projects(self, account: str, projects: Projects) -> None:
        """Permits a service account other projects."""
        self._do("set_account_projects", account=account, projects=_projects(projects))

    def disable_account(self, account: str) -> None:
        """Disables an account: it does nothing, and its tokens die."""
        self._do("disable_account", account=account)

    def enable_account(self, account: str) -> None:
        """Enables an account again; tokens from before stay dead."""
        self._do("enable_account", account=account)

    def delete_account(self, account: str) -> None:
        """Deletes an account for good, with its roles and secrets."""
        self._do("delete_account", account=account)

    def service_accounts(self, tenant: str) -> list[dict[str, Any]]:
        """The service accounts of a tenant, sorted by id."""
        return list(self._do("service_accounts", tenant=tenant))

    # Roles, boundaries and tokens

    def assign_role(
        self,
        role: str,
        *,
        user: str | None = None,
        service_account: str | None = None,
        tenant: str | None = None,
        project: str | None = None,
    ) -> str:
        """Assigns a role of the host's policies on a tenant or a project; returns the id of the assignment.

        Nobody assigns a role that gives more than they have.
        """
        return self._assign("assign_role", role, user, service_account, tenant, project)

    def assign_administration(
        self,
        role: str,
        *,
        user: str | None = None,
        service_account: str | None = None,
        tenant: str | None = None,
        project: str | None = None,
    ) -> str:
        """Assigns a role of the administration, by the same rule; without tenant and project on the whole platform."""
        return self._assign("assign_administration", role, user, service_account, tenant, project)

    def _assign(
        self,
        operation: str,
        role: str,
        user: str | None,
        service_account: str | None,
        tenant: str | None,
        project: str | None,
    ) -> str:
        assignee = _one_of(user=user, service_account=service_account)
        return str(self._do(operation, assignee=assignee, role=role, place=_place(tenant, project))["id"])

    def withdraw_role(self, assignment: str) -> None:
        """Withdraws a role."""
        self._do("withdraw_role", assignment=assignment)

    def roles_at(self, *, tenant: str | None = None, project: str | None = None) -> list[dict[str, Any]]:
        """The roles that hold at a tenant, a project or the platform itself, sorted by id."""
        return list(self._do("roles_at", place=_place(tenant, project)))

    def set_boundary(
        self,
        scopes: Iterable[str] | None,
        *,
        tenant: str | None = None,
        project: str | None = None,
        installation: str | None = None,
        service_account: str | None = None,
    ) -> None:
        """Caps something, and everything beneath it, by scopes; `None` lifts the cap."""
        on = _one_of(tenant=tenant, project=project, installation=installation, service_account=service_account)
        self._do("set_boundary", on=on, scopes=None if scopes is None else _names(scopes))

    def end_family(self, family: str) -> None:
        """Ends a chain of refresh tokens, with the access tokens that came of it."""
        self._do("end_family", family=family)

    def revoke_account_token(self, account: str, token: str, *, expires: int) -> None:
        """Revokes one access token of a service account, by its id and the time at which it expires anyway."""
        self._do("revoke_account_token", account=account, token=token, expires=expires)

    # Signing keys that the state keeps

    def stage_key(self, algorithm: str = "EdDSA") -> str:
        """Makes a signing key and publishes it; it signs nothing yet. Returns its id."""
        return str(self._do("stage_key", purpose=f"sign {algorithm}")["id"])

    def rotate_key(self, algorithm: str = "EdDSA") -> str:
        """Lets a staged key of this algorithm sign, or a fresh one if none is staged. Returns its id."""
        return str(self._do("rotate_key", purpose=f"sign {algorithm}")["id"])

    def promote_key(self, key: str) -> None:
        """Lets a staged key sign; the one before it verifies only."""
        self._do("promote_key", key=key)

    def retire_key(self, key: str) -> None:
        """Publishes a key no longer, once its tokens have expired."""
        self._do("retire_key", key=key)

    def mark_key_compromised(self, key: str) -> None:
        """Says that somebody else may have a key: nothing it signed is good from now on."""
        self._do("mark_key_compromised", key=key)

    def signing_keys(self) -> list[dict[str, Any]]:
        """The keys that the state keeps, without their secrets."""
        return list(self._do("signing_keys"))

    # Oversight

    def usage(self, tenant: str) -> list[dict[str, Any]]:
        """The counters of usage of a tenant, as `Audit.usage` lists them."""
        return list(self._do("usage", tenant=tenant))

    def recent_decisions(self, tenant: str, *, limit: int = 100) -> list[dict[str, Any]]:
        """The latest decisions in a tenant, the newest first: at most `limit` of administration and as many of others."""
        return list(self._do("recent_decisions", tenant=tenant, limit=limit))

    def changes(self, tenant: str, *, after: int = 0, limit: int = 100) -> list[tuple[int, dict[str, Any]]]:
        """The changes in a tenant that came after a revision of the store, each with the revision that it made."""
        made = self._do("changes", tenant=tenant, after=after, limit=limit)
        return [(revision, record) for revision, record in made]


def _names(names: Iterable[str]) -> list[str]:
    if isinstance(names, str):
        raise TypeError("a list of str is expected, not a single str")
    return list(names)


def _projects(projects: Projects) -> list[str] | str:
    return "all" if projects == "all" else _names(projects)


def _owner(service_account: str | None, app: str | None) -> dict[str, str]:
    return _one_of(service_account=service_account, app=app)


def _place(tenant: str | None, project: str | None) -> dict[str, str] | str:
    return "platform" if tenant is None and project is None else _one_of(tenant=tenant, project=project)


def _one_of(**named: str | None) -> dict[str, str]:
    given = {name: value for name, value in named.items() if value is not None}
    if len(given) != 1:
        raise TypeError(f"exactly one of {', '.join(named)} is expected, not {len(given)}")
    return given
