"""Help topics: texts and tables, the tables made from the code."""

from __future__ import annotations

from trustcli.config import MEANING, Settings
from trustcli.errors import exit_table
from trustcli.models import BACKWARD, MODELS
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
        ("NOTIFY_SOCKET", "set by systemd: `serve` says there when it is up and when it stops"),
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
        "  $XDG_DATA_HOME/trustcli/ledger.db           records, and private things beside them\n"
        "  $XDG_STATE_HOME/trustcli/serve.lock         held by `serve`, one a home; says where it listens\n"
        "  $XDG_STATE_HOME/trustcli/sync.lock          held by `sync`, one at a time\n\n"
        "Locks are the kernel's: whoever dies lets go, and the files may stay. `serve --unix PATH` makes\n"
        "its socket with mode 0600 and removes it at the end.\n\n"
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
        "export is the exception: a bundle is lines of JSON already, and the same with --json.\n"
        "Keys are always there (null, []). Times are RFC 3339 UTC. Unknown scores are null.\n"
        "When a sync fails with every peer, error.parts has what came of each.\n"
        "Within a schema's number keys are only added.\n\n"
        f"DATA OF A NODE'S COMMANDS\n\n{_NETWORK}\n"
        "What a node answers over HTTP is described by its GET /openapi.json.\n\n"
        "WHY\n\n"
        "why: data.ignored[].because is one of\n\n" + "\n".join(reasons) + "\n"
    )


_NETWORK = """  trust.status/1         beside id, home, ledger, peers, alerts: daemon {running,listen,since},
                         sync {last}, network {nodes,active,records,fingerprint,last,
                         standings[]}, null where no other node is known, round {number,winner,
                         final,closed}, null where none was decided here
  standings[]            did, name, status ACTIVE|INACTIVE|BANNED, reputation (0 to 100), stars,
                         raters, uptime (percent), met, heard, linked, direction in|out,
                         banned_until, because, roles[], endpoints[], owner, announced
  trust.topology/1       nodes[] as standings[]; with a format: format, nodes, links (numbers),
                         and text, or file and bytes
  trust.init/1           id, made, announced, role, owner, seeds[], endpoints[], synced
  trust.sync/1           pulled, pushed, dry_run, peers[] {name,url,ok,pulled,known,pushed,
                         refused[],declined[],equal,takes_nothing,requests,bytes,ms,error}
  trust.compare/1        peer, url, equal, records {here,there}, only_here, only_there,
                         complete, round_trips, bytes; with --ids: ids {here[],there[]}
  trust.serve/1          stopped; printed at the end, what is said meanwhile goes to stderr
  trust.serve-get/1      status, headers, body
  trust.serve-unit/1     version, units {file name: text}
  trust.devnet/1         nodes[] {name,did,url,pid,records,head}, ratings, agreed, seconds,
                         links {name: names}, folder, rounds[] {round,winners,unanimous,audit}
  trust.report/1         record, subject, event, score, dry_run
  trust.peer-find/1      did, name, endpoints[], roles[], owner, announced, asked, answered
  trust.peer-pending/1   pending[] {did,words,address,first,last,times}
"""


