/* What the unit tests share: cmocka with its headers in order, and exact comparison of doubles with a tolerance said.
 */
#ifndef CEMSD_TESTS_CHECK_H
#define CEMSD_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* |got - want| ≤ tolerance, and both NAN counts as equal. */
#define check_close(got, want, tolerance)                                                                              \
    do {                                                                                                               \
        double got_ = (got), want_ = (want);                                                                           \
        if (!(isnan(got_) && isnan(want_)) && !(fabs(got_ - want_) <= (tolerance)))                                    \
            fail_msg("%s is %.15g, expected %.15g", #got, got_, want_);                                                \
    } while (0)

/* Makes an empty folder of its own under $TMPDIR and goes there. */
static inline void enter_scratch(void)
{
    char path[] = "/tmp/cemsd-test-XXXXXX";
    if (!mkdtemp(path) || chdir(path) != 0)
        fail_msg("no scratch folder");
}

static inline void write_text(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

#endif
