/* SPDX-License-Identifier: Apache-2.0 */
#include "base/chat/media.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "base/json/prune.h"

static const struct {
    const char *name, *type;
} media_names[] = {
    { "image", "image" },
    { "images", "image" },
    { "image_url", "image" },
    { "input_image", "image" },
    { "audio", "audio" },
    { "audios", "audio" },
    { "audio_url", "audio" },
    { "input_audio", "audio" },
    { "video", "video" },
    { "videos", "video" },
    { "video_url", "video" },
    { "file", "file" },
    { "input_file", "file" },
    { "file_data", "file" },
    { "fileData", "file" },
    { "inline_data", "file" },
    { "inlineData", "file" },
    { "document", "file" },
    { "image_asset_pointer", "image" },
    { "audio_asset_pointer", "audio" },
};

const char *media_type_of(struct slice name)
{
    for (size_t i = 0; i < sizeof media_names / sizeof media_names[0]; i++)
        if (name.len == strlen(media_names[i].name) &&
            strncasecmp(name.ptr, media_names[i].name, name.len) == 0)
            return media_names[i].type;
    return NULL;
}

/* Append what stands before the part. */
static int begin_medium(const char *type, size_t at, struct buf *out, struct error *err)
{
    return buf_printf(out, err,
                      "%s{\"type\":\"%s\",\"at\":%zu,\"part\":", out->len == 0 ? "[" : ",",
                      type, at);
}

int media_add_part(const char *type, size_t at, const struct json_value *part, struct buf *out,
                   struct error *err)
{
    if (begin_medium(type, at, out, err) < 0 || prune_write(part, out, err) < 0)
        return -1;
    return buf_add_text(out, "}", err);
}

int media_add_reference(const char *type, size_t at, const struct json_value *reference,
                        bool is_placeholder, struct buf *out, struct error *err)
{
    if (begin_medium(type, at, out, err) < 0 ||
        buf_printf(out, err, "{\"type\":\"%s\",\"%s\":", type, type) < 0 ||
        prune_write(reference, out, err) < 0)
        return -1;
    return buf_add_text(out, is_placeholder ? ",\"placeholder\":true}}" : "}}", err);
}

int media_end(struct buf *out, struct error *err)
{
    return buf_add_text(out, "]", err);
}
