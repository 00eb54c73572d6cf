"""Why a decision came out as it did: every ceiling, every candidate policy with its conditions, what came close."""

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
class Place:
    """A place in a policy file, counted from 1; without the file it is one in the policy's own text."""

    line: int
    column: int
    file: str | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.file else f"{self.line}:{self.column}"


@dataclass(frozen=True)
class SeenValue:
    """An attribute or tag that a condition looked at, with its value in Cedar's syntax."""

    expression: str
    value: str
    decisive: bool
    """Whether it lies within the part that decided."""


@dataclass(frozen=True)
class Deciding:
    """The part of a condition that made its value what it is, or that cannot be evaluated (its value is None)."""

    expression: str
    value: bool | None
    place: Place | None = None


@dataclass(frozen=True)
class Condition:
    """A ``when`` or ``unless`` of a policy."""

    clause: str
    """``when`` or ``unless``."""
    expression: str
    value: bool | None
    outcome: str
    """``holds``, ``does_not_hold``, ``fails`` or ``not_reached``."""
    decided_by: Deciding | None
    seen: tuple[SeenValue, ...]
    place: Place | None = None


@dataclass(frozen=True)
class CandidatePolicy:
    """A policy whose scope matches the request."""

    id: str
    effect: str
    """``permit`` or ``forbid``."""
    outcome: str
    """``applies``, ``fails`` or ``does_not_apply``."""
    conditions: tuple[Condition, ...]
    template: str | None = None
    origin: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class ClosePolicy:
    """A permit that nearly applied, and what it lacked."""

    id: str
    lacks: tuple[str, ...]
    origin: str | None = None


def _place(data: dict[str, Any] | None) -> Place | None:
    return Place(**data) if data else None


def _condition(data: dict[str, Any]) -> Condition:
    deciding = data.get("decided_by")
    return Condition(
        clause=data["clause"],
        expression=data["expression"],
        value=data["value"],
        outcome=data["outcome"],
        decided_by=deciding and Deciding(deciding["expression"], deciding["value"], _place(deciding.get("place"))),
        seen=tuple(SeenValue(**seen) for seen in data["seen"]),
        place=_place(data.get("place")),
    )


def _candidate(data: dict[str, Any]) -> CandidatePolicy:
    conditions = tuple(_condition(condition) for condition in data["conditions"])
    fields: dict[str, Any] = {**data, "conditions": conditions}
    return CandidatePolicy(**fields)


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
    candidates: tuple[CandidatePolicy, ...]
    """The policies whose scope matches, each with its conditions and what decided them; of very many, the first 64."""
    close: tuple[ClosePolicy, ...]
    """Where nothing permits and nothing forbids: the permits that came closest, closest first."""
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
            candidates=tuple(_candidate(policy) for policy in policies["candidates"]),
            close=tuple(ClosePolicy(p["id"], tuple(p["lacks"]), p.get("origin")) for p in policies["close"]),
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
        lines = ["permit" if self.permits else "do not permit"]
        lines += [_policy_html(policy) for policy in self.candidates]
        told = {policy.id for policy in self.candidates}
        lines += [
            f"close: <code>{escape(policy.id)}</code>{_origin_html(policy.origin)}"
            + "".join(f"<br>&emsp;{escape(lack)}" for lack in policy.lacks)
            for policy in self.close
            if policy.id not in told
        ]
        return "<br>".join(lines)


_MARKS = {"applies": "✓", "does_not_apply": "✗", "holds": "✓", "does_not_hold": "✗", "fails": "!"}
_OUTCOMES = {"applies": "applies", "does_not_apply": "does not apply", "fails": "could not be evaluated"}


def _origin_html(origin: str | None) -> str:
    return f" ({escape(origin)})" if origin else ""


def _policy_html(policy: CandidatePolicy) -> str:
    line = f"{_MARKS[policy.outcome]} {policy.effect} <code>{escape(policy.id)}</code>{_origin_html(policy.origin)} "
    line += _OUTCOMES[policy.outcome]
    if policy.error:
        line += f": {escape(policy.error)}"
    reached = (condition for condition in policy.conditions if condition.outcome in _MARKS)
    return "<br>".join([line, *(f"&emsp;{_condition_html(condition)}" for condition in reached)])


def _condition_html(condition: Condition) -> str:
    line = f"{_MARKS[condition.outcome]} {condition.clause} <code>{escape(condition.expression)}</code>"
    deciding = condition.decided_by
    if deciding is None:
        return line
    if deciding.expression != condition.expression:
        value = "cannot be evaluated" if deciding.value is None else f"is {str(deciding.value).lower()}"
        line += f": <code>{escape(deciding.expression)}</code> {value}"
    told = ", ".join(
        f"<code>{escape(seen.expression)}</code> was <code>{escape(seen.value)}</code>"
        for seen in condition.seen
        if seen.decisive and (seen.expression != deciding.expression or deciding.value is None)
    )
    return f"{line} ({told})" if told else line
