"""`NamedTuple` without the cost of `typing`.

`import typing` alone is as long as a bare Python start, `dataclasses` longer still, and every
`trust check` in a shell loop would pay it. Type checkers see `typing.NamedTuple`; at run time the
same immutable, comparable, hashable record is built from `collections.namedtuple`. See
docs/adr/0005-start-up.md.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414  a re-export
else:
    from collections import namedtuple

    class _Maker(type):
        def __new__(cls, name, bases, space):
            if not bases:
                return super().__new__(cls, name, bases, space)
            fields = list(space.get("__annotations__", ()))
            defaults = [space.pop(field) for field in fields if field in space]
            base = namedtuple(name, fields, defaults=defaults, module=space["__module__"])  # noqa: PYI024
            return type(name, (base,), {"__slots__": (), **space})

    class NamedTuple(metaclass=_Maker):
        """Fields are the class's annotations, in order; trailing ones may have defaults."""
