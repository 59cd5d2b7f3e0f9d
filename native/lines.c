/* Rows of a report as lines: what was asked for, in the order in which it was asked for, around it what never changes. */

#include "rows.h"

typedef struct {
    char *from;
    Py_ssize_t length;
    Py_ssize_t room;
} Lines;

/* What each row is written between. */
typedef struct {
    const char *before, *after;
    Py_ssize_t before_length, after_length;
} Frame;

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

/* Writes a row, whose text had so many bytes. GAVE_UP if a value is not of its kind. */
static int add_line(Lines *lines, const Layout *layout, const Value *values, const Frame *frame, Py_ssize_t text) {
    Py_ssize_t most = frame->before_length + layout->longest_line + 2 * text + 64 + frame->after_length;
    if (lines->room - lines->length < most) {
        Py_ssize_t room = 2 * lines->room + most;
        char *from = PyMem_Realloc(lines->from, (size_t)room);
        if (from == NULL) {
            PyErr_NoMemory();
            return FAILED;
        }
        lines->from = from;
        lines->room = room;
    }
    char *to = put(lines->from + lines->length, frame->before, frame->before_length);
    const char *root = to;
    to = put_part(to, layout, values, DIMENSIONS);
    if (to == NULL) {
        return GAVE_UP;
    }
    Py_ssize_t length = to - root;
    to = put(to, ",\"dimensions\":{", 15);
    to = put(to, root, length);
    to = put(to, "},\"metrics\":{", 13);
    to = put_part(to, layout, values, METRICS);
    if (to == NULL) {
        return GAVE_UP;
    }
    to = put(to, "}}", 2);
    to = put(to, frame->after, frame->after_length);
    lines->length = to - lines->from;
    return DONE;
}

static int add_rows(Lines *lines, PyObject *dimensions, Layout *layout, Value *values, const Frame *frame, const char *at,
                    const char *end) {
    for (at = after_space(at, end);;) {
        const char *row = at;
        at = scan_row(layout, values, at, end);
        if (at == NULL) {
            return GAVE_UP;
        }
        int done = add_line(lines, layout, values, frame, at - row);
        if (done == DONE) {
            done = add_dimensions(layout, values, dimensions);
        }
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

static PyObject *lines_of(Layout *layout, const Frame *frame, const char *from, Py_ssize_t length) {
    PyObject *made = NULL, *dimensions = new_dimensions(layout);
    Value *values = PyMem_Calloc((size_t)layout->count, sizeof(Value));
    Lines lines = {NULL, 0, length + length / 2 + 1};
    lines.from = PyMem_Malloc((size_t)lines.room);
    if (lines.from == NULL || values == NULL) {
        PyErr_NoMemory();
    } else if (dimensions != NULL) {
        int done = add_rows(&lines, dimensions, layout, values, frame, from, from + length);
        if (done == DONE) {
            made = Py_BuildValue("y#O", lines.from, lines.length, dimensions);
        } else if (done == GAVE_UP) {
            made = Py_NewRef(Py_None);
        }
    }
    PyMem_Free(lines.from);
    PyMem_Free(values);
    Py_XDECREF(dimensions);
    return made;
}

PyObject *make_lines(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *capsule, *made = NULL;
    Py_buffer text;
    Frame frame;
    if (PyArg_ParseTuple(args, "Oy*y#y#", &capsule, &text, &frame.before, &frame.before_length, &frame.after,
                         &frame.after_length)) {
        Layout *layout = layout_of(capsule);
        if (layout != NULL) {
            made = lines_of(layout, &frame, text.buf, text.len);
        }
        PyBuffer_Release(&text);
    }
    return made;
}
