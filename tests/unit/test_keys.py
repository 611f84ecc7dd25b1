"""Key files, and the forms in which other programs write keys."""

import base64
import errno
import json
import os
import shutil
import stat
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trustcli import durable, key_forms, keys
from trustcli.errors import (
    BadInput,
    Busy,
    DiskError,
    KeyProblem,
    NotFound,
    RecordRefused,
    UsageError,
    WouldOverwrite,
)
from trustcli.keys import KeyRing, disk, sealing
from trustcli.records import crypto, did

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"
CHEAP = (1, 8192)  # Argon2id's least: these tests are not about its strength
NOON = 1_795_176_000_000  # 2026-11-20T12:00:00Z
SEED = bytes(range(32))
DID = did.did_of(crypto.public_key(SEED))
GOOD_FILE = f"# created: 2026-11-20T12:00:00Z\n# id: {DID}\n{key_forms.clear_secret(SEED)}\n".encode()
SSH_KEYGEN = shutil.which("ssh-keygen") or ""
needs_ssh = pytest.mark.skipif(not SSH_KEYGEN, reason="ssh-keygen is not installed")


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    """A key ring in a directory that does not exist yet."""
    return keys.KeyRing(str(tmp_path / "home" / "keys"))


@pytest.fixture
def filled(ring: KeyRing) -> KeyRing:
    """A key ring with the key `default` in clear and `locked` under the passphrase `open sesame`."""
    ring.create("default", SEED, NOON, None)
    ring.create("locked", SEED, NOON, b"open sesame", CHEAP)
    return ring


def vectors(name: str) -> Any:
    """The JSON file of test vectors `name`; the test is skipped without it."""
    path = VECTORS / name
    if not path.exists():
        pytest.skip(f"no test vectors {name} beside the project")
    return json.loads(path.read_text())


def put(ring: KeyRing, name: str, data: bytes, mode: int = 0o600) -> None:
    """Write any bytes as a key file."""
    os.makedirs(ring.dir, mode=0o700, exist_ok=True)
    Path(ring.path(name)).write_bytes(data)
    os.chmod(ring.path(name), mode)


def mode_of(path: str) -> int:
    """The permission bits of a file."""
    return stat.S_IMODE(os.stat(path).st_mode)


# --- the ring


def test_a_key_file_is_readable_text(ring: KeyRing) -> None:
    """The file says when, whose, and the secret, on one line each."""
    assert ring.create("default", SEED, NOON, None) == DID
    assert Path(ring.path("default")).read_bytes() == GOOD_FILE


def test_what_is_created_can_be_read(filled: KeyRing) -> None:
    """Name, id, date and seed come back."""
    assert filled.names() == ["default", "locked"]
    assert (filled.did("default"), filled.created("default")) == (DID, "2026-11-20T12:00:00Z")
    assert filled.seed("default", None) == SEED


def test_an_empty_ring_has_no_names(ring: KeyRing) -> None:
    """No directory, no keys, no error."""
    assert ring.names() == []
    assert ring.problems() == []


def test_names_are_sorted_as_names(ring: KeyRing) -> None:
    """`a` comes before `a-b`, although `a-b.key` comes before `a.key`."""
    for name in ("b", "a-b", "a"):
        ring.create(name, SEED, NOON, None)
    assert ring.names() == ["a", "a-b", "b"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "/etc/passwd",
        "-rf",
        ".hidden",
        "Big",
        "ä",
        "a\0b",
        "a\n",
        "a b",
        "a" * 65,
    ],
)
@pytest.mark.parametrize(
    "use", ["path", "did", "encrypted", "created", "seed", "create", "change_passphrase"]
)
def test_only_names_become_paths(ring: KeyRing, name: str, use: str) -> None:
    """Anything but a plain lower-case name is a usage error and touches no file."""
    rest = {"seed": (None,), "create": (SEED, NOON, None), "change_passphrase": (None, None)}.get(use, ())
    with pytest.raises(UsageError):
        getattr(ring, use)(name, *rest)
    assert not os.path.exists(ring.dir)


@pytest.mark.parametrize("name", ["a", "0", "a" * 64, "a.b_c-d", "x.key", "a.key.new"])
def test_plain_names_are_names(ring: KeyRing, name: str) -> None:
    """Letters, digits, dot, underscore and hyphen make names."""
    ring.create(name, SEED, NOON, None)
    assert ring.names() == [name]
    assert ring.problems() == []


def test_a_missing_key_says_how_to_make_one(ring: KeyRing) -> None:
    """The hint is the next command."""
    with pytest.raises(NotFound) as caught:
        ring.did("default")
    assert str(caught.value) == f"no key at {ring.path('default')}"
    assert caught.value.hint == "trust keygen"


def test_nothing_is_overwritten(filled: KeyRing) -> None:
    """A second key of one name is refused, and the first stays."""
    with pytest.raises(WouldOverwrite) as caught:
        filled.create("default", bytes(32), NOON, None)
    assert str(caught.value) == f"{filled.path('default')} is there already"
    assert Path(filled.path("default")).read_bytes() == GOOD_FILE


