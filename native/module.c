/* The module `tiktok_marketing.sync.decode._rows`. Its stub, `_rows.pyi`, says what its functions take and give. */

#include "rows.h"

static PyMethodDef METHODS[] = {
    {"layout", make_layout, METH_VARARGS, NULL},
    {"lines", make_lines, METH_VARARGS, NULL},
    {"columns", make_columns, METH_VARARGS, NULL},
    {"add", add_to_columns, METH_VARARGS, NULL},
    {"finish", finish_columns, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "_rows", NULL, 0, METHODS, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__rows(void) {
    prepare_scan();
    return PyModule_Create(&MODULE);
}
