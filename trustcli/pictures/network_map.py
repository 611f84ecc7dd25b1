"""The map of a network around one node: who is there, and to whom that node has links.

Links of others are not on it: they are not ours to show, and nobody tells us.
"""

from __future__ import annotations

from trustcli.pictures.colours import UNKNOWN, VIEWPOINT, colour
from trustcli.value import NamedTuple

IN, OUT = "in", "out"


class Spot(NamedTuple):
    """One node. Texts are of others and not yet harmless.

    `id` is a did:key, `status` ME, ACTIVE, INACTIVE or BANNED, `facts` what else is known in a few words;
    `link` is `in` (it dialled), `out` (we did) or empty.
    """

    id: str
    label: str
    status: str
    facts: str
    link: str = ""


class Map(NamedTuple):
    """The node in the middle, then the others, the most telling first."""

    title: str
    subtitle: str
    middle: Spot
    others: list[Spot]

    @property
    def spots(self) -> list[Spot]:
        """All nodes, the middle first."""
        return [self.middle, *self.others]

    @property
    def links(self) -> list[tuple[int, int]]:
        """Who dialled and who answered, as numbers of `spots`."""
        return [
            (0, number) if spot.link == OUT else (number, 0)
            for number, spot in enumerate(self.others, 1)
            if spot.link
        ]


COLOURS = {"ME": VIEWPOINT, "ACTIVE": colour(5), "INACTIVE": UNKNOWN, "BANNED": colour(1)}
"""Status → `#rrggbb`; the status also stands in words wherever the colour does."""
