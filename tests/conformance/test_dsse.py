"""DSSE's pre-authentication encoding: not ours."""

import pytest

pytest.skip(
    "records have no PAE: what is signed is a domain tag of fixed length and one canonical JSON value, "
    "so nothing is joined that could be parted otherwise; DSSE comes with a DSSE export",
    allow_module_level=True,
)
