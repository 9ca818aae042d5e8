#!/usr/bin/env python3
"""Records figure "pivot": the mounts of a host and of a container after each call.

Run as root, with busybox installed:

    python3 book/figures/pivot/record.py > book/figures/pivot/data.json

The host is a small one, made for this: a tmpfs as its root, shared as on most
laptops, and a /proc. One process makes the calls. A second one, its witness,
stays beside it in the same mount namespace and never changes its root, so
its mountinfo shows all that is mounted there, after a chroot too.
"""

import ctypes
import json
import os
import shutil
import signal
import sys
import tempfile

CLONE_NEWNS, CLONE_NEWPID = 0x20000, 0x20000000
MS_BIND, MS_REC, MS_PRIVATE, MS_SHARED, MNT_DETACH = 4096, 16384, 1 << 18, 1 << 20, 2
PIVOT_ROOT = 155 if os.uname().machine == "x86_64" else 41
libc = ctypes.CDLL(None, use_errno=True)


def checked(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def mount(source, target, kind=None, flags=0):
    texts = [None if text is None else text.encode() for text in (source, target, kind)]
    checked(libc.mount(*texts, ctypes.c_ulong(flags), None))


def pivot_root(new, old):
    checked(libc.syscall(PIVOT_ROOT, new.encode(), old.encode()))


UNSHARE = ("unshare(CLONE_NEWNS)", lambda: checked(libc.unshare(CLONE_NEWNS)))
PRIVATE = ('mount(none, "/", MS_REC | MS_PRIVATE)', lambda: mount(None, "/", None, MS_REC | MS_PRIVATE))
BIND = (
    'mount("rootfs", "rootfs", MS_BIND | MS_REC); chdir("rootfs")',
    lambda: (mount("rootfs", "rootfs", None, MS_BIND | MS_REC), os.chdir("rootfs")),
)
PROC = ('mount("proc", "proc", type proc)', lambda: mount("proc", "proc", "proc"))
PIVOT = ('pivot_root(".", ".")', lambda: pivot_root(".", "."))
DETACH = (
    'umount2(".", MNT_DETACH); chdir("/")',
    lambda: (checked(libc.umount2(b".", MNT_DETACH)), os.chdir("/")),
)
CHROOT = ('chroot(".")', lambda: os.chroot("."))


def escape():
    """Out of a chroot: move the root below the working directory, and go up."""
    os.chroot("bin")
    for _ in range(8):
        os.chdir("..")
    os.chroot(".")


ESCAPE = ('chroot("bin"); chdir("..") eight times; chroot(".")', escape)
HOME = ('chdir("/")', lambda: os.chdir("/"))

VARIANTS = {
    "right": [UNSHARE, PRIVATE, BIND, PROC, PIVOT, DETACH],
    "private": [UNSHARE, BIND, PROC, PIVOT],
    "chroot": [UNSHARE, PRIVATE, BIND, PROC, CHROOT, ESCAPE],
    "umount": [UNSHARE, PRIVATE, BIND, PROC, PIVOT, HOME],
}


def record():
    """Plays every variant on a host of its own; the answer comes through a pipe."""
    top = tempfile.mkdtemp()
    read, write = os.pipe()
    # The child is process 1 of a pid namespace: when it ends, everything in there does.
    checked(libc.unshare(CLONE_NEWPID))
    child = os.fork()
    if child == 0:
        make_host(top)
        played = {name: play(steps) for name, steps in VARIANTS.items()}
        os.write(write, json.dumps(played, indent=1).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    os.rmdir(top)
    return text if status == 0 else None


def make_host(top):
    """A root of its own for everything below, with nothing of this machine in it."""
    checked(libc.unshare(CLONE_NEWNS))
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("tmpfs", top, "tmpfs")
    for name in ("etc", "home", "proc", "old", "rootfs/bin", "rootfs/proc"):
        os.makedirs(f"{top}/{name}")
    shutil.copy(shutil.which("busybox"), f"{top}/rootfs/bin/busybox")
    os.symlink("busybox", f"{top}/rootfs/bin/sh")
    os.chdir(top)
    pivot_root(".", "old")
    os.chdir("/")
    checked(libc.umount2(b"/old", MNT_DETACH))
    os.rmdir("/old")
    mount("proc", "/proc", "proc")
    mount(None, "/", None, MS_REC | MS_SHARED)


def mounts(pid):
    """What is mounted there: point, type, root of the mount, and its group of sharing."""
    found = []
    with open(f"/proc/{pid}/mountinfo") as lines:
        for line in lines:
            fields = line.split()
            dash = fields.index("-")
            group = [field.split(":")[1] for field in fields[6:dash] if field.startswith("shared:")]
            found.append({"on": fields[4], "type": fields[dash + 1], "from": fields[3], "shared": bool(group)})
    return found


def look(witness, call, error, paths):
    return {
        "call": call,
        "error": error,
        "host": mounts("self"),
        "inside": mounts(witness),
        "lists": paths,
    }


def play(steps):
    """Makes the calls one by one in a process of its own, and looks after each."""
    asks, answers = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        perform(steps, asks[0], answers[1])
    frames, witness = [], "self"
    for call, _ in steps:
        os.write(asks[1], b"1")
        answer = json.loads(os.read(answers[0], 4096))
        witness = answer["witness"]
        frames.append(look(witness, call, answer["error"], answer["lists"]))
        if answer["error"]:
            break
    for pid in (witness, child):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(child, 0)
    # What has spread to the host is taken off before the next one begins.
    for made in reversed(mounts("self")):
        if made["on"].startswith("/rootfs"):
            libc.umount2(made["on"].encode(), MNT_DETACH)
    return frames


def perform(steps, asks, answers):
    witness = None
    for _, step in steps:
        os.read(asks, 1)
        error = None
        try:
            step()
        except OSError as refused:
            error = refused.strerror
        if witness is None:
            witness = os.fork()
            if witness == 0:
                signal.pause()
        lists = {path: sorted(os.listdir(path)) for path in ("/", ".", "..", "/..")}
        os.write(answers, json.dumps({"error": error, "witness": witness, "lists": lists}).encode())
    signal.pause()


if __name__ == "__main__":
    text = record()
    if text is None:
        sys.exit("the recording failed; it needs root and busybox")
    print(text)
