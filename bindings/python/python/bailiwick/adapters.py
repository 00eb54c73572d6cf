"""Objects of the host's own as entities: a method of theirs, or an adapter registered for their class.

>>> class Rfi:
...     def __init__(self, id, project):
...         self.id, self.project = id, project
...     def __bailiwick_entity__(self):
...         return Entity("Rfi", self.id, parents=[("Project", self.project)], attrs={"state": "open"})
>>> to_entity(Rfi("43", "p1"))
Entity('Rfi', '43')

Dataclasses, pydantic models, Django models and SQLAlchemy models are described by their fields:

>>> from dataclasses import dataclass
>>> @entity("Drawing", parents={"Project": "project"}, refs={"author": "User"})
... @dataclass
... class Drawing:
...     id: int
...     project: str
...     author: str
...     discipline: str | None = None
>>> to_entity(Drawing(7, "p1", "ana")).parents
(EntityUid('Project', 'p1'),)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from bailiwick._bailiwick import Entity, EntityUid, Resource

T = TypeVar("T")
Adapted = Entity | EntityUid | Resource
Field = str | Callable[[Any], Any]
"""The name of an attribute of the object, or a function of the object."""

_adapters: dict[type, Callable[[Any], Adapted]] = {}


def register(cls: type[T], adapter: Callable[[T], Adapted]) -> None:
    """Says how objects of a class, and of its subclasses, become entities. The last registration counts.

    >>> class Sheet(str): ...
    >>> register(Sheet, lambda sheet: EntityUid("Drawing", sheet))
    >>> to_entity(Sheet("A-101"))
    EntityUid('Drawing', 'A-101')
    """
    _adapters[cls] = adapter


def unregister(cls: type) -> None:
    """Forgets the adapter of a class; unknown classes are left alone."""
    _adapters.pop(cls, None)


def entity(
    type_name: str,
    *,
    id: Field = "id",
    parents: Mapping[str, Field] | None = None,
    refs: Mapping[str, str | tuple[str, Field]] | None = None,
    attrs: Iterable[str] | Mapping[str, Field] | None = None,
) -> Callable[[type[T]], type[T]]:
    """Registers a class by its fields, as a decorator: `entity(...)(Model)` for a class of somebody else's.

    `parents` maps types to the field that holds the parent's id, or several ids. `refs` maps attributes to the type of
    the entities that they refer to by id, with the field if it is called otherwise. `attrs` are the other attributes:
    names, or attributes with their fields; all remaining fields unless told. A field that is `None` is left out.
    """

    def decorate(cls: type[T]) -> type[T]:
        register(cls, fields(cls, type_name, id=id, parents=parents, refs=refs, attrs=attrs))
        return cls

    return decorate


def fields(
    cls: type,
    type_name: str,
    *,
    id: Field = "id",
    parents: Mapping[str, Field] | None = None,
    refs: Mapping[str, str | tuple[str, Field]] | None = None,
    attrs: Iterable[str] | Mapping[str, Field] | None = None,
) -> Callable[[Any], Entity]:
    """The adapter that `entity` registers, for use within one of your own."""
    above = dict(parents or {})
    referred = {name: (ref, name) if isinstance(ref, str) else ref for name, ref in (refs or {}).items()}
    if attrs is None:
        taken = {id, *above.values(), *(field for _, field in referred.values()), *referred}
        plain: dict[str, Field] = {name: name for name in field_names(cls) if name not in taken}
    else:
        plain = dict(attrs) if isinstance(attrs, Mapping) else {name: name for name in attrs}

    def adapt(obj: Any) -> Entity:
        found = {name: _plain(_read(obj, field)) for name, field in plain.items()}
        for name, (ref, field) in referred.items():
            found[name] = _reference(ref, _read(obj, field))
        listed = [(kind, one) for kind, field in above.items() for one in _several(_read(obj, field))]
        present = {name: value for name, value in found.items() if value is not None}
        return Entity(type_name, _read(obj, id), parents=listed, attrs=present)

    return adapt


def field_names(cls: type) -> list[str]:
    """The fields of a dataclass, a pydantic model, a Django model or a SQLAlchemy model."""
    described: Any = cls
    if hasattr(cls, "__dataclass_fields__"):
        return list(described.__dataclass_fields__)
    if hasattr(cls, "__pydantic_fields__"):
        return list(described.__pydantic_fields__)
    if hasattr(cls, "__mapper__"):
        return [column.key for column in described.__mapper__.column_attrs]
    if hasattr(cls, "_meta") and hasattr(described._meta, "concrete_fields"):
        return [field.attname for field in described._meta.concrete_fields]
    raise TypeError(f"{cls.__name__} does not say which fields it has; name them: attrs=[…]")


def _read(obj: Any, field: Field) -> Any:
    return getattr(obj, field) if isinstance(field, str) else field(obj)


def _several(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]


def _reference(type_name: str, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, (list, tuple, set, frozenset)):
        return [EntityUid(type_name, one) for one in value]
    return EntityUid(type_name, value)


def _plain(value: Any) -> Any:
    """A field's value as Cedar takes it: enumerations by their values, UUIDs as text."""
    from enum import Enum
    from uuid import UUID

    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, UUID) else value


def to_entity(obj: object) -> Adapted:
    """The entity that an object stands for; raises `TypeError` for one that nobody has told the meaning of."""
    if isinstance(obj, (Entity, EntityUid, Resource)):
        return obj
    for cls in type(obj).__mro__:
        adapter = _adapters.get(cls)
        if adapter is not None:
            return adapter(obj)
    method = getattr(type(obj), "__bailiwick_entity__", None)
    if method is not None:
        adapted: Adapted = method(obj)
        return adapted
    raise TypeError(
        f"a resource is a Resource, an Entity, an EntityUid or a pair such as ('Rfi', '42'), not {type(obj).__name__}; "
        "give the class a method __bailiwick_entity__ or register an adapter: bailiwick.adapters.register(cls, adapter)"
    )
