/* A row's dimensions as Python's objects, by which rows are told apart. */

#include "rows.h"

/* Whether a metric has no value: null, "-", which is TikTok's, or nothing at all. */
int is_none(const Value *value) {
    return value->form <= NIL || (value->form == PLAIN && value->length == 1 && *value->at == '-');
}

/* A list for each dimension. */
PyObject *new_dimensions(const Layout *layout) {
    PyObject *dimensions = PyTuple_New(layout->dimensions);
    for (int at = 0; dimensions != NULL && at < layout->dimensions; at++) {
        PyObject *values = PyList_New(0);
        if (values == NULL || PyTuple_SetItem(dimensions, at, values) < 0) {
            Py_CLEAR(dimensions);
        }
    }
    return dimensions;
}

/* Adds a row's. GAVE_UP if one is not of its kind: a dimension is never without a value. */
int add_dimensions(const Layout *layout, const Value *values, PyObject *dimensions) {
    for (int which = 0; which < layout->dimensions; which++) {
        const Value *value = &values[which];
        int64_t integer;
        PyObject *item;
        if (value->form != PLAIN || is_none(value) || value->length == 0) {
            return GAVE_UP;
        }
        if (layout->field[which].kind == TEXT) {
            item = PyUnicode_DecodeUTF8(value->at, value->length, "strict");
        } else if (layout->field[which].kind == INTEGER && read_integer(value, &integer)) {
            item = PyLong_FromLongLong(integer);
        } else {
            return GAVE_UP;
        }
        int failed = item == NULL || PyList_Append(PyTuple_GetItem(dimensions, which), item) < 0;
        Py_XDECREF(item);
        if (failed) {
            return FAILED;
        }
    }
    return DONE;
}
