/* Rows of a report, from TikTok's text to what becomes of them, without an object for each value.

   `sync/decode/native.py` says what this is for. It reads what TikTok sends as a rule, objects of texts in an order that hardly
   changes, and gives up on whatever else there is; `sync/decode/reports.py` then reads that with all its care. So nothing here
   may guess: what it does not give up on has exactly one meaning.

   The text comes from the network. Every look at it is behind a comparison with its end. */

#ifndef ROWS_H
#define ROWS_H

#define Py_LIMITED_API 0x030b0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <string.h>

/* What a value is in a record. */
enum { INTEGER = 'i', NUMBER = 'n', TEXT = 's' };

/* What it is in a column. A COUNT is an integer that a double can hold as well. */
enum { NOWHERE = '-', INT64 = 'i', COUNT = 'c', DOUBLE = 'f', MONEY = 'm', UTF8 = 's', DAY = 'd', TIME = 't' };

/* How it came. */
enum { ABSENT = 0, NIL, PLAIN, ESCAPED };

/* How it went. */
enum { DONE = 0, GAVE_UP = 1, FAILED = -1 };

typedef struct {
    char *key; /* `"name":` */
    Py_ssize_t key_length;
    char kind;
    char column;
    int next; /* the field that came after this one last time */
} Field;

/* A text between its quotes, as it came. PLAIN has no escape; both are UTF-8. */
typedef struct {
    const char *at;
    Py_ssize_t length;
    char form;
} Value;

/* The fields of a report: the dimensions and then the metrics. */
typedef struct {
    int count;
    int dimensions;
    int first[2];            /* of each part, the field that came first last time */
    Py_ssize_t longest_line; /* what a row without values takes, dimensions twice */
    int slots;               /* of the table of names, a power of two */
    int *slot;
    Field *field;
} Layout;

enum { DIMENSIONS = 0, METRICS = 1 };

/* layout.c */
PyObject *make_layout(PyObject *module, PyObject *args);
Layout *layout_of(PyObject *capsule);
int field_named(const Layout *layout, int part, const char *name, Py_ssize_t length);

/* Makes something of a row's values, whose text had so many bytes. */
typedef int (*Take)(void *self, const Value *values, Py_ssize_t length);

/* scan.c */
void prepare_scan(void);
int scan_rows(Layout *layout, const Py_buffer *text, Take take, void *self);

/* numbers.c */
int read_integer(const Value *value, int64_t *integer);
Py_ssize_t read_number(const Value *value, int *is_whole);
int read_double(const Value *value, double *number);
int read_money(const Value *value, int64_t *ten_thousandths);
int read_time(const Value *value, int64_t *seconds);

/* dimensions.c */
PyObject *new_dimensions(const Layout *layout);
int add_dimensions(const Layout *layout, const Value *values, PyObject *dimensions);
int is_none(const Value *value);

/* lines.c */
PyObject *make_lines(PyObject *module, PyObject *args);

/* columns.c */
PyObject *make_columns(PyObject *module, PyObject *args);
PyObject *add_to_columns(PyObject *module, PyObject *args);
PyObject *finish_columns(PyObject *module, PyObject *args);

#endif
