/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/selection/dsir.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text/utf8.h"

#define DSIR_EPSILON 1e-8

/* SHA-256 takes 50 times as long as a look into the cache, and most tokens are frequent ones.
 */
enum { CACHE = 1 << 18 };

struct cached_bucket {
    uint64_t key;
    uint32_t bucket; /* plus 1; 0: empty */
};

struct dsir {
    struct digest *digest;
    struct cached_bucket *cache;
    struct buf lower; /* the text in lower case */
    struct buf gram;
    uint64_t counts[2][DSIR_BUCKETS];
    uint64_t totals[2];
    double ratios[DSIR_BUCKETS];
};

int dsir_new(struct dsir **out, struct error *err)
{
    struct dsir *dsir = calloc(1, sizeof *dsir);

    if (!dsir)
        return error_nomem(err);
    buf_init(&dsir->lower, SIZE_MAX / 2);
    buf_init(&dsir->gram, SIZE_MAX / 2);
    dsir->cache = calloc(CACHE, sizeof *dsir->cache);
    if (!dsir->cache || digest_new(&dsir->digest, err) < 0) {
        const int rc = dsir->cache ? -1 : error_nomem(err);

        dsir_free(dsir);
        return rc;
    }
    *out = dsir;
    return 0;
}

void dsir_free(struct dsir *dsir)
{
    if (!dsir)
        return;
    digest_free(dsir->digest);
    buf_release(&dsir->lower);
    buf_release(&dsir->gram);
    free(dsir->cache);
    free(dsir);
}

int dsir_bucket(struct dsir *dsir, struct slice gram, uint32_t *out, struct error *err)
{
    const uint64_t key = hash_u64(gram);
    struct cached_bucket *cached = &dsir->cache[key % CACHE];
    uint8_t bytes[DIGEST_BYTES];
    uint32_t rest = 0;

    if (cached->bucket == 0 || cached->key != key) {
        if (digest_add(dsir->digest, gram.ptr, gram.len, err) < 0 ||
            digest_end(dsir->digest, bytes, err) < 0 || digest_restart(dsir->digest, err) < 0)
            return -1;
        for (size_t i = 0; i < DIGEST_BYTES; i++)
            rest = (rest * 256 + bytes[i]) % DSIR_BUCKETS;
        *cached = (struct cached_bucket){ key, rest + 1 };
    }
    *out = cached->bucket - 1;
    return 0;
}

static int lower_text(struct dsir *dsir, struct slice text, struct error *err)
{
    buf_clear(&dsir->lower);
    if (buf_reserve(&dsir->lower, text.len, err) < 0)
        return -1;
    while (text.len > 0) {
        char bytes[4];
        size_t len;
        const uint32_t code = utf8_lower(utf8_first(text, &len));

        if (buf_add(&dsir->lower, bytes, utf8_put(code, bytes), err) < 0)
            return -1;
        text = slice_of(text.ptr + len, text.len - len);
    }
    return 0;
}

/* 0 for space, 1 for a character of a word, 2 for another one: \s and \w of Python, with which
 * the authors cut. \w has no marks. */
static int token_class(uint32_t code)
{
    if (utf8_is_space(code))
        return 0;
    return code == '_' || (utf8_is_word(code) && !(utf8_classes(code) & UTF8_MARK)) ? 1 : 2;
}

/* Cut the next token off the text; empty at the end. */
static struct slice next_dsir_token(struct slice *text)
{
    struct slice token = slice_of(text->ptr, 0);
    int class = 0;

    while (text->len > 0) {
        size_t len;
        const int here = token_class(utf8_first(*text, &len));

        if (token.len > 0 && here != class)
            break;
        if (here != 0) {
            token = slice_of(token.len > 0 ? token.ptr : text->ptr, token.len + len);
            class = here;
        }
        *text = slice_of(text->ptr + len, text->len - len);
    }
    return token;
}

typedef void dsir_use(void *arg, uint32_t bucket);

/* Call use() for each token and each pair. */
static int walk_grams(struct dsir *dsir, struct slice text, dsir_use *use, void *arg,
                      uint64_t *n_tokens, struct error *err)
{
    struct slice before = { 0 };
    uint32_t bucket = 0;

    *n_tokens = 0;
    if (lower_text(dsir, text, err) < 0)
        return -1;
    struct slice rest = buf_slice(&dsir->lower);
    for (struct slice token; (token = next_dsir_token(&rest)).len > 0; before = token) {
        ++*n_tokens;
        if (dsir_bucket(dsir, token, &bucket, err) < 0)
            return -1;
        use(arg, bucket);
        if (!before.ptr)
            continue;
        buf_clear(&dsir->gram);
        if (buf_add_slice(&dsir->gram, before, err) < 0 ||
            buf_add_text(&dsir->gram, " ", err) < 0 ||
            buf_add_slice(&dsir->gram, token, err) < 0 ||
            dsir_bucket(dsir, buf_slice(&dsir->gram), &bucket, err) < 0)
            return -1;
        use(arg, bucket);
    }
    return 0;
}

static void count_gram(void *arg, uint32_t bucket)
{
    uint64_t *counts = arg;

    counts[bucket]++;
}

int dsir_add(struct dsir *dsir, enum dsir_side side, struct slice text, struct error *err)
{
    uint64_t n_tokens = 0;

    if (walk_grams(dsir, text, count_gram, dsir->counts[side], &n_tokens, err) < 0)
        return -1;
    /* A pair begins at each token but the last. */
    dsir->totals[side] += n_tokens > 0 ? 2 * n_tokens - 1 : 0;
    return 0;
}

double dsir_log_ratio(double p, double q)
{
    return log(p + DSIR_EPSILON) - log(q + DSIR_EPSILON);
}

int dsir_fit(struct dsir *dsir, struct error *err)
{
    for (size_t side = 0; side < 2; side++)
        if (dsir->totals[side] == 0)
            return error_set(err, ERR_INPUT, "the texts of the %s have no words",
                             side == DSIR_TARGET ? "target" : "pool");
    for (size_t b = 0; b < DSIR_BUCKETS; b++)
        dsir->ratios[b] = dsir_log_ratio(
            (double)dsir->counts[DSIR_TARGET][b] / (double)dsir->totals[DSIR_TARGET],
            (double)dsir->counts[DSIR_RAW][b] / (double)dsir->totals[DSIR_RAW]);
    return 0;
}

struct dsir_sum {
    const double *ratios;
    double weight;
};

static void add_ratio(void *arg, uint32_t bucket)
{
    struct dsir_sum *sum = arg;

    sum->weight += sum->ratios[bucket];
}

int dsir_weigh(struct dsir *dsir, struct slice text, double *weight, uint64_t *n_tokens,
               struct error *err)
{
    struct dsir_sum sum = { .ratios = dsir->ratios };
    uint64_t n = 0;

    if (walk_grams(dsir, text, add_ratio, &sum, &n, err) < 0)
        return -1;
    *weight = sum.weight;
    *n_tokens = n;
    return 0;
}

double dsir_gumbel(uint64_t seed, const struct hash *sample)
{
    uint8_t bytes[8 + HASH_BYTES];

    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(seed >> (56 - 8 * i));
    memcpy(bytes + 8, sample->bytes, HASH_BYTES);
    const uint64_t bits = hash_u64(slice_of((const char *)bytes, sizeof bytes));
    /* From 2^-53 to 1 - 2^-53: never 0 or 1. */
    const double unit = ((double)(bits >> 12) + .5) * 0x1p-52;
    return -log(-log(unit));
}
