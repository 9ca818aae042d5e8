#!/usr/bin/env python3
"""Records figure "push": what travels between galley and a registry.

    python3 book/figures/push/record.py > book/figures/push/data.json

A proxy stands between the two, notes every request and answer, and passes them on
as they are. It flips one bit when it is told to. What says who you are is left out.
"""

import base64
import http.client
import http.server
import json
import pathlib
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from recording import ROOT, TARGET, Workshop

# The connection's own headers, which are between two neighbors only.
HOP = {"connection", "keep-alive", "transfer-encoding"}
BETWEEN = HOP | {"host", "user-agent", "accept-encoding"}
# Of what is put, only a layer begins so.
GZIP = b"\x1f\x8b"
USER, PASSWORD = "ada", "pantry"


class Proxy(http.server.ThreadingHTTPServer):
    """Passes requests to the registry at `upstream`, and keeps what it saw."""

    def __init__(self, upstream):
        super().__init__(("127.0.0.1", 0), Exchange)
        self.upstream, self.seen, self.lock = upstream, [], threading.Lock()
        self.flips, self.manifest = False, b""
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.name = f"localhost:{self.server_address[1]}"

    def handle_error(self, *_):
        """galley drops its connections when it is done, and that is no error."""

    def taken(self):
        seen, self.seen = self.seen, []
        return seen


class Exchange(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def carry(self):
        sent = self.rfile.read(int(self.headers.get("content-length", 0)))
        passed, flipped = sent, False
        if self.server.flips and self.command == "PUT" and sent.startswith(GZIP):
            passed, flipped, self.server.flips = sent[:-1] + bytes([sent[-1] ^ 1]), True, False
        if "/manifests/" in self.path:
            self.server.manifest = sent
        onward = http.client.HTTPConnection(self.server.upstream)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        onward.request(self.command, self.path, passed, headers)
        answer = onward.getresponse()
        body = answer.read()
        # One line of the log for one request, in the order in which they were answered.
        with self.server.lock:
            self.server.seen.append(self.noted(sent, flipped, answer, body))
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP | {"content-length"}:
                self.send_header(name, value)
        said = answer.getheader("content-length", "0") if self.command == "HEAD" else str(len(body))
        self.send_header("content-length", said)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = carry

    def noted(self, sent, flipped, answer, body):
        name = self.server.name
        headers = lambda pairs: {key: value.replace(name, "localhost:5000") for key, value in pairs}
        asked = {key: value for key, value in self.headers.items() if key.lower() not in BETWEEN}
        asked = {key: hidden(value) if key.lower() == "authorization" else value for key, value in asked.items()}
        told = [(key, value) for key, value in answer.getheaders() if key.lower() not in BETWEEN | {"date", "server"}]
        return {
            "method": self.command,
            "path": self.path,
            "asks": headers(asked.items()),
            "sends": len(sent),
            "flipped": flipped,
            "status": f"{answer.status} {answer.reason}",
            "says": headers(told),
            "body": body.decode() if answer.status >= 400 else "",
        }

    def log_message(self, *_):
        """The notes are the log."""


def hidden(value):
    scheme, _ = value.split(" ", 1)
    return f"{scheme} (not shown)"


def manifest_alone(proxy):
    """Sends an image's manifest to where none of its blobs is, which galley never does."""
    basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    headers = {"content-type": "application/vnd.oci.image.manifest.v1+json", "authorization": f"Basic {basic}"}
    alone = http.client.HTTPConnection(proxy.name)
    alone.request("PUT", "/v2/ada/early/manifests/1", proxy.manifest, headers)
    alone.getresponse().read()


def push(shop, proxy, name, dockerfile):
    """Builds an image, pushes it, and returns what travelled and what galley said last."""
    image = f"{proxy.name}/{name}"
    shop.run("build", "--tag", image, shop.context(name.replace("/", "-"), Dockerfile=dockerfile))
    done = shop.run("push", image, check=False)
    last = (done.stdout + done.stderr).strip().splitlines()[-1].replace(proxy.name, "localhost:5000")
    return {"requests": proxy.taken(), "ends": last, "code": done.returncode}


def record(shop, proxy):
    shop.run("login", "--username", USER, "--password-stdin", proxy.name, input=PASSWORD)
    proxy.taken()
    recipe = "FROM busybox\nCOPY Dockerfile /\n"
    cases = {"first": push(shop, proxy, "ada/quotes:1", recipe)}
    cases["there"] = push(shop, proxy, "ada/quotes:2", recipe + "CMD true\n")
    proxy.flips = True
    cases["damaged"] = push(shop, proxy, "ada/quotes:3", recipe + "# changed\n")
    manifest_alone(proxy)
    cases["early"] = {"requests": proxy.taken(), "ends": "", "code": None}
    return cases


def main():
    subprocess.run(["cargo", "build", "--quiet", "--package", "registry-server"], cwd=ROOT, check=True)
    with Workshop() as shop:
        options = ["--listen", "127.0.0.1:0", "--auth", f"{USER}:{PASSWORD}", "--root", shop.directory / "registry"]
        server = subprocess.Popen(
            [TARGET / "debug/registry-server", *options], stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
        )
        try:
            proxy = Proxy(server.stdout.readline().split()[-1])
            # Its own log goes on, and would stop at a full pipe.
            threading.Thread(target=server.stdout.read, daemon=True).start()
            cases = record(shop, proxy)
            proxy.shutdown()
        finally:
            server.kill()
            server.wait()
    parts = []
    for name, case in cases.items():
        requests = ",\n".join(f"   {json.dumps(request)}" for request in case.pop("requests"))
        parts.append(f' "{name}": {{\n  "requests": [\n{requests}\n  ],\n  {json.dumps(case)[1:-1]}\n }}')
    print("{\n" + ",\n".join(parts) + "\n}")


if __name__ == "__main__":
    main()
