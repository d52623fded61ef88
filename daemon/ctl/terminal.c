#include "ctl/terminal.h"

#include "model/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BAR = 20, ASK_EVERY = 256 };
#define TELL_NS INT64_C(100000000)

static bool coloured(void)
{
    static int known = -1;
    if (known < 0) {
        const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
        bool dumb = terminal && terminal[0] == 'd' && terminal[1] == 'u';
        known = isatty(STDOUT_FILENO) == 1 && !(no && no[0]) && !dumb;
    }
    return known == 1;
}

void term_text(const char *text, enum tone tone)
{
    static const char *const CODES[TONES] = {
        [TONE_PLAIN] = "", [TONE_GOOD] = "32", [TONE_NOTE] = "33", [TONE_BAD] = "1;31", [TONE_HEAD] = "1"};
    if (tone == TONE_PLAIN || !coloured())
        fputs(text, stdout);
    else
        printf("\033[%sm%s\033[0m", CODES[tone], text);
}

int term_width(const char *text)
{
    int used = 0;
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        used += (*c & 0xC0) == 0x80 ? 0 : *c >= 0xE1 ? 2 : 1; /* lead bytes from U+1000 on are wide enough a guess */
    return used;
}

void term_toned(const char *text, int width, enum tone tone)
{
    term_text(text, tone);
    for (int used = term_width(text); used < width; used++)
        putchar(' ');
    putchar(' ');
}

void term_cell(const char *text, int width)
{
    term_toned(text, width, TONE_PLAIN);
}

void term_head(const char *text, int width)
{
    term_toned(text, width, TONE_HEAD);
}

/* ---- how far it is ---- */

struct work work_begin(const char *what, uint64_t total)
{
    int64_t now_ns = clock_monotonic_ns();
    return (struct work){
        .what = what, .total = total, .begun_ns = now_ns, .told_ns = now_ns, .shown = isatty(STDERR_FILENO) == 1};
}

void work_tell(struct work *work, uint64_t done)
{
    int64_t now_ns = clock_monotonic_ns();
    double share = done >= work->total ? 1 : (double)done / (double)work->total;
    int full = (int)(share * BAR);
    if (!work->shown)
        return;
    work->told_ns = now_ns;
    fprintf(stderr, "\r\033[K%s  ", work->what);
    if (work->total == 0) {
        fprintf(stderr, "%" PRIu64, done);
        return;
    }
    fputc('[', stderr);
    for (int i = 0; i < BAR; i++)
        fputs(i < full ? "#" : "·", stderr);
    fprintf(stderr, "] %3.0f %%  %" PRIu64 " / %" PRIu64, 100 * share, done, work->total);
    if (share > 0.01)
        fprintf(stderr, "  %.0f s to go", (double)(now_ns - work->begun_ns) / 1e9 * (1 - share) / share);
}

void work_at(struct work *work, uint64_t done)
{
    if (!work->shown || ++work->calls % ASK_EVERY != 0)
        return;
    if (clock_monotonic_ns() - work->told_ns >= TELL_NS)
        work_tell(work, done);
}

void work_clear(const struct work *work)
{
    if (work->shown && work->told_ns != work->begun_ns)
        fputs("\r\033[K", stderr);
}

void work_end(struct work *work)
{
    work_clear(work);
    work->shown = false;
}
