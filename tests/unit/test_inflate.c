/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdlib.h>

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/io/inflate.h"
#include "tests/support/open_bytes.h"
#include "tests/support/tmp.h"

enum { TEXT_BYTES = 700000 };

struct fixture {
    struct tmp tmp;
    struct buf text;
    struct buf packed;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    struct error err;

    tmp_open(&f->tmp);
    buf_init(&f->text, 4 * TEXT_BYTES);
    buf_init(&f->packed, 4 * TEXT_BYTES);
    for (unsigned i = 0; f->text.len < TEXT_BYTES; i++)
        assert_ok(buf_printf(&f->text, &err, "{\"n\": %u}\n", i * 2654435761u));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    buf_release(&f->packed);
    buf_release(&f->text);
    tmp_close(&f->tmp);
    test_free(f);
    return 0;
}

static void add_gzip(struct buf *out, struct slice text)
{
    z_stream z = { 0 };
    struct error err;

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    const size_t bound = deflateBound(&z, text.len);
    assert_ok(buf_reserve(out, bound, &err));
    z.next_in = (uint8_t *)text.ptr;
    z.avail_in = (uInt)text.len;
    z.next_out = (uint8_t *)out->data + out->len;
    z.avail_out = (uInt)bound;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += z.total_out;
    deflateEnd(&z);
}

static void add_zstd(struct buf *out, struct slice text)
{
    struct error err;
    const size_t bound = ZSTD_compressBound(text.len);

    assert_ok(buf_reserve(out, bound, &err));
    const size_t n = ZSTD_compress(out->data + out->len, bound, text.ptr, text.len, 3);
    assert_false(ZSTD_isError(n));
    out->len += n;
}

static void add_xz(struct buf *out, struct slice text)
{
    const size_t bound = lzma_stream_buffer_bound(text.len);
    struct error err;

    assert_ok(buf_reserve(out, bound, &err));
    assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, NULL,
                                             (const uint8_t *)text.ptr, text.len,
                                             (uint8_t *)out->data, &out->len, out->len + bound),
                     LZMA_OK);
}

static void add_bzip2(struct buf *out, struct slice text)
{
    unsigned n = (unsigned)(text.len + text.len / 100 + 600);
    struct error err;

    assert_ok(buf_reserve(out, n, &err));
    assert_int_equal(BZ2_bzBuffToBuffCompress(out->data + out->len, &n, (char *)text.ptr,
                                              (unsigned)text.len, 1, 0, 0),
                     BZ_OK);
    out->len += n;
}

static void add_plain(struct buf *out, struct slice text)
{
    struct error err;

    assert_ok(buf_add_slice(out, text, &err));
}

/* Read all of it, `step` bytes at a time. Returns what the last read returned. */
static int read_all(struct inflate *in, size_t step, struct buf *out, struct error *err)
{
    char *bytes = malloc(step);
    ssize_t n;

    assert_non_null(bytes);
    while ((n = inflate_read(in, bytes, step, err)) > 0)
        assert_int_equal(buf_add(out, bytes, (size_t)n, err), 0);
    free(bytes);
    return (int)n;
}

/* The decompressed bytes are `want`, from memory and from a file, in small reads and in large
 * ones. */
static void assert_inflates(struct fixture *f, struct slice packed, struct slice want)
{
    static const size_t steps[] = { 777, 65536, 10000000 };
    const char *path = tmp_write(&f->tmp, "packed", packed.ptr, packed.len);
    struct inflate *in = NULL;
    struct buf got;
    struct error err;

    buf_init(&got, 4 * TEXT_BYTES);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        buf_clear(&got);
        assert_ok(inflate_open(path, &in, &err));
        assert_ok(read_all(in, steps[i], &got, &err));
        assert_int_equal(inflate_read(in, &err, 1, &err),
                         0); /* each further read returns 0, too */
        assert_true(slice_equal(buf_slice(&got), want));
        assert_int_equal(inflate_position(in), packed.len);
        inflate_close(in);
    }
    buf_release(&got);
}

static void uncompressed_bytes_are_returned_unchanged(void **state)
{
    struct fixture *f = *state;

    assert_inflates(f, buf_slice(&f->text), buf_slice(&f->text));
    assert_inflates(f, slice_text("{}"), slice_text("{}"));
    assert_inflates(f, slice_of("\x1f", 1), slice_of("\x1f", 1));
    assert_inflates(f, slice_text(""), slice_text(""));
}

