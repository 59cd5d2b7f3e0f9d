/* Rows of a report as lines: what was asked for, in the order in which it was asked for, around it what never changes. */

#include "rows.h"

typedef struct {
    const Layout *layout;
    const char *before, *after; /* what each row is written between */
    Py_ssize_t before_length, after_length;
    PyObject *dimensions;
    char *from;
    Py_ssize_t length;
    Py_ssize_t room;
} Lines;

static char *put(char *to, const char *from, Py_ssize_t length) {
    memcpy(to, from, (size_t)length);
    return to + length;
}

/* Writes a value; NULL if it is not of its kind. */
static char *put_value(char *to, char kind, const Value *value, int part) {
    int64_t integer;
    Py_ssize_t kept;
    int is_whole;
    if (is_none(value)) {
        return part == METRICS ? put(to, "null", 4) : NULL; /* a dimension is never without a value */
    }
    switch (kind) {
    case TEXT:
        *to++ = '"';
        to = put(to, value->at, value->length);
        *to++ = '"';
        return to;
    case INTEGER:
        return read_integer(value, &integer) ? put(to, value->at, value->length) : NULL;
    default:
        kept = read_number(value, &is_whole);
        if (kept == 0) {
            return NULL;
        }
        to = put(to, value->at, kept);
        return is_whole ? put(to, ".0", 2) : to;
    }
}

/* Writes the fields of a part, with commas between them; NULL if one has a value that is not of its kind. */
static char *put_part(char *to, const Layout *layout, const Value *values, int part) {
    int at = part == METRICS ? layout->dimensions : 0;
    int stop = part == METRICS ? layout->count : layout->dimensions;
    for (int first = at; at < stop; at++) {
        const Field *field = &layout->field[at];
        if (at > first) {
            *to++ = ',';
        }
        to = put(to, field->key, field->key_length);
        to = put_value(to, field->kind, &values[at], part);
        if (to == NULL) {
            return NULL;
        }
    }
    return to;
}

/* Makes room for a row, whose text had so many bytes; 0 if there is no memory. */
static int has_room(Lines *lines, Py_ssize_t text) {
    Py_ssize_t most = lines->before_length + lines->layout->longest_line + 2 * text + 64 + lines->after_length;
    if (lines->room - lines->length < most) {
        Py_ssize_t room = 2 * lines->room + most;
        char *from = PyMem_Realloc(lines->from, (size_t)room);
        if (from == NULL) {
            PyErr_NoMemory();
            return 0;
        }
        lines->from = from;
        lines->room = room;
    }
    return 1;
}

static int add_line(void *self, const Value *values, Py_ssize_t text) {
    Lines *lines = self;
    if (!has_room(lines, text)) {
        return FAILED;
    }
    char *to = put(lines->from + lines->length, lines->before, lines->before_length);
    const char *root = to;
    to = put_part(to, lines->layout, values, DIMENSIONS);
    if (to == NULL) {
        return GAVE_UP;
    }
    Py_ssize_t length = to - root;
    to = put(to, ",\"dimensions\":{", 15);
    to = put(to, root, length);
    to = put(to, "},\"metrics\":{", 13);
    to = put_part(to, lines->layout, values, METRICS);
    if (to == NULL) {
        return GAVE_UP;
    }
    to = put(to, "}}", 2);
    to = put(to, lines->after, lines->after_length);
    lines->length = to - lines->from;
    return add_dimensions(lines->layout, values, lines->dimensions);
}

PyObject *make_lines(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *capsule, *made = NULL;
    Py_buffer text;
    Lines lines = {0};
    if (!PyArg_ParseTuple(args, "Oy*y#y#", &capsule, &text, &lines.before, &lines.before_length, &lines.after,
                          &lines.after_length)) {
        return NULL;
    }
    Layout *layout = layout_of(capsule);
    if (layout != NULL) {
        lines.layout = layout;
        lines.dimensions = new_dimensions(layout);
    }
    if (lines.dimensions != NULL) {
        int done = has_room(&lines, text.len) ? scan_rows(layout, &text, add_line, &lines) : FAILED;
        if (done == DONE) {
            made = Py_BuildValue("y#O", lines.from, lines.length, lines.dimensions);
        } else if (done == GAVE_UP) {
            made = Py_NewRef(Py_None);
        }
    }
    PyMem_Free(lines.from);
    Py_XDECREF(lines.dimensions);
    PyBuffer_Release(&text);
    return made;
}
