#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A Hub on this machine for tests: hub.py [--ports FILE] [--life SECONDS] [--tls CERT KEY].

It prints the ports that the kernel has chosen: that of the Hub, to be reached as 127.0.0.1, and
that of the "CDN", to be reached as localhost, so that the hosts differ. With --ports the line is
also written to a file, which appears when both servers answer. It ends after --life seconds.

The Hub has the dataset org/d and the model org/m with the files SMALL and LFS; the CDN sends the
content of LFS. The name of a file says how it behaves: see `Handler.cdn` and `Handler.resolve`.
Pages for plain URLs are the methods page_NAME, reached as /NAME. /__log gives all requests so far
as JSON, /__reset forgets them and all counters.
"""
import argparse
import hashlib
import json
import os
import re
import ssl
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

from hub_hostile import HostileHub

COMMIT = "a" * 40
N_PIECE = 100000  # truncated answers end after this many bytes


def noise(n_bytes, seed):
    """Bytes that are the same in every run."""
    out = b""
    for k in range(n_bytes // 32 + 1):
        out += hashlib.sha256(seed + str(k).encode()).digest()
    return out[:n_bytes]


SMALL = {
    "README.md": b"# card\n",
    "data/small.jsonl": b'{"instruction":"a","output":"b"}\n' * 10,
    ".gitattributes": b"*.gguf lfs\n",
    "\u00e9 x.jsonl": b"{}\n",
}
LFS = {name: noise(300000, name.encode()) for name in (
    "big.bin", "truncate.bin", "wronghash.bin", "norange.bin", "slow429.bin", "flaky503.bin",
    "changed.bin", "expired.bin", "slow.bin", "stall.bin", "multipart.bin", "otherrange.bin",
    "longer.bin", "shorter.bin", "down.bin", "always503.bin", "alwaysexpired.bin")}


def git_sha1(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class State:
    """What all connections share."""
    def __init__(self):
        self.lock = threading.Lock()
        self.reset()

    def reset(self):
        self.log, self.counts = [], {}

    def count(self, key):
        """How many times this was called with the key, this time included."""
        with self.lock:
            self.counts[key] = self.counts.get(key, 0) + 1
            return self.counts[key]

    def note(self, handler):
        headers = handler.headers
        entry = {"method": handler.command, "port": handler.server.server_address[1],
                 "path": handler.path, "host": headers.get("Host"),
                 "auth": headers.get("Authorization"), "range": headers.get("Range"),
                 "if_range": headers.get("If-Range"),
                 "encoding": headers.get("Accept-Encoding"),
                 "agent": headers.get("User-Agent")}
        with self.lock:
            self.log.append(entry)


STATE = State()


class Handler(HostileHub, BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ports = None  # of the Hub and of the CDN
    scheme = "http"

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_CONNECT(self):
        STATE.note(self)
        self.answer(407, b"", {"Proxy-Authenticate": "Basic realm=x"})

    def do_GET(self):
        if not self.path.startswith("/__"):
            STATE.note(self)
        url = urlsplit(self.path)
        path, query = unquote(url.path), parse_qs(url.query)
        if path == "/__log":
            with STATE.lock:
                return self.answer(200, json.dumps(STATE.log).encode())
        if path == "/__reset":
            STATE.reset()
            return self.answer(200)
        page = getattr(self, "page_" + path.strip("/").split("/")[0].replace(".", "_"), None)
        if page:
            return page(path, query)
        if self.server.server_address[1] == self.ports[1]:
            return self.cdn(path)
        return self.hub(url.path, path, query)

    def answer(self, status, body=b"", headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def first_bytes(self, status, body, headers, n_bytes=N_PIECE):
        """The headers of the whole body, but only its beginning; then the connection ends."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:n_bytes])
            self.wfile.flush()
        self.close_connection = True

    def range_start(self):
        match = re.match(r"bytes=(\d+)-$", self.headers.get("Range") or "")
        return int(match[1]) if match else 0

    def content(self, body, headers):
        """A file, or the range of it that is asked for."""
        match = re.match(r"bytes=(\d+)-(\d*)$", self.headers.get("Range") or "")
        if_range = self.headers.get("If-Range")
        if not match or (if_range is not None and if_range != headers.get("ETag")):
            return self.answer(200, body, headers)
        first = int(match[1])
        last = min(int(match[2]) if match[2] else len(body) - 1, len(body) - 1)
        if first >= len(body):
            return self.answer(416, b"", {**headers, "Content-Range": f"bytes */{len(body)}"})
        return self.answer(206, body[first:last + 1],
                           {**headers, "Content-Range": f"bytes {first}-{last}/{len(body)}"})

    # The Hub

    def hub(self, raw_path, path, query):
        if path.startswith(("/api/datasets/org/gated", "/datasets/org/gated")):
            return self.gated()
        if "/org/bad-" in path:
            return self.hostile(path, query)
        match = re.match(r"/api/(datasets|models)/org/(d|m)(?:/revision/([^/]+))?$", path)
        if match:
            siblings = [{"rfilename": name} for name in [*SMALL, *LFS]]
            body = {"id": "org/" + match[2], "sha": COMMIT, "siblings": siblings}
            return self.answer(200, json.dumps(body).encode(),
                               {"Content-Type": "application/json"})
        if re.match(r"/api/(datasets|models)/org/(d|m)/tree/([^/]+)(?:/(.*))?$", path):
            return self.tree(raw_path, query)
        match = re.match(r"/api/resolve-cache/(datasets|models)/org/(d|m)/[0-9a-f]{40}/(.*)$",
                         path)
        if match:
            body = SMALL[match[3]]
            return self.content(body, {"X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes",
                                       "ETag": f'"{git_sha1(body)}"'})
        match = re.match(r"/(?:datasets/)?org/(d|m)/resolve/([^/]+)/(.*)$", path)
        if not match:
            return self.answer(404, b'{"error":"Repository not found"}',
                               {"X-Error-Code": "RepoNotFound"})
        if match[2] not in ("main", COMMIT):
            return self.answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        return self.resolve(match[1], match[3])

    def gated(self):
        if self.headers.get("Authorization") is None:
            words = "Access to dataset org/gated is restricted."
            return self.answer(401, json.dumps({"error": words}).encode(),
                               {"X-Error-Code": "GatedRepo", "X-Error-Message": words})
        return self.answer(403, b'{"error":"not on the list"}',
                           {"X-Error-Code": "GatedRepo", "X-Error-Message": "not on the list"})

    def tree(self, raw_path, query):
        """A listing in pages of 5."""
        entries = [{"type": "file", "oid": git_sha1(body), "size": len(body), "path": name}
                   for name, body in SMALL.items()]
        entries += [{"type": "file", "oid": git_sha1(b"pointer" + body), "size": len(body),
                     "path": name, "xetHash": sha256(b"xet" + body),
                     "lfs": {"oid": sha256(body), "size": len(body), "pointerSize": 131}}
                    for name, body in LFS.items()]
        first, n = int(query.get("cursor", ["0"])[0]), int(query.get("limit", ["5"])[0])
        headers = {"Content-Type": "application/json"}
        if first + n < len(entries):
            base = f"{self.scheme}://127.0.0.1:{self.ports[0]}"
            headers["Link"] = (f"<{base}{raw_path}?recursive=true&limit={n}&cursor={first + n}>"
                               '; rel="next"')
        return self.answer(200, json.dumps(entries[first:first + n]).encode(), headers)

    def resolve(self, repository, name):
        common = {"X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if name in SMALL:
            where = f"/api/resolve-cache/datasets/org/{repository}/{COMMIT}/{quote(name)}?etag=x"
            return self.answer(307, b"Redirecting", {**common, "Location": where})
        if name not in LFS:
            return self.answer(404, b"Entry not found",
                               {"X-Error-Code": "EntryNotFound",
                                "X-Error-Message": "Entry not found", **common})
        if name == "slow429.bin" and STATE.count(name) <= 1:
            return self.answer(429, b"", {
                "RateLimit": '"resolvers";r=0;t=1',
                "RateLimit-Policy": '"fixed window";"resolvers";q=5000;w=300'})
        if name == "always503.bin" or name == "flaky503.bin" and STATE.count(name) <= 2:
            return self.answer(503)
        etag = f'"{sha256(LFS[name])}"'
        where = (f"{self.scheme}://localhost:{self.ports[1]}/cdn/{name}?sig=secret&"
                 f"n={STATE.count('resolved ' + name)}")
        if name == "down.bin":
            where = f"http://192.0.2.1/{name}?sig=secret"
        return self.answer(302, b"Found", {**common, "Location": where, "ETag": etag,
                                           "X-Linked-Size": str(len(LFS[name])),
                                           "X-Linked-ETag": etag})

    # The CDN

    def cdn(self, path):
        name = path.split("/")[-1]
        body, headers = LFS[name], {"ETag": f'"cdn-{sha256(LFS[name])[:16]}"'}
        start = self.range_start()
        rest = {**headers, "Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
        if name == "norange.bin":
            return self.answer(200, body, headers)
        if name == "wronghash.bin":
            body = body[:-1] + b"!"
        if name == "longer.bin":
            body = body + b"!"
        if name == "shorter.bin":
            body = body[:-1]
        if name == "alwaysexpired.bin" or name == "expired.bin" and "n=1" in self.path:
            return self.answer(403, b"<Error>AccessDenied ?sig=secret</Error>")
        if name == "changed.bin":
            headers["ETag"] = f'"v{STATE.count(name)}"'
        if name == "multipart.bin" and start:
            return self.answer(206, b"--x\r\n\r\n--x--",
                               {**headers, "Content-Type": "multipart/byteranges; boundary=x"})
        if name == "otherrange.bin" and start:
            return self.answer(206, body, {**headers, "Content-Range":
                                           f"bytes 0-{len(body) - 1}/{len(body)}"})
        if name == "truncate.bin" and self.command == "GET" and STATE.count(name) <= 2:
            return self.first_bytes(206 if start else 200, body[start:],
                                    rest if start else headers)
        if name == "stall.bin":
            return self.stall(body, headers)
        if name == "slow.bin":
            return self.drip(body, headers)
        return self.content(body, headers)

    def drip(self, body, headers):
        """The content in pieces, within 0.3 seconds."""
        start = min(self.range_start(), len(body))
        self.send_response(206 if start else 200)
        for key, value in headers.items():
            self.send_header(key, value)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        for first in range(start, len(body), 10000):
            self.wfile.write(body[first:first + 10000])
            self.wfile.flush()
            time.sleep(0.01)

    def stall(self, body, headers):
        """A third of the content, and then nothing for a minute."""
        self.send_response(200)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:N_PIECE])
        self.wfile.flush()
        time.sleep(60)

    # Plain URLs: /NAME/...

    def page_file(self, path, query):
        """/file/NAME: the content is made of the name; with ?sig=, the right one is needed."""
        if query.get("sig", ["secret"]) != ["secret"]:
            return self.answer(403, b"<Error>Request has expired: /x?sig=wrong</Error>")
        body = noise(300000, path.encode())
        headers = {"ETag": f'"{sha256(body)[:16]}"', "Accept-Ranges": "bytes"}
        return self.content(body, headers)

    def page_text(self, path, query):
        """/text/NAME.jsonl: ten records."""
        return self.content(SMALL["data/small.jsonl"], {"ETag": '"text"'})

    def page_cut(self, path, query):
        """/cut/NAME: /file/NAME, of which the first answers are truncated."""
        body = noise(300000, path.encode())
        start, headers = self.range_start(), {"ETag": f'"{sha256(body)[:16]}"'}
        if STATE.count(path) > 2:
            return self.content(body, headers)
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        return self.first_bytes(206 if start else 200, body[start:], headers)

    def page_stuck(self, path, query):
        """/stuck/NAME: always truncated, and always from the beginning."""
        STATE.count(path)
        return self.first_bytes(200, noise(300000, path.encode()), {})

    def page_changing(self, path, query):
        """/changing/NAME: truncated once, and then another file with another ETag."""
        n = STATE.count(path)
        body = noise(300000, path.encode() + str(min(n, 2)).encode())
        headers = {"ETag": f'"version{min(n, 2)}"'}
        if n == 1:
            return self.first_bytes(200, body, headers)
        return self.content(body, headers)

    def page_versions(self, path, query):
        """/versions/NAME: another text with another ETag for every two requests."""
        version = (STATE.count(path) + 1) // 2
        return self.content(b"version %d\n" % version, {"ETag": f'"{version}"'})

    def page_drip(self, path, query):
        """/drip/NAME: /file/NAME, but slow: 30 pieces in 0.3 s."""
        body = noise(300000, path.encode())
        start, headers = self.range_start(), {"ETag": f'"{sha256(body)[:16]}"'}
        if start >= len(body):
            return self.content(body, headers)
        self.send_response(206 if start else 200)
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        for name, value in {**headers, "Content-Length": str(len(body) - start)}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for at in range(start, len(body), 10000):
                self.wfile.write(body[at:at + 10000])
                self.wfile.flush()
                time.sleep(0.01)
        except OSError:
            self.close_connection = True

    def page_chunked(self, path, query):
        """/chunked/NAME: no length, no ETag."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in (b"one ", b"two ", b"three\n"):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def page_status(self, path, query):
        """/status/N: with the words of a server."""
        status = int(path.split("/")[2])
        return self.answer(status, b'{"error":"no luck with /x?token=secret today"}',
                           {"X-Request-Id": "req-7"})

    def page_retry(self, path, query):
        """/retry/HEADER: 429 once, with Retry-After in seconds or as a date."""
        if STATE.count(path) > 1:
            return self.answer(200, b"ok\n")
        value = "1" if path.endswith("seconds") else formatdate(time.time() + 1.5, usegmt=True)
        if path.endswith("hour"):
            value = "3600"
        return self.answer(429, b"", {"Retry-After": value})

    def page_echo(self, path, query):
        """/echo/...: an error that repeats the token."""
        auth = self.headers.get("Authorization") or "none"
        return self.answer(400, json.dumps({"error": "bad " + auth}).encode(),
                           {"X-Error-Message": "bad " + auth})

    def page_to(self, path, query):
        """/to?url=URL: a redirect."""
        return self.answer(302, b"", {"Location": query["url"][0]})

    def page_hops(self, path, query):
        """/hops/N: N redirects, relative ones, to /file/hops."""
        n = int(path.split("/")[2])
        return self.answer(302, b"x" * 1000, {"Location": f"{n - 1}" if n > 1 else "../file/hops"})

    def page_headers(self, path, query):
        """/headers/N: N header lines of 500 bytes."""
        self.send_response(200)
        for k in range(int(path.split("/")[2])):
            self.send_header(f"X-{k}", "v" * 490)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def page_hang(self, path, query):
        """/hang: no answer."""
        time.sleep(60)

    def page_close(self, path, query):
        """/close: the connection ends before the answer."""
        self.close_connection = True

    def page_garbage(self, path, query):
        """/garbage: no HTTP."""
        self.wfile.write(b"\x00\x01 this is not HTTP\r\n\r\n")
        self.close_connection = True

    def page_flood(self, path, query):
        """/flood: an error with an endless body."""
        self.send_response(404)
        self.end_headers()
        self.close_connection = True
        try:
            for _ in range(10000):
                self.wfile.write(b"x" * 10000)
        except OSError:
            pass


class Proxied(Handler):
    """A request through a proxy has the whole URL as its path."""
    def do_GET(self):
        match = re.match(r"http://[^/]*(/.*)$", self.path)
        if not match:
            return super().do_GET()
        STATE.note(self)
        return self.answer(200, b"through the proxy\n")


def serve(handler, tls):
    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            pass  # a client that ends a connection is no error here

    server = Server(("127.0.0.1", 0), handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def main(handler=Proxied):
    parser = argparse.ArgumentParser()
    parser.add_argument("--ports")
    parser.add_argument("--life", type=float, default=300)
    parser.add_argument("--tls", nargs=2)
    args = parser.parse_args()

    Handler.scheme = "https" if args.tls else "http"
    Handler.ports = (0, 0)
    Handler.ports = (serve(handler, args.tls), serve(handler, args.tls))
    line = "%d %d\n" % Handler.ports
    print(line, end="", flush=True)
    if args.ports:
        with open(args.ports + ".tmp", "w") as out:
            out.write(line)
        os.rename(args.ports + ".tmp", args.ports)
    time.sleep(args.life)


if __name__ == "__main__":
    main()
