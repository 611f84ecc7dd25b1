"""What the listening side counts, and its Prometheus text (exposition format 0.0.4)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MEDIA = "text/plain; version=0.0.4; charset=utf-8"

_HELP = {
    "trust_http_requests_total": "Requests answered, by route and status.",
    "trust_http_received_bytes_total": "Bytes of request bodies read.",
    "trust_http_sent_bytes_total": "Bytes of answers' bodies handed over.",
    "trust_refused_total": "Requests and connections turned away, by reason.",
    "trust_connections_total": "Connections accepted.",
    "trust_connections": "Connections open now.",
    "trust_held_bytes": "Bytes of pages and bodies held for others now.",
    "trust_mesh_links": "Mesh links open now that others dialled.",
}


class Metrics:
    """Counters and gauges. Labels come from our own tables, never from a request: their number is fixed."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, tuple[tuple[str, str], ...]], int] = {}
        self._gauges: dict[str, Callable[[], int]] = {}

    def add(self, name: str, amount: int = 1, **labels: str) -> None:
        """Add to a counter."""
        key = name, tuple(sorted(labels.items()))
        self._counts[key] = self._counts.get(key, 0) + amount

    def count(self, name: str, **labels: str) -> int:
        """Return what was counted under all of these labels and any others."""
        wanted = set(labels.items())
        return sum(
            count
            for (known, having), count in self._counts.items()
            if known == name and wanted <= set(having)
        )

    def gauge(self, name: str, read: Callable[[], int]) -> None:
        """Show, under this name, what the function returns at the time of asking."""
        self._gauges[name] = read

    def render(self) -> str:
        """Return all of it as text, one family after the other, in alphabetical order."""
        families: dict[str, list[str]] = {}
        for (name, labels), count in sorted(self._counts.items()):
            families.setdefault(name, []).append(f"{name}{_labels(labels)} {count}")
        for name, read in self._gauges.items():
            families[name] = [f"{name} {read()}"]
        return "".join(_family(name, families[name]) for name in sorted(families))


def _family(name: str, samples: Iterable[str]) -> str:
    kind = "counter" if name.endswith("_total") else "gauge"
    lines = [f"# HELP {name} {_HELP.get(name, name)}", f"# TYPE {name} {kind}", *samples]
    return "".join(line + "\n" for line in lines)


def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in labels) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
