"""`trust simulate flood`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, at_least, option
from trustcli.cli.drawing import check_target, with_picture
from trustcli.cli.shown import exact
from trustcli.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trustcli.cli.session import Session
    from trustcli.simulate.flood import Flood, Plan

_STEP = 10  # seconds between two rows


def flood(
    session: Session,
    *,
    seconds: int = option(
        "--seconds", help="how long it lasts; default 60", kind=int, default=60, metavar="S"
    ),
    strength: float = option(
        "--strength",
        help="demand, in times what the peer can answer; default 2.2",
        kind=float,
        default=2.2,
        metavar="X",
    ),
    observers: int = option(
        "--observers", help="how many watch; default 100", kind=int, default=100, metavar="N"
    ),
    seed: int = option(
        "--seed", help="the same seed gives the same run; default 1", kind=int, default=1, metavar="S"
    ),
    threshold: float = option(
        "--threshold",
        help="trust below which nobody deals with an on-off attacker; default 0.5",
        kind=float,
        default=0.5,
        metavar="T",
    ),
    output: str | None = option(
        "--output",
        help="draw the curve as SVG to FILE (never overwritten), - for stdout",
        metavar="FILE",
        complete="files",
    ),
) -> Reply:
    """Flood a peer, and show how trust in it falls, who raises an alarm, and how it comes back.

    A row is a moment: the mean trust that observers show, what they would show without the adaptive
    layer, and how many have flagged or quarantined the peer. Then the on-off attacker: how many bad acts
    in a row bring a peer with a long good history below the threshold, and how many good ones back.

    Examples:
      trust simulate flood
      trust simulate flood --output flood.svg
      trust simulate flood --seconds 20 --strength 5 --json
    """
    from trustcli.simulate import flood as flooding  # noqa: PLC0415

    check_target(output)
    at_least(1, seconds=seconds, observers=observers)
    if not 1 <= strength <= 1e6:
        raise UsageError(f"--strength is 1 or more, not {strength:g}", hint="2.2 leaves a third answered")
    if not 0 < threshold < 0.95:
        raise UsageError(
            f"--threshold is above 0 and below 0.95, not {threshold:g}", hint="0.5 is the middle"
        )
    plan = flooding.Plan(seconds, strength, observers, seed)
    found, attacker = flooding.run(plan), flooding.on_off(threshold=threshold)
    marks = _marks(found, plan)
    data: dict[str, Any] = {
        "seconds": seconds, "strength": strength, "observers": observers, "seed": seed,
        "care": plan.care._asdict(),
        **{name: exact(trust) for name, (_, trust) in marks.items()},
        "flagged": found.first("dropped"),
        "quarantined": found.first("alert"),
        "cleared": found.first("cleared", since=seconds),
        "on_off": attacker._asdict(),
        "curve": [
            {**one._asdict(), **{name: exact(getattr(one, name)) for name in ("trust", "plain", "flagged", "quarantined")}}
            for one in found.curve
        ],
        "events": [event._asdict() for event in found.events],
        "output": None,
    }  # fmt: skip
    rows = [
        (str(one.second), *(f"{part:.2f}" for part in one[1:3]), *(f"{part:.0%}" for part in one[3:]))
        for one in found.curve
        if one.second % _STEP == 0
    ]
    reply = Reply(
        "simulate-flood",
        data=data,
        head=("SECOND", "TRUST", "WITHOUT THE LAYER", "FLAGGED", "QUARANTINED"),
        rows=rows,
        notes=(
            ", ".join(f"{name.replace('_', ' ')} {trust:.2f}" for name, (_, trust) in marks.items()),
            (
                f"on-off attacker: below {threshold:g} after {_count(attacker.bad_acts, 'bad act')}"
                f" (plain beta: {attacker.plain}), back after {_count(attacker.good_acts, 'good act')}"
            ),
        ),
    )
    return with_picture(reply, "output", output, lambda: _draw(found, plan))


def _count(number: int | None, what: str) -> str:
    return f"no number of {what}s" if number is None else f"{number} {what}{'s' * (number != 1)}"


def _marks(found: Flood, plan: Plan) -> dict[str, tuple[int, float]]:
    """Return the moments that are spoken of: name → (second, trust)."""
    seconds = {
        "before": -1,
        "at_the_end": plan.seconds,
        "after_60": plan.seconds + 60,
        "after_120": plan.seconds + 120,
    }
    return {name: (second, found.at(second)) for name, second in seconds.items()}


def _draw(found: Flood, plan: Plan) -> str:
    from trustcli.simulate.lines import Curve, Panel, draw  # noqa: PLC0415

    curves = [
        Curve("trust", [(one.second, one.trust) for one in found.curve]),
        Curve("flagged", [(one.second, one.flagged) for one in found.curve]),
        Curve("quarantined", [(one.second, one.quarantined) for one in found.curve]),
        Curve("without the layer", [(one.second, one.plain) for one in found.curve], bound=True),
    ]
    panel = Panel(
        f"a flood of {plan.seconds} s, {plan.strength:g} times what the peer can answer",
        "seconds since it began",
        f"mean of {plan.observers} observers",
        curves,
        [(one.second, str(one.second)) for one in found.curve if one.second % 60 == 0],
        [(0, plan.seconds, "flood")],
        [(second, trust, f"{trust:.2f}") for second, trust in _marks(found, plan).values()],
    )
    return draw("Trust during and after a flood", [panel])
