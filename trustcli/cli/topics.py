"""Help topics: texts and tables, the tables made from the code."""

from __future__ import annotations

from trustcli.config import MEANING, Settings
from trustcli.errors import exit_table
from trustcli.models import MODELS
from trustcli.view import BECAUSE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def text(topic: str) -> str:
    """Return the page of a topic."""
    return TOPICS[topic]()


def exit_codes() -> str:
    """Exit codes, from the error classes."""
    lines = [f"  {code:>3}  {name:<26} {meaning}" for code, name, meaning in exit_table()]
    return (
        "EXIT CODES\n\n" + "\n".join(lines) + "\n\n"
        "Verdicts (0, 1, 3) never share a number with trouble (65 and above), so this is safe:\n\n"
        "  trust check bob --min 4\n"
        "  case $? in 0) go ;; 1) stop ;; 3) ask ;; *) page ;; esac\n\n"
        "The code is the same with and without --json. 75 may be tried again.\n"
    )


def environment() -> str:
    """Environment variables."""
    rows = (
        ("TRUST_HOME", "use everything under this directory: one directory, one node"),
        ("TRUST_PASSPHRASE_FILE", "read the key's passphrase from this file"),
        ("TRUST_PASSPHRASE_FD", "read it from this file descriptor"),
        ("TRUST_PASSPHRASE_COMMAND", "read it from the output of this command"),
        ("TRUST_JSON", "1: as with --json"),
        ("TRUST_NO_INPUT", "anything: as with --no-input"),
        ("TRUST_LOCK_WAIT", "seconds to wait for another process that writes"),
        ("XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME", "where trustcli/ lies without TRUST_HOME"),
        ("NO_COLOR", "anything: no colour, no drawing"),
        ("FORCE_COLOR", "anything: draw although the output is no terminal"),
    )
    lines = [f"  {name}\n      {meaning}" for name, meaning in rows]
    return (
        "ENVIRONMENT\n\n"
        + "\n".join(lines)
        + "\n\nAn option wins over the environment, which wins over the settings file.\n"
    )


def files() -> str:
    """Files and settings."""
    settings = [
        f"  {key} = {Settings._field_defaults[key]!r}\n      {meaning}" for key, meaning in MEANING.items()
    ]
    return (
        "FILES\n\n"
        "  $XDG_CONFIG_HOME/trustcli/config.toml       settings (trust config)\n"
        "  $XDG_CONFIG_HOME/trustcli/policies/*.toml   policies of trust check\n"
        "  $XDG_DATA_HOME/trustcli/keys/NAME.key       own keys, mode 0600, never overwritten\n"
        "  $XDG_DATA_HOME/trustcli/ledger.db           records, and private things beside them\n\n"
        "With TRUST_HOME or --home all of it lies in that one directory.\n\n"
        "SETTINGS\n\n" + "\n".join(settings) + "\n"
    )


def json() -> str:
    """The shape of JSON output."""
    reasons = [f"  {name:<18} {meaning}" for name, meaning in BECAUSE.items()]
    return (
        "JSON\n\n"
        "--json prints exactly one document on stdout, also on error, with the same exit code:\n\n"
        '  {"schema":"trust.score/1","ok":true,"data":{…},"warnings":[]}\n'
        '  {"schema":"trust.error/1","ok":false,"error":{"code":"…","exit":66,"message":"…",'
        '\n   "hint":"…","retryable":false}}\n\n'
        "log --follow, rate --batch and check with several subjects print one document a line.\n"
        "Keys are always there (null, []). Times are RFC 3339 UTC. Unknown scores are null.\n"
        "Within a schema's number keys are only added.\n\n"
        "why: data.ignored[].because is one of\n\n" + "\n".join(reasons) + "\n"
    )


def policy() -> str:
    """How to write a policy."""
    return (
        "POLICY\n\n"
        "A policy is a TOML file in policies/, or any path given to trust check --policy:\n\n"
        "  # policies/delegate.toml\n"
        "  min = 4.0               # at least so many stars\n"
        '  category = "reliability"\n'
        "  raters = 2              # at least so many raters within reach\n"
        "  max_age_days = 90       # the newest rating is not older\n"
        "  max_spread = 2.0        # highest and lowest stars no further apart\n"
        "  human_only = true       # leave out what machines rated unguided\n"
        '  model = "beta"\n'
        '  unknown = "review"      # review: exit 3 · deny: exit 1 · allow: exit 0\n\n'
        "Too few raters or none recent enough is no evidence: the answer is unknown. An unknown rule\n"
        "or a value out of range is an error (78): a gate never guesses. Options win over the policy.\n"
    )


def models() -> str:
    """The trust models."""
    lines = [f"  {name:<12} {meaning}" for name, meaning in MODELS.items()]
    return (
        "MODELS\n\n" + "\n".join(lines) + "\n\n"
        "Your trust in a rater is your own rating of them (in the category, else overall), or the weight\n"
        "you gave the peer, else what raters you trust say, hop by hop and half as much each hop. All\n"
        "raters that one introducer brings in weigh together no more than half the introducer.\n"
    )


TOPICS: dict[str, Callable[[], str]] = {
    "exit-codes": exit_codes,
    "environment": environment,
    "files": files,
    "json": json,
    "policy": policy,
    "models": models,
}
