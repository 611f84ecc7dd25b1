"""The table of contents: every command, one line each, in the order of help."""

from __future__ import annotations

COMMANDS = {
    # START
    "keygen": "keygen:keygen",
    "init": "init:init",
    "id ls": "identity:ls",
    "id show": "identity:show",
    "id use": "identity:use",
    "id export": "identity:export",
    "id import": "identity:import_",
    "id passwd": "identity:passwd",
    "id rotate": "identity:rotate",
    "id retire": "identity:retire",
    "peer add": "peer:add",
    "peer ls": "peer:ls",
    "peer show": "peer:show",
    "peer rename": "peer:rename",
    "peer rm": "peer:rm",
    "peer find": "peer_network:find",
    "peer pending": "peer_network:pending",
    "peer block": "peer:block",
    "peer unblock": "peer:unblock",
    # RATE
    "rate": "rate:rate",
    "revoke": "revoke:revoke",
    "undo": "undo:undo",
    "report": "report:report",
    # ASK
    "status": "status:status",
    "score": "score:score",
    "check": "check:check",
    "why": "why:why",
    "log": "log:log",
    "show": "show:show",
    "verify": "verify:verify",
    "graph": "graph:graph",
    # SHARE
    "export": "export:export",
    "import": "import_:import_",
    "sync": "sync:sync",
    "compare": "sync:compare",
    "serve": "serve:serve",
    "devnet": "devnet:devnet",
    "topology": "topology:topology",
    "bridge csv": "bridge:csv",
    # AGREE
    "observe": "observe:observe",
    "standing": "standing_:standing",
    "propose": "propose:propose",
    "proposal ls": "proposal:ls",
    "proposal show": "proposal:show",
    "proposal score": "proposal:score",
    "round open": "round_:open_",
    "round step": "round_:step",
    "round close": "round_:close",
    "round status": "round_:status",
    "round show": "round_:show",
    "round audit": "round_:audit",
    # STUDY
    "simulate rounds": "simulate:rounds",
    "simulate attack": "simulate_attack:attack",
    "simulate market": "simulate_market:market",
    "simulate flood": "simulate_flood:flood",
    "simulate secrecy": "simulate_attack:secrecy",
    "simulate example": "simulate:example",
    "evaluate": "evaluate:evaluate",
    "model ls": "model:ls",
    "model show": "model:show",
    "model compare": "model:compare",
    # CARE
    "config get": "config:get",
    "config set": "config:set_",
    "config unset": "config:unset",
    "config ls": "config:ls",
    "config path": "config:path",
    "doctor": "doctor:doctor",
    "ledger path": "ledger:path",
    "ledger backup": "ledger:backup",
    "ledger check": "ledger:check",
    "ledger compact": "ledger:compact",
    "ledger migrate": "ledger:migrate",
    "completion": "completion:completion",
    "capabilities": "capabilities:capabilities",
    "help": "help:help_",
}
"""Command → `module:function` below trustcli.cli."""

GROUPS = {
    "id": "Own keys: show, export, protect, rotate, retire.",
    "peer": "Names for keys and URIs; weights and blocks. They never leave this machine.",
    "bridge": "Bring ratings of an outside system in.",
    "proposal": "What is proposed for a round.",
    "round": "Agree on one proposal a round, from each node's own local reputation.",
    "simulate": "Virtual networks on a virtual clock: rounds, markets, floods, attacks, and what they cost.",
    "model": "Trust models: what they are and what they say, side by side.",
    "config": "Settings.",
    "ledger": "The ledger file: backup, check, compact.",
}

SECTIONS = {
    "Start": ("keygen", "init", "id", "peer"),
    "Rate": ("rate", "revoke", "undo", "report"),
    "Ask": ("status", "score", "check", "why", "log", "show", "verify", "graph"),
    "Share": ("sync", "compare", "serve", "devnet", "topology", "export", "import", "bridge"),
    "Agree": ("observe", "standing", "propose", "proposal", "round"),
    "Study": ("simulate", "evaluate", "model"),
    "Care": ("config", "doctor", "ledger", "completion", "capabilities", "help"),
}

TAKEN = ("list", "extract", "extract-compat", "anchor", "dump")
"""Verbs of p11-kit's own `trust`: never ours, so that a script which meant that one is told."""
