/* What a person sees of cemsctl: aligned cells, colours, and how far long work has come.
 *
 *   verify disclosure  [##########··········]  52 %  1 240 000 / 2 384 000  4 s to go
 *
 * Colours are for standard output when it is a terminal (and NO_COLOR is not set, no-color.org), progress for standard
 * error when that is one: what is piped or saved holds neither. */
#ifndef CEMSD_CTL_TERMINAL_H
#define CEMSD_CTL_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

enum tone { TONE_PLAIN, TONE_GOOD, TONE_NOTE, TONE_BAD, TONE_HEAD, TONES };

/* Prints text; in its tone where that is shown. */
void term_text(const char *text, enum tone tone);
/* The text padded to width columns; a Chinese character takes two. */
void term_cell(const char *text, int width);
void term_toned(const char *text, int width, enum tone tone);
/* The heading of a column. */
void term_head(const char *text, int width);
/* Columns it takes. */
int term_width(const char *text);

struct work {
    const char *what;
    uint64_t total; /* 0: unknown, only what is done is told */
    int64_t begun_ns, told_ns;
    unsigned calls;
    bool shown;
};

struct work work_begin(const char *what, uint64_t total);
/* Cheap: asks the clock each 256 calls, tells at most ten times a second. */
void work_at(struct work *work, uint64_t done);
/* At once. */
void work_tell(struct work *work, uint64_t done);
/* Takes the line away, for something else to be said. */
void work_clear(const struct work *work);
/* And for good. */
void work_end(struct work *work);

#endif