def test_a_dangling_link_is_not_written_through(ring: KeyRing, tmp_path: Path) -> None:
    """A link at the key's place is something that is there."""
    os.makedirs(ring.dir, mode=0o700)
    os.symlink(tmp_path / "elsewhere", ring.path("default"))
    with pytest.raises(WouldOverwrite):
        ring.create("default", SEED, NOON, None)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_the_mode_does_not_depend_on_the_umask(ring: KeyRing, mask: int) -> None:
    """Files are 0600 and new directories 0700, also with umask 000."""
    before = os.umask(mask)
    try:
        ring.create("default", SEED, NOON, None)
        ring.change_passphrase("default", None, None)
    finally:
        os.umask(before)
    assert mode_of(ring.path("default")) == 0o600
    assert [mode_of(ring.dir), mode_of(os.path.dirname(ring.dir))] == [0o700, 0o700]


def test_the_file_is_private_from_its_first_byte(ring: KeyRing) -> None:
    """One call makes the file, exclusively and without following a link; no chmod comes after it."""
    script = f"""
import os, sys
from trustcli import keys
ring = keys.KeyRing({ring.dir!r})
wanted = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
def watch(event, args):
    if event == 'open' and args[0] == ring.path('default'):
        print(event, args[2] & wanted == wanted)
    if event == 'os.chmod':
        print(event)
sys.addaudithook(watch)
ring.create('default', {SEED!r}, {NOON}, None)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "open True\n"
    assert mode_of(ring.path("default")) == 0o600


@pytest.mark.parametrize("change", [False, True], ids=["create", "change_passphrase"])
def test_a_full_disk_leaves_nothing_half_written(ring: KeyRing, change: bool) -> None:
    """When the bytes do not fit: DiskError, no partial file, and the old key as it was."""
    act = f"ring.create('default', {SEED!r}, {NOON}, None)"
    if change:
        ring.create("default", SEED, NOON, None)
        act = "ring.change_passphrase('default', None, b'new', (1, 8192))"
    script = f"""
import resource
from trustcli import keys
from trustcli.errors import DiskError
ring = keys.KeyRing({ring.dir!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40))
try:
    {act}
except DiskError as problem:
    print(problem)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == f"cannot write {ring.path('default')}: File too large\n"
    assert os.listdir(ring.dir) == (["default.key"] if change else [])
    assert not change or Path(ring.path("default")).read_bytes() == GOOD_FILE


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_write_without_space_is_a_disk_error(tmp_path: Path) -> None:
    """ENOSPC becomes DiskError with its reason."""
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(DiskError) as caught, disk.Writing(str(tmp_path / "a.key")):
            durable.write_all(full, b"x")
    finally:
        os.close(full)
    assert str(caught.value) == f"cannot write {tmp_path}/a.key: No space left on device"


@pytest.mark.parametrize("refuses", [stat.S_ISREG, stat.S_ISDIR], ids=["the file", "its directory"])
def test_a_failing_fsync_leaves_no_key_file(
    ring: KeyRing, monkeypatch: pytest.MonkeyPatch, refuses: Callable[[int], bool]
) -> None:
    """A key that may not be on the disk is a DiskError and not there at all, so a retry makes it."""
    os.makedirs(ring.dir, mode=0o700)

    def fsync(file: int) -> None:
        if refuses(os.fstat(file).st_mode):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:  # nothing short of a broken disk makes a real fsync fail
        patched.setattr(os, "fsync", fsync)
        with pytest.raises(DiskError) as caught:
            ring.create("default", SEED, NOON, None)
    assert str(caught.value) == f"cannot write {ring.path('default')}: Input/output error"
    assert os.listdir(ring.dir) == []
    assert ring.create("default", SEED, NOON, None) == DID


def test_a_directory_that_is_a_file_is_a_key_problem(tmp_path: Path) -> None:
    """The path of the ring may hold something else."""
    (tmp_path / "keys").write_text("")
    ring = keys.KeyRing(str(tmp_path / "keys"))
    for act in (ring.names, lambda: ring.create("a", SEED, NOON, None), lambda: ring.did("a")):
        with pytest.raises(KeyProblem):
            act()
    assert ring.problems() == [(ring.dir, "Not a directory")]


@pytest.mark.parametrize("seed", [b"", bytes(31), bytes(33)])
def test_a_seed_has_32_bytes(ring: KeyRing, seed: bytes) -> None:
    """Another length is refused before anything is written."""
    with pytest.raises(BadInput):
        ring.create("default", seed, NOON, None)
    assert not os.path.exists(ring.dir)


@pytest.mark.parametrize("created", [-1, 253_402_300_800_000])
def test_a_key_is_made_in_a_year_of_four_digits(ring: KeyRing, created: int) -> None:
    """A clock that is far off is refused rather than written down."""
    with pytest.raises(BadInput):
        ring.create("default", SEED, created, None)


