"""What the recording scripts of several figures need: the reference runtime, and a
home for it that goes when the recording ends."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def assembled():
    """The reference runtime as a program, built if need be."""
    told = ["cargo", "xtask", "galley", "--reference", "--", "images"]
    subprocess.run(told, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return TARGET / "galley/reference/bin/debug/galley"


class Workshop:
    """A temporary directory with a home for images. `with Workshop() as shop`."""

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp())
        self.directory.chmod(0o755)
        self.galley = assembled()
        self.environment = {
            **os.environ,
            "GALLEY_HOME": str(self.directory / "home"),
            "GALLEY_PANTRY": str(TARGET / "pantry/home/store"),
            "DOCKER_CONFIG": str(self.directory / "docker"),
        }
        return self

    def __exit__(self, *_):
        # galley takes its own files away: as an ordinary user nobody else can.
        self.run("prune", "--all", "--force", check=False)
        shutil.rmtree(self.directory)

    def run(self, *words, check=True, **options):
        """Runs galley; what it prints comes back as text."""
        done = subprocess.run(
            [self.galley, *map(str, words)], env=self.environment, text=True, capture_output=True, **options
        )
        if check and done.returncode != 0:
            sys.exit(f"galley {' '.join(map(str, words))}: {done.stderr}")
        return done

    def context(self, name, **files):
        """A build context; the argument `Dockerfile` is one of the files."""
        place = self.directory / name
        place.mkdir()
        for file, text in files.items():
            (place / file).write_text(text)
        return place
