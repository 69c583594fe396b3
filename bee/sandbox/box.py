"""Puts a command into a box: it sees the system, its own folders, and nothing else of this machine.

bubblewrap on Linux, sandbox-exec on macOS. What is not in the box cannot be read, whatever runs inside (not a
command alone: the whole agent process). With a network, the box shares the host's, abstract Unix sockets included.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from bee.model.errors import SandboxError, UsageError
from bee.system import process
from bee.system.sockets import private_folder
from bee.system.trees import remove_tree

Mode = Literal["none", "bubblewrap", "seatbelt"]

TEST_SECONDS_MAX: Final = 20
TEMPORARY_FOLDER: Final = "/tmp"  # noqa: S108 # a fresh one in the box; short, so that sockets fit in it
_SYSTEM: Final = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# What programs need of /etc. Not: shadow, ssh, gitconfig, anything with a secret or a rule of this host.
_ETC: Final = (
    "alternatives ca-certificates crypto-policies fonts group hosts java-11-openjdk java-17-openjdk java-21-openjdk "
    "ld.so.cache ld.so.conf ld.so.conf.d localtime magic mime.types nsswitch.conf os-release passwd pki protocols "
    "services ssl timezone xml"
).split()
# What would let root change the kernel, read-only. bwrap leaves these out where the folder itself cannot be written,
# but a file like /proc/sys/kernel/core_pattern asks for no capability, only for uid 0: it would be a way out.
_KERNEL: Final = ("acpi", "bus", "fs", "irq", "mtrr", "scsi", "sys", "sysrq-trigger")
_MACOS_SYSTEM: Final = (
    "/usr /bin /sbin /System /Library /private/etc /private/var/db /private/var/select /opt/homebrew /dev/fd"
).split()
# Single entries: the root's own, and devices. Not all of /dev: a person's terminals are in it.
_MACOS_ENTRIES: Final = "/ /dev/null /dev/zero /dev/random /dev/urandom /dev/tty /dev/ptmx".split()
# Who a user is, and where temporary files go; then what TLS asks whether to trust a certificate, where there is a way
# out at all: trustd is outside the box, and may ask a certificate's own servers. Not the keychain's com.apple.secd.
_MACH: Final = (
    "com.apple.bsd.dirhelper com.apple.system.opendirectoryd.libinfo com.apple.system.opendirectoryd.membership"
).split()
_MACH_OF_TRUST: Final = (
    "com.apple.trustd.agent com.apple.SecurityServer com.apple.ocspd com.apple.networkd "
    "com.apple.SystemConfiguration.configd com.apple.SystemConfiguration.DNSConfiguration"
).split()
_LINUX_HELP: Final = (
    "Agents run in a box of bubblewrap, and it cannot be built here: {why}. Install it (apt install bubblewrap, or dnf "
    "install bubblewrap). Ubuntu 24.04 and later forbid it to users by AppArmor: put `abi <abi/4.0>, include "
    "<tunables/global> profile bwrap /usr/bin/bwrap flags=(unconfined) {{ userns, }}` into /etc/apparmor.d/bwrap, and "
    "run `sudo apparmor_parser -r /etc/apparmor.d/bwrap`. In a container, allow user namespaces and an unmasked "
    "/proc. Or write `sandbox: none` in config.yml, and let agents run with all your rights."
)
_MACOS_HELP: Final = (
    "Agents run in a box of sandbox-exec, and it cannot be built here: {why}. /usr/bin/sandbox-exec is a part of "
    "macOS; inside another sandbox it does not work. Or write `sandbox: none` in config.yml, and let agents run with "
    "all your rights."
)


# The system calls that a box does not have, as BPF for this architecture; tests/sandbox/seccomp.py is their source.
# bwrap takes them from a descriptor, and a shell gives it one: what runs is bwrap itself, or nothing.
FILTERED: Final = ("x86_64", "aarch64")
_WITH_FILTER: Final = ("/bin/sh", "-c", 'exec "$@" 9<"$0"', str(Path(__file__).with_name(f"{platform.machine()}.bpf")))


@dataclass(frozen=True, slots=True)
class Box:
    """A way to put commands into a box. Mode `none` changes nothing.

    `filtered`: without the system calls of the filter. `flat`: without user namespaces in it.
    """

    mode: Mode
    program: str = ""
    filtered: bool = False
    flat: bool = False

    def wrap(
        self, argv: Sequence[str], *, writable: Sequence[Path], readable: Sequence[Path], cwd: Path,
        env: Mapping[str, str], network: bool, loopback: str = "",
    ) -> list[str]:  # fmt: skip
        """The argv that runs `argv` inside the box.

        All paths are absolute and exist; inside they have the same names. The environment is not in the argv, where
        anybody could read it: start the result with `env` as its environment. HOME is `env["HOME"]`: a folder in
        `writable`, or an empty one that ends with the box. /tmp is always a fresh one. `loopback` is the port, or `*`
        for any, that a box on macOS may use without a network: elsewhere it has a loopback of its own.
        What is readable within a writable folder stays as it is and where it is. Raises UsageError for a path that is
        not absolute, and for the root.
        """
        for path in (*writable, *readable, cwd):
            if not path.is_absolute() or path == Path("/"):
                raise UsageError(f"{path} cannot be put into a box")
        if self.mode == "none":
            return list(argv)
        shared = [*readable, *_interpreter()]
        if self.mode == "seatbelt":
            return [self.program, "-p", seatbelt_profile(writable, shared, network, loopback), *argv]
        return [*self._bubblewrap(writable, shared, cwd, env.get("HOME", ""), network), "--", *argv]

    def env(self, env: Mapping[str, str], temporary: Path) -> dict[str, str]:
        """The environment inside. Where the box has no fresh /tmp, TMPDIR is `temporary`, a writable folder of it."""
        return {**env, "TMPDIR": str(temporary)} if self.mode == "seatbelt" else dict(env)

    def _bubblewrap(
        self, writable: Sequence[Path], readable: Sequence[Path], cwd: Path, home: str, network: bool
    ) -> list[str]:
        args = [*(_WITH_FILTER if self.filtered else ()), self.program]
        args += ["--seccomp", "9"] if self.filtered else []
        args += ["--unshare-user", "--disable-userns"] if self.flat else []
        args += [*"--die-with-parent --new-session --unshare-pid --unshare-ipc --cap-drop ALL".split()]
        args += [] if network else ["--unshare-net"]
        args += ["--ro-bind", "/usr", "/usr", *_system_links(), *_tried(f"/etc/{name}" for name in _ETC)]
        # a link into /run on hosts with systemd-resolved: bound by what it points at
        args += ["--ro-bind-try", os.path.realpath("/etc/resolv.conf"), "/etc/resolv.conf", "--proc", "/proc"]
        args += [*_tried(f"/proc/{name}" for name in _KERNEL), "--dev", "/dev"]
        args += ["--tmpfs", "/tmp", "--dir", "/var/tmp"]  # noqa: S108 # inside the box
        if home and Path(home) not in writable:
            args += ["--tmpfs", home]
        # outer folders first: a bind over a parent would hide what was bound below it
        binds = [("--ro-bind", path) for path in readable]
        binds += [("--bind", path) for path in dict.fromkeys([*writable, *_between(writable, readable)])]
        for flag, path in sorted(binds, key=lambda bind: (len(bind[1].parts), bind[0] == "--bind")):
            args += [flag, str(path), str(path)]
        return [*args, "--chdir", str(cwd)]


def find(mode: Literal["required", "none"], path_env: str) -> Box:
    """The box of this machine, tried out. Raises SandboxError, which says what to install, where none can be built."""
    if mode == "none":
        return Box("none")
    macos = sys.platform == "darwin"
    name, text = ("sandbox-exec", _MACOS_HELP) if macos else ("bwrap", _LINUX_HELP)
    program = shutil.which(name, path=path_env)
    if program is None:
        raise SandboxError(text.format(why=f"there is no {name} on PATH"))
    if macos:
        boxes = [Box("seatbelt", program)]
    else:  # bubblewrap before 0.8, or one that is setuid, cannot forbid user namespaces; the filter does, too
        filtered = platform.machine() in FILTERED
        boxes = [Box("bubblewrap", program, filtered=filtered, flat=flat) for flat in (True, False)]
    problem: str | None = ""
    for box in boxes:
        problem = try_out(box)
        if not problem:
            return box
    raise SandboxError(text.format(why=problem))


# What must fail in the box, tried: reading and writing outside it, seeing other processes, reaching a network. And what
# must work: temporary files, and the Python that runs bee at a socket where the runs' own are.
_TRIES: Final = """
echo works
cat "$3/secret" 2>/dev/null && echo "READ"
{ echo x > "$3/written"; } 2>/dev/null
{ echo x > "$TMPDIR/kept" && [ -s "$TMPDIR/kept" ]; } 2>/dev/null || echo "TEMPORARY"
"$1" -I -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "$2" 2>/dev/null || echo "SOCKET"
set -- /proc/[0-9]*; [ $# -gt 8 ] && echo "PROCESSES $#"
grep -q '^Seccomp:.*2' /proc/self/status 2>/dev/null || echo "UNFILTERED"
[ -r /proc/net/dev ] && [ "$(grep -c : /proc/net/dev)" -gt 1 ] && echo "NETWORK"
exit 0
"""
_FOUND: Final = {
    b"READ": "a file outside it can be read",
    b"PROCESSES": "the processes of this machine can be seen in it",
    b"NETWORK": "the network can be reached from it",
}
_MISSED: Final = {
    b"TEMPORARY": "no temporary file can be written in it",
    b"SOCKET": "bee's socket cannot be reached from it, so no agent could hand anything in",
}


def try_out(box: Box) -> str | None:
    """What is wrong with the box, by using it as a run does: what must work in it works, and what must fail fails."""
    with (
        TemporaryDirectory(prefix="bee-box-") as outside,
        TemporaryDirectory(prefix="bee-box-") as inside,
        _listening() as listener,
    ):
        (Path(outside).resolve() / "secret").write_text("seen")
        where = Path(inside).resolve()
        env = box.env({"PATH": process.SYSTEM_PATH, "HOME": str(where), "TMPDIR": TEMPORARY_FOLDER}, listener.parent)
        tries = ["/bin/sh", "-c", _TRIES, "sh", sys.executable, str(listener), str(Path(outside).resolve())]
        argv = box.wrap(tries, writable=[where, listener.parent], readable=[], cwd=where, env=env, network=False)
        ended = process.run(argv, cwd=where, env=env, seconds=TEST_SECONDS_MAX)
        written = (Path(outside) / "written").exists()
    if ended.code != 0 or not ended.out.startswith(b"works"):
        said = " ".join(ended.err.decode("utf-8", "replace").split())[:300]
        return f"it ended with {ended.code}: {said}" if said else f"it ended with {ended.code}"
    found = [text for word, text in _FOUND.items() if word in ended.out]
    found += ["a file outside it can be written"] if written else []
    found += ["system calls are not filtered in it"] if box.filtered and b"UNFILTERED" in ended.out else []
    found += [text for word, text in _MISSED.items() if word in ended.out]
    return next(iter(found), None)


@contextlib.contextmanager
def _listening() -> Iterator[Path]:
    """A socket in a private folder, as an agent's verbs have one, that takes connections."""
    folder = private_folder()
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(folder / "s"))
            server.listen(1)
            yield folder / "s"
    finally:
        remove_tree(folder)


