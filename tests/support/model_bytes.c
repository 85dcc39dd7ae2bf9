/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/model_bytes.h"

#include <stdlib.h>

#include "base/error.h"
#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/model/model_private.h"

int model_open_bytes(const void *bytes, size_t n, struct model **out, struct error *err)
{
    struct model *model = calloc(1, sizeof *model);

    if (!model)
        return error_nomem(err);
    if (gguf_parse(bytes, n, &model->file.gguf, err) < 0 || model_bind(model, err) < 0) {
        model_close(model);
        return -1;
    }
    *out = model;
    return 0;
}
