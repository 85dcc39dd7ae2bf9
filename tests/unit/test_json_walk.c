/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/json/json_walk.h"

/* The names and values that a walk finds, as "name=value;". */
static void assert_walk(const char *text, const char *want)
{
    struct json_walk walk;
    struct slice name;
    struct slice value;
    struct error err;
    struct buf got;

    buf_init(&got, 4096);
    json_walk_begin(&walk, slice_text(text));
    while (json_walk_next(&walk, &name, &value))
        assert_ok(buf_printf(&got, &err, "%.*s=%.*s;", (int)name.len, name.ptr, (int)value.len,
                             value.ptr));
    assert_false(json_walk_next(&walk, &name, &value));
    assert_ok(buf_add(&got, "", 1, &err));
    assert_string_equal(got.data, want);
    buf_release(&got);
}

static void elements_are_cut_out_as_they_are_written(void **state)
{
    (void)state;
    assert_walk("[]", "");
    assert_walk(" [ ] ", "");
    assert_walk("[1]", "=1;");
    assert_walk("[ -1.5e3 ,true,\tnull, NaN ,-Infinity]",
                "=-1.5e3;=true;=null;=NaN;=-Infinity;");
    assert_walk("[\"a,]\",\"\\\"]\",\"\\\\\"]", "=\"a,]\";=\"\\\"]\";=\"\\\\\";");
    assert_walk("[[1,[2]],{\"a\":\"}\"} ,[]]", "=[1,[2]];={\"a\":\"}\"};=[];");
}

static void members_have_their_names_between_the_quotes(void **state)
{
    (void)state;
    assert_walk("{}", "");
    assert_walk("{\"a\":1}", "a=1;");
    assert_walk("{ \"a\" : [1, 2] , \"\\u0062\\\"\":\"x\" }", "a=[1, 2];\\u0062\\\"=\"x\";");
    assert_walk("{\"\":{\"a\":{}},\"a:\":\":\"}", "={\"a\":{}};a:=\":\";");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_cut_out_as_they_are_written),
        cmocka_unit_test(members_have_their_names_between_the_quotes),
    };

    return cmocka_run_group_tests_name("walk over JSON text", tests, NULL, NULL);
}
