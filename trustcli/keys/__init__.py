"""The only door to key files: `<dir>/NAME.key`, 0600 from the first byte, in a 0700 directory.

    # created: 2026-11-20T12:00:00Z
    # id: did:key:z6Mk…
    trust-secret-1:z3u2…
or  trust-encrypted-1:argon2id:<passes>:<memory in bytes>:<salt>:<box>     (base64url, no padding)

The id can be read without opening the secret. The box is XSalsa20-Poly1305 (NaCl secretbox) over the
32-byte seed, under a key derived from the passphrase by Argon2id (RFC 9106). Nothing is overwritten
except by a change of passphrase, which replaces the file in one step. A file that others may read, or
that is a symbolic link, or somebody else's, is not opened.
"""

from trustcli.keys.ring import SUFFIX, UNFINISHED, KeyRing, generate_seed
from trustcli.keys.sealing import COST, MAX_MEMORY, MAX_PASSES

__all__ = ["COST", "MAX_MEMORY", "MAX_PASSES", "SUFFIX", "UNFINISHED", "KeyRing", "generate_seed"]
