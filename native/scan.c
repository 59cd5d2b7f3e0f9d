/* A row's text, cut into its values. */

#include "rows.h"

/* Whether a quick look at a text stops here: at its quote, an escape, a control character, what is beyond ASCII. */
static unsigned char stops[256];

void prepare_scan(void) {
    for (int one = 0; one < 256; one++) {
        stops[one] = one < 0x20 || one == '"' || one == '\\' || one >= 0x80;
    }
}

static const char *after_space(const char *at, const char *end) {
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) {
        at++;
    }
    return at;
}

/* Past a character, and the space around it; NULL if it is another one. */
static const char *after(char one, const char *at, const char *end) {
    at = after_space(at, end);
    return at < end && *at == one ? after_space(at + 1, end) : NULL;
}

static int four_digits(const char *at, const char *end) {
    int number = 0;
    if (end - at < 4) {
        return -1;
    }
    for (int left = 4; left > 0; left--, at++) {
        int digit = *at >= '0' && *at <= '9'   ? *at - '0'
                    : *at >= 'a' && *at <= 'f' ? *at - 'a' + 10
                    : *at >= 'A' && *at <= 'F' ? *at - 'A' + 10
                                               : -1;
        if (digit < 0) {
            return -1;
        }
        number = number << 4 | digit;
    }
    return number;
}

/* Past an escape, whose backslash is here; NULL if it is none, or half of a character. */
static const char *after_escape(const char *at, const char *end) {
    if (end - at < 2) {
        return NULL;
    }
    if (at[1] != 'u') {
        return at[1] != '\0' && strchr("\"\\/bfnrt", at[1]) != NULL ? at + 2 : NULL;
    }
    int unit = four_digits(at + 2, end);
    if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff)) {
        return NULL;
    }
    at += 6;
    if (unit < 0xd800 || unit > 0xdbff) {
        return at;
    }
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') {
        return NULL;
    }
    unit = four_digits(at + 2, end);
    return unit >= 0xdc00 && unit <= 0xdfff ? at + 6 : NULL;
}

/* Past a character beyond ASCII; NULL if it is not UTF-8. */
static const char *after_character(const char *from, const char *end) {
    const unsigned char *at = (const unsigned char *)from;
    Py_ssize_t left = end - from;
    unsigned char least = 0x80, most = 0xbf; /* of the second byte */
    int more;
    if (at[0] >= 0xc2 && at[0] <= 0xdf) {
        more = 1;
    } else if (at[0] >= 0xe0 && at[0] <= 0xef) {
        more = 2;
        least = at[0] == 0xe0 ? 0xa0 : 0x80;
        most = at[0] == 0xed ? 0x9f : 0xbf; /* surrogates are no characters */
    } else if (at[0] >= 0xf0 && at[0] <= 0xf4) {
        more = 3;
        least = at[0] == 0xf0 ? 0x90 : 0x80;
        most = at[0] == 0xf4 ? 0x8f : 0xbf;
    } else {
        return NULL;
    }
    if (left <= more || at[1] < least || at[1] > most) {
        return NULL;
    }
    for (int which = 2; which <= more; which++) {
        if (at[which] < 0x80 || at[which] > 0xbf) {
            return NULL;
        }
    }
    return from + more + 1;
}

/* Past the quote that ends a text which begins here; NULL if it is not a text of JSON. */
static const char *scan_text(const char *at, const char *end, Value *value) {
    value->at = at;
    value->form = PLAIN;
    for (;;) {
        while (at < end && !stops[(unsigned char)*at]) {
            at++;
        }
        if (at == end) {
            return NULL;
        }
        if (*at == '"') {
            value->length = at - value->at;
            return at + 1;
        }
        if (*at == '\\') {
            value->form = ESCAPED;
            at = after_escape(at, end);
        } else {
            at = after_character(at, end);
        }
        if (at == NULL) {
            return NULL;
        }
    }
}

/* Whether a text is a dash that is written as an escape: a null, which only Python looks for. */
static int is_escaped_dash(const Value *value) {
    return value->form == ESCAPED && value->length == 6 && memcmp(value->at, "\\u002", 5) == 0 &&
           (value->at[5] == 'd' || value->at[5] == 'D');
}

/* Past a value. */
static const char *scan_value(const char *at, const char *end, Value *value) {
    if (at < end && *at == '"') {
        at = scan_text(at + 1, end, value);
        return at != NULL && is_escaped_dash(value) ? NULL : at;
    }
    value->form = NIL;
    return end - at >= 4 && memcmp(at, "null", 4) == 0 ? at + 4 : NULL;
}

