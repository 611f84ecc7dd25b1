"""JSON that parsers read differently: refused before any signature is looked at."""

from __future__ import annotations

import base64

import pytest

from tests.conformance.families import rows
from trustcli.errors import RecordRefused
from trustcli.records import canonical, fields


def accepts(data: bytes) -> bool:
    """Return whether `data` is canonical and of the family's schema: `a` an integer, `b` text, no others."""
    try:
        value = canonical.decode(data)
        if type(value) is not dict:
            return False
        fields.check_body(value, {}, {"a": _integer, "b": fields.text(canonical.MAX_BYTES)})
    except RecordRefused:
        return False
    return True


def _integer(value: canonical.Json) -> None:
    if type(value) is not int:
        raise RecordRefused("bad_body")


@pytest.mark.parametrize("row", rows("json/profile_cases.json"), ids=lambda row: row["why"])
def test_profile_cases(row: dict[str, str]) -> None:
    """Every row is accepted or refused as it says, with no other error."""
    assert accepts(base64.b64decode(row["b64"])) == (row["expect"] == "accept")
