"""Where things are, and the settings. The only door to tomllib and tomli_w."""

from __future__ import annotations

import os

from trustcli import durable, models, policy
from trustcli.errors import ConfigError, DiskError, NotFound, RecordRefused, UsageError
from trustcli.models import DEFAULT, MODELS
from trustcli.records.roles import ROLES
from trustcli.safe import shown
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from trustcli.records.canonical import Json

_APP = "trustcli"
_MAX_FILE = 65_536  # bytes of a settings or policy file
_MAX_LIST = 256  # entries of a setting that is a list
_LIMITS = {
    "hops": (1, 6),
    "half_life_days": (0.01, 36_500),
    "lock_wait": (0, 3_600),
    "round_every": (10, 86_400),
}
_OR_NONE = ("round_every",)  # 0 is none


class Places(NamedTuple):
    """The directories of one node."""

    config: str
    data: str
    state: str

    @property
    def settings(self) -> str:
        """The settings file."""
        return os.path.join(self.config, "config.toml")

    @property
    def keys(self) -> str:
        """The directory of key files."""
        return os.path.join(self.data, "keys")

    @property
    def ledger(self) -> str:
        """The ledger file."""
        return os.path.join(self.data, "ledger.db")

    def policy(self, name: str) -> str:
        """Return the file of a named policy."""
        return os.path.join(self.config, "policies", f"{name}.toml")


class Settings(NamedTuple):
    """What a user may set, with its defaults. One field here is one `trust config` key."""

    identity: str = "default"
    network: str = "main"
    model: str = DEFAULT
    hops: int = 3
    half_life_days: float = 90.0
    require_known: bool = False
    lock_wait: float = 5.0
    owner: str = ""
    role: str = "full"
    subjects: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()
    listen: str = "127.0.0.1:7717"
    endpoints: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    allow_private: bool = False
    bridge_file: str = ""
    bridge_system: str = ""
    bridge_map: str = "rater=0,subject=1,value=2,time=3"
    bridge_scale: str = "1..5"
    round_every: float = 0.0
    propose: str = "batch"
    standing_rules: str = "default"
    finality: str = "over-2/3"


MEANING = {
    "identity": "the key that signs when --as does not name another",
    "network": "records of other networks are refused; set it before the first record",
    "model": f"how scores are computed: {', '.join(MODELS)}",
    "hops": "the longest chain of ratings from you to a subject, 1 to 6",
    "half_life_days": "days after which a rating weighs half",
    "require_known": "refuse names that no key is bound to, as rate --strict does",
    "lock_wait": "seconds to wait for another process that writes",
    "owner": "whose node this is: announced to everybody; empty says nothing",
    "role": f"what the node keeps and offers: {', '.join(ROLES)}",
    "subjects": "what a light node keeps: keys and URIs, separated by spaces",
    "seeds": "URLs of nodes to begin with, separated by spaces",
    "listen": "where `serve` listens: HOST:PORT, a port, unix:PATH, or none",
    "endpoints": "URLs under which others reach this node: announced to everybody",
    "hosts": "further names under which `serve` answers (the Host header)",
    "bridge_file": "a CSV that a node of role bridge brings in again whenever it changes",
    "bridge_system": "the outside system that file is of, a short lower-case word",
    "bridge_map": "its columns, as in `trust bridge csv --map`",
    "bridge_scale": "its lowest and highest value, as in `trust bridge csv --scale`",
    "round_every": "seconds from one round to the next that `serve` takes part in, 10 or more; 0 for none",
    "standing_rules": "how what you see of others becomes their standing: default, strict or archive",
    "finality": "the share of known weight that makes a round final: over-2/3, 2/3 or over-1/2",
    "propose": "what `serve` proposes in its rounds: batch (ratings not yet in a block) or none",
    "allow_private": "dial private addresses and plain http that others announce: for networks of your own",
}


_MAY_BE_EMPTY = ("owner", "bridge_file", "bridge_system")
_CHOICES = {"role": ROLES, "propose": ("batch", "none")}


def places(environment: Mapping[str, str], home: str | None = None) -> Places:
    """Return the directories: all under `home` or TRUST_HOME, else by the XDG base directory rules."""
    root = home or environment.get("TRUST_HOME")
    if root:
        root = os.path.abspath(os.path.expanduser(root))
        return Places(root, root, root)
    user = environment.get("HOME") or os.path.expanduser("~")

    def base(variable: str, fallback: str) -> str:
        given = environment.get(variable, "")
        return os.path.join(given if os.path.isabs(given) else os.path.join(user, fallback), _APP)

    return Places(
        base("XDG_CONFIG_HOME", ".config"),
        base("XDG_DATA_HOME", ".local/share"),
        base("XDG_STATE_HOME", ".local/state"),
    )


def load(where: Places) -> tuple[Settings, dict[str, str]]:
    """Return the settings and, by key, where each value comes from (`default` or a file).

    Raises:
        ConfigError: the file is no TOML, has an unknown key or a wrong value.
    """
    path = where.settings
    found = _read(path) if os.path.exists(path) else {}
    for name, value in found.items():
        _check(name, value, path)
    origin = {name: path if name in found else "default" for name in Settings._fields}
    return Settings(**{name: _plain(value) for name, value in found.items()}), origin  # type: ignore[arg-type]


