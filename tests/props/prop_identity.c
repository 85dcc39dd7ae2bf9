/* SPDX-License-Identifier: Apache-2.0 */
/* Invariants of sample identity over random samples: the same content has the same hash, and
 * any difference in content gives another hash. CURATE_SEED replays a run. */
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json/jsonout.h"
#include "store/sample.h"
#include "tests/support/rng.h"

enum { N_ROUNDS = 3000, MAX_TURNS = 4, MAX_PIECES = 12, TEXT_MAX_BYTES = 1 << 16 };

/* Pieces of text in canonical form, and in another form with the same meaning. No piece
 * combines with a neighbour, so a text of canonical pieces is canonical. */
static const struct {
    const char *canonical;
    const char *other;
} pieces[] = {
    { "a", "a" },
    { "word ", "word " },
    { "\n", "\r\n" },
    { "\n", "\r" },
    { "\n", "\xe2\x80\xa8" },                                   /* the line separator */
    { "\xc3\xa9", "e\xcc\x81" },                                /* e acute */
    { "\xc3\x85", "\xe2\x84\xab" },                             /* A ring, the angstrom sign */
    { "\xe1\xbb\x87", "e\xcc\xa3\xcc\x82" },                    /* e, dot below, circumflex */
    { "\xea\xb0\x81", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8" }, /* a Hangul syllable */
    { "\xe4\xb8\xad", "\xe4\xb8\xad" },                         /* a Han character */
    { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },                 /* an emoji */
};

/* One content in two representations. */
struct pair {
    struct sample canonical;
    struct sample other;
    struct turn turns[2][MAX_TURNS];
};

struct world {
    struct rng rng;
    struct arena arena;
    struct identifier *identifier;
};

/* A random text in both forms, with NULs now and then. It is missing now and then if that is
 * allowed. */
static void make_text(struct world *w, bool may_be_absent, struct slice *canonical,
                      struct slice *other)
{
    struct buf a;
    struct buf b;
    struct error err;

    *canonical = *other = slice_of(NULL, 0);
    if (may_be_absent && rng_below(&w->rng, 3) == 0)
        return;
    buf_init(&a, TEXT_MAX_BYTES);
    buf_init(&b, TEXT_MAX_BYTES);
    for (size_t n = rng_below(&w->rng, MAX_PIECES); n > 0; n--) {
        const size_t i = rng_below(&w->rng, sizeof pieces / sizeof pieces[0]);

        if (rng_below(&w->rng, 20) == 0) {
            assert_ok(buf_add(&a, "", 1, &err));
            assert_ok(buf_add(&b, "", 1, &err));
        }
        assert_ok(buf_add_text(&a, pieces[i].canonical, &err));
        assert_ok(buf_add_text(&b, pieces[i].other, &err));
        /* A CR before a LF would be one line end, not two. */
        assert_ok(buf_add_text(&a, "|", &err));
        assert_ok(buf_add_text(&b, "|", &err));
    }
    *canonical = arena_copy(&w->arena, buf_slice(&a));
    *other = arena_copy(&w->arena, buf_slice(&b));
    assert_true(canonical->ptr && other->ptr);
    buf_release(&a);
    buf_release(&b);
}

/* A random object, in both forms of its texts and in two orders of its members; in an array if
 * that is asked for. It is missing now and then. */
static void make_json(struct world *w, bool in_array, struct slice *canonical,
                      struct slice *other)
{
    static const char *const keys[][2] = {
        { "a", "a" }, { "b", "b" }, { "\xc3\xa9", "e\xcc\x81" }, { "z", "z" }
    };
    struct slice texts[4][2];
    const size_t n = rng_below(&w->rng, 5), first = rng_below(&w->rng, 4);
    struct jsonout out[2];
    struct buf bufs[2];
    struct slice *const made[2] = { canonical, other };
    struct error err;

    *canonical = *other = slice_of(NULL, 0);
    if (rng_below(&w->rng, 3) == 0)
        return;
    for (size_t i = 0; i < n; i++)
        make_text(w, true, &texts[i][0], &texts[i][1]);
    for (size_t form = 0; form < 2; form++) {
        buf_init(&bufs[form], TEXT_MAX_BYTES);
        jsonout_init(&out[form], &bufs[form]);
        if (in_array)
            jsonout_array_begin(&out[form]);
        jsonout_object_begin(&out[form]);
        for (size_t i = 0; i < n; i++) {
            const size_t at = form == 0 ? i : (i + first) % n;

            jsonout_key(&out[form], keys[at][form]);
            jsonout_text(&out[form], texts[at][form]);
        }
        jsonout_object_end(&out[form]);
        if (in_array)
            jsonout_array_end(&out[form]);
        assert_ok(jsonout_end(&out[form], &err));
        *made[form] = arena_copy(&w->arena, buf_slice(&bufs[form]));
        buf_release(&bufs[form]);
    }
}

/* A content of two texts with an image between them. */
static void make_media(struct world *w, struct turn *a, struct turn *b)
{
    struct turn *const turns[2] = { a, b };
    struct slice texts[2][2];
    struct buf buf;
    struct error err;

    make_text(w, false, &texts[0][0], &texts[0][1]);
    make_text(w, false, &texts[1][0], &texts[1][1]);
    for (size_t form = 0; form < 2; form++) {
        buf_init(&buf, TEXT_MAX_BYTES);
        assert_ok(buf_add_slice(&buf, texts[0][form], &err));
        assert_ok(buf_add_slice(&buf, texts[1][form], &err));
        turns[form]->content = arena_copy(&w->arena, buf_slice(&buf));
        buf_clear(&buf);
        assert_ok(buf_printf(&buf, &err,
                             form == 0
                                 ? "[{\"type\":\"image\",\"at\":%zu,\"part\":{\"url\":1}}]"
                                 : "[{\"part\":{\"url\":1},\"at\":%zu,\"type\":\"image\"}]",
                             texts[0][form].len));
        turns[form]->media = arena_copy(&w->arena, buf_slice(&buf));
        buf_release(&buf);
    }
}

static void make_turns(struct world *w, struct turn *a, struct turn *b)
{
    make_text(w, false, &a->role, &b->role);
    make_text(w, false, &a->content, &b->content);
    make_text(w, true, &a->thought, &b->thought);
    make_json(w, false, &a->extra, &b->extra);
    make_json(w, true, &a->calls, &b->calls);
    make_json(w, true, &a->media, &b->media);
    if (rng_below(&w->rng, 2) == 0)
        make_media(w, a, b);
    a->side = b->side = (enum turn_side)rng_below(&w->rng, 3);
    a->trained = b->trained = (enum turn_trained)rng_below(&w->rng, 3);
    /* A turn that is trained on is the same as one of which the record says nothing. */
    if (a->trained == TURN_TRAINED_YES)
        b->trained = TURN_TRAINED_UNSAID;
}

static void make_pair(struct world *w, struct pair *pair)
{
    struct sample *a = &pair->canonical;
    struct sample *b = &pair->other;

    memset(pair, 0, sizeof *pair);
    a->kind = b->kind = (enum sample_kind)rng_below(&w->rng, 4);
    a->n_turns = b->n_turns = rng_below(&w->rng, MAX_TURNS + 1);
    a->turns = pair->turns[0];
    b->turns = pair->turns[1];
    make_text(w, true, &a->system, &b->system);
    make_text(w, true, &a->context, &b->context);
    make_json(w, true, &a->tools, &b->tools);
    for (size_t i = 0; i < a->n_turns; i++)
        make_turns(w, &a->turns[i], &b->turns[i]);
    /* These do not count: two samples may differ in them. */
    b->ext_id = slice_text("other id");
    b->meta = slice_text("{}");
    b->split = slice_text("last-paragraph");
    b->instruction_turn = b->response_turn = -1;
    b->file_id = 7;
    b->line = 8;
    b->byte_offset = 9;
    b->item = 1;
}

static void identify(struct world *w, struct sample *sample)
{
    struct error err;

    assert_ok(sample_identify(w->identifier, sample, &err));
}

static bool same_hash(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static int setup(void **state)
{
    struct world *w = test_calloc(1, sizeof *w);
    struct error err;

    w->rng = rng_from_env("CURATE_SEED");
    arena_init(&w->arena);
    assert_ok(identifier_new(&w->identifier, &err));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    identifier_free(w->identifier);
    arena_release(&w->arena);
    test_free(w);
    return 0;
}

static void the_hash_does_not_depend_on_the_form_of_the_text(void **state)
{
    struct world *w = *state;
    struct pair pair;

    for (int i = 0; i < N_ROUNDS; i++) {
        make_pair(w, &pair);
        identify(w, &pair.canonical);
        identify(w, &pair.other);

        assert_true(same_hash(&pair.canonical.hash, &pair.other.hash));
        if (pair.canonical.context.ptr) {
            assert_true(same_hash(&pair.canonical.context_hash, &pair.other.context_hash));
            const struct hash want = hash_bytes(pair.canonical.context);
            assert_true(same_hash(&pair.canonical.context_hash, &want));
        }
        arena_clear(&w->arena);
    }
}

/* The text with one byte more or one byte less, or a missing text in place of one that was
 * there. */
static struct slice changed(struct world *w, struct slice text)
{
    const size_t choice = rng_below(&w->rng, 3);

    if (!text.ptr)
        return slice_of("", 0);
    if (choice == 0 && text.len > 0)
        return slice_of(text.ptr, text.len - 1); /* an ASCII byte: every text ends with '|' */
    if (choice == 1)
        return slice_of(NULL, 0);
    char *longer = arena_alloc(&w->arena, text.len + 1, 1);
    assert_non_null(longer);
    memcpy(longer, text.ptr, text.len);
    longer[text.len] = 'z';
    return slice_of(longer, text.len + 1);
}

/* Another JSON value, or a missing one in place of one that was there. */
static struct slice changed_json(struct world *w, struct slice json)
{
    struct slice copy;
    struct buf longer;
    struct error err;

    if (!json.ptr)
        return slice_text(rng_below(&w->rng, 2) == 0 ? "{}" : "[]");
    if (rng_below(&w->rng, 2) == 0)
        return slice_of(NULL, 0);
    buf_init(&longer, TEXT_MAX_BYTES);
    assert_ok(buf_printf(&longer, &err, "[%s]", json.ptr));
    copy = arena_copy(&w->arena, buf_slice(&longer));
    buf_release(&longer);
    return copy;
}

static void change_turn(struct world *w, struct turn *turn)
{
    struct slice *const texts[] = { &turn->role, &turn->content, &turn->thought };
    struct slice *const jsons[] = { &turn->extra, &turn->calls, &turn->media };
    const size_t i = rng_below(&w->rng, 3);

    switch (rng_below(&w->rng, 4)) {
    case 0:
        turn->side = (enum turn_side)(((int)turn->side + 1) % 3);
        return;
    case 1:
        turn->trained =
            turn->trained == TURN_TRAINED_NO ? TURN_TRAINED_UNSAID : TURN_TRAINED_NO;
        return;
    case 2:
        *jsons[i] = changed_json(w, *jsons[i]);
        return;
    default:
        *texts[i] = changed(w, *texts[i]);
        return;
    }
}

/* Change one thing that is part of the content. */
static void change(struct world *w, struct sample *sample)
{
    switch (rng_below(&w->rng, 6)) {
    case 0:
        sample->kind = (enum sample_kind)(((int)sample->kind + 1) % 4);
        return;
    case 1:
        sample->system = changed(w, sample->system);
        return;
    case 2:
        sample->context = changed(w, sample->context);
        return;
    case 3:
        sample->tools = changed_json(w, sample->tools);
        return;
    case 4:
        if (sample->n_turns > 0) {
            sample->n_turns--;
            return;
        }
        break;
    default:
        if (sample->n_turns > 0) {
            change_turn(w, &sample->turns[rng_below(&w->rng, sample->n_turns)]);
            return;
        }
        break;
    }
    sample->turns[sample->n_turns++] =
        (struct turn){ .role = slice_text("user"), .content = slice_text("") };
}

static void any_difference_in_content_changes_the_hash(void **state)
{
    struct world *w = *state;
    struct pair pair;

    for (int i = 0; i < N_ROUNDS; i++) {
        make_pair(w, &pair);
        identify(w, &pair.canonical);
        const struct hash before = pair.canonical.hash;
        change(w, &pair.canonical);
        identify(w, &pair.canonical);

        assert_false(same_hash(&pair.canonical.hash, &before));
        arena_clear(&w->arena);
    }
}

enum { MAX_SEEN = 2000 };

static void assert_new_hash(const struct hash *hash, struct hash *seen, size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        assert_false(same_hash(hash, &seen[i]));
    assert_true(*n < MAX_SEEN);
    seen[(*n)++] = *hash;
}

/* Split the same bytes in another place: which part a byte is in must count. */
static void moving_bytes_between_parts_changes_the_hash(void **state)
{
    static const char text[] = "userassistantuser";
    static struct hash seen[MAX_SEEN];
    struct world *w = *state;
    size_t n = 0;

    for (size_t i = 0; i < sizeof text; i++) {
        for (size_t j = i; j < sizeof text; j++) {
            struct turn turn = { .role = slice_of(text, i),
                                 .content = slice_of(text + i, j - i),
                                 .thought = slice_of(text + j, sizeof text - 1 - j) };
            struct sample sample = { .kind = SAMPLE_SFT, .turns = &turn, .n_turns = 1 };

            identify(w, &sample);
            assert_new_hash(&sample.hash, seen, &n);
        }
    }
}

/* The same JSON in each part of two turns that may hold it, and in tools. */
static void moving_json_between_parts_changes_the_hash(void **state)
{
    static struct hash seen[MAX_SEEN];
    struct world *w = *state;
    size_t n = 0;

    for (size_t i = 0; i < 7; i++) {
        struct turn turns[2] = { { .role = slice_text("user"), .content = slice_text("a") },
                                 { .role = slice_text("user"), .content = slice_text("a") } };
        struct sample sample = { .kind = SAMPLE_SFT, .turns = turns, .n_turns = 2 };
        struct slice *const parts[] = { &turns[0].extra, &turns[0].calls, &turns[0].media,
                                        &turns[1].extra, &turns[1].calls, &turns[1].media,
                                        &sample.tools };

        *parts[i] = slice_text("[{\"name\":\"f\"}]");
        identify(w, &sample);
        assert_new_hash(&sample.hash, seen, &n);
    }
}

/* The hash of a sample without the fields of version 2 is that of version 1, so that databases
 * and files with hashes stay valid. */
static void plain_samples_have_the_hash_of_version_1(void **state)
{
    static const uint8_t want[HASH_BYTES] = { 0x42, 0x6e, 0x85, 0xe8, 0x9c, 0x18, 0x99, 0xc1,
                                              0x71, 0x91, 0x79, 0xa4, 0x02, 0xf3, 0x18, 0x18 };
    struct world *w = *state;
    struct turn turns[] = {
        { .role = slice_text("user"), .content = slice_text("why?") },
        { .role = slice_text("assistant"), .content = slice_text("because") },
    };
    struct sample sample = { .kind = SAMPLE_SFT,
                             .system = slice_text("be brief"),
                             .context = slice_text("a novel"),
                             .turns = turns,
                             .n_turns = 2 };

    identify(w, &sample);
    assert_memory_equal(sample.hash.bytes, want, sizeof want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_does_not_depend_on_the_form_of_the_text),
        cmocka_unit_test(any_difference_in_content_changes_the_hash),
        cmocka_unit_test(moving_bytes_between_parts_changes_the_hash),
        cmocka_unit_test(moving_json_between_parts_changes_the_hash),
        cmocka_unit_test(plain_samples_have_the_hash_of_version_1),
    };

    return cmocka_run_group_tests_name("store/sample_identify", tests, setup, teardown);
}