static void gzip_of_many_members_is_decompressed(void **state)
{
    struct fixture *f = *state;
    const struct slice text = buf_slice(&f->text);

    add_gzip(&f->packed, slice_of(text.ptr, 1000));
    add_gzip(&f->packed, slice_text(""));
    add_gzip(&f->packed, slice_of(text.ptr + 1000, text.len - 1000));
    assert_inflates(f, buf_slice(&f->packed), text);
}

static void zeros_after_gzip_data_are_ignored(void **state)
{
    static const char zeros[1000];
    struct fixture *f = *state;
    struct error err;

    add_gzip(&f->packed, slice_text("text"));
    assert_ok(buf_add(&f->packed, zeros, sizeof zeros, &err));
    assert_inflates(f, buf_slice(&f->packed), slice_text("text"));
}

static void zstd_of_many_frames_is_decompressed(void **state)
{
    static const char skippable[] = "\x53\x2a\x4d\x18\x03\0\0\0abc";
    struct fixture *f = *state;
    const struct slice text = buf_slice(&f->text);
    struct error err;

    assert_ok(buf_add(&f->packed, skippable, sizeof skippable - 1, &err));
    add_zstd(&f->packed, slice_of(text.ptr, 1000));
    add_zstd(&f->packed, slice_text(""));
    assert_ok(buf_add(&f->packed, skippable, sizeof skippable - 1, &err));
    add_zstd(&f->packed, slice_of(text.ptr + 1000, text.len - 1000));
    assert_inflates(f, buf_slice(&f->packed), text);
}

static void xz_of_many_streams_is_decompressed(void **state)
{
    static const char padding[8];
    struct fixture *f = *state;
    const struct slice text = buf_slice(&f->text);
    struct error err;

    add_xz(&f->packed, slice_of(text.ptr, 1000));
    assert_ok(buf_add(&f->packed, padding, sizeof padding, &err));
    add_xz(&f->packed, slice_text(""));
    add_xz(&f->packed, slice_of(text.ptr + 1000, text.len - 1000));
    assert_ok(buf_add(&f->packed, padding, sizeof padding, &err));
    assert_inflates(f, buf_slice(&f->packed), text);
}

static void bzip2_of_many_streams_is_decompressed(void **state)
{
    struct fixture *f = *state;
    const struct slice text = buf_slice(&f->text);

    add_bzip2(&f->packed, slice_text(""));
    add_bzip2(&f->packed, slice_of(text.ptr, 1000));
    add_bzip2(&f->packed, slice_of(text.ptr + 1000, text.len - 1000));
    assert_inflates(f, buf_slice(&f->packed), text);
}

/* Reading fails with this message. What was read before is the beginning of the text. */
static void assert_breaks(struct fixture *f, struct slice packed, const char *phrase,
                          size_t at_least)
{
    struct inflate *in = NULL;
    struct buf got;
    struct error err;

    buf_init(&got, 4 * TEXT_BYTES);
    assert_ok(inflate_open_bytes(packed.ptr, packed.len, &in, &err));
    assert_fails(read_all(in, 5000, &got, &err), ERR_INPUT, phrase);
    assert_in_range(got.len, at_least, f->text.len);
    assert_memory_equal(buf_slice(&got).ptr, f->text.data, got.len);
    assert_fails((int)inflate_read(in, &err, 1, &err), ERR_INPUT,
                 phrase); /* each further read fails, too */
    inflate_close(in);
    buf_release(&got);
}

static void truncated_data_is_an_error_with_its_place(void **state)
{
    struct fixture *f = *state;
    char phrase[64];

    add_gzip(&f->packed, buf_slice(&f->text));
    size_t cut = f->packed.len / 2;
    snprintf(phrase, sizeof phrase, "truncated at byte %zu", cut);
    assert_breaks(f, slice_of(f->packed.data, cut), phrase, f->text.len / 4);
    assert_breaks(f, slice_of(f->packed.data, f->packed.len - 1), "gzip data is truncated",
                  f->text.len);
    assert_breaks(f, slice_of(f->packed.data, 2), "at byte 2", 0);

    buf_clear(&f->packed);
    add_zstd(&f->packed, buf_slice(&f->text));
    cut = f->packed.len / 2;
    snprintf(phrase, sizeof phrase, "truncated at byte %zu", cut);
    assert_breaks(f, slice_of(f->packed.data, cut), phrase, f->text.len / 8);
    assert_breaks(f, slice_of(f->packed.data, f->packed.len - 1), "zstd data is truncated", 0);
    assert_breaks(f, slice_of(f->packed.data, 4), "at byte 4", 0);
}

