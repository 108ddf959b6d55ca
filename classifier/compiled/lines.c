/* Rows of a table as lines of CSV: writers/lines.py.

   Python makes a string of each cell and line. Here their bytes are written one after another. */
#include "kernel.h"

typedef struct { char *text; size_t size, room; } Out;

static int has_room(Out *out, size_t n) {
    if (out->room - out->size >= n) return 1;
    size_t room = 2 * out->room + n;
    char *grown = room > out->room ? realloc(out->text, room) : NULL;
    if (!grown) return PyErr_NoMemory(), 0;
    out->text = grown;
    out->room = room;
    return 1;
}

static int append(Out *out, const char *text, size_t n) {
    if (!has_room(out, n)) return 0;
    if (n) memcpy(out->text + out->size, text, n);
    out->size += n;
    return 1;
}

static int append_char(Out *out, char c) {
    if (!has_room(out, 1)) return 0;
    out->text[out->size++] = c;
    return 1;
}

static int append_quoted(Out *out, const char *text, size_t n) {
    size_t from = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '"') continue;
        if (!append(out, text + from, i - from) || !append_char(out, '"')) return 0;
        from = i;
    }
    return append(out, text + from, n - from);
}

static int append_text(Out *out, PyObject *value) {
    Py_ssize_t n;
    PyObject *bytes = NULL;
    const char *text = PyUnicode_AsUTF8AndSize(value, &n);
    if (!text) { /* lone surrogates */
        if (!PyErr_ExceptionMatches(PyExc_UnicodeError)) return 0;
        PyErr_Clear();
        bytes = PyUnicode_AsEncodedString(value, "utf-8", "replace");
        if (!bytes) return 0;
        text = PyBytes_AsString(bytes);
        n = PyBytes_Size(bytes);
    }
    int quoted = memchr(text, ',', n) || memchr(text, '"', n) || memchr(text, '\n', n)
              || memchr(text, '\r', n);
    int done = !quoted ? append(out, text, n)
             : append_char(out, '"') && append_quoted(out, text, n) && append_char(out, '"');
    Py_XDECREF(bytes);
    return done;
}

static int append_int(Out *out, long long number) {
    char digits[24], *at = digits + sizeof digits;
    unsigned long long left = number < 0 ? -(unsigned long long)number : (unsigned long long)number;
    do *--at = (char)('0' + left % 10); while (left /= 10);
    if (number < 0) *--at = '-';
    return append(out, at, digits + sizeof digits - at);
}

/* A share with four digits at most, as Python writes it: how many characters, 0 if it is none. */
static int share_digits(double value, char text[6]) {
    int k = value >= 0 && value <= 1 ? (int)(value * 10000 + 0.5) : -1, n = 6;
    double same = k / 10000.0;
    if (k < 0 || memcmp(&same, &value, sizeof value)) return 0;
    text[0] = (char)('0' + k / 10000);
    text[1] = '.';
    for (int i = 5, left = k; i > 1; i--, left /= 10) text[i] = (char)('0' + left % 10);
    while (n > 3 && text[n - 1] == '0') n--;
    return n;
}

static int append_cell(Out *out, PyObject *value) {
    char digits[6];
    if (PyUnicode_CheckExact(value)) return append_text(out, value);
    if (value == Py_None) return 1;
    if (PyFloat_CheckExact(value)) {
        int n = share_digits(PyFloat_AsDouble(value), digits);
        if (n) return append(out, digits, n);
    }
    if (PyLong_CheckExact(value)) {
        int overflow;
        long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
        if (!overflow) return append_int(out, number);
    }
    PyObject *text = PyObject_Str(value);
    int done = text && append_text(out, text);
    Py_XDECREF(text);
    return done;
}

/* What is read from the columns may be code of Python's that changes them, as may str() of a cell,
   so references are held. */
static int append_row(Out *out, PyObject *columns, Py_ssize_t width, Py_ssize_t row) {
    for (Py_ssize_t k = 0; k < width; k++) {
        PyObject *column = Py_XNewRef(PyList_GetItem(columns, k)), *value = NULL;
        if (column) value = PyList_CheckExact(column) ? Py_XNewRef(PyList_GetItem(column, row))
                                                      : PySequence_GetItem(column, row);
        int done = value && (k == 0 || append_char(out, ',')) && append_cell(out, value);
        Py_XDECREF(column), Py_XDECREF(value);
        if (!done) return 0;
    }
    return append_char(out, '\n');
}

/* csv_lines(columns, begin, end): see kernel.py */
PyObject *csv_lines(PyObject *self, PyObject *args) {
    PyObject *columns, *text = NULL;
    Out out = {0};
    Py_ssize_t begin, end;
    if (!PyArg_ParseTuple(args, "O!nn", &PyList_Type, &columns, &begin, &end)) return NULL;
    Py_ssize_t width = PyList_Size(columns), row = begin < 0 ? 0 : begin;
    if (!width) end = 0; /* no columns have no rows */
    while (row < end && append_row(&out, columns, width, row)) row++;
    if (row >= end) text = PyBytes_FromStringAndSize(out.text ? out.text : "", out.size);
    free(out.text);
    return text;
}
