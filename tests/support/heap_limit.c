/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/heap_limit.h"

#include <sqlite3.h>

void heap_limit(int64_t bytes)
{
    sqlite3_hard_heap_limit64(bytes);
}
