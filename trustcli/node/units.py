"""systemd units for a node and for sync from a timer: hardened, and nothing in them to fill in."""

from __future__ import annotations

import shlex

from trustcli.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trustcli.config import Places

_HARDENED = """\
NoNewPrivileges=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectHome=tmpfs
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
ProcSubset=pid
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
CapabilityBoundingSet=
AmbientCapabilities=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
UMask=0077
"""
SERVICE, SYNC, TIMER = "trust.service", "trust-sync.service", "trust-sync.timer"


def units(program: Sequence[str], places: Places, user: str) -> dict[str, str]:
    """Return the units by file name, for /etc/systemd/system.

    System units, because a user's own systemd cannot apply most of the hardening.

    Args:
        program: the words that start this program, absolute path first.
        user: the account that owns the home.

    Raises:
        UsageError: a path that a unit file cannot hold.
    """
    folders = sorted({places.config, places.data, places.state})
    for text in (*program, *folders, user):
        if not text.isprintable() or set(text) & set("%\\\"'"):
            raise UsageError(f"a unit file cannot name {text!r}", hint="use a home without % \\ \" and '")
    command = shlex.join(program)
    paths = "".join(f'BindPaths="{folder}"\n' for folder in folders)
    home = folders[0] if len(folders) == 1 else ""
    command += f" --home {shlex.quote(home)}" if home else ""
    access = f'User={user}\nBindReadOnlyPaths=-"{_folder(program[0])}"\n{paths}{_HARDENED}'
    service = f"""\
# {SERVICE}: the node. Goes into /etc/systemd/system/; then: systemctl enable --now trust
[Unit]
Description=trust peer node
Documentation=man:trust-serve(1)
After=network-online.target
StartLimitIntervalSec=60
StartLimitBurst=4

[Service]
Type=notify
ExecStart={command} serve
Restart=on-failure
RestartSec=2
TimeoutStopSec=20
LimitNOFILE=4096
MemoryMax=512M
{access}
[Install]
WantedBy=multi-user.target
"""
    sync = f"""\
# {SYNC}: one sync, for machines without a daemon.
[Unit]
Description=trust sync
Documentation=man:trust-sync(1)
After=network-online.target

[Service]
Type=oneshot
ExecStart={command} --no-input sync
SuccessExitStatus=75
{access}"""
    timer = f"""\
# {TIMER}: every five minutes. systemctl enable --now trust-sync.timer
[Unit]
Description=trust sync every five minutes

[Timer]
OnBootSec=1min
OnUnitActiveSec=5min
RandomizedDelaySec=30s

[Install]
WantedBy=timers.target
"""
    return {SERVICE: service, SYNC: sync, TIMER: timer}


def _folder(path: str) -> str:
    """Return the environment a program lives in: the directory above its `bin`."""
    return path.rsplit("/", 2)[0] or "/"
