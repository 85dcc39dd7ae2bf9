#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Hub of hub.py with repositories from a folder: hub_folder.py FOLDER [options of hub.py].

FOLDER/datasets/OWNER/NAME/ and FOLDER/models/OWNER/NAME/ are repositories, of which "main" leads to
one commit, whose digits are made of their content. FOLDER/plain/PATH is the plain URL /plain/PATH.
Files of more than 10,000 bytes, and all .gguf and .parquet files, are on the CDN. OWNER/gated is
denied without a token, and with any token but "granted".
"""
import json
import os
import re
import sys
from urllib.parse import quote, unquote, urlsplit

import hub

N_GIT_BYTES = 10000
ON_CDN = (".gguf", ".parquet", ".arrow")


def read_files(folder):
    """{path: content} of all files below a folder."""
    found = {}
    for here, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(here, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return dict(sorted(found.items()))


class FolderHandler(hub.Handler):
    folder = "."

    def files(self, kind, owner, name):
        return read_files(os.path.join(self.folder, kind, owner, name))

    def commit(self, files):
        return hub.git_sha1(repr(sorted((path, hub.git_sha1(body)) for path, body in files.items()))
                            .encode())

    def is_large(self, path, body):
        return len(body) > N_GIT_BYTES or path.endswith(ON_CDN)

    def hub(self, raw_path, path, query):
        match = (re.match(r"/api/(datasets|models)/([^/]+)/([^/]+)/(revision|tree)/([^/]+)",
                          raw_path) or
                 re.match(r"/(?:(datasets)/)?([^/]+)/([^/]+)/(resolve)/([^/]+)/(.*)$", raw_path))
        if not match:
            return self.answer(404, b'{"error":"no such page"}')
        kind, owner, name, what, revision = match.groups()[:5]
        if name == "gated" and self.headers.get("Authorization") != "Bearer granted":
            return self.gated()
        files = self.files(kind or "models", owner, name)
        if not files:
            return self.answer(404, b'{"error":"Repository not found"}',
                               {"X-Error-Code": "RepoNotFound"})
        commit = self.commit(files)
        if unquote(revision) not in ("main", commit):
            return self.answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        if what == "resolve":
            return self.send_file(kind or "models", f"{owner}/{name}", commit, files,
                                  unquote(match[6]))
        if what == "revision":
            return self.answer(200, json.dumps({"id": f"{owner}/{name}", "sha": commit,
                                                "siblings": []}).encode())
        entries = [self.entry(path, body) for path, body in files.items()]
        return self.answer(200, json.dumps(entries).encode(), {"Content-Type": "application/json"})

    def entry(self, path, body):
        entry = {"type": "file", "oid": hub.git_sha1(body), "size": len(body), "path": path}
        if self.is_large(path, body):
            entry["lfs"] = {"oid": hub.sha256(body), "size": len(body), "pointerSize": 131}
        return entry

    def send_file(self, kind, name, commit, files, path):
        headers = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        if path not in files:
            return self.answer(404, b"Entry not found",
                               {"X-Error-Code": "EntryNotFound", **headers})
        body = files[path]
        if not self.is_large(path, body):
            return self.content(body, {**headers, "ETag": f'"{hub.git_sha1(body)}"'})
        where = (f"{self.scheme}://localhost:{self.ports[1]}/{kind}/{name}/{quote(path)}"
                 "?X-Amz-Signature=signedsecret")
        etag = f'"{hub.sha256(body)}"'
        return self.answer(302, b"Found", {**headers, "Location": where, "ETag": etag,
                                           "X-Linked-Size": str(len(body)), "X-Linked-ETag": etag})

    def send_below(self, path):
        where = os.path.join(self.folder, path.lstrip("/"))
        if not os.path.isfile(where):
            return self.answer(404, b"no such file")
        with open(where, "rb") as file:
            body = file.read()
        return self.content(body, {"ETag": f'"{hub.sha256(body)[:16]}"'})

    def cdn(self, path):
        if self.headers.get("Authorization") or "signedsecret" not in urlsplit(self.path).query:
            return self.answer(400, b"a token came here, or no signature")
        return self.send_below(path)

    def page_plain(self, path, query):
        """/plain/PATH, and with a query only if it is the right signature."""
        if query.get("sig", ["signedsecret"]) != ["signedsecret"]:
            return self.answer(403, b"wrong signature")
        return self.send_below(path)


if __name__ == "__main__":
    FolderHandler.folder = sys.argv.pop(1)
    hub.main(FolderHandler)
