"""The quote of the day: a greeting, and a quote with its own author."""

import random
from pathlib import Path

from flask import Flask, render_template

app = Flask(__name__)


def read_quotes(path):
    """Each line holds a quote, its author and its source, divided by bars."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [[part.strip() for part in line.split("|")] for line in lines if line.strip()]


QUOTES = read_quotes(Path(__file__).with_name("quotes.txt"))


@app.route("/")
def index():
    return "Append /hello/ and your name to the address, as in /hello/ada.\n", {"Content-Type": "text/plain; charset=utf-8"}


@app.route("/hello/<name>")
def hello(name):
    # One line is drawn as a whole, so that nobody is credited with another's words.
    quote, author, source = random.choice(QUOTES)
    return render_template("view.html", name=name, quote=quote, author=author, source=source)


if __name__ == "__main__":
    # A container has its own network, so 0.0.0.0 is the container and not the machine.
    app.run(host="0.0.0.0", port=80)
