"""Ways to spoil a line, each a function of the line, another line and a seeded source of chance."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

from tests.vectors.plain_signer import canonical, wire

MEMBER = re.compile(rb'"\w+":(?:"[^"]*"|-?\d+|true|false)')
NUMBER = re.compile(rb"(?<=:)-?\d+")
TEXT = re.compile(rb'"[^"\\]+"')
STRANGE: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**53,
    10**400,
    "",
    "\ud800",
    "e\u0301",
    [],
    {},
    [[]],
    {"x": 1},
    "A" * 600,
]


def flip(line: bytes, _: bytes, chance: Random) -> bytes:
    """Flip one bit."""
    place = chance.randrange(len(line))
    return line[:place] + bytes([line[place] ^ 1 << chance.randrange(8)]) + line[place + 1 :]


def replace(line: bytes, _: bytes, chance: Random) -> bytes:
    """Put another byte in the place of one."""
    place = chance.randrange(len(line))
    return (
        line[:place]
        + chance.choice([b'"', b"\\", b",", b"0", b"A", b" ", chance.randbytes(1)])
        + line[place + 1 :]
    )


def insert(line: bytes, _: bytes, chance: Random) -> bytes:
    """Insert one to three bytes."""
    place = chance.randrange(len(line) + 1)
    new = chance.choice([b" ", b"\n", b"\0", b"=", b"0", b"\xc2\xa0", b"\xef\xbb\xbf", chance.randbytes(3)])
    return line[:place] + new + line[place:]


def delete(line: bytes, _: bytes, chance: Random) -> bytes:
    """Delete up to eight bytes."""
    place = chance.randrange(len(line))
    return line[:place] + line[place + chance.randint(1, 8) :]


def truncate(line: bytes, _: bytes, chance: Random) -> bytes:
    """Cut the end or the beginning off."""
    place = chance.randrange(len(line))
    return line[:place] if chance.random() < 0.5 else line[place:]


def swap(line: bytes, _: bytes, chance: Random) -> bytes:
    """Exchange two bytes, often neighbours."""
    first = chance.randrange(len(line) - 1)
    second = first + 1 if chance.random() < 0.5 else chance.randrange(len(line))
    mixed = bytearray(line)
    mixed[first], mixed[second] = mixed[second], mixed[first]
    return bytes(mixed)


def repeat(line: bytes, _: bytes, chance: Random) -> bytes:
    """Write a piece twice."""
    start = chance.randrange(len(line))
    end = start + chance.randint(1, 40)
    return line[:end] + line[start:]


def repeat_member(line: bytes, _: bytes, chance: Random) -> bytes:
    """Write one member of an object twice, the first time perhaps with another value."""
    found = chance.choice(list(MEMBER.finditer(line)))
    name = found[0].partition(b":")[0]
    first = chance.choice([found[0], name + b":0", name + b':"x"', name + b":null", name + b":{}"])
    return line[: found.start()] + first + b"," + line[found.start() :]


def move_member(line: bytes, _: bytes, chance: Random) -> bytes:
    """Exchange two members, which may stand in different objects."""
    first, second = sorted(chance.sample(list(MEMBER.finditer(line)), 2), key=lambda found: found.start())
    between = line[first.end() : second.start()]
    return line[: first.start()] + second[0] + between + first[0] + line[second.end() :]


def tweak_number(line: bytes, _: bytes, chance: Random) -> bytes:
    """Write a number otherwise, or another number."""
    found = chance.choice(list(NUMBER.finditer(line)))
    number = found[0]
    one = int(number)
    forms = [
        b"%d" % (one + 1),
        b"%d" % (one - 1),
        b"%d" % -one,
        number + b".0",
        number + b"e0",
        b"0" + number,
        b"-0",
    ]
    forms += [
        number + b"0" * 400,
        b"1e400",
        b"true",
        b"null",
        b'"%b"' % number,
        b"NaN",
        b"%d" % (one ^ 1 << chance.randrange(64)),
    ]
    return line[: found.start()] + chance.choice(forms) + line[found.end() :]


def respell(line: bytes, _: bytes, chance: Random) -> bytes:
    """Write one character of a text as an escape, in capitals, or as a look-alike."""
    found = chance.choice(list(TEXT.finditer(line)))
    place = chance.randrange(found.start() + 1, found.end() - 1)
    old = line[place : place + 1]
    forms = [
        b"\\u%04x" % old[0],
        b"\\u%04X" % old[0],
        b"\\" + old,
        old.swapcase(),
        "а".encode(),
        old + "\u0301".encode(),
    ]
    return line[:place] + chance.choice(forms) + line[place + 1 :]


def relayout(line: bytes, _: bytes, chance: Random) -> bytes:
    """Write the same JSON in another layout."""
    try:
        value = json.loads(line)
    except ValueError:
        return line
    space = chance.choice([(", ", ": "), (",", ": "), (",", ":")])
    names = list(value["record"])
    chance.shuffle(names)
    if chance.random() < 0.5:
        value["record"] = {name: value["record"][name] for name in names}
    if chance.random() < 0.3:
        value = {"sig": value["sig"], "record": value["record"]}
    return json.dumps(value, separators=space, ensure_ascii=chance.random() < 0.5).encode()


def edit(line: bytes, other: bytes, chance: Random) -> bytes:
    """Change, add or drop one field under the same signature, in canonical form."""
    value, donor = json.loads(line), json.loads(other)
    place, source = value["record"], donor["record"]
    if chance.random() < 0.6:
        place, source = place["body"], source["body"]
    name = chance.choice([*place, *source, "weight"])
    kind = chance.random()
    if kind < 0.2:
        place.pop(name, None)
    elif kind < 0.6 and name in source:
        place[name] = source[name]
    else:
        place[name] = chance.choice(STRANGE)
    return wire(canonical(value["record"]), value["sig"].encode())


def splice(line: bytes, other: bytes, chance: Random) -> bytes:
    """Join the record of one line and the signature of another, or the lines at any place."""
    kind = chance.random()
    if kind < 0.4:
        return line[:-88] + other[-88:]
    if kind < 0.5:
        return line + other
    return line[: chance.randrange(len(line))] + other[chance.randrange(len(other)) :]


MUTATIONS = [
    flip,
    replace,
    insert,
    delete,
    truncate,
    swap,
    repeat,
    repeat_member,
    move_member,
    tweak_number,
    respell,
    relayout,
    edit,
    splice,
]
