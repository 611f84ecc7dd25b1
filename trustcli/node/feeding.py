"""Role bridge: ratings of an outside system brought in again whenever their file changes.

What was brought in before is known by its bytes and costs a look; so a system that writes its export every
hour is followed by a node without anybody at a shell. The file is read in a thread of its own, with a
ledger connection of its own: a million rows must not hold up the mesh.
"""

from __future__ import annotations

import codecs
import os
import threading

from trustcli.errors import BadInput, TrustError
from trustcli.node import bridging
from trustcli.records.rating import OVERALL
from trustcli.records.roles import BRIDGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trustcli.node import Node
    from trustcli.node.bridging import Bridged

LOOK = 5_000  # ms between two looks at the file


class Feed:
    """Follows the file of one bridge.

    Args:
        open_node: returns the node for use in another thread, with its key open.
        told: called, from that thread, with what came of each run, or with what was wrong.

    Raises:
        UsageError: the settings describe no bridge.
    """

    def __init__(
        self, node: Node, open_node: Callable[[], Node], told: Callable[[Bridged | TrustError], None]
    ) -> None:
        settings = node.settings
        self._path = settings.bridge_file
        self._how = bridging.mapping(
            settings.bridge_system, settings.bridge_map, settings.bridge_scale, OVERALL
        )
        self._open_node = open_node
        self._told = told
        self._seen: tuple[int, int, int] | None = None
        self._is_missing = False
        self._looked = 0
        self._thread: threading.Thread | None = None

    def tick(self, now: int) -> None:
        """Look whether the file changed, if it is time and no run is under way."""
        if now - self._looked < LOOK or (self._thread and self._thread.is_alive()):
            return
        self._looked = now
        try:
            found = os.stat(self._path)
        except OSError as problem:  # it comes, or comes back
            if not self._is_missing:
                self._is_missing = True
                self._told(BadInput(f"{self._path}: {problem.strerror}"))
            return
        self._is_missing = False
        state = (found.st_ino, found.st_size, found.st_mtime_ns)
        if state != self._seen:
            self._seen = state
            self._thread = threading.Thread(target=self._bring, name="bridge", daemon=True)
            self._thread.start()

    def _bring(self) -> None:
        node = self._open_node()
        try:
            self._told(bridging.bridge(node, self._lines(), self._how))
        except TrustError as problem:
            self._told(problem)
        finally:
            node.close()

    def _lines(self) -> Iterator[str]:
        try:
            with open(self._path, "rb") as file:
                yield from codecs.iterdecode(file, "utf-8-sig")
        except UnicodeDecodeError:
            raise BadInput(f"{self._path} is not UTF-8") from None
        except OSError as problem:
            raise BadInput(f"{self._path}: {problem.strerror}") from problem


def follows(node: Node) -> bool:
    """Say whether a node is a bridge with a file to follow."""
    return node.settings.role == BRIDGE and bool(node.settings.bridge_file)
