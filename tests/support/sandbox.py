"""Runs a program as its systemd unit would, on a machine without systemd: the unit's own words become a seccomp filter,
namespaces and limits (bubblewrap).

What is not imitated is what needs systemd itself: memory and cgroup limits, device lists, and LoadCredential.
"""
import functools
import json
import socket
import subprocess

import pytest

from . import places

UNITS = places.ROOT / "deploy" / "systemd"
PROT_WRITE, PROT_EXEC = 2, 4


def unit(program, drop_in=None):
    """A unit's [Service] section: {setting: [values]}, drop-in last."""
    found = {}
    for path in (UNITS / f"{program}.service", drop_in):
        if path is None:
            continue
        section = None
        for line in path.read_text().splitlines():
            if line.startswith("["):
                section = line
            elif section == "[Service]" and "=" in line and not line.startswith("#"):
                name, _, value = line.partition("=")
                found.setdefault(name, []).append(value)
    assert found, f"{program}.service has no [Service]"
    return found


@functools.lru_cache
def system_call_set(name):
    """The names in one of systemd's sets, e.g. @system-service."""
    printed = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True,
                             text=True).stdout
    words = [line.strip() for line in printed.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return frozenset(_names(words))


def _names(words):
    for word in words:
        if word.startswith("@"):
            yield from system_call_set(word)
        else:
            yield word


def allowed_calls(settings):
    """What SystemCallFilter= leaves: a list empties what came before where it is empty itself."""
    allowed = set()
    for value in settings["SystemCallFilter"]:
        if value == "":
            allowed = set()
        elif value.startswith("~"):
            allowed -= set(_names(value[1:].split()))
        else:
            allowed |= set(_names(value.split()))
    return allowed


def write_filter(settings, path):
    """The seccomp program that systemd would load, into a file for bubblewrap; any other call fails with EPERM."""
    import seccomp  # python3-seccomp, of the system's own Python
    rules = seccomp.SyscallFilter(defaction=seccomp.ERRNO(1))
    for name in sorted(allowed_calls(settings) - {"mmap", "mprotect", "pkey_mprotect", "socket"}):
        try:
            rules.add_rule(seccomp.ALLOW, name)
        except RuntimeError:
            continue  # of another architecture
    assert settings["MemoryDenyWriteExecute"] == ["yes"]
    for protection in (PROT_WRITE, PROT_EXEC):
        rules.add_rule(seccomp.ALLOW, "mmap", seccomp.Arg(2, seccomp.MASKED_EQ, protection, 0))
    for name in ("mprotect", "pkey_mprotect"):
        rules.add_rule(seccomp.ALLOW, name, seccomp.Arg(2, seccomp.MASKED_EQ, PROT_EXEC, 0))
    for family in settings["RestrictAddressFamilies"][0].split():
        rules.add_rule(seccomp.ALLOW, "socket", seccomp.Arg(0, seccomp.EQ, getattr(socket, family)))
    with open(path, "wb") as file:
        rules.export_bpf(file)


def _walls(settings, writable=()):
    """bubblewrap's options for what the unit asks for."""
    assert settings["ProtectSystem"] == ["strict"] and settings["PrivateDevices"] == ["yes"]
    walls = ["--unshare-user-try", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--as-pid-1", "--new-session",
             "--die-with-parent", "--cap-drop", "ALL", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    for folder in writable:
        walls += ["--bind", folder, folder]
    return walls


def require():
    """Skips, and says why, where the machine cannot make the namespaces."""
    tried = subprocess.run(["bwrap", "--unshare-user-try", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc",
                            "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"no namespaces can be made here: {tried.stderr.strip()}")


def wrap(settings, folder, command):
    """The command inside; its own process id is in folder/sandbox.pid once it runs."""
    program = folder / "sandbox.seccomp"
    write_filter(settings, program)
    script = 'exec 9<"$1" 8>"$2"; umask 0077; ulimit -c 0; shift 2; exec bwrap --seccomp 9 --info-fd 8 "$@"'
    return ["sh", "-c", script, "sandbox", program, folder / "sandbox.pid", *_walls(settings), "--", *command]


def inner_pid(folder):
    return json.loads((folder / "sandbox.pid").read_text())["child-pid"]