static void corrupt_data_is_an_error_with_its_place(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add_gzip(&f->packed, buf_slice(&f->text));
    const size_t whole = f->packed.len;
    assert_ok(buf_add_text(&f->packed, "junk behind it", &err));
    assert_breaks(f, buf_slice(&f->packed), "gzip data is corrupt at byte", f->text.len);
    f->packed.data[whole - 6] ^= 1; /* a byte of the checksum */
    assert_breaks(f, slice_of(f->packed.data, whole), "incorrect data check", f->text.len);

    buf_clear(&f->packed);
    add_zstd(&f->packed, buf_slice(&f->text));
    assert_ok(buf_add_text(&f->packed, "junk behind it", &err));
    assert_breaks(f, buf_slice(&f->packed), "zstd data is corrupt at byte", f->text.len);
}

/* Truncate the data in the middle and before its last byte, damage its end, and add bytes that
 * belong to no stream. */
static void assert_damage_is_found(struct fixture *f, const char *name, size_t at_least)
{
    const size_t whole = f->packed.len;
    char phrase[64];
    struct error err;

    snprintf(phrase, sizeof phrase, "the %s data is truncated at byte %zu", name, whole / 2);
    assert_breaks(f, slice_of(f->packed.data, whole / 2), phrase, at_least);
    snprintf(phrase, sizeof phrase, "the %s data is truncated at byte %zu", name, whole - 1);
    assert_breaks(f, slice_of(f->packed.data, whole - 1), phrase, f->text.len);
    f->packed.data[whole - 2] ^= 0x55;
    snprintf(phrase, sizeof phrase, "the %s data is corrupt at byte", name);
    assert_breaks(f, buf_slice(&f->packed), phrase, f->text.len);
    f->packed.data[whole - 2] ^= 0x55;
    assert_ok(buf_add_text(&f->packed, "junk behind it", &err));
    snprintf(phrase, sizeof phrase, "corrupt at byte");
    assert_breaks(f, buf_slice(&f->packed), phrase, f->text.len);
}

static void damaged_xz_is_an_error_with_its_place(void **state)
{
    struct fixture *f = *state;

    add_xz(&f->packed, buf_slice(&f->text));
    assert_damage_is_found(f, "xz", f->text.len / 4);
    assert_breaks(f, slice_of(f->packed.data, 10), "xz data is truncated at byte 10", 0);
}

static void damaged_bzip2_is_an_error_with_its_place(void **state)
{
    struct fixture *f = *state;

    add_bzip2(&f->packed, buf_slice(&f->text));
    assert_damage_is_found(f, "bzip2", f->text.len / 4);
    assert_breaks(f, slice_of(f->packed.data, 10), "bzip2 data is truncated at byte 10", 0);
}

/* The reader has the whole frame and room for all of it, and still returns what comes before
 * the damage. */
static void data_before_damage_in_a_small_frame_is_returned(void **state)
{
    const struct slice text = slice_text("{\"a\": 1}\n{\"a\": 2}\n");
    struct fixture *f = *state;
    ZSTD_CCtx *context = ZSTD_createCCtx();
    struct error err;

    buf_clear(&f->text);
    assert_ok(buf_add_slice(&f->text, text, &err));
    assert_ok(buf_reserve(&f->packed, 1000, &err));
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    f->packed.len = ZSTD_compress2(context, f->packed.data, 1000, text.ptr, text.len);
    ZSTD_freeCCtx(context);
    f->packed.data[f->packed.len - 1] ^= 1; /* a byte of the checksum */
    assert_breaks(f, buf_slice(&f->packed), "match checksum", text.len);
}

/* A frame of one block, with this descriptor of the window. */
static void add_zstd_window(struct buf *out, uint8_t window, struct slice text)
{
    const uint8_t head[] = { 0x28, 0xb5, 0x2f, 0xfd, 0, window, (uint8_t)(text.len << 3 | 1),
                             0,    0 };
    struct error err;

    assert_in_range(text.len, 0, 31);
    assert_ok(buf_add(out, (const char *)head, sizeof head, &err));
    assert_ok(buf_add_slice(out, text, &err));
}

