/* The module classifier._kernel: what costs most at tagging time, compiled where there is a
   compiler. kernel.py says what each function does, and what is taken where there is none. */
#include "kernel.h"

uint64_t powers[POWERS];

static PyMethodDef methods[] = {
    {"sum_features", sum_features, METH_VARARGS, NULL},
    {"split", split, METH_VARARGS, NULL},
    {"unknown_words", unknown_words, METH_VARARGS, NULL},
    {"csv_lines", csv_lines, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

/* kernel.py takes no other: raise both when what is done here changes, and install again. */
static int prepare(PyObject *module) {
    powers[0] = 1;
    for (int k = 1; k < POWERS; k++) powers[k] = powers[k - 1] * PRIME;
    return PyModule_AddIntConstant(module, "VERSION", 4);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)prepare}, {0, NULL}};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_kernel", NULL, 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModuleDef_Init(&module); }
