"""The append-only set of records in one SQLite file, and what is private to this machine beside it.

The only door to sqlite3 and sqlite_utils. `Ledger` keeps records; `Private` keeps petnames, drafts and
private ratings in tables that no network code reads; `Reader` is what a view folds over.
"""

from trustcli.ledger.store import Ledger
from trustcli.ledger.values import Head

__all__ = ["Head", "Ledger"]