def test_seeds_are_random() -> None:
    """32 bytes, other ones each time."""
    assert len({keys.generate_seed() for _ in range(8)}) == 8
    assert len(keys.generate_seed()) == 32


def test_the_module_is_light() -> None:
    """Importing it loads none of the slow modules."""
    script = (
        "import sys, trustcli.keys;"
        "print([m for m in ('nacl', 'json', 're', 'typing', 'pathlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# --- opening


def test_a_signer_opens_and_expands_its_key_once(filled: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node signs each frame, and to expand a seed costs as much as to sign."""
    expanded, expand = list[bytes](), crypto.signer

    def counted(seed: bytes) -> Callable[[bytes], bytes]:
        expanded.append(seed)
        return expand(seed)

    monkeypatch.setattr(crypto, "signer", counted)
    sign = filled.signer("locked", lambda: b"open sesame")
    assert sign(b"one") != sign(b"two")
    assert expanded == [SEED]


def test_a_signer_signs_as_the_key(filled: KeyRing) -> None:
    """The signature verifies under the key that the file names."""
    sign = filled.signer("default", None)
    crypto.check_signature(did.key_of(DID), sign(b"message"), b"message")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o601, 0o660, 0o777])
def test_a_file_others_may_open_is_refused(filled: KeyRing, mode: int) -> None:
    """Any bit for group or others: not opened, and the hint repairs it. The public id stays readable."""
    path = filled.path("default")
    os.chmod(path, mode)
    with pytest.raises(KeyProblem) as caught:
        filled.seed("default", None)
    assert (str(caught.value), caught.value.hint) == (f"others may open {path}", f"chmod 600 {path}")
    assert filled.did("default") == DID


def test_the_hint_can_be_pasted(tmp_path: Path) -> None:
    """A path with a space is quoted in the hint."""
    ring = keys.KeyRing(str(tmp_path / "my keys"))
    ring.create("default", SEED, NOON, None)
    os.chmod(ring.path("default"), 0o644)
    with pytest.raises(KeyProblem) as caught:
        ring.seed("default", None)
    assert caught.value.hint == f"chmod 600 '{ring.path('default')}'"


def test_a_symbolic_link_is_refused(filled: KeyRing) -> None:
    """Even one to a good key file, for the id as for the secret."""
    os.symlink(filled.path("default"), filled.path("link"))
    for act in (filled.did, lambda name: filled.seed(name, None)):
        with pytest.raises(KeyProblem) as caught:
            act("link")
        assert str(caught.value) == f"{filled.path('link')} is a symbolic link"


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_regular_file_is_refused(ring: KeyRing, make: Callable[[str], None]) -> None:
    """A directory or a pipe is no key, and a pipe is not waited for."""
    os.makedirs(ring.dir)
    make(ring.path("odd"))
    for act in (ring.did, lambda name: ring.seed(name, None)):
        with pytest.raises(KeyProblem) as caught:
            act("odd")
        assert str(caught.value) == f"{ring.path('odd')} is not a regular file"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_anothers_file_is_refused(filled: KeyRing) -> None:
    """A key file belongs to who uses it."""
    os.chown(filled.path("default"), 12345, -1)
    with pytest.raises(KeyProblem) as caught:
        filled.seed("default", None)
    assert str(caught.value) == f"{filled.path('default')} belongs to another user"
    assert filled.problems() == [(filled.path("default"), "belongs to another user")]


def test_the_secret_must_be_the_named_keys(ring: KeyRing) -> None:
    """A file whose id line names another key is damaged."""
    put(
        ring,
        "default",
        GOOD_FILE.replace(key_forms.clear_secret(SEED).encode(), key_forms.clear_secret(bytes(32)).encode()),
    )
    with pytest.raises(KeyProblem) as caught:
        ring.seed("default", None)
    assert caught.value.code == "damaged"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        GOOD_FILE[:-20],
        GOOD_FILE + GOOD_FILE,
        GOOD_FILE + b"# id: " + DID.encode(),
        GOOD_FILE.replace(b"# id", b"# di"),
        GOOD_FILE.replace(b"created: 2026", b"created: MMXX"),
        GOOD_FILE.replace(b"secret-1", b"secret-2"),
        GOOD_FILE.replace(DID.encode(), DID.encode() + b" "),
        GOOD_FILE.replace(b":z3u2", b":z3v2"),
        GOOD_FILE.replace(b":z3u2", b":z0u2"),
        GOOD_FILE.replace(b"\n", b"\r\n"),
        GOOD_FILE + b"#" * key_forms.MAX_TEXT,
    ],
)
def test_damaged_files_are_called_damaged(ring: KeyRing, data: bytes) -> None:
    """Whatever was cut, doubled or changed."""
    put(ring, "default", data)
    with pytest.raises(KeyProblem) as caught:
        ring.seed("default", None)
    assert caught.value.code == "damaged"


def test_notes_in_a_key_file_are_kept_apart(ring: KeyRing) -> None:
    """Somebody's own comment lines do no harm."""
    put(ring, "default", "# für den Server\n\n".encode() + GOOD_FILE)
    assert ring.seed("default", None) == SEED


def _mutated(data: bytes) -> st.SearchStrategy[bytes]:
    cut = st.tuples(st.integers(0, len(data)), st.integers(0, 8), st.binary(max_size=8))
    return cut.map(lambda t: data[: t[0]] + t[2] + data[t[0] + t[1] :])


LOCKED_FILE = GOOD_FILE.replace(
    key_forms.clear_secret(SEED).encode(), sealing.secret_line(SEED, b"open sesame", CHEAP).encode()
)


@given(st.one_of(st.binary(max_size=400), _mutated(GOOD_FILE), _mutated(LOCKED_FILE)))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_break_the_reader(tmp_path: Path, data: bytes) -> None:
    """Any content is the right seed or a KeyProblem, for every question asked of the file."""
    ring = keys.KeyRing(str(tmp_path))
    put(ring, "any", data)
    said = ""
    try:
        assert ring.seed("any", lambda: b"open sesame") == _seed_named(ring)
    except KeyProblem as problem:
        said = str(problem)
    assert "\n" not in said
    for act in (ring.did, ring.created, ring.encrypted):
        try:
            act("any")
        except KeyProblem:
            pass
    ring.problems()


def _seed_named(ring: KeyRing) -> bytes:
    assert ring.did("any") == DID
    return SEED


# --- the passphrase


def test_a_passphrase_opens_its_key(filled: KeyRing) -> None:
    """The encrypted file holds no seed in clear, says so, and opens with its passphrase."""
    assert filled.encrypted("locked") is True
    assert filled.encrypted("default") is False
    assert filled.did("locked") == DID
    assert key_forms.clear_secret(SEED).encode()[-20:] not in Path(filled.path("locked")).read_bytes()
    assert filled.seed("locked", lambda: b"open sesame") == SEED


def test_the_encrypted_line_has_its_layout(filled: KeyRing) -> None:
    """Scheme, passes, memory, 16 bytes of salt, 72 bytes of box."""
    line = Path(filled.path("locked")).read_text().splitlines()[-1]
    name, scheme, passes, memory, salt, box = line.split(":")
    assert (name, scheme, passes, memory) == ("trust-encrypted-1", "argon2id", "1", "8192")
    assert (len(salt), len(box)) == (22, 96)


def test_default_cost_is_libsodiums_moderate() -> None:
    """The constants are what the library calls moderate."""
    from nacl.pwhash import argon2id

    assert keys.COST == (argon2id.OPSLIMIT_MODERATE, argon2id.MEMLIMIT_MODERATE)


def test_two_files_of_one_key_share_nothing(filled: KeyRing) -> None:
    """Salt and nonce are fresh, so equal keys and passphrases do not show."""
    filled.create("again", SEED, NOON, b"open sesame", CHEAP)
    one, two = (Path(filled.path(name)).read_text().split(":")[-2:] for name in ("locked", "again"))
    assert one[0] != two[0]
    assert one[1] != two[1]


def test_a_wrong_passphrase_is_named(filled: KeyRing) -> None:
    """Programs can tell it by its code."""
    with pytest.raises(KeyProblem) as caught:
        filled.seed("locked", lambda: b"open says me")
    assert (caught.value.code, str(caught.value)) == (
        "wrong_passphrase",
        f"wrong passphrase for {filled.path('locked')}",
    )


def test_a_needed_passphrase_has_three_sources(filled: KeyRing) -> None:
    """Without one the hint lists them."""
    with pytest.raises(KeyProblem) as caught:
        filled.seed("locked", None)
    assert str(caught.value) == f"{filled.path('locked')} is protected by a passphrase"
    assert caught.value.hint == "--passphrase-file F, --passphrase-fd N or --passphrase-command C"


def test_a_passphrase_is_asked_for_only_when_needed(filled: KeyRing) -> None:
    """Opening an unencrypted key does not call for it."""
    asked = []

    def source() -> bytes:
        asked.append("asked")
        return b""

    assert filled.seed("default", source) == SEED
    assert asked == []


def test_a_failing_passphrase_source_keeps_its_error(filled: KeyRing) -> None:
    """What the caller's source raises is not taken for damage of the file."""

    def source() -> bytes:
        raise BadInput("the passphrase file is empty")

    with pytest.raises(BadInput, match="the passphrase file is empty"):
        filled.seed("locked", source)


def test_an_empty_passphrase_is_refused(ring: KeyRing) -> None:
    """It protects nothing and is likely a mistake in a script."""
    with pytest.raises(KeyProblem) as caught:
        ring.create("default", SEED, NOON, b"")
    assert str(caught.value) == "the passphrase is empty"
    assert not os.path.exists(ring.dir)


@pytest.mark.parametrize(
    "cost",
    [
        "11:8192",
        "1:1073741825",
        "0:8192",
        "1:8191",
        "9999999999:8192",
        "1:99999999999",
        "01:8192",
        "x:8192",
        "1:٨١٩٢",
    ],
)
def test_excessive_work_is_refused_before_it_is_done(filled: KeyRing, cost: str) -> None:
    """A file cannot make the machine derive for minutes or fill its memory."""
    path = Path(filled.path("locked"))
    path.write_text(path.read_text().replace("argon2id:1:8192:", f"argon2id:{cost}:"))
    with pytest.raises(KeyProblem) as caught:
        filled.seed("locked", lambda: b"open sesame")
    assert caught.value.code == "damaged"


def test_a_passphrase_can_be_set_changed_and_removed(filled: KeyRing) -> None:
    """Each time the key opens with what was last set; id and date stay."""
    filled.change_passphrase("default", None, b"one", CHEAP)
    assert filled.seed("default", lambda: b"one") == SEED
    filled.change_passphrase("default", lambda: b"one", b"two", CHEAP)
    with pytest.raises(KeyProblem):
        filled.seed("default", lambda: b"one")
    filled.change_passphrase("default", lambda: b"two", None)
    assert Path(filled.path("default")).read_bytes() == GOOD_FILE
    assert filled.problems() == []


def test_a_wrong_old_passphrase_changes_nothing(filled: KeyRing) -> None:
    """The file keeps its bytes."""
    before = Path(filled.path("locked")).read_bytes()
    with pytest.raises(KeyProblem):
        filled.change_passphrase("locked", lambda: b"wrong", None)
    assert Path(filled.path("locked")).read_bytes() == before


def test_what_a_crash_left_is_cleared(filled: KeyRing) -> None:
    """A leftover is shown by `problems`, is no key, and does not block the next change."""
    left = filled.path("default") + ".new"
    Path(left).write_bytes(b"# crea")
    os.chmod(left, 0o600)
    assert filled.names() == ["default", "locked"]
    assert filled.problems() == [
        (left, "left by an interrupted change of passphrase; holds the secret: delete it")
    ]
    filled.change_passphrase("default", None, b"new", CHEAP)
    assert filled.problems() == []
    assert filled.seed("default", lambda: b"new") == SEED


def test_a_leftover_link_is_not_written_through(filled: KeyRing, tmp_path: Path) -> None:
    """A link in the place of the new file is removed, not followed."""
    target = tmp_path / "target"
    target.write_text("precious")
    os.symlink(target, filled.path("default") + ".new")
    filled.change_passphrase("default", None, None)
    assert target.read_text() == "precious"
    assert filled.problems() == []


@pytest.mark.parametrize("stop", ["open", "os.rename"])
def test_a_crash_leaves_the_old_or_the_new_key(filled: KeyRing, stop: str) -> None:
    """Killed as the new file is made, or just before the rename: the old key opens, and a retry works."""
    script = f"""
import os, sys
from trustcli import keys
ring = keys.KeyRing({filled.dir!r})
def stop(event, args):
    if event == {stop!r} and str(args[0]).endswith('.new'):
        os._exit(9)
sys.addaudithook(stop)
ring.change_passphrase('default', None, b'new', (1, 8192))
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    assert filled.seed("default", None) == SEED
    filled.change_passphrase("default", None, b"new", CHEAP)
    assert filled.seed("default", lambda: b"new") == SEED


def test_two_changes_at_once_do_not_mix(filled: KeyRing) -> None:
    """While another holds the directory's lock: Busy, and nothing is changed."""
    lock = disk.locked(filled.dir)
    try:
        with pytest.raises(Busy):
            filled.change_passphrase("default", None, b"new", CHEAP)
    finally:
        os.close(lock)
    assert Path(filled.path("default")).read_bytes() == GOOD_FILE


# --- problems


def test_a_good_ring_has_no_problems(filled: KeyRing) -> None:
    """Unencrypted keys are not a problem here."""
    assert filled.problems() == []


def test_problems_are_all_named(filled: KeyRing) -> None:
    """Directory and files: modes, links, names and damage."""
    os.chmod(filled.dir, 0o755)
    os.chmod(filled.path("default"), 0o644)
    put(filled, "broken", b"nonsense")
    os.symlink("default.key", filled.path("link"))
    for name, mode in (("Upper.key", 0o600), ("default.bak", 0o640)):
        Path(filled.dir, name).write_bytes(GOOD_FILE)
        os.chmod(Path(filled.dir, name), mode)
    found = [(os.path.basename(path), wrong) for path, wrong in filled.problems()]
    assert found == [
        ("keys", "others may open it: mode 755, not 700"),
        ("Upper.key", "not the name of a key, never used"),
        ("broken.key", "a key file has one line that begins with trust-secret-1: or trust-encrypted-1:"),
        ("default.bak", "others may open it: mode 640, not 600"),
        ("default.key", "others may open it: mode 644, not 600"),
        ("link.key", "a symbolic link"),
    ]


# --- public forms


def _packed(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def _ssh_line(*parts: bytes, after: bytes = b"") -> str:
    return "ssh-ed25519 " + base64.b64encode(_packed(*parts) + after).decode()


def test_seeds_give_the_known_ids() -> None:
    """The did:key test vectors of the method's registry."""
    rows = vectors("did/didkey_ed25519-x25519.json")
    known = {name: did.did_of(crypto.public_key(bytes.fromhex(row["seed"]))) for name, row in rows.items()}
    assert len(rows) == 5
    assert known == {name: name for name in rows}


def test_rfc_8032_keys_round_trip() -> None:
    """Seed and public key of each RFC 8032 vector, through hex."""
    rows = [row for row in vectors("ed25519/rfc8032.json") if row["alg"] == "Ed25519"]
    assert rows
    for row in rows:
        seed = key_forms.parse_seed(row["seed"].encode())
        assert key_forms.public_text(key_forms.did_of_seed(seed), "hex") == row["public"]
        assert key_forms.public_text(key_forms.parse_public(row["public"]), "hex") == row["public"]


def test_w3c_multibase_pair() -> None:
    """The W3C's example key pair, both halves, both ways."""
    pair = vectors("did/vc-di-eddsa/keyPair.json")
    seed = key_forms.parse_seed(pair["privateKeyMultibase"].encode())
    name = key_forms.did_of_seed(seed)
    assert key_forms.secret_text(seed, "multibase") == pair["privateKeyMultibase"]
    assert key_forms.public_text(name, "multibase") == pair["publicKeyMultibase"]
    assert key_forms.parse_public(pair["publicKeyMultibase"]) == name


def test_rfc_8037_jwk() -> None:
    """Appendix A.1 and A.2 of RFC 8037."""
    x, d = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
    seed = key_forms.parse_seed(json.dumps({"kty": "OKP", "crv": "Ed25519", "d": d, "x": x}).encode())
    assert seed.hex() == "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    assert json.loads(key_forms.secret_text(seed, "jwk")) == {"crv": "Ed25519", "d": d, "kty": "OKP", "x": x}
    public = key_forms.public_text(key_forms.did_of_seed(seed), "jwk")
    assert public == f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'  # the thumbprint's input, RFC 8037 A.3


@pytest.mark.parametrize("form", key_forms.PUBLIC_FORMS)
@given(seed=st.binary(min_size=32, max_size=32))
@settings(max_examples=25, deadline=None)
def test_public_forms_round_trip(form: str, seed: bytes) -> None:
    """Every public form is read back as the same key, white space around it or not."""
    name = key_forms.did_of_seed(seed)
    text = key_forms.public_text(name, form)
    assert "\n" not in text
    assert key_forms.parse_public(f" {text}\r\n") == name


@pytest.mark.parametrize("form", key_forms.SECRET_FORMS)
@given(seed=st.binary(min_size=32, max_size=32))
@settings(max_examples=25, deadline=None)
def test_secret_forms_round_trip(form: str, seed: bytes) -> None:
    """Every secret form is read back as the same seed."""
    text = key_forms.secret_text(seed, form)
    assert key_forms.parse_seed(f"{text}\n".encode()) == seed
    assert key_forms.parse_seed(text.replace("\n", "\r\n").encode()) == seed


@pytest.mark.parametrize(
    "write", [lambda: key_forms.public_text(DID, "pem"), lambda: key_forms.secret_text(SEED, "did")]
)
def test_unknown_forms_are_a_usage_error(write: Callable[[], str]) -> None:
    """The hint lists those there are."""
    with pytest.raises(UsageError) as caught:
        write()
    assert "multibase, jwk, openssh" in caught.value.hint


def test_an_ssh_line_may_have_a_comment() -> None:
    """As `.pub` files do."""
    assert key_forms.parse_public(key_forms.public_text(DID, "openssh") + " alice@häuschen laptop\n") == DID


def test_ids_and_their_aliases() -> None:
    """Each row of the alias table is accepted or refused as it says, with the profile's key check."""
    rows = [row for row in vectors("encoding_aliases.json")["vectors"] if row["kind"] == "did"]
    assert rows
    for row in rows:
        extra = row.get("append", {"repeat": "", "times": 0})
        assert _is_key(row["value"] + extra["repeat"] * extra["times"]) is row["expect"].startswith(
            "accept"
        ), row["why"]


def _is_key(name: str) -> bool:
    try:
        crypto.check_key(did.key_of(name))
    except RecordRefused:
        return False
    return True


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "did:key:",
        DID + "#" + DID[8:],
        DID.upper(),
        "did:web:example.org",
        "z6LSrApwZptxFR4jy6U8Z8exYPwTqSXniWLqihApE1oK9WsK",  # X25519
        "did:key:z6MkeXATEjyXENzBXBxgC5EHk2JE5aqd7qMGGtDpLUH1e2Sj",  # the identity
        "01" + "00" * 31,  # the identity
        "ee" + "ff" * 30 + "7f",  # y is not reduced
        key_forms.public_text(DID, "hex").upper(),
        "0x" + key_forms.public_text(DID, "hex"),
        key_forms.public_text(DID, "hex")[:-1] + "０",
        '{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}',
        '{"kty":"OKP","crv":"Ed25519"}',
        '{"kty":"OKP","crv":"Ed25519","x":7}',
        '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="}',  # padding
        '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo"}',  # other alphabet
        '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp"}',  # stray last bits
        '{"kty":"OKP","crv":"Ed25519","x":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}',
        "[" * 9000,
        "{" + '"a":{' * 2000,
        "ssh-ed25519",
        "ssh-ed25519 ",
        "ssh-ed25519 \v",
        "ssh-ed25519 AAAA",
        "ssh-rsa " + key_forms.public_text(DID, "openssh").split()[1],
        key_forms.public_text(DID, "openssh") + "=",
        "\n".join(2 * [key_forms.public_text(DID, "openssh") + " comment"]),
        _ssh_line(b"ssh-ed25519", crypto.public_key(SEED), after=b"\0"),
        _ssh_line(b"ssh-ed448", crypto.public_key(SEED)),
        _ssh_line(b"ssh-ed25519", crypto.public_key(SEED) + b"\0"),
        "x" * (key_forms.MAX_TEXT + 1),
        DID + " " * key_forms.MAX_TEXT,
    ],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    """Other algorithms, other spellings, weak points and noise are BadInput."""
    with pytest.raises(BadInput):
        key_forms.parse_public(text)


@pytest.mark.parametrize("form", ["multibase", "jwk", "openssh"])
def test_a_secret_in_the_wrong_place_is_named_but_not_quoted(form: str) -> None:
    """Pasting a secret where a public key belongs says so, without repeating it."""
    text = key_forms.secret_text(SEED, form)
    with pytest.raises(BadInput) as caught:
        key_forms.parse_public(text)
    assert str(caught.value) == "this is a secret key; a public one is wanted"


# --- secret forms


def test_our_own_key_file_can_be_imported() -> None:
    """A key file is a form of its key."""
    assert key_forms.parse_seed(GOOD_FILE) == SEED


def test_an_encrypted_key_file_is_not_imported() -> None:
    """It is copied as it is, so its passphrase stays."""
    with pytest.raises(KeyProblem):
        key_forms.parse_seed(LOCKED_FILE)


def _ssh_file(
    private: bytes | None = None,
    cipher: bytes = b"none",
    kdf: bytes = b"none",
    count: int = 1,
    public: bytes | None = None,
    after: bytes = b"",
) -> bytes:
    """An openssh-key-v1 file of SEED, with parts replaced."""
    key = crypto.public_key(SEED)
    blob = _packed(b"ssh-ed25519", key) if public is None else public
    inner = _ssh_private() if private is None else private
    data = (
        b"openssh-key-v1\0"
        + _packed(cipher, kdf, b"")
        + struct.pack(">I", count)
        + _packed(blob, inner)
        + after
    )
    return b"-----BEGIN OPENSSH PRIVATE KEY-----\n%b\n-----END OPENSSH PRIVATE KEY-----\n" % base64.b64encode(
        data
    )


def _ssh_private(
    checks: tuple[int, int] = (5, 5),
    kind: bytes = b"ssh-ed25519",
    key: bytes | None = None,
    pair: bytes | None = None,
    padding: bytes | None = None,
    comment: bytes = b"me",
) -> bytes:
    key = key or crypto.public_key(SEED)
    data = struct.pack(">II", *checks) + _packed(kind, key, SEED + key if pair is None else pair, comment)
    return data + (bytes(range(1, 1 + -len(data) % 8)) if padding is None else padding)


def _ssh_others_key() -> bytes:
    """A file whose every public half is another key's."""
    other = crypto.public_key(bytes(32))
    return _ssh_file(_ssh_private(key=other), public=_packed(b"ssh-ed25519", other))


def test_an_openssh_key_is_read() -> None:
    """With any comment and check number, the seed comes out."""
    assert key_forms.parse_seed(_ssh_file()) == SEED
    assert key_forms.parse_seed(_ssh_file(_ssh_private((9, 9), comment=b"\xff" * 300))) == SEED


def test_a_protected_openssh_key_says_how_to_go_on() -> None:
    """The hint takes the passphrase off a copy."""
    with pytest.raises(KeyProblem) as caught:
        key_forms.parse_seed(_ssh_file(cipher=b"aes256-ctr", kdf=b"bcrypt"))
    assert caught.value.hint == "make a copy without: ssh-keygen -p -N '' -f COPY"


@pytest.mark.parametrize(
    "data",
    [
        _ssh_file(kdf=b"bcrypt"),
        _ssh_file(count=2),
        _ssh_file(count=0),
        _ssh_file(after=b"\0"),
        _ssh_file(public=_packed(b"ssh-ed25519", bytes(32))),
        _ssh_file(private=b""),
        _ssh_file(_ssh_private((1, 2))),
        _ssh_file(_ssh_private(kind=b"ssh-rsa")),
        _ssh_file(_ssh_private(pair=SEED)),
        _ssh_file(_ssh_private(pair=bytes(64))),
        _ssh_file(_ssh_private(padding=b"")),
        _ssh_file(_ssh_private()[:-1] + b"\0"),
        _ssh_file(_ssh_private() + b"\1" * 8),
        _ssh_file(_ssh_private() + bytes(600)),
        _ssh_file(_ssh_private(comment=b"a sister")[:-8]),  # the comment ends after the data
        _ssh_others_key(),
        _ssh_file()[:100],
        _ssh_file().replace(b"OPENSSH", b"RSA"),
        _ssh_file().replace(b"b3BlbnNzaC1", b"b3BlbnNzaC0"),
        b"-----BEGIN OPENSSH PRIVATE KEY-----",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\n\xc3\xa4\n-----END OPENSSH PRIVATE KEY-----",
    ],
)
def test_a_wrong_openssh_file_is_refused(data: bytes) -> None:
    """Each length, check number, half and padding byte counts."""
    with pytest.raises(BadInput):
        key_forms.parse_seed(data)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        SEED,
        SEED.hex().upper().encode(),
        SEED.hex().encode() + b"0",
        SEED.hex().encode()[:-1],
        DID.encode(),
        DID[8:].encode(),
        key_forms.secret_text(SEED, "multibase").encode() + b"1",
        b"z" + b"1" * 47,
        b"z" * 100,
        b"# id: nonsense",
        key_forms.secret_text(SEED, "jwk").replace('"d"', '"e"').encode(),
        key_forms.secret_text(SEED, "jwk").replace('"x"', '"y"').encode(),
        key_forms.secret_text(SEED, "jwk").replace(',"x":"', ',"x":"A')[:-3].encode() + b'"}',
        b'{"crv":"Ed25519","d":"%b","kty":"OKP","x":"%b"}' % (2 * (key_forms.base64url(SEED).encode(),)),
        b"{",
        SEED.hex().encode() + b" " * key_forms.MAX_TEXT,
    ],
)
def test_what_is_no_secret_key_is_refused(text: bytes) -> None:
    """And the error does not quote it."""
    with pytest.raises(BadInput) as caught:
        key_forms.parse_seed(text)
    assert SEED.hex()[:16] not in str(caught.value).lower()


