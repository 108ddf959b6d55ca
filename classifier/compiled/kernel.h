/* What the files of the compiled part share: the stable ABI, the functions that Python calls, and
   hashes of bytes. Nothing reads past a buffer or a string: every length is its own, and text of
   any kind only changes numbers. What is used after code of Python's was called is held. */
#ifndef KERNEL_H
#define KERNEL_H
#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef __GNUC__
#define __builtin_prefetch(address) /* it only saves time */
#endif

/* each in a file of its own; kernel.py says what they do */
PyObject *sum_features(PyObject *self, PyObject *args);
PyObject *split(PyObject *self, PyObject *args);
PyObject *unknown_words(PyObject *self, PyObject *args);
PyObject *csv_lines(PyObject *self, PyObject *args);

#define PRIME 0x9E3779B97F4A7C15u
enum { POWERS = 64 };
extern uint64_t powers[POWERS]; /* of PRIME, so that no product waits for the one before */

static inline uint64_t hash_bytes(const unsigned char *text, Py_ssize_t n) {
    uint64_t sum = 0, power = powers[POWERS - 1];
    Py_ssize_t i = 0;
    for (; i < n && i < POWERS; i++) sum += (text[i] + 1u) * powers[i];
    for (; i < n; i++) sum += (text[i] + 1u) * (power *= PRIME);
    return sum;
}

static inline uint64_t mix(uint64_t value) { return (value ^ value >> 31) * 0xBF58476D1CE4E5B9u; }

#endif
