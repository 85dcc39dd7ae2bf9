/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/export/manifest.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/json/jsonout.h"
#include "store/selection.h"

enum { MANIFEST_MAX_BYTES = 64 * 1024, PATH_MAX_BYTES = 8192 };

/* Only a regular file has a manifest: not a pipe, a device or standard output. */
static bool has_manifest(const char *path)
{
    struct stat st;

    return !file_is_stdout(path) && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int manifest_path(const char *path, struct buf *out, struct error *err)
{
    buf_init(out, PATH_MAX_BYTES);
    return buf_printf(out, err, "%s.manifest", path);
}

/* Does the file begin as write_manifest_json() begins? */
static bool is_manifest(const char *path)
{
    static const char start[] = "{\"schema\":\"curate.manifest/";
    struct error ignored;
    struct buf found;
    bool is;

    buf_init(&found, MANIFEST_MAX_BYTES);
    is = file_read(path, &found, &ignored) == 0 && found.len >= sizeof start - 1 &&
         memcmp(found.data, start, sizeof start - 1) == 0;
    buf_release(&found);
    return is;
}

int export_manifest_check(const char *path, struct error *err)
{
    struct stat st;
    struct buf name;
    int rc = -1;

    /* A device or pipe gets no manifest. */
    if (file_is_stdout(path) || (stat(path, &st) == 0 && !S_ISREG(st.st_mode)))
        return 0;
    if (manifest_path(path, &name, err) == 0)
        rc = 0;
    if (rc == 0 && lstat(name.data, &st) == 0 &&
        (stat(name.data, &st) < 0 || !S_ISREG(st.st_mode) || !is_manifest(name.data)))
        rc = error_set(err, ERR_CANTCREATE,
                       "%s: not a manifest of curate: move it away, or name another file",
                       name.data);
    buf_release(&name);
    return rc;
}

int export_manifest_remove(const char *path, struct error *err)
{
    struct buf name;
    int rc = 0;

    if (!has_manifest(path))
        return 0;
    rc = manifest_path(path, &name, err);
    if (rc == 0)
        rc = file_remove(name.data, err);
    buf_release(&name);
    return rc;
}

static int write_manifest_json(const struct export_row *row, struct buf *out, struct error *err)
{
    const char *slash = strrchr(row->path, '/');
    char sha256[2 * DIGEST_BYTES + 1];
    struct jsonout json;

    digest_hex(row->sha256, DIGEST_BYTES, sha256);
    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    jsonout_key(&json, "schema");
    jsonout_text(&json, slice_text("curate.manifest/1"));
    jsonout_key(&json, "file");
    jsonout_text(&json, slice_text(slash ? slash + 1 : row->path));
    jsonout_key(&json, "selection");
    jsonout_text(&json, slice_text(row->selection));
    jsonout_key(&json, "format");
    jsonout_text(&json, slice_text(row->format));
    jsonout_key(&json, "samples");
    jsonout_int(&json, (int64_t)row->n_samples);
    jsonout_key(&json, "bytes");
    jsonout_int(&json, (int64_t)row->n_bytes);
    if (row->fact) {
        jsonout_key(&json, "ordered_by");
        jsonout_text(&json, slice_text(row->fact));
        jsonout_key(&json, "order");
        jsonout_text(&json, slice_text(row->order));
    }
    if (row->split) {
        jsonout_key(&json, "split");
        jsonout_text(&json, slice_text(row->split));
    }
    if (row->is_redacted) {
        jsonout_key(&json, "redacted");
        jsonout_int(&json, (int64_t)row->n_redacted);
    }
    jsonout_key(&json, "sha256");
    jsonout_text(&json, slice_text(sha256));
    jsonout_object_end(&json);
    return jsonout_end(&json, err) < 0 ? -1 : buf_add_text(out, "\n", err);
}

/* Does the file hold this text? */
static bool file_holds(const char *path, const struct buf *text)
{
    struct error ignored;
    struct buf found;
    bool same;

    buf_init(&found, MANIFEST_MAX_BYTES);
    same = file_read(path, &found, &ignored) == 0 &&
           slice_equal(buf_slice(&found), buf_slice(text));
    buf_release(&found);
    return same;
}

static int replace_file(const char *path, const struct buf *text, struct error *err)
{
    struct file_out *file = NULL;
    int rc = -1;

    if (file_out_open(path, &file, err) == 0 && file_out_add(file, buf_slice(text), err) == 0 &&
        file_out_commit(file, err) == 0)
        rc = 0;
    file_out_close(file);
    return rc;
}

int export_manifest_write(const struct export_row *row, struct error *err)
{
    struct buf name, text;
    int rc = -1;

    if (!has_manifest(row->path))
        return 0;
    buf_init(&text, MANIFEST_MAX_BYTES);
    if (manifest_path(row->path, &name, err) == 0 && write_manifest_json(row, &text, err) == 0)
        rc = file_holds(name.data, &text) ? 0 : replace_file(name.data, &text, err);
    buf_release(&text);
    buf_release(&name);
    return rc;
}
