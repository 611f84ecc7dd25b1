"""A home with a key, for tests that need one."""

from __future__ import annotations

import pytest

from tests.cli.people import BOB
from tests.conftest import Program


@pytest.fixture
def me(trust: Program) -> Program:
    """The program in a home that has a key."""
    assert trust("keygen", "-q").exit == 0
    return trust


@pytest.fixture
def knows_bob(me: Program) -> Program:
    """The program in a home that has a key and knows bob."""
    assert me("peer", "add", "bob", BOB.did, "-q").exit == 0
    return me
