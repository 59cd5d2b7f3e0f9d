/* The fields of a report, and how they are found by name. */

#include "rows.h"

#define MOST_FIELDS 1000

static const char NAME[] = "tiktok_marketing.layout";

static void free_layout(Layout *layout) {
    if (layout != NULL) {
        for (int at = 0; layout->field != NULL && at < layout->count; at++) {
            PyMem_Free(layout->field[at].key);
        }
        PyMem_Free(layout->field);
        PyMem_Free(layout->slot);
        PyMem_Free(layout);
    }
}

static void free_capsule(PyObject *capsule) { free_layout(PyCapsule_GetPointer(capsule, NAME)); }

Layout *layout_of(PyObject *capsule) { return PyCapsule_GetPointer(capsule, NAME); }

static unsigned hash_of(const char *name, Py_ssize_t length) {
    unsigned hash = 2166136261u;
    for (Py_ssize_t at = 0; at < length; at++) {
        hash = (hash ^ (unsigned char)name[at]) * 16777619u;
    }
    return hash;
}

/* The field of a part with this name; -1 if there is none. */
int field_named(const Layout *layout, int part, const char *name, Py_ssize_t length) {
    for (unsigned at = hash_of(name, length);; at++) {
        int found = layout->slot[at & (unsigned)(layout->slots - 1)];
        if (found < 0) {
            return -1;
        }
        const Field *field = &layout->field[found];
        if ((found >= layout->dimensions) == part && field->key_length == length + 3 &&
            memcmp(field->key + 1, name, (size_t)length) == 0) {
            return found;
        }
    }
}

static int add_field(Layout *layout, int part, PyObject *given) {
    const char *name;
    Py_ssize_t length;
    int kind, column;
    if (!PyArg_ParseTuple(given, "y#CC", &name, &length, &kind, &column)) {
        return -1;
    }
    if (kind <= 0 || kind > 0x7f || strchr("ins", kind) == NULL) {
        PyErr_Format(PyExc_ValueError, "a field is of the kind %c", kind);
        return -1;
    }
    if (column <= 0 || column > 0x7f || strchr("-icfmsdt", column) == NULL) {
        PyErr_Format(PyExc_ValueError, "a field goes into a column of the kind %c", column);
        return -1;
    }
    for (Py_ssize_t at = 0; at < length; at++) {
        unsigned char one = (unsigned char)name[at];
        if (one < 0x20 || one > 0x7e || one == '"' || one == '\\') {
            PyErr_SetString(PyExc_ValueError, "a field has a name that JSON would escape");
            return -1;
        }
    }
    if (part == DIMENSIONS) {
        layout->dimensions = layout->count + 1;
    }
    if (field_named(layout, part, name, length) >= 0) {
        PyErr_SetString(PyExc_ValueError, "a field is named twice");
        return -1;
    }
    Field *field = &layout->field[layout->count];
    field->key = PyMem_Malloc((size_t)length + 3);
    if (field->key == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    field->key[0] = '"';
    memcpy(field->key + 1, name, (size_t)length);
    field->key[length + 1] = '"';
    field->key[length + 2] = ':';
    field->key_length = length + 3;
    field->kind = (char)kind;
    field->column = (char)column;
    field->next = layout->count + 1;
    layout->longest_line += (part == DIMENSIONS ? 2 : 1) * (length + 3 + 1 + 4); /* a comma, and `null` or `.0` */
    unsigned at = hash_of(name, length);
    while (layout->slot[at & (unsigned)(layout->slots - 1)] >= 0) {
        at++;
    }
    layout->slot[at & (unsigned)(layout->slots - 1)] = layout->count++;
    return 0;
}

static int add_fields(Layout *layout, int part, PyObject *given) {
    layout->first[part] = layout->count;
    Py_ssize_t count = PySequence_Size(given);
    for (Py_ssize_t at = 0; at < count; at++) {
        PyObject *field = PySequence_GetItem(given, at);
        int added = field == NULL ? -1 : add_field(layout, part, field);
        Py_XDECREF(field);
        if (added < 0) {
            return -1;
        }
    }
    return 0;
}

static int fill_layout(Layout *layout, PyObject *dimensions, PyObject *metrics) {
    Py_ssize_t first = PySequence_Size(dimensions), second = PySequence_Size(metrics);
    if (first < 0 || second < 0) {
        return -1;
    }
    if (first < 1 || first > MOST_FIELDS || second > MOST_FIELDS - first) {
        PyErr_SetString(PyExc_ValueError, "there are no dimensions, or too many fields");
        return -1;
    }
    size_t fields = (size_t)(first + second);
    for (layout->slots = 64; (size_t)layout->slots < 4 * fields; layout->slots *= 2) {
    }
    layout->field = PyMem_Calloc(fields, sizeof(Field));
    layout->slot = PyMem_Malloc((size_t)layout->slots * sizeof(int));
    if (layout->field == NULL || layout->slot == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (int at = 0; at < layout->slots; at++) {
        layout->slot[at] = -1;
    }
    return add_fields(layout, DIMENSIONS, dimensions) < 0 ? -1 : add_fields(layout, METRICS, metrics);
}

PyObject *make_layout(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *dimensions, *metrics;
    if (!PyArg_ParseTuple(args, "OO", &dimensions, &metrics)) {
        return NULL;
    }
    Layout *layout = PyMem_Calloc(1, sizeof(Layout));
    if (layout == NULL) {
        return PyErr_NoMemory();
    }
    PyObject *capsule = fill_layout(layout, dimensions, metrics) < 0 ? NULL : PyCapsule_New(layout, NAME, free_capsule);
    if (capsule == NULL) {
        free_layout(layout);
    }
    return capsule;
}
