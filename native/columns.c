/* Rows of a report as columns, in the buffers that Arrow describes: fixed widths, or texts and where each begins. */

#include "rows.h"

typedef struct {
    int width; /* bytes of a value; 0 of a text */
    char *data;
    Py_ssize_t room;    /* bytes of data, of a text */
    int32_t *begins;    /* of a text: where it begins, and after the last row where that ends */
    unsigned char *has; /* whether the row has a value */
} Column;

typedef struct {
    PyObject *capsule; /* keeps the layout alive */
    Layout *layout;
    PyObject *dimensions; /* of the rows that are being added */
    Column *column;
    Py_ssize_t rows;
    Py_ssize_t room; /* rows */
} Columns;

static const char NAME[] = "tiktok_marketing.columns";

static void free_columns(Columns *columns) {
    for (int at = 0; columns->column != NULL && at < columns->layout->count; at++) {
        PyMem_Free(columns->column[at].data);
        PyMem_Free(columns->column[at].begins);
        PyMem_Free(columns->column[at].has);
    }
    PyMem_Free(columns->column);
    Py_XDECREF(columns->capsule);
    PyMem_Free(columns);
}

static void free_capsule(PyObject *capsule) { free_columns(PyCapsule_GetPointer(capsule, NAME)); }

static int width_of(char column) {
    switch (column) {
    case UTF8:
        return 0;
    case DAY:
        return 4;
    case MONEY:
        return 16;
    default:
        return 8;
    }
}

PyObject *make_columns(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *capsule;
    if (!PyArg_ParseTuple(args, "O", &capsule)) {
        return NULL;
    }
    Layout *layout = layout_of(capsule);
    if (layout == NULL) {
        return NULL;
    }
    Columns *columns = PyMem_Calloc(1, sizeof(Columns));
    if (columns == NULL) {
        return PyErr_NoMemory();
    }
    columns->capsule = Py_NewRef(capsule);
    columns->layout = layout;
    columns->column = PyMem_Calloc((size_t)layout->count, sizeof(Column));
    if (columns->column == NULL) {
        free_columns(columns);
        return PyErr_NoMemory();
    }
    for (int at = 0; at < layout->count; at++) {
        columns->column[at].width = width_of(layout->field[at].column);
    }
    PyObject *made = PyCapsule_New(columns, NAME, free_capsule);
    if (made == NULL) {
        free_columns(columns);
    }
    return made;
}

/* A buffer with room for more, in the place of this one; NULL, and nothing has changed, if there is no memory. */
static void *larger(void *buffer, Py_ssize_t count, size_t width) {
    void *made = PyMem_Realloc(buffer, (size_t)count * width);
    return made == NULL ? PyErr_NoMemory() : made;
}

static int more_room(Column *column, Py_ssize_t before, Py_ssize_t room) {
    unsigned char *has = larger(column->has, room, 1);
    if (has == NULL) {
        return FAILED;
    }
    column->has = has;
    if (column->width > 0) {
        char *data = larger(column->data, room, (size_t)column->width);
        if (data == NULL) {
            return FAILED;
        }
        column->data = data;
        return DONE;
    }
    int32_t *begins = larger(column->begins, room + 1, sizeof(int32_t));
    if (begins == NULL) {
        return FAILED;
    }
    if (before == 0) {
        begins[0] = 0;
    }
    column->begins = begins;
    return DONE;
}

static int more_rows(Columns *columns) {
    Py_ssize_t room = columns->room ? 2 * columns->room : 1024;
    for (int at = 0; at < columns->layout->count; at++) {
        if (columns->layout->field[at].column != NOWHERE &&
            more_room(&columns->column[at], columns->room, room) != DONE) {
            return FAILED;
        }
    }
    columns->room = room;
    return DONE;
}

