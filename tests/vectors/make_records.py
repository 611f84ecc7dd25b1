"""Make tests/vectors/records: lines to accept and lines to refuse, as data for any implementation.

Run: python -m tests.vectors.make_records
"""

from __future__ import annotations

import os
import shutil

from tests.vectors import accepted_cases, refused_signatures, refused_statements
from tests.vectors.statements import Case

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "records")


def cases() -> list[Case]:
    """Return all cases, in a fixed order."""
    groups = (
        accepted_cases.ratings,
        accepted_cases.texts_and_layers,
        accepted_cases.other_kinds,
        refused_statements.bad_bodies,
        refused_statements.bad_envelopes,
        refused_signatures.bad_keys,
        refused_signatures.bad_signatures,
        refused_statements.bad_texts,
        refused_statements.bad_bytes,
    )
    return [case for group in groups for case in group()]


def main() -> None:
    """Write the folder anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for case in cases():
        folder = os.path.join(FOLDER, case.name)
        os.makedirs(folder)
        for name, content in case.files().items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)


if __name__ == "__main__":
    main()
