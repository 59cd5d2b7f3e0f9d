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
   double would be written as, without an exponent. "-0" is an integer to some, and then has no sign. */
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
    if (at == end && *whole == '0' && whole > value->at) {
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

/* The double that is nearest to the text. So many digits, and so small a power of ten, are exact, hence the quotient. */
int read_double(const Value *value, double *number) {
    static const double POWERS[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
    int is_whole;
    Py_ssize_t kept = read_number(value, &is_whole), decimals = 0;
    int64_t digits = 0;
    int negative = kept > 0 && *value->at == '-', in_fraction = 0;
    for (const char *at = value->at + negative; at < value->at + kept; at++) {
        if (*at == '.') {
            in_fraction = 1;
        } else {
            digits = digits * 10 + (*at - '0');
            decimals += in_fraction;
        }
    }
    if (kept == 0 || decimals >= (Py_ssize_t)(sizeof(POWERS) / sizeof(*POWERS))) {
        return 0;
    }
    *number = (double)digits / POWERS[decimals];
    if (negative) {
        *number = -*number;
    }
    return 1;
}

/* Money of up to fourteen digits before and four after the point, in ten thousandths. */
int read_money(const Value *value, int64_t *ten_thousandths) {
    int is_whole;
    Py_ssize_t kept = read_number(value, &is_whole), whole = 0, decimals = 0;
    int negative = kept > 0 && *value->at == '-', in_fraction = 0;
    int64_t amount = 0;
    for (const char *at = value->at + negative; at < value->at + kept; at++) {
        if (*at == '.') {
            in_fraction = 1;
        } else {
            amount = amount * 10 + (*at - '0');
            decimals += in_fraction;
            whole += !in_fraction;
        }
    }
    if (kept == 0 || whole > 14 || decimals > 4) {
        return 0;
    }
    for (; decimals < 4; decimals++) {
        amount *= 10;
    }
    *ten_thousandths = negative ? -amount : amount;
    return 1;
}

/* A number of two digits up to `most`; -1 if it is none. */
static int two_digits(const char *at, int most) {
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9') {
        return -1;
    }
    int number = (at[0] - '0') * 10 + at[1] - '0';
    return number <= most ? number : -1;
}

/* Seconds since 1970 of "2026-01-31 13:00:00" or "2026-01-31". */
int read_time(const Value *value, int64_t *seconds) {
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const char *at = value->at;
    if (value->form != PLAIN || (value->length != 10 && value->length != 19) || at[4] != '-' || at[7] != '-') {
        return 0;
    }
    int century = two_digits(at, 99), year = two_digits(at + 2, 99);
    int month = two_digits(at + 5, 12), day = two_digits(at + 8, 31), hour = 0, minute = 0, second = 0;
    if (century < 19 || year < 0 || month < 1 || day < 1) {
        return 0;
    }
    year += century * 100;
    int is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day > DAYS[month - 1] + (month == 2 && is_leap)) {
        return 0;
    }
    if (value->length == 19) {
        hour = two_digits(at + 11, 23);
        minute = two_digits(at + 14, 59);
        second = two_digits(at + 17, 59);
        if (at[10] != ' ' || at[13] != ':' || at[16] != ':' || hour < 0 || minute < 0 || second < 0) {
            return 0;
        }
    }
    int before = year - 1; /* days of the years before, and of the months before */
    int64_t days = 365LL * before + before / 4 - before / 100 + before / 400 - 719162;
    for (int past = 1; past < month; past++) {
        days += DAYS[past - 1] + (past == 2 && is_leap);
    }
    *seconds = ((days + day - 1) * 24 + hour) * 3600 + minute * 60 + second;
    return 1;
}
