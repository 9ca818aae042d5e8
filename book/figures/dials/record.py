#!/usr/bin/env python3
"""Records figure "dials": what three limits of a control group do, as they do it.

Run as root where control groups are unified, or in the virtual machine that is:

    cargo xtask vm -- python3 book/figures/dials/record.py > book/figures/dials/data.json

Every run is one child in a group of its own. Memory and processes go step by step:
the child does one thing and answers, then the group's files are read. CPU time is
read every 20 ms while the child does nothing but count. Only the numbers of the
group's own files are kept. An emulated machine stands still now and then, so the
CPU runs are repeated, and the one that was read most evenly is kept.
"""

import errno
import json
import os
import signal
import sys
import time

TREE = "/sys/fs/cgroup"
MIB = 1 << 20
MEMORY = {"m8": "8M", "m16": "16M", "m32": "32M", "mno": "max"}
ALLOCATES_MIB = 24
CPU = {"c10": "10000 100000", "c25": "25000 100000", "c50": "50000 100000", "cno": "max 100000"}
WATCHED_MS, EVERY_MS, REPEATS = 1000, 20, 6
PIDS = {"p4": "4", "p8": "8", "p12": "12", "pno": "max"}
STARTS = 16


class Group:
    """A control group for one run."""

    def __init__(self, **limits):
        self.path = f"{TREE}/dials-{os.getpid()}"
        os.mkdir(self.path)
        for name, value in limits.items():
            self.write(name.replace("_", "."), value)

    def write(self, name, value):
        with open(f"{self.path}/{name}", "w") as file:
            file.write(value)

    def read(self, name):
        with open(f"{self.path}/{name}") as file:
            return file.read().strip()

    def events(self, name):
        return {key: int(value) for key, value in (line.split() for line in self.read(name).splitlines())}

    def remove(self):
        """Everything in it ends first: a group with processes cannot be removed."""
        self.write("cgroup.kill", "1")
        while self.events("cgroup.events")["populated"]:
            time.sleep(0.01)
        os.rmdir(self.path)


def child(group, steps):
    """Starts a process in the group that takes a step whenever it is asked to."""
    asks, answers = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(asks[1])
        os.close(answers[0])
        group.write("cgroup.procs", "0")
        os.write(answers[1], b"0\n")
        for step in steps():
            os.write(answers[1], f"{step}\n".encode())
            os.read(asks[0], 1)
        signal.pause()
    os.close(asks[0])
    os.close(answers[1])
    answer = os.fdopen(answers[0])
    answer.readline()
    return pid, answer, asks[1]


def end(pid):
    """How the child ended: the signal, or none if it is still there."""
    done, status = os.waitpid(pid, os.WNOHANG)
    return os.WTERMSIG(status) if done and os.WIFSIGNALED(status) else None


def memory(limit):
    """One MiB more with each step, and written to, or it would take no memory."""
    group = Group(memory_max=limit, memory_swap_max="0")

    def allocate():
        kept = []
        for _ in range(ALLOCATES_MIB):
            block = bytearray(MIB)
            for page in range(0, MIB, 4096):
                block[page] = 1
            kept.append(block)
            yield 0

    pid, answer, ask = child(group, allocate)
    used, died = [], None
    for _ in range(ALLOCATES_MIB):
        if not answer.readline():
            _, status = os.waitpid(pid, 0)
            died = os.WTERMSIG(status)
            break
        used.append(int(group.read("memory.current")) // 1024)
        os.write(ask, b"1")
    told = group.events("memory.events")
    group.remove()
    if died is None:
        os.waitpid(pid, 0)
    return {"limit": limit, "used_kib": used, "signal": died, "oom_kill": told["oom_kill"]}


def cpu(limit):
    """A loop that would use all of a CPU, for a second."""
    group = Group(cpu_max=limit)

    def count():
        while True:
            for _ in range(1000):
                pass
        yield 0

    pid, _, _ = child(group, count)
    # The one who looks must come first, also where there is one CPU for both.
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    start, first, samples = time.monotonic(), group.events("cpu.stat")["usage_usec"], []
    for turn in range(WATCHED_MS // EVERY_MS + 1):
        time.sleep(max(0, start + turn * EVERY_MS / 1000 - time.monotonic()))
        usage = group.events("cpu.stat")["usage_usec"] - first
        samples.append([round((time.monotonic() - start) * 1000), round(usage / 1000)])
    told = group.events("cpu.stat")
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    group.remove()
    os.waitpid(pid, 0)
    return {
        "limit": limit,
        "longest_gap_ms": max(after[0] - before[0] for before, after in zip(samples, samples[1:])),
        "samples_ms": corners(samples),
        "nr_throttled": told["nr_throttled"],
        "throttled_ms": told["throttled_usec"] // 1000,
    }


def calmest(limit):
    return min((cpu(limit) for _ in range(REPEATS)), key=lambda run: run["longest_gap_ms"])


def corners(samples):
    """The same line with fewer points: those in the middle of a level part go."""
    inner = zip(samples, samples[1:], samples[2:])
    kept = [here for before, here, after in inner if not before[1] == here[1] == after[1]]
    return [samples[0], *kept, samples[-1]]


def pids(limit):
    """Forks a process that sleeps with each step."""
    group = Group(pids_max=limit)

    def fork():
        for _ in range(STARTS):
            try:
                if os.fork() == 0:
                    signal.pause()
                yield 0
            except OSError as refused:
                yield refused.errno

    pid, answer, ask = child(group, fork)
    current, error = [], None
    for _ in range(STARTS):
        number = int(answer.readline())
        error = errno.errorcode[number] if number else error
        current.append(int(group.read("pids.current")))
        os.write(ask, b"1")
    told = group.events("pids.events")
    group.remove()
    os.waitpid(pid, 0)
    return {"limit": limit, "current": current, "error": error, "refused": told["max"]}


if __name__ == "__main__":
    if not os.path.exists(f"{TREE}/cgroup.controllers"):
        sys.exit("control groups are not unified here; cargo xtask vm has them so")
    with open(f"{TREE}/cgroup.subtree_control", "w") as control:
        control.write("+memory +cpu +pids")
    recording = {
        "memory": {name: memory(limit) for name, limit in MEMORY.items()},
        "cpu": {name: calmest(limit) for name, limit in CPU.items()},
        "pids": {name: pids(limit) for name, limit in PIDS.items()},
    }
    lines = []
    for dial, runs in recording.items():
        rows = [f'  "{name}": {json.dumps(run)}' for name, run in runs.items()]
        lines.append(f' "{dial}": {{\n' + ",\n".join(rows) + "\n }")
    print("{\n" + ",\n".join(lines) + "\n}")
