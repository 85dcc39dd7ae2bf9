# SPDX-License-Identifier: Apache-2.0
"""Datasets org/bad-NAME of tests/support/hub.py: each breaks one rule that a Hub keeps.

path: a listing with an unsafe path; next: a next page on another server; same: a next page that
is the same page; empty: pages without files, without end; commit: a commit that is no commit;
etag: an ETag that is no hash; size: sizes that are not those of the content; loop: redirects
without end; huge: a page of 80 MiB; html: a web page instead of JSON; twice: a path twice;
other: another commit.
"""
import json

COMMIT = "b" * 40
CONTENT = b"0123456789"
GIT_ID = "ad471007bd7f5983d273b9584e5629230150fd54"  # of CONTENT


class HostileHub:
    """Methods of the request handler."""

    def hostile(self, path, query):
        name = path.split("/org/bad-")[1].split("/")[0]
        if "/revision/" in path:
            return self.hostile_revision(name)
        if "/tree/" in path:
            return self.hostile_tree(name, query)
        return self.hostile_file(name, path)

    def hostile_revision(self, name):
        if name == "html":
            return self.answer(200, b"<html>Please sign in to this network</html>")
        sha = "../../../../../../../../../../etc/passwd" if name == "commit" else COMMIT
        return self.answer(200, json.dumps({"sha": sha}).encode())

    def hostile_tree(self, name, query):
        if name == "huge":
            return self.answer(200, b"[" + b" " * (80 << 20))
        file = {"type": "file", "oid": GIT_ID, "size": len(CONTENT), "path": "x.txt"}
        if name == "path":
            file["path"] = "data/../../../../x.txt"
        if name == "size":
            file["size"] = 7
        cursor = int(query.get("cursor", ["0"])[0])
        entries = [] if name == "empty" else [file, file] if name == "twice" else [file]
        here = f"http://127.0.0.1:{self.ports[0]}{self.path.split('?')[0]}?recursive=true"
        links = {"next": f"http://localhost:{self.ports[1]}/api/x", "same": here,
                 "empty": f"{here}&cursor={cursor + 1}"}
        headers = {"Link": f'<{links[name]}>; rel="next"'} if name in links else {}
        return self.answer(200, json.dumps(entries).encode(), headers)

    def hostile_file(self, name, path):
        commit = "main" if name == "commit" else COMMIT
        etag = "../../../x" if name == "etag" else GIT_ID
        headers = {"X-Repo-Commit": commit, "ETag": f'"{etag}"'}
        if name == "loop":
            return self.answer(302, b"", {**headers, "Location": path + "?again"})
        if name == "size":
            headers["X-Linked-Size"] = "7"
        return self.content(CONTENT, headers)