static char *put_character(char *to, unsigned code) {
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

static unsigned unit_of(const char *at) {
    unsigned number = 0;
    for (int left = 4; left > 0; left--, at++) {
        number = number << 4 | (unsigned)(*at <= '9' ? *at - '0' : (*at | 0x20) - 'a' + 10);
    }
    return number;
}

/* Writes a text without its escapes, all of which `scan_row` has found to be whole. It never gets longer. */
static char *put_unescaped(char *to, const Value *value) {
    for (const char *at = value->at, *end = at + value->length; at < end;) {
        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        switch (at[1]) {
        case 'u': {
            unsigned code = unit_of(at + 2);
            at += 6;
            if (code >= 0xd800 && code <= 0xdbff) {
                code = 0x10000 + ((code - 0xd800) << 10) + (unit_of(at + 2) - 0xdc00);
                at += 6;
            }
            to = put_character(to, code);
            continue;
        }
        case 'b':
            *to++ = '\b';
            break;
        case 'f':
            *to++ = '\f';
            break;
        case 'n':
            *to++ = '\n';
            break;
        case 'r':
            *to++ = '\r';
            break;
        case 't':
            *to++ = '\t';
            break;
        default:
            *to++ = at[1];
        }
        at += 2;
    }
    return to;
}

static int add_text(Column *column, Py_ssize_t row, const Value *value) {
    Py_ssize_t begin = column->begins[row];
    if (column->room - begin < value->length) {
        Py_ssize_t room = 2 * column->room + value->length + 1024;
        if (room > INT32_MAX) {
            return GAVE_UP;
        }
        char *data = larger(column->data, room, 1);
        if (data == NULL) {
            return FAILED;
        }
        column->data = data;
        column->room = room;
    }
    char *to = column->data + begin;
    if (value->form == ESCAPED) {
        to = put_unescaped(to, value);
    } else if (value->length > 0) {
        memcpy(to, value->at, (size_t)value->length);
        to += value->length;
    }
    column->begins[row + 1] = (int32_t)(to - column->data);
    return DONE;
}

/* Adds a value of a fixed width. GAVE_UP if it is not of the column's kind. */
static int add_fixed(Column *column, char kind, Py_ssize_t row, const Value *value) {
    char *to = column->data + row * column->width;
    int64_t whole[2] = {0, 0}, amount;
    double number;
    int32_t day;
    switch (kind) {
    case DOUBLE:
        if (!read_double(value, &number)) {
            return GAVE_UP;
        }
        memcpy(to, &number, sizeof(number));
        return DONE;
    case MONEY:
        if (!read_money(value, &amount)) {
            return GAVE_UP;
        }
        whole[PY_BIG_ENDIAN] = amount; /* Arrow's decimals have 128 bits, in the machine's order */
        whole[!PY_BIG_ENDIAN] = amount < 0 ? -1 : 0;
        break;
    case DAY:
        if (!read_time(value, whole)) {
            return GAVE_UP;
        }
        day = (int32_t)((whole[0] - (whole[0] < 0 ? 86399 : 0)) / 86400);
        memcpy(to, &day, sizeof(day));
        return DONE;
    case TIME:
        if (!read_time(value, whole)) {
            return GAVE_UP;
        }
        whole[0] *= 1000000;
        break;
    default:
        if (!read_integer(value, whole) || (kind == COUNT && value->length > 15)) {
            return GAVE_UP;
        }
    }
    memcpy(to, whole, (size_t)column->width);
    return DONE;
}

static int add_value(Column *column, char kind, Py_ssize_t row, const Value *value) {
    column->has[row] = !is_none(value);
    if (kind == UTF8) {
        column->begins[row + 1] = column->begins[row];
        return column->has[row] ? add_text(column, row, value) : DONE;
    }
    memset(column->data + row * column->width, 0, (size_t)column->width);
    return column->has[row] ? add_fixed(column, kind, row, value) : DONE;
}

static int add_row(void *self, const Value *values, Py_ssize_t Py_UNUSED(length)) {
    Columns *columns = self;
    int done = columns->rows < columns->room ? DONE : more_rows(columns);
    for (int at = 0; done == DONE && at < columns->layout->count; at++) {
        char kind = columns->layout->field[at].column;
        if (kind != NOWHERE) {
            done = add_value(&columns->column[at], kind, columns->rows, &values[at]);
        }
    }
    if (done == DONE) {
        done = add_dimensions(columns->layout, values, columns->dimensions);
    }
    columns->rows += done == DONE;
    return done;
}

PyObject *add_to_columns(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *capsule, *dimensions = NULL;
    Py_buffer text;
    if (!PyArg_ParseTuple(args, "Oy*", &capsule, &text)) {
        return NULL;
    }
    Columns *columns = PyCapsule_GetPointer(capsule, NAME);
    if (columns != NULL) {
        dimensions = columns->dimensions = new_dimensions(columns->layout);
    }
    if (dimensions != NULL) {
        Py_ssize_t before = columns->rows;
        int done = scan_rows(columns->layout, &text, add_row, columns);
        if (done != DONE) {
            columns->rows = before; /* what came of these rows is written over */
            Py_CLEAR(dimensions);
        }
        if (done == GAVE_UP) {
            dimensions = Py_NewRef(Py_None);
        }
    }
    PyBuffer_Release(&text);
    return dimensions;
}

/* A column's buffers: which rows have a value (None: all), the values, where texts begin (None: none are), and how many
   rows have none. */
static PyObject *buffers_of(const Column *column, Py_ssize_t rows) {
    Py_ssize_t nulls = 0;
    for (Py_ssize_t row = 0; row < rows; row++) {
        nulls += !column->has[row];
    }
    PyObject *has = NULL, *begins = NULL, *data = NULL, *made = NULL;
    if (nulls == 0) {
        has = Py_NewRef(Py_None);
    } else if ((has = PyBytes_FromStringAndSize(NULL, (rows + 7) / 8)) != NULL) {
        unsigned char *bits = (unsigned char *)PyBytes_AsString(has);
        memset(bits, 0, (size_t)((rows + 7) / 8));
        for (Py_ssize_t row = 0; row < rows; row++) {
            bits[row / 8] |= (unsigned char)(column->has[row] << row % 8);
        }
    }
    if (column->width == 0) {
        begins = PyBytes_FromStringAndSize((char *)column->begins, (rows + 1) * (Py_ssize_t)sizeof(int32_t));
        data = PyBytes_FromStringAndSize(column->begins[rows] ? column->data : "", column->begins[rows]);
    } else {
        begins = Py_NewRef(Py_None);
        data = PyBytes_FromStringAndSize(column->data, rows * column->width);
    }
    if (has != NULL && begins != NULL && data != NULL) {
        made = Py_BuildValue("OOOn", has, data, begins, nulls);
    }
    Py_XDECREF(has);
    Py_XDECREF(begins);
    Py_XDECREF(data);
    return made;
}

PyObject *finish_columns(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *capsule;
    if (!PyArg_ParseTuple(args, "O", &capsule)) {
        return NULL;
    }
    Columns *columns = PyCapsule_GetPointer(capsule, NAME);
    PyObject *all = columns == NULL ? NULL : PyList_New(0);
    for (int at = 0; all != NULL && columns->rows > 0 && at < columns->layout->count; at++) {
        if (columns->layout->field[at].column == NOWHERE) {
            continue;
        }
        PyObject *buffers = buffers_of(&columns->column[at], columns->rows);
        if (buffers == NULL || PyList_Append(all, buffers) < 0) {
            Py_CLEAR(all);
        }
        Py_XDECREF(buffers);
    }
    if (all == NULL) {
        return NULL;
    }
    PyObject *made = Py_BuildValue("nN", columns->rows, all);
    if (made != NULL) {
        columns->rows = 0; /* and begins anew */
    }
    return made;
}
