/* Marks of a value: HJ 212-2017 table 9 and the letters 2025 adds. Only N counts as valid. */
#ifndef CEMSD_MODEL_MARK_H
#define CEMSD_MODEL_MARK_H

#include <stdbool.h>

enum mark {
    MARK_N,  /* instrument works normally: the value is valid */
    MARK_F,  /* instrument stopped */
    MARK_M,  /* maintenance */
    MARK_S,  /* value entered by hand */
    MARK_D,  /* instrument fault */
    MARK_C,  /* calibration */
    MARK_T,  /* above the measuring range */
    MARK_B,  /* no communication between instrument and gateway */
    MARK_TD, /* key process parameter of the instrument abnormal (2025) */
    MARKS
};

/* "N", "F" ... "Td". Static. */
const char *mark_code(enum mark mark);
/* What the mark means, in the language asked for. Static. */
const char *mark_text_zh(enum mark mark);
const char *mark_text_en(enum mark mark);
/* Reads a code, case sensitive; "" is N. False when it is none of the table's. */
bool mark_parse(const char *code, enum mark *mark);

#endif
