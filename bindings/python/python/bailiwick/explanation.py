"""Why a decision came out as it did: every ceiling, the policies that applied, and those that came close."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any


@dataclass(frozen=True)
class Ceiling:
    """One factor that a request must pass before the policies count."""

    name: str
    held: bool
    detail: str


@dataclass(frozen=True)
class AppliedPolicy:
    """A policy that applies to the request, and where it is written."""

    id: str
    origin: str | None = None


@dataclass(frozen=True)
class FailedPolicy:
    """A policy whose evaluation failed, and what failed."""

    id: str
    message: str


@dataclass(frozen=True)
class Explanation:
    """The explanation of one decision. ``print`` it for the tree; notebooks show a table.

    >>> explanation = session.explain("rfis.view", Resource("Rfi", "42"))
    >>> explanation.allowed, explanation.ceilings[0].name
    (True, 'session')
    """

    allowed: bool
    reason: str
    message: str
    principal: str
    app: str | None
    action: str
    resource: str
    ceilings: tuple[Ceiling, ...]
    asked: bool
    """Whether the policies were asked: an invalid request cannot be."""
    permits: bool
    """Whether the policies permit, even where a ceiling denies."""
    applied: tuple[AppliedPolicy, ...]
    failed: tuple[FailedPolicy, ...]
    revision: int
    data: dict[str, Any] = field(repr=False, compare=False)
    """All of it as JSON-ready values, for tools."""
    _text: str = field(repr=False, compare=False)

    @classmethod
    def _of(cls, text: str, data: dict[str, Any]) -> Explanation:
        policies = data["policies"]
        return cls(
            allowed=data["allowed"],
            reason=data["reason"],
            message=data["message"],
            principal=data["principal"],
            app=data.get("app"),
            action=data["action"],
            resource=data["resource"],
            ceilings=tuple(Ceiling(c["name"], c["held"], c["detail"]) for c in data["ceilings"]),
            asked=policies["asked"],
            permits=policies["permits"],
            applied=tuple(AppliedPolicy(p["id"], p.get("origin")) for p in policies["applied"]),
            failed=tuple(FailedPolicy(p["id"], p["message"]) for p in policies["failed"]),
            revision=data["revision"],
            data=data,
            _text=text,
        )

    def __str__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        colour = "#1a7f37" if self.allowed else "#cf222e"
        through = f" through <code>{escape(self.app)}</code>" if self.app else ""
        rows = [(ceiling.name, ceiling.held, escape(ceiling.detail)) for ceiling in self.ceilings]
        rows.append(("policies", self.permits, self._policies_html()))
        body = "".join(
            f"<tr><td>{'✓' if held else '✗'}</td><th style='text-align:left'>{escape(name)}</th>"
            f"<td style='text-align:left'>{detail}</td></tr>"
            for name, held, detail in rows
        )
        return (
            f"<div class='bailiwick'><p><b style='color:{colour}'>{'allow' if self.allowed else 'deny'}</b> "
            f"<code>{escape(self.action)}</code> on <code>{escape(self.resource)}</code> for "
            f"<code>{escape(self.principal)}</code>{through}<br>{escape(self.message)}</p>"
            f"<table>{body}</table></div>"
        )

    def _policies_html(self) -> str:
        if not self.asked:
            return "not asked"
        lines = [
            f"<code>{escape(policy.id)}</code>" + (f" ({escape(policy.origin)})" if policy.origin else "")
            for policy in self.applied
        ]
        lines += [
            f"<code>{escape(policy.id)}</code> could not be evaluated: {escape(policy.message)}"
            for policy in self.failed
        ]
        return "<br>".join(["permit" if self.permits else "do not permit", *lines])
