#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the seeds of fuzz_url and fuzz_http_headers: make_net_corpus.py CORPUS.

CORPUS is tests/fuzz/corpus. Answers are those that the Hub and servers of content give.
"""
import sys
from pathlib import Path

SHA1 = "9650c5d8d23a7616a74aa53796fcb43b77984299"
SHA256 = "6914e2c5" * 8
COMMIT = "a" * 40

HEADERS = {
    "small_file": "HTTP/1.1 307 Temporary Redirect\r\nX-Repo-Commit: " + COMMIT + "\r\n"
                  "Location: /api/resolve-cache/datasets/o/n/" + COMMIT + "/x.jsonl?etag=x\r\n\r\n",
    "content": f'HTTP/2 200 \r\netag: "{SHA1}"\r\ncontent-length: 330\r\n'
               "accept-ranges: bytes\r\n\r\n",
    "large_file": f'HTTP/1.1 302 Found\r\nX-Linked-Size: 300000\r\nX-Linked-ETag: "{SHA256}"\r\n'
                  "Location: https://cdn.example/x?X-Amz-Expires=3600&X-Amz-Signature=abc\r\n\r\n",
    "range": 'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 100000-299999/300000\r\n'
             'ETag: W/"x"\r\n\r\n',
    "range_behind_the_end": "HTTP/1.1 416 x\r\nContent-Range: bytes */300000\r\n\r\n",
    "next_page": 'HTTP/1.1 200 OK\r\nLink: <https://h/api?limit=5&cursor=a%3D%3D>; rel="next", '
                 '<https://h/api>; rel="first"; title="a, b"\r\n\r\n',
    "rate_limit": 'HTTP/1.1 429 Too Many\r\nRateLimit: "resolvers";r=0;t=55, "api";r=3;t=9\r\n'
                  'RateLimit-Policy: "fixed window";"resolvers";q=5000;w=300\r\n\r\n',
    "too_many_lines": "HTTP/1.1 200 OK\r\n" + 257 * "x: y\r\n",
    "retry_seconds": "HTTP/1.1 503 x\r\nRetry-After: 120\r\n\r\n",
    "retry_date": "HTTP/1.1 503 x\r\nRetry-After: Wed, 21 Oct 2015 07:28:09 GMT\r\n\r\n",
    "error": "HTTP/1.1 403 x\r\nX-Error-Code: GatedRepo\r\nX-Error-Message: no: /x?token=y z\r\n"
             "X-Request-Id: Root=1-2\r\n\r\n",
    "error_body": '{"error":"Access to /x?sig=y is restricted."}',
    "interim": "HTTP/1.1 100 Continue\r\nA: 1\r\n\r\nHTTP/1.1 200 OK\r\nB: 2\r\n folded: x\r\n\r\n",
    "value_range": "bytes 0-9/10",
    "value_number": "18446744073709551614",
}
URLS = {
    "hub": "https://huggingface.co/datasets/o/n/resolve/main/data/x%20y.jsonl\n../raw/main/x",
    "signed": "https://cdn.example:8443/x?X-Amz-Signature=abc#f\n//other.example/y?z",
    "user": "http://me:pw@127.0.0.1:8080/a/b\n/c/./d/../e",
    "ipv6": "http://[::1]:80\n?q",
    "localhost": "HTTP://LOCALHOST\nhttps://h/\u00e9 x",
    "file": "file://localhost/tmp/a%20b\n.",
    "s3": "s3://bucket/key\n",
    "hf": "hf://datasets/o/n@refs/convert/parquet/default/train/*.parquet\n",
    "nothing": "\n",
}


def main(corpus):
    for folder, seeds in (("http_headers", HEADERS), ("url", URLS)):
        Path(corpus, folder).mkdir(parents=True, exist_ok=True)
        for name, text in seeds.items():
            Path(corpus, folder, name).write_bytes(text.encode())


if __name__ == "__main__":
    main(sys.argv[1])