def _between(writable: Sequence[Path], readable: Sequence[Path]) -> list[Path]:
    """The folders from a writable one down to a readable path in it: while they could be moved, so could that."""
    return [
        folder for path in readable for folder in path.parents
        if any(top in folder.parents for top in writable)
        and not any(folder.is_relative_to(other) for other in readable)
    ]  # fmt: skip


def _interpreter() -> list[Path]:
    """Where the running Python lives, for the `bee` that agents use; nothing where the system's folders have it."""
    given = {Path(prefix).absolute() for prefix in (sys.prefix, sys.base_prefix)}
    found = given | {path.resolve() for path in given}
    return sorted(path for path in found if not path.is_relative_to("/usr") and path != Path("/") and path.exists())


def _system_links() -> list[str]:
    """/bin, /lib and so on: links into /usr where they are links here, else the folders themselves."""
    args: list[str] = []
    for name in _SYSTEM:
        path = Path(name)
        if path.is_symlink():
            args += ["--symlink", str(path.readlink()), name]
        elif path.is_dir():
            args += ["--ro-bind", name, name]
    return args


def _tried(paths: Iterable[str]) -> list[str]:
    """Paths that are bound read-only where they exist."""
    return [word for path in paths for word in ("--ro-bind-try", path, path)]


def seatbelt_profile(writable: Sequence[Path], readable: Sequence[Path], network: bool, loopback: str = "") -> str:
    """A profile of sandbox-exec(1): deny by default, the system and `readable` to read, `writable` to write."""
    local = f'"localhost:{loopback}"'
    services = [*_MACH, *(_MACH_OF_TRUST if network or loopback not in ("", "*") else [])]
    # the kernel compares physical paths, and /tmp is a link to /private/tmp there
    writable, readable = ([Path(os.path.realpath(path)) for path in paths] for paths in (writable, readable))
    inside = [path for path in readable if any(path.is_relative_to(top) for top in writable)]
    kept = [*inside, *_between(writable, inside)]  # of a folder, its own entry: what is in it is not named
    lines = [
        "(version 1)",
        "(deny default)",
        '(import "system.sb")',
        "(allow process*)",
        "(allow signal (target same-sandbox))",
        "(allow sysctl-read)",
        "(allow file-read-metadata)",
        f"(allow mach-lookup {_subpaths(services, 'global-name')})",
        '(allow file-write-data (literal "/dev/null") (literal "/dev/tty"))',
        "(allow pseudo-tty)",
        '(allow file-ioctl file-write* (literal "/dev/ptmx"))',
        '(allow file-ioctl file-read* file-write* (require-all (regex #"^/dev/ttys[0-9]+$") '
        '(extension "com.apple.sandbox.pty")))',  # terminals that were opened in the box, nobody else's
        f"(allow file-read* {_subpaths(map(Path, _MACOS_ENTRIES), 'literal')})",
        f"(allow file-read* {_subpaths([*map(Path, _MACOS_SYSTEM), *readable, *writable])})",
        f"(allow file-write* {_subpaths(writable)})" if writable else "",
        f"(deny file-write* {_subpaths(kept, 'literal')})" if kept else "",
        f"(allow network-outbound {_subpaths(writable)})" if writable else "",  # Unix sockets in these folders
        f"(allow network-outbound (remote ip {local}))" if loopback else "",
        f"(allow network-bind network-inbound (local ip {local}))" if loopback == "*" else "",
        "(allow network*)" if network else "",
    ]
    return "\n".join(line for line in lines if line)


def _subpaths(paths: Iterable[Path | str], kind: str = "subpath") -> str:
    quoted = (str(path).replace("\\", "\\\\").replace('"', '\\"') for path in paths)
    return " ".join(f'({kind} "{path}")' for path in quoted)
