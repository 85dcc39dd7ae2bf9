/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_fixture.h - a model file of one small layer, which a test changes before opening it.
 *
 * It is a llama model without a vocabulary: 2 heads of 16 with one key-value head, width 32, 64
 * tokens. All weights are zero except those of the norms, which are one.
 */
#ifndef CURATE_TEST_MODEL_FIXTURE_H
#define CURATE_TEST_MODEL_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct model;

enum { FIXTURE_KEYS = 32, FIXTURE_TENSORS = 32 };

struct model_fixture {
    struct {
        char name[64];    /* empty: the key is not written */
        const char *text; /* a string, or NULL for a number */
        double number;
        int is_float;
    } keys[FIXTURE_KEYS];
    size_t n_keys;
    struct {
        char name[64];
        uint64_t dims[2];
        uint32_t type;
        float fill;
    } tensors[FIXTURE_TENSORS];
    size_t n_tensors;
};

void model_fixture_init(struct model_fixture *fixture);

/* Set a key, or add it if it is missing. */
void fixture_text(struct model_fixture *fixture, const char *key, const char *text);
void fixture_count(struct model_fixture *fixture, const char *key, uint32_t value);
void fixture_real(struct model_fixture *fixture, const char *key, double value);
/* Set a tensor, or add it if it is missing; dims[1] = 0 makes it a vector. */
void fixture_tensor(struct model_fixture *fixture, const char *name, uint64_t n_cols,
                    uint64_t n_rows, uint32_t type, float fill);
/* Remove a key or tensor, which must exist. */
void fixture_drop(struct model_fixture *fixture, const char *name);

/* Return what model_open_bytes() returns for the file, and close the model. */
int model_fixture_try(const struct model_fixture *fixture, struct error *err);
/* Open the model. The caller calls model_close(), and then free() for *bytes. */
int model_fixture_open(const struct model_fixture *fixture, void **bytes, struct model **out,
                       struct error *err);

#endif