/* Reading fails with this message under the limit on memory, after `before`. */
static void assert_window_refused(struct slice packed, uint64_t max_memory, const char *before,
                                  const char *phrase)
{
    struct inflate *in = NULL;
    struct buf got;
    struct error err;

    buf_init(&got, TEXT_BYTES);
    assert_ok(inflate_open_bytes(packed.ptr, packed.len, &in, &err));
    inflate_limit_memory(in, max_memory);
    assert_fails(read_all(in, 5000, &got, &err), ERR_INPUT, phrase);
    assert_int_equal(got.len, strlen(before));
    if (got.len > 0)
        assert_memory_equal(got.data, before, got.len);
    inflate_close(in);
    buf_release(&got);
}

static void a_zstd_window_may_use_a_quarter_of_the_memory(void **state)
{
    const uint64_t gib = (uint64_t)1 << 30;
    struct fixture *f = *state;
    struct inflate *in = NULL;
    struct buf got;
    struct error err;

    buf_init(&got, TEXT_BYTES);
    add_zstd(&f->packed, slice_text("one, "));
    add_zstd_window(&f->packed, 18 << 3, slice_text("two, ")); /* 256 MiB */
    add_zstd_window(&f->packed, 1 << 3, slice_text("three"));
    assert_ok(inflate_open_bytes(f->packed.data, f->packed.len, &in, &err));
    inflate_limit_memory(in, gib);
    assert_ok(read_all(in, 5000, &got, &err));
    assert_int_equal(got.len, strlen("one, two, three"));
    assert_memory_equal(got.data, "one, two, three", got.len);
    inflate_close(in);
    buf_release(&got);

    assert_window_refused(
        buf_slice(&f->packed), gib - 4, "one, ",
        "needs a window of 256 MiB, more than a quarter of the memory limit: "
        "use --max-memory 1024M, or decompress it outside: zstd -dc --long=28 "
        "< ");
    buf_clear(&f->packed);
    add_zstd_window(&f->packed, 18 << 3 | 3, slice_text("two")); /* 256 MiB and 3 eighths */
    assert_window_refused(buf_slice(&f->packed), gib, "", "a window of 352 MiB");
    assert_window_refused(buf_slice(&f->packed), gib, "", "--long=29");
}

/* Without a window descriptor the content is the window. */
static void a_zstd_frame_of_one_segment_has_the_window_of_its_content(void **state)
{
    static const char of_4_bytes[] = "\x28\xb5\x2f\xfd\xa0\x01\0\0\x10\x01\0\0";
    static const char of_8_bytes[] = "\x28\xb5\x2f\xfd\xe1\7\0\0\0\x20\0\0\0\0\x01\0\0";

    (void)state;
    assert_window_refused(slice_of(of_4_bytes, sizeof of_4_bytes - 1), 1 << 30, "",
                          "a window of 257 MiB");
    assert_window_refused(slice_of(of_8_bytes, sizeof of_8_bytes - 1), 1 << 30, "",
                          "a window of 512 MiB");
}

static void a_window_beyond_the_format_is_refused(void **state)
{
    struct fixture *f = *state;

    add_zstd_window(&f->packed, 0xf8, slice_text("a"));
    assert_window_refused(buf_slice(&f->packed), UINT64_MAX, "",
                          "needs a window of 2097152 MiB, and zstd has at most 2048 MiB");
}

