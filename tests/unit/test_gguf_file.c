/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/gguf/gguf_file.h"
#include "tests/support/oom.h"
#include "tests/support/raw_gguf.h"
#include "tests/support/tmp.h"

/* A part with the keys of a part, one key of its own, and a tensor if it has a name. */
static struct raw raw_part(unsigned part, unsigned n_parts, unsigned n_tensors,
                           const char *tensor)
{
    const uint64_t dims[] = { 4 };
    struct raw raw = raw_begin(3, tensor ? 1 : 0, 4);

    raw_entry(&raw, "split.no", GGUF_U16, part, 2);
    raw_entry(&raw, "split.count", GGUF_U16, n_parts, 2);
    raw_entry(&raw, "split.tensors.count", GGUF_I32, n_tensors, 4);
    raw_entry(&raw, part == 0 ? "a.first" : "a.later", GGUF_U8, part, 1);
    if (tensor)
        raw_tensor(&raw, tensor, 1, dims, DTYPE_F32, 0);
    raw_pad(&raw);
    if (tensor)
        for (unsigned i = 0; i < 4; i++)
            raw_u32(&raw, part * 10 + i);
    return raw;
}

static const char *write_part(struct tmp *tmp, const char *name, const struct raw *raw)
{
    return tmp_write(tmp, name, raw->bytes, raw->n);
}

static int try_open(const char *path, struct error *err)
{
    struct gguf_file file = { .n_maps = 0 };
    const int rc = gguf_file_open(path, &file, err);

    gguf_file_close(&file);
    return rc;
}

static void parts_are_one_model_with_the_keys_of_the_first(void **state)
{
    const struct raw parts[] = { raw_part(0, 3, 2, NULL), raw_part(1, 3, 2, "z.weight"),
                                 raw_part(2, 3, 2, "b.weight") };
    struct gguf_file file = { .n_maps = 0 };
    struct tmp tmp;
    struct error err;
    uint64_t value = 9;

    (void)state;
    tmp_open(&tmp);
    const char *path = write_part(&tmp, "m-00001-of-00003.gguf", &parts[0]);
    write_part(&tmp, "m-00002-of-00003.gguf", &parts[1]);
    write_part(&tmp, "m-00003-of-00003.gguf", &parts[2]);
    assert_ok(gguf_file_open(path, &file, &err));
    assert_int_equal(file.n_maps, 3);
    assert_int_equal(gguf_part_count(file.gguf), 3);
    assert_int_equal(gguf_key_count(file.gguf), 4);
    assert_int_equal(gguf_uint(file.gguf, "a.first", 0, 9, &value, &err), 1);
    assert_int_equal(gguf_uint(file.gguf, "a.later", 0, 9, &value, &err), 0);
    assert_int_equal(gguf_tensor_count(file.gguf), 2);
    const struct gguf_tensor *z = gguf_tensor(file.gguf, "z.weight");
    assert_ptr_equal(z, gguf_tensor_at(file.gguf, 0));
    assert_int_equal(z->data[0], 10);
    assert_int_equal(gguf_tensor(file.gguf, "b.weight")->data[4], 21);
    gguf_file_close(&file);
    tmp_close(&tmp);
}

static void parts_that_do_not_fit_together_are_named(void **state)
{
    const struct {
        struct raw first, second;
        const char *want;
    } cases[] = {
        { raw_part(0, 2, 2, "a"), raw_part(1, 2, 2, "a"), "tensor 'a' appears twice" },
        { raw_part(0, 2, 2, "a"), raw_part(0, 2, 2, "b"), "part 2 of 2: key 'split.no' is 0" },
        { raw_part(1, 2, 2, "a"), raw_part(0, 2, 2, "b"), "part 1 of 2: key 'split.no' is 1" },
        { raw_part(0, 2, 2, "a"), raw_part(1, 3, 2, "b"), "part 2 of 2: key 'split.count'" },
        { raw_part(0, 2, 3, "a"), raw_part(1, 2, 3, "b"), "the parts have 2 tensors together" },
        { raw_part(0, 2, 2, "a"), raw_good_file(),
          "part 2 of 2: key 'split.count' is missing" },
        { raw_good_file(), raw_part(1, 2, 2, "b"),
          "part 1 of 2: key 'split.count' is missing" },
    };
    struct tmp tmp;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tmp_open(&tmp);
        const char *path = write_part(&tmp, "m-00001-of-00002.gguf", &cases[i].first);
        write_part(&tmp, "m-00002-of-00002.gguf", &cases[i].second);
        assert_fails(try_open(path, &err), ERR_INPUT, cases[i].want);
        tmp_close(&tmp);
    }
}

