"""Models of pydantic, SQLAlchemy and Django, and dataclasses, as resources."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel
from sqlalchemy import create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.orm import Session as Database

import bailiwick as bw
from bailiwick.adapters import entity, field_names, fields, to_entity
from bailiwick.sqlalchemy import visible


class State(Enum):
    OPEN = "open"


@entity("Rfi", parents={"Project": "project"}, refs={"assignees": "User"})
@dataclass
class DataclassRfi:
    id: int
    project: str
    state: State = State.OPEN
    private: bool = False
    assignees: list[str] = field(default_factory=list)
    cost_impact: None = None


@entity("Rfi", parents={"Project": "project"}, refs={"assignees": "User"})
class PydanticRfi(BaseModel):
    id: UUID = UUID(int=1)
    project: str
    state: str = "open"
    private: bool = False
    assignees: set[str] = set()


class Base(DeclarativeBase):
    pass


@entity(
    "Rfi",
    parents={"Project": "project_id"},
    refs={"assignees": ("User", lambda rfi: rfi.assigned.split())},
    attrs={"state": "state", "private": lambda rfi: bool(rfi.assigned)},
)
class Row(Base):
    __tablename__ = "rfis"
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[str]
    state: Mapped[str]
    assigned: Mapped[str]


@pytest.fixture
def session(engine: bw.Engine) -> bw.Session:
    return engine.session("ana", tenant="acme")


@pytest.mark.parametrize("model", [DataclassRfi, PydanticRfi])
def test_a_model_is_judged_by_its_fields(model: Any, session: bw.Session) -> None:
    mine, theirs = (model(id=UUID(int=7) if model is PydanticRfi else 7, project=project) for project in ("p1", "p9"))
    assert session.allows("rfis.view", mine)
    assert not session.allows("rfis.view", theirs)
    private = mine.model_copy(update={"private": True}) if model is PydanticRfi else DataclassRfi(8, "p1", private=True)
    assert session.filter("rfis.view", [private, mine]) == [mine]


def test_fields_are_found() -> None:
    assert field_names(PydanticRfi) == ["id", "project", "state", "private", "assignees"]
    assert field_names(Row) == ["id", "project_id", "state", "assigned"]
    with pytest.raises(TypeError, match="does not say which fields it has"):
        fields(object, "Rfi")


def test_a_subclass_is_adapted_like_its_base() -> None:
    class Special(DataclassRfi): ...

    adapted = to_entity(Special(3, "p1"))
    assert isinstance(adapted, bw.Entity) and adapted.uid == bw.EntityUid("Rfi", 3)


def test_a_query_yields_what_may_be_seen(session: bw.Session) -> None:
    sqlite = create_engine("sqlite://")
    Base.metadata.create_all(sqlite)
    fetched: list[str] = []
    with Database(sqlite) as database:
        for number in range(100):
            row = Row(id=number, project_id="p1", state="open", assigned="" if number % 2 else "someone-else")
            database.add(row)
        database.commit()
        event.listen(sqlite, "before_cursor_execute", lambda *arguments: fetched.append(arguments[2]))
        statement = select(Row).order_by(Row.id)
        assert [row.id for row in visible(database, statement, session, "rfis.view", limit=3, chunk=10)] == [1, 3, 5]
        assert len(list(visible(database, statement, session, "rfis.view"))) == 50
        assert list(visible(database, statement, session, "rfis.delete")) == []
        assert len(fetched) == 3