/* A block of xz may demand a window of gigabytes. */
static void an_xz_window_that_is_too_large_is_refused(void **state)
{
    struct fixture *f = *state;
    lzma_options_lzma options;
    struct error err;

    assert_false(lzma_lzma_preset(&options, 0));
    options.dict_size = 1U << 30;
    lzma_filter filters[] = { { LZMA_FILTER_LZMA2, &options }, { LZMA_VLI_UNKNOWN, NULL } };
    assert_ok(buf_reserve(&f->packed, 1000, &err));
    /* The encoder would allocate the window, so only headers are written. */
    lzma_stream_flags flags = { .version = 0, .check = LZMA_CHECK_NONE };
    lzma_block block = { .check = LZMA_CHECK_NONE,
                         .filters = filters,
                         .compressed_size = LZMA_VLI_UNKNOWN,
                         .uncompressed_size = LZMA_VLI_UNKNOWN };
    assert_int_equal(lzma_stream_header_encode(&flags, (uint8_t *)f->packed.data), LZMA_OK);
    assert_int_equal(lzma_block_header_size(&block), LZMA_OK);
    assert_int_equal(
        lzma_block_header_encode(&block, (uint8_t *)f->packed.data + LZMA_STREAM_HEADER_SIZE),
        LZMA_OK);
    f->packed.len = LZMA_STREAM_HEADER_SIZE + block.header_size;
    assert_window_refused(buf_slice(&f->packed), 1 << 30, "",
                          "more than a quarter of the memory limit");
    assert_window_refused(buf_slice(&f->packed), 1 << 30, "", "xz -dc < ");
    /* With enough memory, the header is read and the block is missing. */
    assert_window_refused(buf_slice(&f->packed), (uint64_t)8 << 30, "", "truncated");
}

static void a_file_that_cannot_be_opened_is_an_error_that_names_it(void **state)
{
    struct fixture *f = *state;
    struct inflate *in = NULL;
    struct error err;

    assert_fails(inflate_open(tmp_path(&f->tmp, "none"), &in, &err), ERR_NOT_FOUND, "none");
    assert_fails(inflate_open(f->tmp.root, &in, &err), ERR_USAGE, "directory");
    assert_null(in);
    inflate_close(NULL);
}

/* Read to an offset, get the mark for it, and let another reader resume there. */
static void assert_resumes(struct fixture *f, struct slice packed, struct slice want,
                           size_t offset)
{
    const char *path = tmp_write(&f->tmp, "packed", packed.ptr, packed.len);
    struct inflate *in = NULL;
    struct buf got;
    struct error err;
    char bytes[1000];
    ssize_t n = 1;

    buf_init(&got, 4 * TEXT_BYTES);
    assert_ok(inflate_open(path, &in, &err));
    for (size_t read = 0; read < offset + sizeof bytes && n > 0; read += (size_t)n)
        n = inflate_read(in, bytes, sizeof bytes, &err);
    const struct inflate_mark mark = inflate_mark(in, offset);
    assert_true(mark.stream_offset <= offset);
    inflate_close(in);

    assert_ok(inflate_open(path, &in, &err));
    assert_ok(inflate_resume(in, &mark, offset, &err));
    assert_ok(read_all(in, 65536, &got, &err));
    assert_true(slice_equal(buf_slice(&got), slice_of(want.ptr + offset, want.len - offset)));
    assert_int_equal(inflate_position(in), packed.len);
    inflate_close(in);
    buf_release(&got);
}

static void reading_resumes_at_any_byte(void **state)
{
    static void (*const add[])(struct buf *, struct slice) = { add_gzip, add_zstd, add_xz,
                                                               add_bzip2, add_plain };
    struct fixture *f = *state;
    const struct slice text = buf_slice(&f->text);

    for (size_t kind = 0; kind < sizeof add / sizeof add[0]; kind++) {
        buf_clear(&f->packed);
        for (size_t at = 0; at < text.len; at += 70000)
            add[kind](&f->packed,
                      slice_of(text.ptr + at, text.len - at < 70000 ? text.len - at : 70000));
        const size_t offsets[] = { 0, 1, 69999, 70000, 70001, 350001, text.len - 1, text.len };
        for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++)
            assert_resumes(f, buf_slice(&f->packed), text, offsets[i]);
    }
}

static void reading_resumes_within_the_member_of_the_mark(void **state)
{
    struct fixture *f = *state;
    const struct slice text = buf_slice(&f->text);
    struct inflate *in = NULL;
    struct buf got;
    struct error err;

    for (size_t at = 0; at + 100 <= 300000;
         at += 100) /* more members than the reader keeps marks */
        add_gzip(&f->packed, slice_of(text.ptr + at, 100));
    buf_init(&got, 4 * TEXT_BYTES);
    assert_ok(inflate_open_bytes(f->packed.data, f->packed.len, &in, &err));
    assert_ok(read_all(in, 4096, &got, &err));

    const struct inflate_mark far = inflate_mark(in, 299950);
    assert_true(far.stream_offset > 299000 && far.stream_offset <= 299950);
    assert_int_equal(far.stream_offset % 100, 0);
    inflate_close(in);
    buf_release(&got);
    assert_resumes(f, buf_slice(&f->packed), slice_of(text.ptr, 300000), 150050);
}

