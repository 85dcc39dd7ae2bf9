/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io/magic.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define AS_JSONL(call)   "convert it to JSONL, in Python for instance with " call
#define AS_PARQUET(call) "convert it to Parquet, in Python for instance with " call
#define NOT_TEXT         "give the records or texts that belong to it"
#define ARCHIVE          "name the archive itself, as a file, or extract it"
#define EXTRACT          "extract it and ingest its files"

enum { CONTROL_BYTES = 16 };

#define MARK(at, bytes) at, sizeof(bytes) - 1, bytes

/* Kinds with fixed bytes at a fixed place. */
static const struct mark {
    size_t at;
    size_t len;
    const char *bytes;
    struct magic magic;
} marks[] = {
    { MARK(0, "version https://git-lfs.github.com"),
      { "is a Git LFS pointer, not the data", "fetch the data with 'git lfs pull'" } },
    { MARK(0, "%PDF-"),
      { "is a PDF document", "extract its text, for instance with pdftotext" } },
    { MARK(0, "FEA1\0"),
      { "is a Feather file of version 1",
        AS_PARQUET("pandas.read_feather() and to_parquet()") } },
    { MARK(0, "Obj\x01"),
      { "is an Avro file", AS_JSONL("fastavro.reader() and json.dumps()") } },
    { MARK(0, "SQLite format 3\0"),
      { "is an SQLite database", "name a database of curate with --db; export a table of "
                                 "another with 'sqlite3 -json'" } },
    { MARK(0, "\x93NUMPY"), { "is a NumPy array", AS_JSONL("numpy.load() and json.dumps()") } },
    { MARK(0, "\x89HDF\r\n\x1a\n"),
      { "is an HDF5 file", AS_JSONL("pandas.read_hdf() and to_json(lines=True)") } },
    { MARK(0, "PK\x03\x04"), { "is a ZIP archive", ARCHIVE } },
    { MARK(0, "PK\x05\x06"), { "is an empty ZIP archive", "give another file" } },
    { MARK(257, "ustar"), { "is a tar archive", ARCHIVE } },
    { MARK(0, "7z\xbc\xaf\x27\x1c"), { "is a 7-Zip archive", EXTRACT } },
    { MARK(0, "Rar!\x1a\x07"), { "is a RAR archive", EXTRACT } },
    { MARK(0, "\x04\x22\x4d\x18"),
      { "is compressed with lz4", "decompress it with 'lz4 -d' and ingest the result" } },
    { MARK(0, "\x89PNG"), { "is an image (PNG)", NOT_TEXT } },
    { MARK(0, "\xff\xd8\xff"), { "is an image (JPEG)", NOT_TEXT } },
    { MARK(0, "GIF87a"), { "is an image (GIF)", NOT_TEXT } },
    { MARK(0, "GIF89a"), { "is an image (GIF)", NOT_TEXT } },
    { MARK(0, "II*\0"), { "is an image (TIFF)", NOT_TEXT } },
    { MARK(0, "MM\0*"), { "is an image (TIFF)", NOT_TEXT } },
    { MARK(0, "OggS\0"), { "is an audio file (Ogg)", NOT_TEXT } },
    { MARK(0, "fLaC\0"), { "is an audio file (FLAC)", NOT_TEXT } },
    { MARK(0, "ID3\x03"), { "is an audio file (MP3)", NOT_TEXT } },
    { MARK(0, "\x7f\x45LF"), { "is a program (ELF)", NOT_TEXT } },
};

static const struct magic gguf = { "is a model (GGUF), not a corpus",
                                   "name it with --model of 'curate score'" };
static const struct magic webp = { "is an image (WebP)", NOT_TEXT };
static const struct magic wave = { "is an audio file (WAV)", NOT_TEXT };
static const struct magic mp4 = { "is a video or audio file (MP4)", NOT_TEXT };
static const struct magic html = {
    "is an HTML page", "download the file itself; the page may say why the server sent none"
};
static const struct magic xml = { "is XML", "convert it to JSONL" };
static const struct magic pickle = { "is a Python pickle",
                                     AS_JSONL("pickle.load() and json.dumps()") };
static const struct magic orc = { "is an ORC file",
                                  AS_PARQUET("pandas.read_orc() and to_parquet()") };
static const struct magic safetensors = { "holds weights of a model (safetensors), no corpus",
                                          "give another file" };
static const struct magic repr = {
    "holds Python's repr() of objects, not JSON",
    "write the file with json.dumps(), or convert it with ast.literal_eval()"
};

