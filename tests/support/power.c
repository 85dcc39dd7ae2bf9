/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/power.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/test.h"

enum { FILES_MAX = 64, IMAGE_MAX_BYTES = 64 << 20 };

struct image {
    char *bytes;
    size_t size;
};

struct power_file {
    char path[1024];
    struct image written;
    struct image synced;
};

static struct power_file files[FILES_MAX];
static size_t n_files;
static bool recording;
static void (*before_rename)(const char *to);
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

static void image_resize(struct image *image, size_t size)
{
    assert_true(size <= IMAGE_MAX_BYTES);
    char *bytes = realloc(image->bytes, size + 1);

    assert_non_null(bytes);
    if (size > image->size)
        memset(bytes + image->size, 0, size - image->size);
    image->bytes = bytes;
    image->size = size;
}

static void image_copy(struct image *to, const struct image *from)
{
    image_resize(to, from->size);
    if (from->size > 0)
        memcpy(to->bytes, from->bytes, from->size);
}

static struct power_file *find_file(const char *path)
{
    for (size_t i = 0; i < n_files; i++)
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    return NULL;
}

/* Read the file as it is now, if it exists. */
static void image_read(struct image *image, const char *path)
{
    FILE *file = fopen(path, "rb");

    image_resize(image, 0);
    if (!file)
        return;
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    image_resize(image, (size_t)ftell(file));
    rewind(file);
    assert_int_equal(fread(image->bytes, 1, image->size, file), image->size);
    fclose(file);
}

struct power_file *power_open(const char *path)
{
    pthread_mutex_lock(&guard);
    struct power_file *file = recording ? find_file(path) : NULL;

    if (recording && !file) {
        assert_true(n_files < FILES_MAX);
        file = &files[n_files++];
        snprintf(file->path, sizeof file->path, "%s", path);
        image_read(&file->written, path);
        image_copy(&file->synced, &file->written);
    }
    pthread_mutex_unlock(&guard);
    return file;
}

void power_write(struct power_file *file, const void *bytes, size_t n, size_t at)
{
    if (!file)
        return;
    pthread_mutex_lock(&guard);
    if (at + n > file->written.size)
        image_resize(&file->written, at + n);
    memcpy(file->written.bytes + at, bytes, n);
    pthread_mutex_unlock(&guard);
}

void power_truncate(struct power_file *file, size_t size)
{
    if (!file)
        return;
    pthread_mutex_lock(&guard);
    image_resize(&file->written, size);
    pthread_mutex_unlock(&guard);
}

void power_sync(struct power_file *file)
{
    if (!file)
        return;
    pthread_mutex_lock(&guard);
    image_copy(&file->synced, &file->written);
    pthread_mutex_unlock(&guard);
}

void power_delete(const char *path, bool folder_is_synced)
{
    pthread_mutex_lock(&guard);
    struct power_file *file = find_file(path);

    if (file) {
        image_resize(&file->written, 0);
        if (folder_is_synced)
            image_resize(&file->synced, 0);
    }
    pthread_mutex_unlock(&guard);
}

void power_rename(const char *to)
{
    if (before_rename)
        before_rename(to);
}

void power_before_rename(void (*hook)(const char *to))
{
    before_rename = hook;
}

void power_record(void)
{
    recording = true;
}

void power_forget(void)
{
    for (size_t i = 0; i < n_files; i++) {
        free(files[i].written.bytes);
        free(files[i].synced.bytes);
        files[i] = (struct power_file){ .path = "" };
    }
    n_files = 0;
    recording = false;
    before_rename = NULL;
}

static void write_synced(const char *path, const char *suffix, const char *to)
{
    char from[1024];
    char name[1024];

    snprintf(from, sizeof from, "%s%s", path, suffix);
    snprintf(name, sizeof name, "%s%s", to, suffix);
    remove(name);
    const struct power_file *file = find_file(from);
    if (!file || file->synced.size == 0)
        return;
    FILE *out = fopen(name, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(file->synced.bytes, 1, file->synced.size, out), file->synced.size);
    assert_int_equal(fclose(out), 0);
}

void power_cut(const char *path, const char *to)
{
    pthread_mutex_lock(&guard);
    write_synced(path, "", to);
    write_synced(path, "-wal", to);
    pthread_mutex_unlock(&guard);
}
