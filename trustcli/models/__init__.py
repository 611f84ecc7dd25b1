"""Trust models: pure functions from a view and a viewpoint to scores. One file and one line each.

Modules are loaded when asked for: numpy and scipy belong to the models that need them.
"""

from __future__ import annotations

from importlib import import_module

from trustcli.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.answer import Model

MODELS = {
    "beta": "Beta reputation, decayed by age, weighted by your trust in each rater (default)",
    "beta-filtered": "Beta reputation, all raters alike, without those who are incredible beside the rest",
    "stars": "TrustNet's public reputation: the plain mean, the same for everybody",
    "eigentrust": "personalised EigenTrust: the share of your trust that flows to each subject",
    "hybrid": "trusted voices, own habits and courtesy, weighed by what came true before (recommended)",
    "bias": "shrunk bias: the mean, plus how the subject is rated, plus how you rate",
    "fairness": "fairness-goodness: raters who agree with the others count more",
    "rev2": "REV2: fair raters, reliable ratings, good subjects",
    "subjective": "subjective logic (TNA-SL): opinions with uncertainty, discounted along chains, fused once",
    "graperank": "GrapeRank: what is said × how sure one can be; your follows count, blame counts more",
    "graperank-bounded": "GrapeRank in which all that one rater says weighs at most one follow of yours",
    "meritrank": "MeritRank: how often walks from you come by, less behind a single door",
    "appleseed": "Appleseed: energy put into you that comes to rest where praise leads",
    "tidaltrust": "TidalTrust: the best trusted of those nearest to the subject",
    "advogato": "Advogato: who is taken in by a flow from you that shrinks with every hop",
    "sybilrank": "SybilRank: a short walk from you that has no time to get lost in a farm",
    "fire": "FIRE: own experience, witnesses and references, each as far as reliable",
    "antcolony": "TACS: the share of ants from you that stop at a provider",
    "antcascade": "AntTrust-style: your word, else friends', else their friends', else what friends hear",
    "random-neural": "RNNTM: praise hands on votes, blame takes them, only you are replenished",
    "eigentrust-plus": "personalised EigenTrust with similar raters weighing more, and one step of distrust",
}
DEFAULT = "beta"
BACKWARD = frozenset(("beta", "stars"))
"""Those that look backwards from the subject alone, so that a light node can answer them."""
COUNTING = frozenset(("beta",))
"""Those of which models/enough.py knows how many voices are enough: each adds its weight to a Beta."""
STEADY = frozenset(("hybrid", "bias"))
"""Those whose interval is the error they made on many ratings: more voices on a subject do not narrow it."""


def outside() -> dict[str, str]:
    """Return name → module of the models that installed packages bring: entry points `trustcli.models`.

    Such a module has MODEL, a model of the ledger, or ARRAY, one over arrays, or both.
    """
    from importlib.metadata import entry_points  # noqa: PLC0415  slow, and seldom asked for

    return {entry.name: entry.module for entry in entry_points(group="trustcli.models")}


def exists(name: object) -> bool:
    """Say whether there is a model of this name."""
    return name in MODELS or name in outside()


def load(name: str) -> Model:
    """Return the model called `name`: one of MODELS, or one that another package brings.

    Raises:
        UsageError: there is none.
    """
    if name in MODELS:
        module = import_module(f"trustcli.models.{name.replace('-', '_')}")
    elif name in outside():
        module = import_module(outside()[name])
    else:
        raise UsageError(f"no model {name!r}", hint=f"one of: {', '.join(MODELS)}", code="unknown_model")
    model: Model = getattr(module, "MODEL", None) or import_module("trustcli.models.viewed").Viewed(
        module.ARRAY
    )
    return model
