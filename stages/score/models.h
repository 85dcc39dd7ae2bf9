/* SPDX-License-Identifier: Apache-2.0 */
/*
 * models.h - the models of a run: opened, checked, and what follows from them.
 *
 * Room "models" of the score stage. It may call the rooms "settings" and "plan", scoring/, the
 * stored digests of model files (store/score.h) and base/.
 */
#ifndef CURATE_SCORE_MODELS_H
#define CURATE_SCORE_MODELS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/hash.h"
#include "base/io/file.h"
#include "base/net/fetcher.h"
#include "scoring/kernels/kernels.h"
#include "scoring/observe/observe.h"
#include "scoring/prompts/templates/template.h"
#include "stages/score/model_file.h"
#include "stages/score/plan.h"

struct error;
struct model;
struct score_settings;
struct stage_context;

struct score_model {
    struct model *model;
    const char *path;       /* what is stored and printed: of a fetched file its public name */
    const char *local_path; /* what is opened */
    char *own_path;         /* of a built-in model: path points to it */
    struct fetched_file fetched;
    uint8_t sha256[DIGEST_BYTES];
    struct file_stamp stamp;
    struct model_file file; /* kept open to notice changes */
    struct hash tokenizer_hash;
    const char *arithmetic; /* session_arithmetic(): what its numbers depend on */
    int64_t model_id;       /* 0 in a dry run */
};

/* Must not be moved: observing points into it. */
struct score_models {
    struct score_model of[SCORE_ROLES];
    struct kernels kernels; /* that they run on */
    struct chosen_template template;
    /* How the models observe samples: the settings, with max_tokens, near_tokens and template.
     */
    struct observer_options observing;
};

/* Open the models that the plan needs, and choose the template and the limits that depend on
 * them. *out must be zeroed; close it also after a failure. Returns -1 with ERR_USAGE for
 * models or settings that do not fit together, or what reading a file gives. */
int score_models_open(const struct stage_context *context,
                      const struct score_settings *settings, const struct score_plan *plan,
                      struct score_models *out, struct error *err);
void score_models_close(struct score_models *models);

/* Check that the file of an open model still has its digest. *last is the stamp of the last
 * check and is updated: the file is read only if its stamp changed, which a new name or mode
 * does as well. ERR_INPUT if the file was written to. */
int score_model_check(const struct score_model *model, struct file_stamp *last,
                      struct error *err);

/* The options of the observer of one model. */
struct observer_options score_models_observing(const struct score_models *models,
                                               const struct score_settings *settings,
                                               enum scorer_model role);

#endif
