"""What the examples share: the reference platform's policies, and a bit of data that would live in a database."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import bailiwick as bw

POLICIES = Path(os.environ.get("BAILIWICK_POLICIES", Path(__file__).parents[3] / "policies" / "construction"))


@dataclass
class Rfi:
    """A request for information, as the application stores it."""

    id: str
    project: str
    subject: str
    state: str = "open"
    private: bool = False
    assignees: list[str] = field(default_factory=list)

    def __bailiwick_entity__(self) -> bw.Entity:
        assignees = [bw.EntityUid("User", user) for user in self.assignees]
        attrs = {"private": self.private, "assignees": assignees, "state": self.state}
        return bw.Entity("Rfi", self.id, parents=[("Project", self.project)], attrs=attrs)


def rfis() -> dict[str, Rfi]:
    """The data that every example begins with."""
    listed = [
        Rfi("100", "p1", "Door swing"),
        Rfi("101", "p1", "Beam pocket", private=True, assignees=["someone-else"]),
    ]
    return {rfi.id: rfi for rfi in listed}