static bool has_bytes(struct slice head, size_t at, const char *bytes, size_t n)
{
    return head.len >= at + n && memcmp(head.ptr + at, bytes, n) == 0;
}

static struct slice skip_blanks(struct slice text)
{
    size_t i = 0;

    while (i < text.len && (text.ptr[i] == ' ' || text.ptr[i] == '\t' || text.ptr[i] == '\r' ||
                            text.ptr[i] == '\n'))
        i++;
    return slice_of(text.ptr + i, text.len - i);
}

static bool starts_with_tag(struct slice text, const char *tag)
{
    const size_t n = strlen(tag);

    return text.len >= n && strncasecmp(text.ptr, tag, n) == 0;
}

static const struct magic *find_markup(struct slice head)
{
    static const char *const tags[] = { "<!doctype html", "<html", "<head", "<body" };

    if (has_bytes(head, 0, "\xef\xbb\xbf", 3))
        head = slice_of(head.ptr + 3, head.len - 3);
    head = skip_blanks(head);
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        if (starts_with_tag(head, tags[i]))
            return &html;
    return starts_with_tag(head, "<?xml") ? &xml : NULL;
}

static bool is_pickle(struct slice head)
{
    if (head.len >= 3 && head.ptr[0] == '\x80' && head.ptr[1] >= 2 && head.ptr[1] <= 5)
        return true;
    /* Protocol 0: a dictionary or a list that is put into memory cell 0. */
    return has_bytes(head, 0, "(dp0\n", 5) || has_bytes(head, 0, "(lp0\n", 5);
}

static uint32_t little_endian(const char *p)
{
    const uint8_t *b = (const uint8_t *)p;

    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* A file starts with the length of its JSON header in 8 bytes. */
static bool is_safetensors(struct slice head)
{
    return head.len >= 10 && has_bytes(head, 4, "\0\0\0\0{\"", 6) &&
           little_endian(head.ptr) >= 2;
}

/* Is there a byte that a text does not have, near the beginning? */
static bool has_control(struct slice head)
{
    for (size_t i = 0; i < head.len && i < CONTROL_BYTES; i++)
        if ((unsigned char)head.ptr[i] < ' ' && !memchr("\t\n\r", head.ptr[i], 3))
            return true;
    return false;
}

/* Files that begin with letters, as a text could: more of them is compared. */
static const struct magic *find_lettered(struct slice head)
{
    const bool riff = has_bytes(head, 0, "RIFF", 4);

    if (has_bytes(head, 0, "GGUF", 4) && has_bytes(head, 5, "\0\0\0", 3))
        return &gguf;
    if (has_bytes(head, 0, "ORC", 3) && has_control(head))
        return &orc;
    if (riff && has_bytes(head, 8, "WEBP", 4))
        return &webp;
    if (riff && has_bytes(head, 8, "WAVE", 4))
        return &wave;
    return has_bytes(head, 0, "\0\0\0", 3) && has_bytes(head, 4, "ftyp", 4) ? &mp4 : NULL;
}

/* Does the line start with a dictionary that has single quotes, perhaps in a list? */
static bool is_repr_line(struct slice line)
{
    line = skip_blanks(line);
    while (line.len > 0 && (line.ptr[0] == '[' || line.ptr[0] == '('))
        line = skip_blanks(slice_of(line.ptr + 1, line.len - 1));
    return line.len >= 2 && line.ptr[0] == '{' && line.ptr[1] == '\'';
}

/* Is the file Python's repr()? A file that also has lines of JSON is not: the JSON is read. */
static bool is_repr(struct slice head)
{
    if (!is_repr_line(head))
        return false;
    while (head.len > 0) {
        const char *end = memchr(head.ptr, '\n', head.len);
        const size_t n = end ? (size_t)(end - head.ptr) + 1 : head.len;
        const struct slice line = skip_blanks(slice_of(head.ptr, n));

        if (line.len >= 2 && line.ptr[0] == '{' && line.ptr[1] == '"')
            return false;
        head = slice_of(head.ptr + n, head.len - n);
    }
    return true;
}

const struct magic *magic_find(struct slice head)
{
    if (head.len > MAGIC_HEAD_BYTES)
        head.len = MAGIC_HEAD_BYTES;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (has_bytes(head, marks[i].at, marks[i].bytes, marks[i].len))
            return &marks[i].magic;
    const struct magic *lettered = find_lettered(head);
    if (lettered)
        return lettered;
    if (is_pickle(head))
        return &pickle;
    if (is_safetensors(head))
        return &safetensors;
    if (is_repr(head))
        return &repr;
    return find_markup(head);
}
