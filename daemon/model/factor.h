/* Factors: what is measured. Codes of HJ 524-2009 (gas, a…), HJ 525-2009 (water, w…) and HJ 212-2017 annex B. */
#ifndef CEMSD_MODEL_FACTOR_H
#define CEMSD_MODEL_FACTOR_H

struct factor {
    char code[8];        /* "a21026" */
    char code_2005[8];   /* "02"; "" when 2005 has none */
    char name_zh[64];    /* UTF-8 */
    char name_en[64];    /* "" when the table has none */
    char unit[16];       /* of the concentration or quantity; "" when it has none */
    char amount_unit[8]; /* of the amount; "" when amounts make no sense */
    int decimals;        /* digits after the point when published or sent (2025 format where known) */
    int decimals_2017;   /* ... when sent to a platform of 2005 or 2017 */
    int digits;          /* before the point, of the newest format; 0 when unknown */
};

#endif