def change(where: Places, name: str, text: str | None) -> Settings:
    """Set a key from its text, or unset it with None; return the settings that result.

    Raises:
        UsageError: no such key or no such value. ConfigError: the file is damaged. DiskError.
    """
    if name not in Settings._fields:
        raise UsageError(f"no setting {name!r}", hint=f"one of: {', '.join(Settings._fields)}")
    path = where.settings
    found = _read(path) if os.path.exists(path) else {}
    found.pop(name, None)
    if text is not None:
        found[name] = _parse(name, text)
    _write(path, found)
    return load(where)[0]


def load_policy(where: Places, name: str) -> policy.Policy:
    """Return a policy by name (a file in the policies directory) or by path (`/` or `.toml` in it).

    Raises:
        NotFound: there is no such file. ConfigError: it is no policy.
    """
    path = name if "/" in name or name.endswith(".toml") else where.policy(name)
    if not os.path.isfile(path):
        raise NotFound(f"no policy {name!r}", hint=f"write one: {path} (trust help policy)", code="no_policy")
    return policy.parse(_read(path), path)


def _read(path: str) -> dict[str, object]:
    import tomllib  # noqa: PLC0415  costs as much as Python itself; only where there is a file

    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_FILE + 1)
        if len(data) > _MAX_FILE:
            raise ConfigError(f"{path}: longer than {_MAX_FILE} bytes")
        return tomllib.loads(data.decode())
    except OSError as problem:
        raise ConfigError(f"{path}: {problem.strerror}") from problem
    except (ValueError, RecursionError) as problem:  # TOMLDecodeError is a ValueError; so are huge integers
        raise ConfigError(f"{path}: not TOML ({str(problem).splitlines()[0]})") from problem


def _write(path: str, found: Mapping[str, object]) -> None:
    import tomli_w  # noqa: PLC0415

    try:
        durable.make_directories(os.path.dirname(path))
        durable.replace(path, f"{path}.{os.getpid()}.new", tomli_w.dumps(dict(found)).encode())
    except OSError as problem:
        raise DiskError(f"{path}: {problem.strerror}") from problem


def _parse(name: str, text: str) -> object:
    default = Settings._field_defaults[name]
    try:
        if isinstance(default, bool):
            value: object = {"true": True, "false": False}[text.lower()]
        elif isinstance(default, tuple):
            value = text.split()
        else:
            value = type(default)(text)
    except (ValueError, KeyError):
        raise UsageError(f"{name} cannot be {text!r}", hint=MEANING[name]) from None
    if not _fits(name, value):
        raise UsageError(f"{name} cannot be {text!r}", hint=MEANING[name])
    return value


def _check(name: str, value: object, path: str) -> None:
    if name not in Settings._fields:
        raise ConfigError(f"{path}: no setting {name!r}", hint=f"one of: {', '.join(Settings._fields)}")
    if not _fits(name, value):
        raise ConfigError(f"{path}: {name} cannot be {shown(value)}", hint=MEANING[name])


def _fits(name: str, value: object) -> bool:
    default = Settings._field_defaults[name]
    if isinstance(default, tuple):
        return (
            isinstance(value, list)
            and len(value) <= _MAX_LIST
            and all(map(_is_word, value))
            and _could_be_signed(name, value)
        )
    kind = type(default)
    if type(value) is not kind and not (kind is float and type(value) is int):
        return False
    if name == "model":
        return models.exists(value)
    choices = _choices(name)
    if choices is not None:
        return value in choices
    if name in _LIMITS:
        low, high = _LIMITS[name]
        return (name in _OR_NONE and not value) or low <= value <= high  # type: ignore[operator]  # numbers, see above
    return (
        not isinstance(value, str)
        or (name in _MAY_BE_EMPTY and not value)
        or _is_word(value, 1_024 if name.startswith("bridge_") else 64)
    )


def _could_be_signed(name: str, values: list[Json]) -> bool:
    """Say whether records and peers take the entries of a list for what it is a list of."""
    from trustcli.records import fields  # noqa: PLC0415  only where there is a list

    try:
        if name == "endpoints":
            fields.endpoints(values)
        for value in values:
            if name == "seeds":
                fields.endpoints([value])
            elif name == "subjects":
                fields.subject(value)
    except RecordRefused:
        return False
    return True


def _choices(name: str) -> Collection[str] | None:
    """Return the words a setting may be, None where it may be any."""
    if name == "standing_rules":
        from trustcli.standing import RULESETS  # noqa: PLC0415  only where somebody chose one

        return RULESETS
    if name == "finality":
        from trustcli.rounds.rules import FINALITY  # noqa: PLC0415

        return FINALITY
    return _CHOICES.get(name)


def _is_word(value: object, limit: int = 512) -> bool:
    return isinstance(value, str) and 0 < len(value) <= limit and value.isprintable()


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
