# A user's quota is used up while each command writes: status 74 and one sentence, what was
# committed stays, and the same command completes once there is room again. Few machines have
# quotas, so a library stands before the calls that write: it fails those that let the files of
# $QUOTA_FOLDER grow beyond $QUOTA_KIB.
if [ -n "${ASAN_OPTIONS:-}${TSAN_OPTIONS:-}" ]; then
    echo "a sanitizer must be the first library" >&2
    exit 77
fi
if ! command -v cc > /dev/null; then
    echo "no C compiler here" >&2
    exit 77
fi
cat > quota.c << 'END'
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long used(const char *folder)
{
    long n = 0;
    struct stat st;
    struct dirent *entry;
    DIR *dir = opendir(folder);

    while (dir && (entry = readdir(dir)))
        if (fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && S_ISREG(st.st_mode))
            n += st.st_size;
    if (dir)
        closedir(dir);
    return n;
}

static int beyond(int fd, off_t end)
{
    const char *folder = getenv("QUOTA_FOLDER");
    char name[40], path[4096];
    struct stat st;

    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    const ssize_t n = readlink(name, path, sizeof path - 1);
    if (!folder || n < 0 || strncmp(path, folder, strlen(folder)) != 0 || fstat(fd, &st) < 0 ||
        end <= st.st_size || used(folder) + end - st.st_size <= 1024 * atol(getenv("QUOTA_KIB")))
        return 0;
    errno = EDQUOT;
    return 1;
}

ssize_t write(int fd, const void *data, size_t n)
{
    ssize_t (*next)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    const off_t at = lseek(fd, 0, SEEK_CUR);

    return at >= 0 && beyond(fd, at + (off_t)n) ? -1 : next(fd, data, n);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    ssize_t (*next)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite");

    return beyond(fd, at + (off_t)n) ? -1 : next(fd, data, n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off_t at)
{
    return pwrite(fd, data, n, at);
}
END
cc -shared -fPIC -o quota.so quota.c -ldl
mkdir home
try() { # KIB COMMAND...: with that much room left
    local status=0 used room=$1
    shift
    used=$(cat home/* | wc -c)
    LD_PRELOAD=$PWD/quota.so QUOTA_FOLDER=$PWD/home QUOTA_KIB=$((used / 1024 + room)) \
        "$CURATE" "$@" --db home/a.db > said 2>&1 || status=$?
    if [[ $status -eq 0 ]]; then
        echo 'status 0'
    elif grep -q ': Disk quota exceeded$' said; then
        echo "status $status: the quota is used up"
    else
        cat said
    fi
}
long=$(printf 'some more words %.0s' {1..20})
for i in $(seq 500); do
    printf '{"prompt": "Question %d?", "completion": "Number %d: %s"}\n' $i $i "$long"
done > corpus.jsonl
"$CURATE" init --quiet --db home/a.db

echo '== ingest'
try 200 ingest corpus.jsonl
try 9000 ingest corpus.jsonl
"$CURATE" query --csv --db home/a.db 'SELECT count(*) FROM sample'

echo '== score'
try 16 score mtld
try 9000 score mtld

echo '== select'
try 16 select --name best --by mtld --top 400
try 9000 select --name best --by mtld --top 400

echo '== export'
try 100 export best -o home/best.jsonl
ls home/best.jsonl* 2> /dev/null || echo 'nothing is left'
try 9000 export best -o home/best.jsonl
wc -l < home/best.jsonl
cp home/best.jsonl first.jsonl

echo '== an export that replaces one'
try 100 export best --to alpaca -o home/best.jsonl --force
cmp home/best.jsonl first.jsonl
ls home/best.jsonl*

echo '== rejects'
printf '{"no": "shape"}\n%.0s' {1..2000} > bad.jsonl
! "$CURATE" ingest --quiet --max-rejects 100 --db home/a.db bad.jsonl
try 4 rejects export -o home/bad.jsonl
ls home/bad.jsonl* 2> /dev/null || echo 'nothing is left'
"$CURATE" fsck --quiet --db home/a.db
