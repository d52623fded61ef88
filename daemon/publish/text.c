#include "publish/text.h"

#include "model/instant.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 4096 };

static char *room_for(struct text *t, size_t more)
{
    size_t room = t->room ? t->room : FIRST_ROOM;
    while (room < t->length + more + 1)
        room *= 2;
    if (room != t->room && !t->failed) {
        char *bytes = realloc(t->bytes, room);
        t->failed = !bytes;
        t->bytes = bytes ? bytes : t->bytes;
        t->room = bytes ? room : t->room;
    }
    return t->failed ? NULL : t->bytes + t->length;
}

static void add(struct text *t, const char *bytes, size_t length)
{
    char *at = room_for(t, length);
    if (!at)
        return;
    memcpy(at, bytes, length);
    t->length += length;
}

static void add_text(struct text *t, const char *text)
{
    add(t, text, strlen(text));
}

static void begin(struct text *t, const char *name)
{
    char last = t->length > 0 ? t->bytes[t->length - 1] : '{';
    if (last != '{' && last != '[')
        add(t, ",", 1);
    if (!name)
        return;
    add(t, "\"", 1);
    add_text(t, name);
    add(t, "\":", 2);
}

char *text_take(struct text *t, size_t *length)
{
    char *bytes = room_for(t, 1) ? t->bytes : NULL;
    if (bytes)
        bytes[t->length] = '\0';
    else
        free(t->bytes);
    *length = t->length;
    *t = (struct text){0};
    return bytes;
}

void text_open(struct text *t, const char *name, char bracket)
{
    begin(t, name);
    add(t, &bracket, 1);
}

void text_close(struct text *t, char bracket)
{
    add(t, &bracket, 1);
}

static void add_escaped(struct text *t, unsigned char c)
{
    static const char SHORT[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    char escape[8] = "\\";
    for (size_t i = 0; i + 1 < sizeof SHORT; i += 2) {
        if (c == (unsigned char)SHORT[i]) {
            escape[1] = SHORT[i + 1];
            add(t, escape, 2);
            return;
        }
    }
    snprintf(escape, sizeof escape, "\\u%04X", c);
    add(t, escape, 6);
}

void text_string(struct text *t, const char *name, const char *value)
{
    begin(t, name);
    if (!value) {
        add(t, "null", 4);
        return;
    }
    add(t, "\"", 1);
    while (*value) {
        size_t plain = 0;
        while ((unsigned char)value[plain] >= 0x20 && value[plain] != '"' && value[plain] != '\\')
            plain++;
        add(t, value, plain);
        value += plain;
        if (*value)
            add_escaped(t, (unsigned char)*value++);
    }
    add(t, "\"", 1);
}

static size_t put_digits(char *at, uint64_t value)
{
    char reversed[20];
    size_t n = 0;
    do
        reversed[n++] = (char)('0' + value % 10);
    while (value /= 10);
    for (size_t i = 0; i < n; i++)
        at[i] = reversed[n - 1 - i];
    return n;
}

void text_integer(struct text *t, const char *name, int64_t value)
{
    char digits[24] = "-";
    bool negative = value < 0;
    begin(t, name);
    add(t, digits, negative + put_digits(digits + negative, negative ? -(uint64_t)value : (uint64_t)value));
}

/* printf rounds right and slowly. The product with a power of ten is off by less than a millionth, so that far from a
 * tie its nearest integer is what printf finds; near one, and where 15 digits are not enough, printf is asked. */
static bool scaled(double value, int decimals, uint64_t *n)
{
    static const double POWER[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    double product = fabs(value) * POWER[decimals], whole = floor(product), rest = product - whole;
    if (!(product < 1e9) || (rest > 0.499 && rest < 0.501))
        return false;
    *n = (uint64_t)whole + (rest > 0.5);
    /* from 1e-5 down it is written with an exponent */
    return *n == 0 || (double)*n >= POWER[decimals] * 1e-4;
}

static void add_slowly(struct text *t, double value, int decimals)
{
    char digits[352];
    snprintf(digits, sizeof digits, "%.*f", decimals, value);
    double rounded = strtod(digits, NULL);
    json_t *real = json_real(rounded == 0 ? 0.0 : rounded);
    size_t n = real ? json_dumpb(real, digits, sizeof digits, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)) : 0;
    t->failed |= n == 0 || n > sizeof digits;
    json_decref(real);
    if (!t->failed)
        add(t, digits, n);
}

void text_number(struct text *t, const char *name, double value, int decimals)
{
    char digits[40] = "-";
    uint64_t n, power = 1;
    begin(t, name);
    if (!isfinite(value)) {
        add(t, "null", 4);
        return;
    }
    if (!scaled(value, decimals, &n)) {
        add_slowly(t, value, decimals);
        return;
    }
    size_t length = value < 0 && n > 0;
    for (int i = 0; i < decimals; i++)
        power *= 10;
    length += put_digits(digits + length, n / power);
    digits[length++] = '.';
    uint64_t fraction = n % power;
    do { /* at least one digit, none that says nothing */
        power /= 10;
        uint64_t digit = power > 0 ? fraction / power : 0;
        digits[length++] = (char)('0' + digit);
        fraction -= digit * power;
    } while (fraction > 0);
    add(t, digits, length);
}

void text_truth(struct text *t, const char *name, int value)
{
    begin(t, name);
    add_text(t, value < 0 ? "null" : value ? "true" : "false");
}

void text_instant(struct text *t, const char *name, int64_t instant_ms)
{
    char text[INSTANT_TEXT];
    text_string(t, name, instant_ms == INSTANT_NONE ? NULL : instant_format(instant_ms, text));
}
