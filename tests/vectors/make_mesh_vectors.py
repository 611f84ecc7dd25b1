"""Make tests/vectors/mesh: a frame of each type of message, and altered ones that must be refused.

Run: python -m tests.vectors.make_mesh_vectors

`NAME.json` is a frame as it travels, and a newline. All but HANDSHAKE-2 go from the dialler to the listener,
in the session that the three HANDSHAKE files make. `refused/NAME-WHAT.json` holds such a frame with something
altered and the code of its refusal. Keys: Ed25519 seeds are SHA-256 of the names in SEEDS.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from typing import Any

from msgspec.structs import replace

from trustcli.mesh import payloads
from trustcli.mesh.handshake import session_of
from trustcli.mesh.messages import DOMAIN, VERSION, Envelope, base64, make, raws
from trustcli.mesh.payloads import Payload
from trustcli.records import crypto, did
from trustcli.records.envelope import Record

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mesh")
SEEDS = {
    name: hashlib.sha256(f"mesh vectors: {name}".encode()).digest()
    for name in ("dialler", "listener", "rater")
}
NETWORK = "vectors"
ENDPOINT = "wss://node.example:8080/mesh"
NOW = 1_790_000_000_000
CHALLENGES = ("11" * 32, "22" * 32)


def key(name: str) -> str:
    """Return the did:key of one of SEEDS."""
    return did.did_of(crypto.public_key(SEEDS[name]))


SESSION = session_of(key("dialler"), key("listener"), CHALLENGES, NETWORK)
HEAD = payloads.HeadOf("ab" * 32, 12, "0123456789abcdef0123456789abcdef", 12)


def record(kind: str, body: dict[str, Any]) -> bytes:
    """Return the line of a record by `rater`."""
    sign = crypto.signer(SEEDS["rater"])
    return Record.seal(net=NETWORK, kind=kind, author=key("rater"), created=NOW, body=body, sign=sign).line


RATING = record("rating", {"subject": "agent:cursor-agent", "value": 42, "category": "overall"})
UPDATE = record("update", {"subject": "agent:cursor-agent", "event": "verification-success", "score": 750})
REVOKED = record("revocation", {"record": "cd" * 32, "priority": "critical"})
ANNOUNCED = record("announce", {"endpoints": [ENDPOINT], "roles": ["full"]})

PAYLOADS: dict[str, Payload] = {
    "HANDSHAKE-1": payloads.Hello(CHALLENGES[0], [], HEAD, ["full"], 1, key("listener")),
    "HANDSHAKE-2": payloads.Welcome(CHALLENGES[1], [ENDPOINT], HEAD, ["full", "bridge"], 2),
    "HANDSHAKE-3": payloads.Done(3),
    "PING": payloads.Beat(HEAD),
    "PONG": payloads.Beat(HEAD),
    "PEER_REQUEST": payloads.PeerRequest(20, "ef" * 32),
    "PEER_ANNOUNCE": payloads.PeerAnnounce(raws([ANNOUNCED])),
    "TRUST_UPDATE": payloads.TrustUpdate(raws([UPDATE, RATING])),
    "REVOCATION": payloads.Revocation("CRITICAL", raws([REVOKED])),
    "RELAY": payloads.Relay(base64(bytes.fromhex("ab" * 32 + "cd" * 32)), False),
    "TRUST_RESULT": payloads.TrustResult(["ab" * 32], [payloads.RefusedRecord("bad_signature", "cd" * 32)]),
    "SYNC_REQUEST": payloads.SyncRequest(id=7, feed=payloads.FeedOf(100, 1_000)),
    "SYNC_REQUEST-about": payloads.SyncRequest(id=8, about=payloads.AboutOf(0, 1_000, "agent:cursor-agent")),
    "SYNC_REQUEST-offer": payloads.SyncRequest(id=9, offer=raws([RATING])),
    "SYNC_REQUEST-reconcile": payloads.SyncRequest(id=10, reconcile=base64(b"\x61\x00\x00\x00")),
    "SYNC_REQUEST-wanted": payloads.SyncRequest(id=11, wanted=["ab" * 32]),
    "SYNC_RESPONSE": payloads.SyncResponse(head=HEAD, id=7, more=False, next=12, records=raws([RATING])),
    "SYNC_RESPONSE-reconcile": payloads.SyncResponse(head=HEAD, id=10, reconcile=""),
    "SYNC_RESPONSE-results": payloads.SyncResponse(
        head=HEAD, id=9, results=[payloads.ResultOf("new", "ab" * 32)]
    ),
    "CLOSE": payloads.Farewell("bye"),
}  # fmt: skip


def frame(name: str, payload: Payload | None = None, **envelope: Any) -> bytes:
    """Return the frame of a payload in the session, or with another envelope."""
    step = name.partition("-")[2] if name.startswith("HANDSHAKE") else ""
    sender = "listener" if step == "2" else "dialler"
    n = {"1": 1, "2": 1, "3": 2}.get(step, 3)
    given = Envelope(key(sender), NETWORK, "" if step == "1" else SESSION, n, NOW)._replace(**envelope)
    return make(crypto.signer(SEEDS[sender]), given, name.partition("-")[0], payload or PAYLOADS[name])


def signed_again(altered: bytes) -> bytes:
    """Return an altered message of the dialler with a signature that fits."""
    data = altered[len(b'{"message":') : -96]
    sig = base64(crypto.sign(SEEDS["dialler"], DOMAIN + data))
    return b'{"message":%b,"sig":"%b"}' % (data, sig.encode())


def _swap(sound: bytes, field: str, old: str, new: str) -> bytes:
    """Replace the value of a field of the envelope: `from`, `n` and `net` stand before the payload."""
    was, will = (f'"{field}":{value}'.encode() for value in (old, new))
    head, found, tail = sound.partition(was) if field in ("from", "n", "net") else sound.rpartition(was)
    assert found, field
    return head + will + tail


def altered(name: str) -> dict[str, tuple[str, bytes]]:
    """Return by what was altered: the code of the refusal, and the frame. The signature is left as it was."""
    sound = frame(name)
    flipped = b"C" if sound[-10:-9] == b"B" else b"B"
    type_, _, step = name.partition("-")
    is_first, is_greeting = name == "HANDSHAKE-1", type_ == "HANDSHAKE"
    session = "" if is_first else SESSION
    other = "PING" if type_ != "PING" else "PONG"
    changes = {
        "from": (key("dialler"), key("rater"), "bad_signature" if is_first else "wrong_sender"),
        "session": (session, "0" * 64, "bad_signature" if is_greeting else "bad_session"),
        "net": (NETWORK, "main", "other_network"),
        "version": (VERSION, "0.9", "other_version"),
        "type": (type_, other, "bad_signature"),
    }
    frames = {
        field: (code, _swap(sound, field, f'"{old}"', f'"{new}"'))
        for field, (old, new, code) in changes.items()
    }
    n = {"1": 1, "3": 2}[step] if is_greeting else 3
    return {
        **frames,
        "n": ("bad_signature", _swap(sound, "n", f"{n},", "9,")),
        "time": ("bad_signature", _swap(sound, "time", str(NOW), str(NOW + 1))),
        "sig": ("bad_signature", sound[:-10] + flipped + sound[-9:]),
    }


def resigned() -> dict[str, tuple[str, bytes]]:
    """Return frames that their sender signed, and that are refused all the same."""
    ping, hello, feed = frame("PING"), PAYLOADS["HANDSHAKE-1"], payloads.FeedOf(0, 1)
    assert isinstance(hello, payloads.Hello)
    moved = ping.replace(b',"version":"1.0"', b"").replace(b'{"from', b'{"version":"1.0","from')
    return {
        "PING-late": ("old", frame("PING", time=NOW - 300_001)),
        "PING-early": ("ahead", frame("PING", time=NOW + 30_001)),
        "PING-n-used": ("repeated", frame("PING", n=2)),
        "PING-space": ("bad_frame", signed_again(ping.replace(b'"n":3', b'"n": 3'))),
        "PING-twice": ("bad_frame", signed_again(ping.replace(b'"n":3', b'"n":3,"n":3'))),
        "PING-order": ("bad_frame", signed_again(moved)),
        "PING-more": ("bad_frame", signed_again(ping.replace(b'"n":3', b'"m":1,"n":3'))),
        "PING-float": ("bad_frame", signed_again(ping.replace(b'"n":3', b'"n":3.0'))),
        "PING-type": ("unknown_type", signed_again(ping.replace(b'"PING"', b'"PANG"'))),
        "PING-payload": ("bad_payload", signed_again(ping.replace(b'"last":12', b'"last":12,"more":1'))),
        "PING-payload-space": ("bad_payload", signed_again(ping.replace(b'"last":12', b'"last": 12'))),
        "PING-payload-twice": ("bad_payload", signed_again(ping.replace(b'"last":', b'"last":1,"last":'))),
        "PING-negative": ("bad_payload", signed_again(ping.replace(b'"last":12', b'"last":-1'))),
        "HANDSHAKE-1-to": ("wrong_to", frame("HANDSHAKE-1", replace(hello, to=key("rater")))),
        "HANDSHAKE-1-role": ("bad_payload", frame("HANDSHAKE-1", replace(hello, roles=["king"]))),
        "HANDSHAKE-3-session": ("bad_session", frame("HANDSHAKE-3", session="0" * 64)),
        **{
            name: ("bad_payload", frame(name.partition("-")[0], payload))
            for name, payload in {
                "SYNC_REQUEST-two": payloads.SyncRequest(id=7, feed=feed, wanted=[]),
                "SYNC_REQUEST-none": payloads.SyncRequest(id=7),
                "SYNC_RESPONSE-half": payloads.SyncResponse(head=HEAD, id=7, records=[]),
            }.items()
        },
    }  # fmt: skip


def files() -> dict[str, bytes]:
    """Return all files by their path below FOLDER."""
    made = {f"{name}.json": frame(name) + b"\n" for name in PAYLOADS}
    refused = {
        f"{name}-{what}": case
        for name in PAYLOADS
        if name != "HANDSHAKE-2"
        for what, case in altered(name).items()
    }
    for name, (code, bad) in {**refused, **resigned()}.items():
        text = json.dumps({"code": code, "frame": bad.decode()}, indent=1)
        made[f"refused/{name}.json"] = text.encode() + b"\n"
    return made


def main() -> None:
    """Write the folder anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for path, content in files().items():
        full = os.path.join(FOLDER, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:
            file.write(content)


if __name__ == "__main__":
    main()
