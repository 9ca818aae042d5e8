#!/usr/bin/env python3
"""Records figure "cache": which lines a build of the quote application reuses.

    python3 book/figures/cache/record.py > book/figures/cache/data.json

Two recipes are built, that of the workshop and one which copies everything first. Each
is built with an empty cache, and then once for each change. The changes are
undone before the next, and no two have a line's result in common.
It installs Flask, so it needs the network.
"""

import json
import pathlib
import re
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from recording import ROOT, Workshop

QUOTES = ROOT / "solutions/quotes"
WORKSHOP = (QUOTES / "Dockerfile").read_text()
RECIPES = {"careful": WORKSHOP, "hasty": WORKSHOP.replace("COPY requirements.txt .\n", "").replace(
    "RUN pip install --no-cache-dir -r requirements.txt\nCOPY . .\n",
    "COPY . .\nRUN pip install --no-cache-dir -r requirements.txt\n",
)}

# A file of the context, and what becomes of its text.
CHANGES = {
    "nothing": ("Dockerfile", lambda text: text),
    "quotes": ("quotes.txt", lambda text: text + "Call me Ishmael. | Herman Melville | Moby-Dick, 1851\n"),
    "requirements": ("requirements.txt", lambda text: text + "itsdangerous==2.2.0\n"),
    "workdir": ("Dockerfile", lambda text: text.replace("WORKDIR /app", "WORKDIR /srv")),
    "run": ("Dockerfile", lambda text: text.replace("pip install", "pip install --no-compile")),
    "expose": ("Dockerfile", lambda text: text.replace("EXPOSE 80", "EXPOSE 8080")),
    "cmd": ("Dockerfile", lambda text: text.replace('CMD ["hello.py"]', 'CMD ["-u", "hello.py"]')),
}

LINE = re.compile(r"^(CACHED )?\[\d+/\d+\] (.*)$")
DONE = re.compile(r"^ +([\d.]+)s, layer [0-9a-f]+, (.*)$")


def build(shop, context):
    """Each line of the build: its text, whether it was reused, else its time and its layer."""
    lines = []
    for said in shop.run("build", "--tag", "ada/quotes", context).stdout.splitlines():
        if line := LINE.match(said):
            lines.append({"text": line[2], "cached": bool(line[1]), "seconds": None, "layer": None})
        elif done := DONE.match(said):
            lines[-1].update(seconds=float(done[1]), layer=done[2])
    return lines


def record(shop, recipe):
    context = shop.directory / recipe
    shutil.copytree(QUOTES, context)
    (context / "Dockerfile").write_text(RECIPES[recipe])
    builds = {"first": build(shop, context)}
    for name, (file, change) in CHANGES.items():
        path = context / file
        before = path.read_text()
        path.write_text(change(before))
        builds[name] = build(shop, context)
        path.write_text(before)
    return builds


def main():
    recording = {}
    for recipe in RECIPES:
        # A home of its own, so that one recipe cannot use the other's cache.
        with Workshop() as shop:
            recording[recipe] = record(shop, recipe)
    parts = []
    for recipe, builds in recording.items():
        rows = []
        for name, lines in builds.items():
            rows.append(f'  "{name}": [\n' + ",\n".join(f"   {json.dumps(line)}" for line in lines) + "\n  ]")
        parts.append(f' "{recipe}": {{\n' + ",\n".join(rows) + "\n }")
    print("{\n" + ",\n".join(parts) + "\n}")


if __name__ == "__main__":
    main()