/* Past the colon after a name. Which field it is, -1 if of none, goes into `which`. */
static const char *scan_name(const Layout *layout, int part, const char *at, const char *end, int *which) {
    Value name;
    if (at == end || *at != '"') {
        return NULL;
    }
    at = scan_text(at + 1, end, &name);
    if (at == NULL || name.form != PLAIN) {
        return NULL;
    }
    *which = field_named(layout, part, name.at, name.length);
    return after(':', at, end);
}

/* Past the object of a part, whose brace is here. */
static const char *scan_part(Layout *layout, Value *values, int part, const char *at, const char *end) {
    int begin = part == METRICS ? layout->dimensions : 0;
    int stop = part == METRICS ? layout->count : layout->dimensions;
    for (int which = begin; which < stop; which++) {
        values[which].form = ABSENT;
    }
    at = after('{', at, end);
    if (at == NULL) {
        return NULL;
    }
    if (at < end && *at == '}') {
        return at + 1;
    }
    Value unknown;
    for (int *guess = &layout->first[part];;) {
        int which = *guess;
        const Field *field = &layout->field[which];
        if (which < stop && end - at >= field->key_length && memcmp(at, field->key, (size_t)field->key_length) == 0) {
            at += field->key_length;
            if (at < end && *at != '"') {
                at = after_space(at, end);
            }
        } else {
            at = scan_name(layout, part, at, end, &which);
            if (at == NULL) {
                return NULL;
            }
            if (which >= 0) {
                *guess = which;
            }
        }
        if (which >= 0 && values[which].form != ABSENT) {
            return NULL; /* twice */
        }
        at = scan_value(at, end, which < 0 ? &unknown : &values[which]);
        if (at == NULL) {
            return NULL;
        }
        at = after_space(at, end);
        if (at == end || (*at != ',' && *at != '}')) {
            return NULL;
        }
        if (*at++ == '}') {
            return at;
        }
        at = after_space(at, end);
        if (which >= 0) {
            guess = &layout->field[which].next;
        }
    }
}

/* Past a row; NULL if it is not an object of dimensions and metrics, each an object of texts and nulls.

   `values` has room for each field; there they are, as they lie in the text. */
static const char *scan_row(Layout *layout, Value *values, const char *at, const char *end) {
    static const char *const NAMES[] = {"\"dimensions\"", "\"metrics\""};
    static const Py_ssize_t LENGTHS[] = {12, 9};
    int came[2] = {0, 0};
    at = after('{', at, end);
    while (at != NULL) {
        int part = DIMENSIONS;
        while (part <= METRICS &&
               (end - at < LENGTHS[part] || memcmp(at, NAMES[part], (size_t)LENGTHS[part]) != 0 || came[part])) {
            part++;
        }
        if (part > METRICS) {
            return NULL;
        }
        came[part] = 1;
        at = after(':', at + LENGTHS[part], end);
        at = at == NULL ? NULL : scan_part(layout, values, part, at, end);
        at = at == NULL ? NULL : after_space(at, end);
        if (at == NULL || at == end) {
            return NULL;
        }
        if (*at == '}') {
            return came[DIMENSIONS] && came[METRICS] ? at + 1 : NULL;
        }
        at = after(',', at, end);
    }
    return NULL;
}

static int scan_all(Layout *layout, Value *values, const char *at, const char *end, Take take, void *self) {
    for (at = after_space(at, end);;) {
        const char *row = at;
        at = scan_row(layout, values, at, end);
        int done = at == NULL ? GAVE_UP : take(self, values, at - row);
        if (done != DONE) {
            return done;
        }
        at = after_space(at, end);
        if (at == end) {
            return DONE;
        }
        if (*at != ',') {
            return GAVE_UP;
        }
        at = after_space(at + 1, end);
    }
}

/* Hands over each row of a text, between which there are commas, until somebody gives up. */
int scan_rows(Layout *layout, const Py_buffer *text, Take take, void *self) {
    Value *values = PyMem_Calloc((size_t)layout->count, sizeof(Value));
    if (values == NULL) {
        PyErr_NoMemory();
        return FAILED;
    }
    const char *from = text->buf;
    int done = scan_all(layout, values, from, from + text->len, take, self);
    PyMem_Free(values);
    return done;
}
