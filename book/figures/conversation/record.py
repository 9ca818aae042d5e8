#!/usr/bin/env python3
"""Records figure "conversation": what galley, the kernel and a program say to each other.

Run as root, with strace and busybox installed:

    python3 book/figures/conversation/record.py > book/figures/conversation/data.json

`galley run` is traced twice, as root and as an ordinary user. Most calls only read
files or look something up. Kept are those that make the container, in their order;
of mounts in a row there is one line with what they mount.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from recording import Workshop

NOBODY = 65534
PROGRAM = ["sh", "-c", "exit 7"]
TRACED = (
    "unshare,clone,clone3,fork,vfork,mount,pivot_root,umount2,sethostname,setsid,setgroups,setresuid,setresgid,"
    "write,socketpair,sendto,recvfrom,execve,rt_sigtimedwait,wait4,exit_group"
)
LINE = re.compile(r"^(\d+) +(<\.\.\. \w+ resumed>)?(.*)$")
WAITS = ("recvfrom(", "rt_sigtimedwait(")
WRITTEN = ("/setgroups>", "/uid_map>", "/gid_map>", "/cgroup.procs>")


def calls(trace):
    """Each call with its process, and the lines on which it begins and ends."""
    found, begun = [], {}
    for at, line in enumerate(trace.splitlines()):
        process, resumed, rest = LINE.match(line).groups()
        if resumed:
            call = begun.pop(process)
            gap = " " if call["text"].endswith(",") else ""
            call.update(text=call["text"] + gap + rest.lstrip(), ends=at)
        elif not rest.startswith(("---", "+++")):
            waits = rest.endswith("<unfinished ...>")
            call = {"process": process, "text": rest.removesuffix("<unfinished ...>").rstrip(), "begins": at, "ends": at}
            found.append(call)
            if waits:
                begun[process] = call
    for call in found:
        text, _, result = call.pop("text").rpartition(" = ")
        call.update(call=text.rstrip(), result=result)
    return found


def kept(call):
    """Whether a call makes the container, or is part of the talk about it."""
    name = call["call"].split("(")[0]
    if name == "write":
        return any(place in call["call"] for place in WRITTEN)
    if name in ("sendto", "recvfrom"):
        return "UNIX" in call["call"]
    if name == "wait4":
        return call["result"] != "0"
    return not call["result"].startswith("-1")


def tidy(text, directory):
    """Without what differs in each run, or says nothing here: addresses, numbers of files."""
    text = text.replace(f"{directory}/", "")
    text = re.sub(r"\d+<UNIX[^\]]*\]>", "gate", text)
    text = re.sub(r"\d+<(/[^>]*)>", r'"\1"', text)
    text = re.sub(r'"/proc/\d+/', '"/proc/self/', text)
    text = re.sub(r"child_stack=\w+, |, child_tidptr=\w+|, 0x\w+ /\* \d+ vars \*/", "", text)
    text = re.sub(r"rt_sigtimedwait\(\[.*?\], \{.*?si_status=(\d+).*", r"rt_sigtimedwait({si_signo=SIGCHLD, si_status=\1})", text)
    text = re.sub(r"(sendto|recvfrom)\((.*?), (\".*?\").*", r"\1(\2, \3)", text)
    return text


def events(found, directory):
    """One line for a call. A wait during which the other process acts has two: it
    begins, and it ends."""
    names = {process: who for process, who in zip(dict.fromkeys(call["process"] for call in found), ("galley", "program"))}
    lines = []
    for call in found:
        waits = call["call"].startswith(WAITS)
        between = any(call["begins"] < other["begins"] < call["ends"] for other in found if other is not call)
        event = {"who": names[call["process"]], "call": tidy(call["call"], directory), "result": call["result"].split(" ")[0]}
        if event["result"] in names:
            event["result"] = "the program's process id"
        if waits and between:
            begins = {**event, "call": re.sub(r", \".*\"\)|\(\{.*\}\)", lambda end: ")" if end[0][0] == "," else "(SIGCHLD)", event["call"]), "result": None, "part": "begins"}
            lines += [(call["begins"], begins), (call["ends"], {**event, "part": "ends"})]
        else:
            lines.append((call["begins"], {**event, "part": "whole"}))
    return merged([event for _, event in sorted(lines, key=lambda line: line[0])])


def merged(lines):
    """Calls in a row that do the same to several things, as one line with a list: mounts
    below the new root, and groups that the program's number is written to."""
    same = {
        r'mount\("(?:[^"]*/)?([^"]+)", "/proc/self/fd/': "mount(…)",
        r'write\("/sys/fs/cgroup/(\w+)/.*/cgroup.procs"': 'write("cgroup.procs", …)',
    }
    short = []
    for event in lines:
        found = [(match[1], call) for pattern, call in same.items() if (match := re.match(pattern, event["call"]))]
        for thing, call in found:
            if short and short[-1]["call"] == call:
                short[-1]["of"].append(thing)
            else:
                short.append({**event, "call": call, "result": None, "of": [thing]})
        if not found:
            short.append(event)
    return short


def record(shop, name, user):
    trace = shop.directory / f"{name}.trace"
    trace.touch()
    trace.chmod(0o666)
    environment = {**shop.environment, "GALLEY_HOME": str(shop.directory / f"{name}-home")}
    words = ["run", "--rm", "--network", "none", "--hostname", "cabin", "--rootfs", "rootfs", *PROGRAM]
    strace = ["strace", "-f", "-yy", "-qq", "-s", "80", "-e", f"trace={TRACED}", "-o", trace, "./galley", *words]
    subprocess.run(strace, env=environment, cwd=shop.directory, user=user, group=user, extra_groups=[])
    found = [call for call in calls(trace.read_text()) if kept(call)]
    return events(found, str(shop.directory))


def main():
    if os.geteuid() != 0:
        sys.exit("run this as root: it traces an ordinary user too")
    with Workshop() as shop:
        rootfs = shop.directory / "rootfs"
        (rootfs / "bin").mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), rootfs / "bin/sh")
        shutil.copy(shop.galley, shop.directory / "galley")
        shop.directory.chmod(0o777)
        os.chown(rootfs, NOBODY, NOBODY)
        cases = {name: record(shop, name, user) for name, user in (("root", 0), ("user", NOBODY))}
    parts = []
    for name, lines in cases.items():
        rows = ",\n".join(f"  {json.dumps(line, ensure_ascii=False)}" for line in lines)
        parts.append(f' "{name}": [\n{rows}\n ]')
    print("{\n" + ",\n".join(parts) + "\n}")


if __name__ == "__main__":
    main()
