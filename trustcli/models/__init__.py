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
    "stars": "TrustNet's public reputation: the plain mean, the same for everybody",
    "eigentrust": "personalised EigenTrust: the share of your trust that flows to each subject",
}
DEFAULT = "beta"


def load(name: str) -> Model:
    """Return the model called `name`.

    Raises:
        UsageError: there is none.
    """
    if name not in MODELS:
        raise UsageError(f"no model {name!r}", hint=f"one of: {', '.join(MODELS)}", code="unknown_model")
    model: Model = import_module(f"trustcli.models.{name}").MODEL
    return model
