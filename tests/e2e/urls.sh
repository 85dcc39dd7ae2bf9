# Files of web servers, named by URLs: kept by content, named without their query, verified by TLS
# and by --sha256. The server is on this machine (tests/support/hub.py).
python3 -B "$SOURCE/tests/support/hub.py" --ports ports > /dev/null &
server=$!
trap 'kill $server $tls 2> /dev/null || true' EXIT
tls=
wait_for() {
    for ((i = 0; i < 300; i++)); do [ -e "$1" ] && return; sleep 0.1; done
    echo "no server"
    exit 1
}
wait_for ports
read -r port cdn < ports
export HF_TOKEN=hf_verysecrettoken
url=http://127.0.0.1:$port
try() {
    local status=0
    "$CURATE" "$@" > output.txt 2> errors.txt || status=$?
    cat output.txt errors.txt >> all.txt
    sed -E "s/:($port|$cdn|[0-9]{5})/:PORT/g; s/\b[0-9a-f]{64}\b/SHA256/g" output.txt errors.txt
    echo "status $status"
}
requests() {
    python3 -c "import json, urllib.request as u
log = json.load(u.urlopen('$url/__log'))
print(len(log), 'requests,', sum(e['auth'] is not None for e in log), 'with a password or token')
u.urlopen('$url/__reset')"
}

echo 'a file is received once, and known without its query'
try ingest --quiet --db x.db "$url/text/a.jsonl?sig=verysecretsignature"
requests
try ingest --quiet --db x.db "$url/text/a.jsonl?sig=anothersecretone"
requests
"$CURATE" query --db x.db "SELECT replace(path, ':$port', ':PORT') AS path, count(*) AS n FROM file GROUP BY 1"
find .cache -type f | sed -E 's/[0-9a-f]{64}/SHA256/; s/[0-9a-f]{32}/KEY/' | sort

echo 'truncated answers, redirects, copies'
try fetch --output copies "$url/cut/big.bin" "http://me:verysecretpassword@localhost:$cdn/to?url=$url/text/b.jsonl"
cmp copies/to .cache/huggingface/assets/curate/urls/*/a.jsonl
wc -c < copies/big.bin
requests

echo 'the content decides'
sum=$(sha256sum < copies/big.bin | cut -d' ' -f1)
try fetch --output copies --sha256 "$sum" "$url/cut/big.bin"
try fetch --output copies "$url/cut/big.bin"
try fetch --sha256 "$sum" "$url/file/other.bin"
find .cache -name '*incomplete' -o -name '*.bin'

echo 'files of this machine'
cp .cache/huggingface/assets/curate/urls/*/a.jsonl 'a file.jsonl'
try ingest --quiet --db local.db "file://$PWD/a%20file.jsonl"
"$CURATE" query --db local.db 'SELECT path FROM file'

echo 'errors'
try fetch "$url/file/x?sig=verysecretwrong"
try fetch "$url/status/404?sig=verysecretsignature"
try fetch "$url/status/410"
try fetch "$url/to?url=http://192.0.2.1/x?sig=verysecret"
try fetch http://192.0.2.1/x
try fetch "$url/echo/x"
try fetch "$url/hops/12"
try fetch "$url/"
try fetch 'https://me:verysecretpassword@host:99999/x?sig=verysecretsignature'
try fetch s3://verysecret/x
try fetch file://host/x
try fetch --offline "$url/text/none.jsonl?sig=verysecretsignature"
try fetch --offline "$url/text/a.jsonl?sig=anothersecretone"

echo 'certificates'
if openssl version > /dev/null 2>&1; then
    {
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority \
            -keyout ca.key -out ca.pem
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server -keyout server.key \
            -out server.csr
        echo 'subjectAltName=IP:127.0.0.1' > server.ext
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext \
            -out server.pem
    } > openssl.log 2>&1
    python3 -B "$SOURCE/tests/support/hub.py" --ports tls_ports --tls server.pem server.key > /dev/null &
    tls=$!
    wait_for tls_ports
    read -r tls_port _ < tls_ports
    SSL_CERT_FILE=ca.pem try ingest --quiet --db tls.db "https://127.0.0.1:$tls_port/text/a.jsonl?sig=verysecretsignature"
    SSL_CERT_FILE=ca.pem try fetch "https://localhost:$tls_port/text/c.jsonl" | sed 's/invalid: .*/invalid: .../'
    try fetch "https://127.0.0.1:$tls_port/text/c.jsonl" | sed 's/invalid: .*/invalid: .../'
    SSL_CERT_FILE=none.pem try fetch "https://127.0.0.1:$tls_port/text/c.jsonl"
else
    echo 'urls: the openssl command is missing: certificates are not tested' >&2
    exit 77
fi

echo 'secrets'
if grep -rlE 'verysecret|anothersecret' .cache copies ./*.db* all.txt; then exit 1; fi
echo none
