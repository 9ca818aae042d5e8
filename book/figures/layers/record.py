#!/usr/bin/env python3
"""Records figure "layers": what each layer has of a path, and what a container finds there.

    python3 book/figures/layers/record.py > book/figures/layers/data.json

An image of five layers is built, and a container writes a sixth. What a layer holds
is read from its archive, and the container's own from the directory where it is
kept. What the path resolves to is asked in the container.
"""

import gzip
import json
import os
import pathlib
import stat
import sys
import tarfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from recording import Workshop

DOCKERFILE = """FROM busybox
COPY menu /menu
RUN echo fried > /menu/fish
RUN rm /menu/pie
RUN rm -r /menu/wines && mkdir /menu/wines && echo dry > /menu/wines/red
"""
MENU = {"soup": "leek", "fish": "boiled", "pie": "apple", "salad": "green", "wines/red": "sweet", "wines/white": "old"}
WRITES = "echo warm > /menu/bread; rm /menu/salad"
PATHS = {
    "soup": "/menu/soup",
    "fish": "/menu/fish",
    "pie": "/menu/pie",
    "red": "/menu/wines/red",
    "white": "/menu/wines/white",
    "salad": "/menu/salad",
    "bread": "/menu/bread",
}


def in_archive(path, wanted):
    """What a layer says about a path: a file's text, or the whiteout that hides it."""
    with tarfile.open(fileobj=gzip.open(path)) as archive:
        entries = {"/" + entry.name.removeprefix("./").strip("/"): entry for entry in archive}
        if (entry := entries.get(wanted)) and entry.isfile():
            return {"is": "file", "text": archive.extractfile(entry).read().decode().strip()}
    parts = pathlib.PurePosixPath(wanted)
    for place in [parts, *parts.parents][:-1]:
        if (whiteout := f"{place.parent}/.wh.{place.name}".replace("//", "/")) in entries:
            return {"is": "whiteout", "text": whiteout}
        if (opaque := f"{place.parent}/.wh..wh..opq".replace("//", "/")) in entries:
            return {"is": "whiteout", "text": opaque}
    return {"is": "nothing", "text": ""}


def in_directory(upper, wanted):
    """The same of the layer on top, which is a directory. A device 0/0 is a whiteout."""
    path = upper / wanted.lstrip("/")
    if not os.path.lexists(path):
        return {"is": "nothing", "text": ""}
    found = path.lstat()
    if stat.S_ISCHR(found.st_mode) and found.st_rdev == 0:
        return {"is": "whiteout", "text": f"{wanted}, a device 0/0"}
    return {"is": "file", "text": path.read_text().strip()}


def layers_of(layout):
    """The archives of the image's layers, lowest first."""
    blob = lambda digest: layout / "blobs/sha256" / digest.removeprefix("sha256:")
    index = json.loads((layout / "index.json").read_text())
    manifest = json.loads(blob(index["manifests"][0]["digest"]).read_text())
    return [blob(layer["digest"]) for layer in manifest["layers"]]


def main():
    with Workshop() as shop:
        context = shop.context("kitchen", Dockerfile=DOCKERFILE)
        (context / "menu/wines").mkdir(parents=True)
        for name, text in MENU.items():
            (context / "menu" / name).write_text(text + "\n")
        shop.run("build", "--tag", "menu", context)
        # What a path resolves to is one line, be it the text or the error.
        asks = "; ".join(f"cat {path} 2>&1" for path in PATHS.values())
        seen = shop.run("run", "menu", "sh", "-c", f"{WRITES}; {asks}; true").stdout.splitlines()
        shop.run("save", "menu", "--format", "oci", "--output", shop.directory / "menu.tar")
        with tarfile.open(shop.directory / "menu.tar") as archive:
            archive.extractall(shop.directory / "layout")
        layers = layers_of(shop.directory / "layout")
        (upper,) = (shop.directory / "home/containers").glob("*/upper")
        paths = {}
        for (name, path), answer in zip(PATHS.items(), seen, strict=True):
            kept = [in_directory(upper, path), *(in_archive(layer, path) for layer in reversed(layers))]
            paths[name] = {"path": path, "layers": kept, "resolves": answer}
    titles = [f"the container: {WRITES}", *reversed(DOCKERFILE.splitlines())]
    if len(titles) != len(layers) + 1:
        sys.exit(f"{len(layers)} layers for {len(titles) - 1} lines")
    rows = ",\n".join(f'  "{name}": {json.dumps(path)}' for name, path in paths.items())
    print(f'{{\n "layers": {json.dumps(titles)},\n "paths": {{\n{rows}\n }}\n}}')


if __name__ == "__main__":
    main()
