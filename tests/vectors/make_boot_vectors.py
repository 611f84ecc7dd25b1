"""Make trustcli/records/boot_vectors.py: the edge cases on which Ed25519 libraries differ.

Edwards-curve arithmetic in plain Python (RFC 8032 §5.1), so the rows owe nothing to the library that
they test. Run: python tests/vectors/make_boot_vectors.py > trustcli/records/boot_vectors.py
"""

from __future__ import annotations

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]
IDENTITY: Point = (0, 1)


def add(a: Point, b: Point) -> Point:
    """Add two points in affine coordinates (RFC 8032 §5.1)."""
    t = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + t, -1, P) % P
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, -1, P) % P
    return x, y


def times(k: int, a: Point) -> Point:
    """Multiply a point by a non-negative integer."""
    total = IDENTITY
    while k:
        if k & 1:
            total = add(total, a)
        a = add(a, a)
        k >>= 1
    return total


def pack(a: Point) -> bytes:
    """Encode a point: y, with the sign of x in the top bit."""
    return (a[1] | (a[0] & 1) << 255).to_bytes(32, "little")


def lift(y: int) -> Point | None:
    """Return the point with this y and even x, or None where there is none."""
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - xx) % P:
        return None
    return (x if x % 2 == 0 else P - x), y


def base() -> Point:
    """Return the base point: y = 4/5, x even."""
    point = lift(4 * pow(5, -1, P) % P)
    assert point is not None
    return point


BASE = base()


def torsion() -> Point:
    """Return a point of order 8."""
    y = 2
    while True:
        point = lift(y)
        if point is not None and times(4, torsion_part := times(L, point)) != IDENTITY:
            return torsion_part
        y += 1


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    """K of RFC 8032 §5.1.7 step 2."""
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def secret(name: str) -> int:
    """A fixed scalar for a name."""
    return int.from_bytes(hashlib.sha512(name.encode()).digest(), "little") % L


def scalar(s: int) -> bytes:
    """32 bytes, little-endian."""
    return s.to_bytes(32, "little")


def rows() -> list[tuple[str, bytes, bytes, bytes, bool]]:
    """All rows: name, key, signature, message, accepted by trust-ed25519-1."""
    a, r = secret("boot key"), secret("boot nonce")
    key_point, r_point, t8 = times(a, BASE), times(r, BASE), torsion()
    key, nonce = pack(key_point), pack(r_point)
    found: list[tuple[str, bytes, bytes, bytes, bool]] = []

    def signed(message: bytes) -> bytes:
        return nonce + scalar((r + challenge(nonce, key, message) * a) % L)

    message = b"trustcli boot"
    good = signed(message)
    found.append(("valid", key, good, message, True))
    found.append(("valid-empty-message", key, signed(b""), b"", True))
    found.append(("valid-long-message", key, signed(b"\xff" * 300), b"\xff" * 300, True))
    found.append(("other-message", key, good, message + b"!", False))
    found.append(("flipped-r", key, bytes([good[0] ^ 1]) + good[1:], message, False))
    found.append(("flipped-s", key, good[:32] + bytes([good[32] ^ 1]) + good[33:], message, False))
    s = int.from_bytes(good[32:], "little")
    found.append(("s-plus-l", key, nonce + scalar(s + L), message, False))
    found.append(("s-plus-2l", key, nonce + scalar(s + 2 * L), message, False))
    found.append(("s-zero-r-zero", key, bytes(64), message, False))
    for order in range(8):
        small = times(order, t8)
        for message_index in range(64):
            text = b"small %d" % message_index
            k = challenge(nonce, pack(small), text)
            if times(k, small) == IDENTITY:
                found.append((f"small-order-key-{order}", pack(small), nonce + scalar(r), text, False))
                break
    found.append(("key-y-above-p", (P + 1).to_bytes(32, "little"), nonce + scalar(r), message, False))
    found.append(("key-minus-zero", (1 | 1 << 255).to_bytes(32, "little"), nonce + scalar(r), message, False))
    off_curve = next(y for y in range(2, 100) if lift(y) is None)
    found.append(("key-off-curve", off_curve.to_bytes(32, "little"), good, message, False))
    found.append(("key-zero", bytes(32), good, message, False))
    mixed = pack(add(key_point, t8))
    for message_index in range(64):
        text = b"mixed %d" % message_index
        k = challenge(nonce, mixed, text)
        s = (r + k * a) % L
        if k % 8 == 0:
            found.append(("mixed-key-cofactorless", mixed, nonce + scalar(s), text, False))
            break
    text = b"mixed"
    k = challenge(nonce, mixed, text)
    found.append(("mixed-key-cofactored", mixed, nonce + scalar((r + k * a) % L), text, False))
    mixed_r = pack(add(r_point, t8))
    k = challenge(mixed_r, key, message)
    found.append(("mixed-r-cofactored", key, mixed_r + scalar((r + k * a) % L), message, False))
    r_zero = pack(IDENTITY)
    k = challenge(r_zero, key, message)
    found.append(("small-order-r", key, r_zero + scalar(k * a % L), message, False))
    r_alias = (P + 1).to_bytes(32, "little")
    k = challenge(r_alias, key, message)
    found.append(("non-canonical-r", key, r_alias + scalar(k * a % L), message, False))
    found.append(("short-signature", key, good[:63], message, False))
    found.append(("long-signature", key, good + b"\0", message, False))
    found.append(("short-key", key[:31], good, message, False))
    return found


def main() -> None:
    """Print the module."""
    print('"""Boot vectors of profile trust-ed25519-1: (name, key, signature, message, accepted)."""\n')
    print("# Made by tests/vectors/make_boot_vectors.py; do not edit.")
    print("BOOT_VECTORS: tuple[tuple[str, str, str, str, bool], ...] = (")
    for name, key, signature, message, valid in rows():
        print("    (")
        print(f'        "{name}",')
        for part in (key, signature, message):
            print(f'        "{part.hex()}",')
        print(f"        {valid},")
        print("    ),")
    print(")")


if __name__ == "__main__":
    main()
