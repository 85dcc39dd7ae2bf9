/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <sys/stat.h>

#include "base/memory.h"
#include "tests/support/tmp.h"

/* A system of files under a folder of the test. */
static void make_folders(struct tmp *tmp, const char *path)
{
    char part[256];

    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        (void)mkdir(tmp_path(tmp, part), 0700); /* it may be there */
    }
}

static void put(struct tmp *tmp, const char *path, const char *text)
{
    make_folders(tmp, path);
    tmp_write(tmp, path, text, strlen(text));
}

static void assert_available(const struct tmp *tmp, uint64_t bytes)
{
    const uint64_t got = memory_available(tmp->root);

    if (got != bytes)
        fail_msg("%llu bytes are available, not %llu", (unsigned long long)got,
                 (unsigned long long)bytes);
}

static void a_machine_without_limits_has_what_it_says(void **state)
{
    struct tmp tmp = { 0 };

    (void)state;
    tmp_open(&tmp);
    assert_available(&tmp, UINT64_MAX);
    put(&tmp, "proc/meminfo",
        "MemTotal:       2000 kB\nMemFree:  1 kB\nMemAvailable:     1500 kB\n");
    assert_available(&tmp, 1500 * 1024);
    put(&tmp, "proc/self/cgroup", "0::/\n");
    put(&tmp, "sys/fs/cgroup/memory.max", "max\n");
    assert_available(&tmp, 1500 * 1024);
    tmp_close(&tmp);
}

static void a_group_leaves_its_limit_less_what_it_holds_but_cache(void **state)
{
    struct tmp tmp = { 0 };

    (void)state;
    tmp_open(&tmp);
    put(&tmp, "proc/meminfo", "MemAvailable: 1500 kB\n");
    put(&tmp, "proc/self/cgroup", "0::/system/curate\n");
    put(&tmp, "sys/fs/cgroup/system/curate/memory.max", "1000000\n");
    put(&tmp, "sys/fs/cgroup/system/curate/memory.current", "600000\n");
    assert_available(&tmp, 400000);
    put(&tmp, "sys/fs/cgroup/system/curate/memory.stat",
        "anon 1\ninactive_file 150000\nactive_file 50000\nfile 999999\n");
    assert_available(&tmp, 600000);
    put(&tmp, "sys/fs/cgroup/system/curate/memory.current", "2000000\n");
    assert_available(&tmp, 0);
    tmp_close(&tmp);
}

static void the_tightest_of_nested_groups_counts(void **state)
{
    struct tmp tmp = { 0 };

    (void)state;
    tmp_open(&tmp);
    put(&tmp, "proc/self/cgroup", "0::/a/b/c\n");
    put(&tmp, "sys/fs/cgroup/a/b/c/memory.max", "900\n");
    put(&tmp, "sys/fs/cgroup/a/b/memory.max", "max\n");
    put(&tmp, "sys/fs/cgroup/a/memory.max", "800\n");
    assert_available(&tmp, 800);
    tmp_close(&tmp);
}

/* Inside a container the path may name a group that is not to be seen. */
static void a_group_seen_as_the_root_counts(void **state)
{
    struct tmp tmp = { 0 };

    (void)state;
    tmp_open(&tmp);
    put(&tmp, "proc/self/cgroup", "0::/docker/0123\n");
    put(&tmp, "sys/fs/cgroup/memory.max", "700\n");
    assert_available(&tmp, 700);
    tmp_close(&tmp);
}

static void groups_of_version_1_count(void **state)
{
    struct tmp tmp = { 0 };

    (void)state;
    tmp_open(&tmp);
    put(&tmp, "proc/self/cgroup", "11:cpu,cpuacct:/x\n5:memory:/x\n0::/\n");
    put(&tmp, "sys/fs/cgroup/memory/x/memory.limit_in_bytes", "5000\n");
    put(&tmp, "sys/fs/cgroup/memory/x/memory.usage_in_bytes", "3000\n");
    put(&tmp, "sys/fs/cgroup/memory/x/memory.stat", "total_inactive_file 1000\n");
    assert_available(&tmp, 3000);
    tmp_close(&tmp);
}

static void this_machine_has_some(void **state)
{
    (void)state;
    assert_true(memory_available("") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_without_limits_has_what_it_says),
        cmocka_unit_test(a_group_leaves_its_limit_less_what_it_holds_but_cache),
        cmocka_unit_test(the_tightest_of_nested_groups_counts),
        cmocka_unit_test(a_group_seen_as_the_root_counts),
        cmocka_unit_test(groups_of_version_1_count),
        cmocka_unit_test(this_machine_has_some),
    };

    return cmocka_run_group_tests_name("base/memory", tests, NULL, NULL);
}
