/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a stream or file of Arrow: each row is read or lost, or there is an error with a
 * message.
 */
#include "base/error.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/table_bytes.h"

/* A few bytes can say that there are any number of rows of nulls. */
enum { MAX_ROWS = 20000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct error err = { 0 };

    (void)table_bytes_check(data, len, MAX_ROWS, &err);
    return 0;
}
