"""The frames of the mesh: golden files, and altered ones that every receiver refuses with the same code."""

from __future__ import annotations

import json
import os

import pytest

from tests.vectors import make_mesh_vectors as vectors
from trustcli.errors import PeerFault
from trustcli.mesh import payloads
from trustcli.mesh.faults import FAULTS
from trustcli.mesh.handshake import Handshake, Me, head_from
from trustcli.mesh.link import Link
from trustcli.mesh.messages import content, parse, verify
from trustcli.records import crypto

FRAMES = sorted(vectors.PAYLOADS)
REFUSED = sorted(os.listdir(os.path.join(vectors.FOLDER, "refused")))
HEAD = head_from(vectors.HEAD)


def read(path: str) -> bytes:
    """Return the bytes of one file of the folder."""
    with open(os.path.join(vectors.FOLDER, path), "rb") as file:
        return file.read()


def golden(name: str) -> bytes:
    """Return a golden frame."""
    return read(f"{name}.json").removesuffix(b"\n")


def listening(until: str) -> Link:
    """Return the listener's link as it is when a frame of this name is due."""
    sign = crypto.signer(vectors.SEEDS["listener"])
    me = Me(vectors.key("listener"), sign, vectors.NETWORK, ("full", "bridge"), (vectors.ENDPOINT,))
    handshake = Handshake(me, bytes.fromhex(vectors.CHALLENGES[1]), dialling=False)
    link = Link(1, me, handshake, vectors.NOW, "192.0.2.1", "")
    steps = {"HANDSHAKE-1": 0, "HANDSHAKE-3": 1}.get(until, 2)
    for name in ["HANDSHAKE-1", "HANDSHAKE-3"][:steps]:
        receive(link, golden(name))
    return link


def receive(link: Link, frame: bytes) -> tuple[str, bytes | None]:
    """Return type and answer of a frame that the link accepts."""
    type_, payload = link.accept(frame, vectors.NOW)
    if type_ == payloads.HANDSHAKE:
        return type_, link.greeted(frame, payload, HEAD, vectors.NOW)
    return type_, None


@pytest.mark.parametrize("name", [name for name in FRAMES if name != "HANDSHAKE-2"])
def test_accepted(name: str) -> None:
    """A golden frame is accepted by the listener, and holds the payload it was made of."""
    assert receive(listening(name), golden(name))[0] == name.partition("-")[0]
    assert content(parse(golden(name))) == vectors.PAYLOADS[name]


def test_handshake() -> None:
    """Fixed challenges make the golden answers, byte for byte, and one session on both sides."""
    me = Me(vectors.key("dialler"), crypto.signer(vectors.SEEDS["dialler"]), vectors.NETWORK)
    handshake = Handshake(
        me, bytes.fromhex(vectors.CHALLENGES[0]), dialling=True, expect=vectors.key("listener")
    )
    dialler = Link(1, me, handshake, vectors.NOW, "192.0.2.2", vectors.ENDPOINT)
    listener = listening("HANDSHAKE-1")
    hello = dialler.greet(HEAD, vectors.NOW)
    welcome = receive(listener, hello)[1]
    assert welcome is not None
    done = receive(dialler, welcome)[1]
    assert done is not None
    assert receive(listener, done)[1] is None
    assert [hello, welcome, done] == [golden(f"HANDSHAKE-{step}") for step in (1, 2, 3)]
    assert dialler.handshake.session == listener.handshake.session == vectors.SESSION
    assert (dialler.is_open, listener.is_open) == (True, True)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """An altered frame is refused with its code."""
    case = json.loads(read(f"refused/{name}"))
    kind = name.removesuffix(".json")
    due = kind[: len("HANDSHAKE-1")] if kind.startswith("HANDSHAKE") else "PING"
    with pytest.raises(PeerFault) as caught:
        receive(listening(due), case["frame"].encode())
    assert caught.value.code == case["code"]
    assert caught.value.code in FAULTS


def test_there_are_enough() -> None:
    """Each type has a golden file, HANDSHAKE three, and there are more frames to refuse than to accept."""
    assert {name.partition("-")[0] for name in FRAMES} == {payloads.HANDSHAKE, *payloads.TYPES}
    assert sum(name.startswith("HANDSHAKE-") for name in FRAMES) == 3
    assert len(REFUSED) > len(FRAMES)


def test_signatures_are_by_the_named_key() -> None:
    """Each golden frame verifies under the key it names, and under its own bytes only."""
    for name in FRAMES:
        message = parse(golden(name))
        verify(message)
        with pytest.raises(PeerFault):
            verify(message._replace(data=message.data.replace(b'"n":', b'"n":1', 1)))


def test_the_folder_is_what_the_generator_makes() -> None:
    """The committed bytes are those of make_mesh_vectors.py: no file more, none less, none edited."""
    made = vectors.files()
    kept = {
        os.path.relpath(os.path.join(folder, name), vectors.FOLDER)
        for folder, _, names in os.walk(vectors.FOLDER)
        for name in names
    }
    assert sorted(made.keys() ^ kept) == []
    assert [path for path in sorted(made) if made[path] != read(path)] == []
