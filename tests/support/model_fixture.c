/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/model_fixture.h"

#include "tests/support/test.h"

#include <stdlib.h>

#include "scoring/infer/gguf/dtype.h"
#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/model/model.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/model_bytes.h"

enum { WIDTH = 32, KV_WIDTH = 16, FF = 64, N_VOCAB = 64 };

static void copy_name(char out[64], const char *name)
{
    assert_true(strlen(name) < 64);
    memcpy(out, name, strlen(name) + 1);
}

/* The place of a key; the place after the last one if the key is missing. */
static size_t key_place(struct model_fixture *fixture, const char *name)
{
    for (size_t i = 0; i < fixture->n_keys; i++)
        if (strcmp(fixture->keys[i].name, name) == 0)
            return i;
    assert_true(fixture->n_keys < FIXTURE_KEYS);
    memset(&fixture->keys[fixture->n_keys], 0, sizeof fixture->keys[0]);
    copy_name(fixture->keys[fixture->n_keys].name, name);
    return fixture->n_keys++;
}

void fixture_text(struct model_fixture *fixture, const char *key, const char *text)
{
    fixture->keys[key_place(fixture, key)].text = text;
}

void fixture_count(struct model_fixture *fixture, const char *key, uint32_t value)
{
    fixture->keys[key_place(fixture, key)].number = value;
}

void fixture_real(struct model_fixture *fixture, const char *key, double value)
{
    const size_t i = key_place(fixture, key);

    fixture->keys[i].number = value;
    fixture->keys[i].is_float = 1;
}

void fixture_tensor(struct model_fixture *fixture, const char *name, uint64_t n_cols,
                    uint64_t n_rows, uint32_t type, float fill)
{
    size_t i = 0;

    while (i < fixture->n_tensors && strcmp(fixture->tensors[i].name, name) != 0)
        i++;
    assert_true(i < FIXTURE_TENSORS);
    copy_name(fixture->tensors[i].name, name);
    fixture->tensors[i].dims[0] = n_cols;
    fixture->tensors[i].dims[1] = n_rows;
    fixture->tensors[i].type = type;
    fixture->tensors[i].fill = fill;
    fixture->n_tensors += i == fixture->n_tensors;
}

void fixture_drop(struct model_fixture *fixture, const char *name)
{
    for (size_t i = 0; i < fixture->n_keys; i++)
        if (strcmp(fixture->keys[i].name, name) == 0) {
            fixture->keys[i] = fixture->keys[--fixture->n_keys];
            return;
        }
    for (size_t i = 0; i < fixture->n_tensors; i++)
        if (strcmp(fixture->tensors[i].name, name) == 0) {
            fixture->tensors[i] = fixture->tensors[--fixture->n_tensors];
            return;
        }
    fail_msg("the fixture has no %s", name);
}

void model_fixture_init(struct model_fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    fixture_text(fixture, "general.architecture", "llama");
    fixture_count(fixture, "llama.block_count", 1);
    fixture_count(fixture, "llama.context_length", 128);
    fixture_count(fixture, "llama.embedding_length", WIDTH);
    fixture_count(fixture, "llama.feed_forward_length", FF);
    fixture_count(fixture, "llama.attention.head_count", 2);
    fixture_count(fixture, "llama.attention.head_count_kv", 1);
    fixture_real(fixture, "llama.attention.layer_norm_rms_epsilon", 1e-5);
    fixture_tensor(fixture, "token_embd.weight", WIDTH, N_VOCAB, DTYPE_F32, 0);
    fixture_tensor(fixture, "blk.0.attn_norm.weight", WIDTH, 0, DTYPE_F32, 1);
    fixture_tensor(fixture, "blk.0.attn_q.weight", WIDTH, WIDTH, DTYPE_F32, 0);
    fixture_tensor(fixture, "blk.0.attn_k.weight", WIDTH, KV_WIDTH, DTYPE_F32, 0);
    fixture_tensor(fixture, "blk.0.attn_v.weight", WIDTH, KV_WIDTH, DTYPE_F32, 0);
    fixture_tensor(fixture, "blk.0.attn_output.weight", WIDTH, WIDTH, DTYPE_F32, 0);
    fixture_tensor(fixture, "blk.0.ffn_norm.weight", WIDTH, 0, DTYPE_F32, 1);
    fixture_tensor(fixture, "blk.0.ffn_gate.weight", WIDTH, FF, DTYPE_F32, 0);
    fixture_tensor(fixture, "blk.0.ffn_up.weight", WIDTH, FF, DTYPE_F32, 0);
    fixture_tensor(fixture, "blk.0.ffn_down.weight", FF, WIDTH, DTYPE_F32, 0);
    fixture_tensor(fixture, "output_norm.weight", WIDTH, 0, DTYPE_F32, 1);
}

static void write_keys(const struct model_fixture *fixture, struct gguf_writer *writer)
{
    for (size_t i = 0; i < fixture->n_keys; i++) {
        const char *name = fixture->keys[i].name;

        if (fixture->keys[i].text)
            gguf_write_string(writer, name, slice_text(fixture->keys[i].text));
        else if (fixture->keys[i].is_float)
            gguf_write_f32(writer, name, (float)fixture->keys[i].number);
        else
            gguf_write_u32(writer, name, (uint32_t)fixture->keys[i].number);
    }
}

static void write_tensors(const struct model_fixture *fixture, struct gguf_writer *writer)
{
    for (size_t i = 0; i < fixture->n_tensors; i++) {
        const uint64_t *dims = fixture->tensors[i].dims;
        const struct dtype_info *type = dtype_find(fixture->tensors[i].type);
        const size_t n = (size_t)(dims[0] * (dims[1] ? dims[1] : 1));
        const size_t n_bytes = n / type->block * type->block_bytes;
        char *bytes = test_calloc(n_bytes + 1, 1);

        for (size_t e = 0; fixture->tensors[i].type == DTYPE_F32 && e < n; e++)
            memcpy(bytes + e * sizeof(float), &fixture->tensors[i].fill, sizeof(float));
        gguf_write_tensor(writer, fixture->tensors[i].name, dims, dims[1] ? 2 : 1,
                          (enum dtype)fixture->tensors[i].type, slice_of(bytes, n_bytes));
        test_free(bytes);
    }
}

int model_fixture_open(const struct model_fixture *fixture, void **bytes, struct model **out,
                       struct error *err)
{
    struct gguf_writer writer;

    gguf_writer_init(&writer);
    write_keys(fixture, &writer);
    write_tensors(fixture, &writer);
    const struct slice file = gguf_writer_file(&writer);
    *bytes = malloc(file.len);
    assert_non_null(*bytes);
    memcpy(*bytes, file.ptr, file.len);
    gguf_writer_release(&writer);
    const int rc = model_open_bytes(*bytes, file.len, out, err);
    if (rc < 0) {
        free(*bytes);
        *bytes = NULL;
    }
    return rc;
}

int model_fixture_try(const struct model_fixture *fixture, struct error *err)
{
    struct model *model = NULL;
    void *bytes = NULL;
    const int rc = model_fixture_open(fixture, &bytes, &model, err);

    model_close(model);
    free(bytes);
    return rc;
}