@given(
    st.one_of(
        st.binary(max_size=300),
        *[_mutated(key_forms.secret_text(SEED, f).encode()) for f in key_forms.SECRET_FORMS],
    )
)
@settings(max_examples=300, deadline=None)
def test_no_bytes_break_the_parsers(data: bytes) -> None:
    """Whatever the bytes: 32 bytes of seed, a canonical id, or one of two errors."""
    try:
        assert len(key_forms.parse_seed(data)) == 32
    except (BadInput, KeyProblem):
        pass
    try:
        name = key_forms.parse_public(data.decode("utf-8", "surrogateescape"))
        crypto.check_key(did.key_of(name))
    except BadInput:
        pass


# --- ssh-keygen as the judge


@needs_ssh
def test_ssh_keygen_reads_our_private_key(tmp_path: Path) -> None:
    """`ssh-keygen -y` derives the public line that we write."""
    path = tmp_path / "id"
    path.write_text(key_forms.secret_text(SEED, "openssh") + "\n")
    path.chmod(0o600)
    done = subprocess.run([SSH_KEYGEN, "-y", "-f", path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == key_forms.public_text(DID, "openssh")


@needs_ssh
def test_ssh_keygens_key_is_read(tmp_path: Path) -> None:
    """A fresh key of ssh-keygen gives a seed whose public key is its `.pub`; a protected one is refused."""
    path = tmp_path / "id"
    for passphrase in ("", "secret"):
        subprocess.run(
            [SSH_KEYGEN, "-q", "-t", "ed25519", "-a", "1", "-N", passphrase, "-C", "a comment", "-f", path],
            check=True,
        )
        if passphrase:
            with pytest.raises(KeyProblem):
                key_forms.parse_seed(path.read_bytes())
        else:
            seed = key_forms.parse_seed(path.read_bytes())
            assert key_forms.parse_public(Path(f"{path}.pub").read_text()) == key_forms.did_of_seed(seed)
            path.unlink()


@needs_ssh
def test_ssh_keygen_agrees_on_the_public_line(tmp_path: Path) -> None:
    """Our `ssh-ed25519` line is one to ssh-keygen, too."""
    path = tmp_path / "id.pub"
    path.write_text(key_forms.public_text(DID, "openssh") + "\n")
    done = subprocess.run([SSH_KEYGEN, "-l", "-f", path], capture_output=True, text=True, check=True)
    assert "(ED25519)" in done.stdout
