/* Numbers, as TikTok writes them: "12", "-3", "20.50". Whatever is written otherwise is for others to read. */

#include "rows.h"

#define MOST_DIGITS 15 /* so many, and the shortest text of a double is the text that it came from */

/* Whether the value is an integer without an exponent, leading zeros or a sign that it does not need. */
int read_integer(const Value *value, int64_t *integer) {
    const char *at = value->at, *end = at + value->length;
    if (value->form != PLAIN) {
        return 0;
    }
    int negative = at < end && *at == '-';
    at += negative;
    if (at == end || end - at > 19 || (*at == '0' && (negative || end - at > 1))) {
        return 0;
    }
    uint64_t number = 0; /* nineteen digits fit */
    for (; at < end; at++) {
        if (*at < '0' || *at > '9') {
            return 0;
        }
        number = number * 10 + (uint64_t)(*at - '0');
    }
    if (number > (uint64_t)INT64_MAX) {
        return 0;
    }
    *integer = negative ? -(int64_t)number : (int64_t)number;
    return 1;
}

/* How much of a number's text is to be kept: all but the zeros at the end of its fraction, and no point at its end.

   0 if it is no such number: nothing but digits, no needless zero before them, and few enough that the text is what a
   double would be written as, without an exponent. */
Py_ssize_t read_number(const Value *value, int *is_whole) {
    const char *at = value->at, *end = at + value->length;
    if (value->form != PLAIN) {
        return 0;
    }
    at += at < end && *at == '-';
    const char *whole = at;
    while (at < end && *at >= '0' && *at <= '9') {
        at++;
    }
    Py_ssize_t digits = at - whole;
    if (digits == 0 || digits > MOST_DIGITS || (digits > 1 && *whole == '0')) {
        return 0;
    }
    const char *kept = at;
    *is_whole = 1;
    if (at < end) {
        if (*at++ != '.' || at == end) {
            return 0;
        }
        const char *fraction = at;
        for (; at < end; at++) {
            if (*at < '0' || *at > '9') {
                return 0;
            }
            if (*at != '0') {
                kept = at + 1;
            }
        }
        if (kept > fraction) {
            *is_whole = 0;
            if (digits + (kept - fraction) > MOST_DIGITS) {
                return 0;
            }
            if (*whole == '0' && kept - fraction > 4 && memcmp(fraction, "0000", 4) == 0) {
                return 0; /* a double would be written as 1e-5 */
            }
        }
    }
    return kept - value->at;
}