static ssize_t read_slice(void *arg, void *out, size_t n, struct error *err)
{
    struct slice *left = arg;
    const size_t n_copied = n < left->len ? n : left->len;

    (void)err;
    memcpy(out, left->ptr, n_copied);
    *left = slice_of(left->ptr + n_copied, left->len - n_copied);
    return (ssize_t)n_copied;
}

/* A source has no descriptor to seek. */
static void reading_of_a_source_resumes_at_any_byte(void **state)
{
    static void (*const add[])(struct buf *, struct slice) = { add_gzip, add_plain };
    static const size_t offsets[] = { 0, 3, 69999, 140001, 650000 };
    struct fixture *f = *state;
    const struct slice text = buf_slice(&f->text);
    struct error err;

    for (size_t i = 0; i < 2 * sizeof offsets / sizeof offsets[0]; i++) {
        const size_t offset = offsets[i / 2];
        struct inflate *in = NULL;
        struct buf got;

        buf_clear(&f->packed);
        for (size_t at = 0; at < text.len; at += 70000)
            add[i % 2](&f->packed,
                       slice_of(text.ptr + at, text.len - at < 70000 ? text.len - at : 70000));
        buf_init(&got, 4 * TEXT_BYTES);
        assert_ok(inflate_open_bytes(f->packed.data, f->packed.len, &in, &err));
        assert_ok(read_all(in, 1000, &got, &err));
        const struct inflate_mark mark = inflate_mark(in, offset);
        inflate_close(in);

        struct slice left = buf_slice(&f->packed);
        const struct inflate_source source = { .read = read_slice, .arg = &left };
        char start[4];
        assert_ok(inflate_open_source(&source, "source", &in, &err));
        assert_int_equal(inflate_read(in, start, sizeof start, &err), sizeof start);
        assert_ok(inflate_resume(in, &mark, offset, &err));
        buf_clear(&got);
        assert_ok(read_all(in, 1000, &got, &err));
        assert_true(
            slice_equal(buf_slice(&got), slice_of(text.ptr + offset, text.len - offset)));
        assert_int_equal(inflate_fd(in), -1);
        inflate_close(in);
        buf_release(&got);
    }
}

static void resuming_after_the_end_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct inflate_mark start = { 0, 0 };
    struct inflate *in = NULL;
    struct error err;

    add_gzip(&f->packed, slice_text("{}"));
    assert_ok(inflate_open_bytes(f->packed.data, f->packed.len, &in, &err));
    assert_fails(inflate_resume(in, &start, 3, &err), ERR_INPUT, "ends before");
    inflate_close(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(uncompressed_bytes_are_returned_unchanged, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(gzip_of_many_members_is_decompressed, setup, teardown),
        cmocka_unit_test_setup_teardown(zeros_after_gzip_data_are_ignored, setup, teardown),
        cmocka_unit_test_setup_teardown(zstd_of_many_frames_is_decompressed, setup, teardown),
        cmocka_unit_test_setup_teardown(xz_of_many_streams_is_decompressed, setup, teardown),
        cmocka_unit_test_setup_teardown(bzip2_of_many_streams_is_decompressed, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_xz_is_an_error_with_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_bzip2_is_an_error_with_its_place, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_xz_window_that_is_too_large_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(truncated_data_is_an_error_with_its_place, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(corrupt_data_is_an_error_with_its_place, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(data_before_damage_in_a_small_frame_is_returned, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_zstd_window_may_use_a_quarter_of_the_memory, setup,
                                        teardown),
        cmocka_unit_test(a_zstd_frame_of_one_segment_has_the_window_of_its_content),
        cmocka_unit_test_setup_teardown(a_window_beyond_the_format_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_opened_is_an_error_that_names_it,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(reading_resumes_at_any_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(reading_resumes_within_the_member_of_the_mark, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(reading_of_a_source_resumes_at_any_byte, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(resuming_after_the_end_is_refused, setup, teardown),
    };

    return cmocka_run_group_tests_name("base/inflate", tests, NULL, NULL);
}
