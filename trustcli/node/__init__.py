"""The use cases: the one place where ledger, keys, clock, policies and models meet.

`Node` holds the parts; each file beside this one holds one family of use cases as functions that take
a node. No file here prints, reads the environment or asks the terminal.
"""

from __future__ import annotations

from trustcli.config import Places, Settings
from trustcli.errors import NotFound
from trustcli.keys import KeyRing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trustcli.ledger import Ledger
    from trustcli.records.envelope import Signer

    Clock = Callable[[], int]
    """Returns Unix ms."""
    Passphrase = Callable[[], bytes]
    Progress = Callable[[int, int | None], None]
    """Told (done, total or None) as long work goes on."""


class Node:
    """One identity's view of one ledger on one machine.

    Args:
        clock: gives Unix ms; the only clock there is.
        passphrase: asked when an encrypted key is opened; None where nobody can be asked.
        identity: the key that signs and whose eyes we look through, by its file's name.
    """

    def __init__(
        self,
        places: Places,
        settings: Settings,
        *,
        clock: Clock,
        passphrase: Passphrase | None = None,
        identity: str | None = None,
        lock_wait: float | None = None,
    ) -> None:
        self.places = places
        self.settings = settings
        self.clock = clock
        self.passphrase = passphrase
        self.identity = identity or settings.identity
        self.keys = KeyRing(places.keys)
        self.lock_wait = settings.lock_wait if lock_wait is None else lock_wait
        self._ledger: Ledger | None = None
        self._signers: dict[str, Signer] = {}

    @property
    def ledger(self) -> Ledger:
        """The ledger, opened when first needed.

        Raises:
            NotFound: there is none yet.
        """
        if self._ledger is None:
            from trustcli.ledger import Ledger  # noqa: PLC0415  keygen --help needs no sqlite

            self._ledger = Ledger.open(self.places.ledger, lock_wait=self.lock_wait)
        return self._ledger

    def make_ledger(self) -> Ledger:
        """Return the ledger, made first where there is none."""
        try:
            return self.ledger
        except NotFound:
            from trustcli.ledger import Ledger  # noqa: PLC0415

            self._ledger = Ledger.create(
                self.places.ledger, network=self.settings.network, lock_wait=self.lock_wait
            )
            return self._ledger

    def has_ledger(self) -> bool:
        """Say whether there is a ledger that opens."""
        try:
            return self.ledger is not None
        except NotFound:
            return False

    @property
    def me(self) -> str:
        """The did:key of the identity in use.

        Raises:
            NotFound: there is no such key yet.
        """
        return self.keys.did(self.identity)

    def me_or_none(self) -> str | None:
        """The did:key of the identity in use, None where there is no key yet."""
        try:
            return self.me
        except NotFound:
            return None

    def signer(self, did: str) -> Signer:
        """Return what signs as one of our own keys. A key is opened once.

        Raises:
            NotFound: it is not ours. KeyProblem.
        """
        if did not in self._signers:
            name = self.identity if did == self.me else self.name_of(did)
            self._signers[did] = self.keys.signer(name, self.passphrase)
        return self._signers[did]

    def lend(self, did: str, sign: Signer) -> None:
        """Let this node sign with a key that was opened elsewhere in this process."""
        self._signers[did] = sign

    def name_of(self, did: str) -> str:
        """Return the name of one of our own keys.

        Raises:
            NotFound: it is not ours.
        """
        for name, own in self.keys.dids().items():
            if own == did:
                return name
        raise NotFound(f"the key of {did} is not here", hint="trust id ls", code="no_key")

    def close(self) -> None:
        """Close what is open."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None
