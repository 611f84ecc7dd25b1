"""The graph around a viewpoint, ready to be drawn."""

from __future__ import annotations

from trustcli.node.asking import Inquiry
from trustcli.pictures.graph import Edge, Graph, Node
from trustcli.timing import rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.view import Voice

MAX_SCORED = 300  # nodes whose score is computed: what a picture shows


def graph(inquiry: Inquiry, depth: int) -> Graph:
    """Return everybody within `depth` ratings of the viewpoint, and the ratings between them."""
    view, reader = inquiry.view, inquiry.reader
    start = view.current(reader.number(inquiry.asked.viewpoint))
    level = [start]
    near = {start: 0}
    voices: list[Voice] = []
    for distance in range(1, depth + 1):
        fresh: list[int] = []
        for rater in sorted(level, key=view.name):
            for voice in view.voices_by(rater, inquiry.category_number).values():
                voices.append(voice)
                if voice.subject not in near:
                    near[voice.subject] = distance
                    fresh.append(voice.subject)
        level = fresh
    for rater in level:  # the outermost may rate one another
        said = view.voices_by(rater, inquiry.category_number)
        voices += [voice for voice in said.values() if voice.subject in near]
    return Graph(
        f"Trust as seen by {inquiry.label(start)}",
        f"as of {rfc3339(inquiry.asked.as_of)}, model {inquiry.asked.model}",
        _nodes(inquiry, near, start),
        _edges(inquiry, voices),
    )


def _nodes(inquiry: Inquiry, near: dict[int, int], start: int) -> list[Node]:
    by_distance = sorted(near, key=lambda node: (near[node], inquiry.view.name(node)))
    scored = set(by_distance[:MAX_SCORED]) if inquiry.asked.model != "eigentrust" else set()
    return [
        Node(
            inquiry.view.name(node),
            inquiry.label(node),
            inquiry.score_of(node) if node in scored and node != start else None,
            node == start,
        )
        for node in by_distance
    ]


def _edges(inquiry: Inquiry, voices: list[Voice]) -> list[Edge]:
    weights = inquiry.weights(sorted({voice.rater for voice in voices}))
    return [
        Edge(
            inquiry.view.name(voice.rater),
            inquiry.view.name(voice.subject),
            opinion.value / 10,
            inquiry.reader.category_name(opinion.category),
            weights.get(voice.rater, 0.0),
            opinion.seq < 0,
        )
        for voice in voices
        for opinion in voice.opinions
    ]