def node() -> str:
    """How to run a node."""
    return (
        "NODE\n\n"
        "A node is a home with a key. It exchanges signed records with other nodes: by cron or as a daemon.\n\n"
        "  trust init --owner alice --peer https://trust.example    key, settings, announcement, first sync\n\n"
        "BY CRON\n\n"
        "  */5 * * * *  trust --no-input -q sync\n\n"
        "Both ways with every peer that has a URL (trust peer add NAME did:key:… --url URL) and the seeds.\n"
        "Exit 0 done, 4 some peer failed, 69 none answered, 75 another sync runs: try again later.\n\n"
        "AS A DAEMON\n\n"
        "  trust serve                    on 127.0.0.1:7717: for this machine, a tunnel or a proxy\n"
        "  trust serve --listen none      only dials out: behind NAT this is all it takes, links go both ways\n"
        "  trust serve --listen 0.0.0.0:7717 --public --tls-cert cert.pem --tls-key key.pem\n"
        "  trust init --endpoint https://alice.example:7717\n\n"
        "The last one announces where others reach you; without an endpoint nobody is told to dial you.\n"
        "`trust rate` in another shell is passed on at once. One daemon a home; sync may run beside it.\n"
        "Others dial what you announce only if it is https or wss and public, or with allow_private.\n"
        "A proxy in front should reach it by --unix PATH, and its public name belongs in the setting hosts.\n\n"
        "SYSTEMD\n\n"
        "  trust serve --print-unit       trust.service, or trust-sync.service with its timer: hardened\n\n"
        "System units, for /etc/systemd/system. An encrypted key needs Environment=TRUST_PASSPHRASE_FILE=…\n"
        "in trust.service, and a file that its user can read there.\n\n"
        "ROLES\n\n"
        "  full     keeps every record, passes on what is new\n"
        "  light    keeps what it takes to judge its subjects: trust init --role light --subject agent:x\n"
        "  bridge   as full; tells others that it passes ratings of outside systems on\n\n"
        "A light node answers check, score and why for its subjects as a full one would, by the models that\n"
        f"look backwards ({', '.join(sorted(BACKWARD))}); what needs all records it refuses.\n\n"
        "LOOKING AT IT\n\n"
        "  trust status · trust topology · trust compare PEER · trust peer pending · trust peer find KEY\n"
        "  curl 127.0.0.1:7717/metrics    Prometheus; for this machine only\n"
        "  trust devnet --nodes 4         a whole network on this machine, to look at\n\n"
        "WHAT IS SENT\n\n"
        "Public records; the key, the head of the ledger (counts and a fingerprint), roles, endpoints and\n"
        "owner. Never: names, weights, blocks, drafts, private ratings, what you observed of others.\n"
        "Whom you ask or are linked with sees your IP address; whom a light node asks, its subjects.\n"
    )


def policy() -> str:
    """How to write a policy."""
    return (
        "POLICY\n\n"
        "A policy is a TOML file in policies/, or any path given to trust check --policy:\n\n"
        "  # policies/delegate.toml\n"
        "  min = 4.0               # at least so many stars; or that share, where the model gives shares\n"
        '  category = "reliability"\n'
        "  raters = 2              # at least so many raters within reach\n"
        "  max_age_days = 90       # the newest rating is not older\n"
        "  max_spread = 2.0        # highest and lowest stars no further apart\n"
        "  min_confidence = 0.8    # be sure of the score to half a star, from how much was said\n"
        "  human_only = true       # leave out what machines rated unguided\n"
        '  model = "beta"\n'
        '  unknown = "review"      # review: exit 3 · deny: exit 1 · allow: exit 0\n\n'
        "Too few raters, none recent enough, or less certainty than asked is no evidence: the answer is\n"
        "unknown. Models that count evidence (beta, subjective, antcascade) or know their error (hybrid,\n"
        "bias) say how sure they are; where a model does not, the answer to min_confidence is unknown.\n"
        "More ratings do not narrow the error of hybrid and bias. Ratings that count entirely, so that beta\n"
        f"is sure whatever they say: {_how_many()}.\n\n"
        "An unknown rule or a value out of range is an error (78): a gate never guesses. Options win over the policy.\n"
    )


def _how_many() -> str:
    """Return how many ratings it takes, for some confidences."""
    from trustcli.models import enough  # noqa: PLC0415  for this page alone

    error = enough.HALF_A_STAR / 4
    return ", ".join(f"{enough.interactions_needed(error, p)} for {p}" for p in (0.5, 0.8, 0.9, 0.95))


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
    "node": node,
    "json": json,
    "policy": policy,
    "models": models,
}