static void the_number_of_parts_is_limited(void **state)
{
    struct gguf_paths paths;
    struct error err;

    (void)state;
    assert_fails(gguf_paths_find("m-00001-of-00257.gguf", &paths, &err), ERR_UNSUPPORTED,
                 "more than 256 parts");
    assert_fails(gguf_paths_find("m-00002-of-00003.gguf", &paths, &err), ERR_USAGE,
                 "is part 2 of 3 of a model");
}

static void names_of_parts_are_recognised(void **state)
{
    static const struct {
        const char *path;
        size_t part;
        const char *name;
    } cases[] = {
        { "m.gguf", 0, "m" },
        { "a/m-00001-of-00003.gguf", 1, "m" },
        { "m-00003-of-00003.gguf", 3, "m" },
        { "m-00001-of-00001.gguf", 0, "m-00001-of-00001" },
        { "m-00004-of-00003.gguf", 0, "m-00004-of-00003" },
        { "m-00000-of-00003.gguf", 0, "m-00000-of-00003" },
        { "m-0001-of-00003.gguf", 0, "m-0001-of-00003" },
        { "m-00001-of-0000x.gguf", 0, "m-00001-of-0000x" },
        { "-00001-of-00003.gguf", 0, "-00001-of-00003" },
        { "hf://o/n@0123/q/m-00001-of-00002.gguf", 1, "m" },
        { "a.gguf/model", 0, "model" },
        { ".gguf", 0, ".gguf" },
        { "", 0, "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(gguf_part_number(cases[i].path), cases[i].part);
        assert_true(slice_equal(gguf_model_name(cases[i].path), slice_text(cases[i].name)));
    }
    assert_true(gguf_is_part_of("d/m-00002-of-00003.gguf", "d/m-00001-of-00003.gguf"));
    assert_false(gguf_is_part_of("d/m-00001-of-00003.gguf", "d/m-00001-of-00003.gguf"));
    assert_false(gguf_is_part_of("d/m-00002-of-00004.gguf", "d/m-00001-of-00003.gguf"));
    assert_false(gguf_is_part_of("d/n-00002-of-00003.gguf", "d/m-00001-of-00003.gguf"));
    assert_false(gguf_is_part_of("m-00002-of-00003.gguf", "d/m-00001-of-00003.gguf"));
    assert_false(gguf_is_part_of("d/m.gguf", "d/m.gguf"));
}

static int open_parts(const void *path, struct error *err)
{
    return try_open(path, err);
}

static void opening_parts_reports_each_failed_allocation(void **state)
{
    const struct raw parts[] = { raw_part(0, 2, 2, "a"), raw_part(1, 2, 2, "b") };
    struct tmp tmp;

    (void)state;
    tmp_open(&tmp);
    const char *path = write_part(&tmp, "m-00001-of-00002.gguf", &parts[0]);
    write_part(&tmp, "m-00002-of-00002.gguf", &parts[1]);
    assert_true(oom_survive(open_parts, path) > 5);
    tmp_close(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_one_model_with_the_keys_of_the_first),
        cmocka_unit_test(parts_that_do_not_fit_together_are_named),
        cmocka_unit_test(the_number_of_parts_is_limited),
        cmocka_unit_test(names_of_parts_are_recognised),
        cmocka_unit_test(opening_parts_reports_each_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
