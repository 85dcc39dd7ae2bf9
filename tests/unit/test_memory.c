/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <sys/stat.h>

#include "base/memory.h"
#include "tests/support/tmp.h"

/* Make the folders of this path, below the folder of the test. */
static void make_folders(struct tmp *tmp, const char *path)
{
    char part[256];

    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        (void)mkdir(tmp_path(tmp, part), 0700); /* the folder may exist already */
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

static void without_limits_the_memory_of_the_machine_is_available(void **state)
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

static void a_cgroup_limits_memory_and_its_cache_counts_as_free(void **state)
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

static void the_smallest_limit_of_nested_cgroups_counts(void **state)
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

/* Inside a container the path may name a group outside it, which is not visible. */
static void the_limit_of_a_container_counts(void **state)
{
    struct tmp tmp = { 0 };

    (void)state;
    tmp_open(&tmp);
    put(&tmp, "proc/self/cgroup", "0::/docker/0123\n");
    put(&tmp, "sys/fs/cgroup/memory.max", "700\n");
    assert_available(&tmp, 700);
    tmp_close(&tmp);
}

static void cgroups_of_version_1_count(void **state)
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

static void this_machine_has_available_memory(void **state)
{
    (void)state;
    assert_true(memory_available("") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limits_the_memory_of_the_machine_is_available),
        cmocka_unit_test(a_cgroup_limits_memory_and_its_cache_counts_as_free),
        cmocka_unit_test(the_smallest_limit_of_nested_cgroups_counts),
        cmocka_unit_test(the_limit_of_a_container_counts),
        cmocka_unit_test(cgroups_of_version_1_count),
        cmocka_unit_test(this_machine_has_available_memory),
    };

    return cmocka_run_group_tests_name("base/memory", tests, NULL, NULL);
}
