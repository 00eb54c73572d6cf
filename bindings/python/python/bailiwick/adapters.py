"""Objects of the host's own as entities: a method of theirs, or an adapter registered for their class.

>>> class Rfi:
...     def __init__(self, id, project):
...         self.id, self.project = id, project
...     def __bailiwick_entity__(self):
...         return Entity("Rfi", self.id, parents=[("Project", self.project)], attrs={"state": "open"})
>>> to_entity(Rfi("43", "p1"))
Entity('Rfi', '43')
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from bailiwick._bailiwick import Entity, EntityUid, Resource

T = TypeVar("T")
Adapted = Entity | EntityUid | Resource

_adapters: dict[type, Callable[[Any], Adapted]] = {}


def register(cls: type[T], adapter: Callable[[T], Adapted]) -> None:
    """Says how objects of a class, and of its subclasses, become entities. The last registration counts.

    >>> class Drawing(str): ...
    >>> register(Drawing, lambda drawing: EntityUid("Drawing", drawing))
    >>> to_entity(Drawing("A-101"))
    EntityUid('Drawing', 'A-101')
    """
    _adapters[cls] = adapter


def unregister(cls: type) -> None:
    """Forgets the adapter of a class; unknown classes are left alone."""
    _adapters.pop(cls, None)


def to_entity(obj: object) -> Adapted:
    """The entity that an object stands for; raises ``TypeError`` for one that nobody has told the meaning of."""
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
