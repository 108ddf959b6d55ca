/* What costs most at tagging time, compiled where there is a compiler: kernel.py says what is
   taken instead where there is none. Nothing here reads past a buffer that Python has checked in:
   every length is the buffer's own, and text of any kind only changes numbers. Stable ABI. */
#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef __GNUC__
#define __builtin_prefetch(address) /* the rows of weights are all over the memory */
#endif
#define PRIME 0x9E3779B97F4A7C15u
enum { SEPARATES, IN_WORD, ALONE };

/* ---- sums of the weights of hashed features: features.py and scoring.py, in one pass ---- */

typedef struct {
    uint64_t *word, *pair, *prefix, *suffix; /* hashes in a sentence; the last two of long tokens */
    uint64_t *bucket;
    Py_ssize_t room, n, n_long;
} Tokens;

typedef struct {
    const float *weights;
    uint64_t mask; /* buckets - 1 */
    Py_ssize_t width;
    float *scratch; /* 8 rows for a block, and one for each halving */
} Table;

static int more_room(Tokens *t) {
    Py_ssize_t room = t->room ? 2 * t->room : 256;
    uint64_t **arrays[] = {&t->word, &t->pair, &t->prefix, &t->suffix, &t->bucket};
    if ((size_t)room > SIZE_MAX / sizeof(uint64_t)) return 0;
    for (int k = 0; k < 5; k++) {
        uint64_t *grown = realloc(*arrays[k], room * sizeof(uint64_t));
        if (!grown) return 0;
        *arrays[k] = grown;
    }
    t->room = room;
    return 1;
}

static uint64_t hash_bytes(const unsigned char *text, Py_ssize_t n) {
    uint64_t sum = 0, power = 1;
    for (Py_ssize_t i = 0; i < n; i++, power *= PRIME) sum += (text[i] + 1u) * power;
    return sum;
}

static int add_token(Tokens *t, const unsigned char *text, Py_ssize_t n) {
    if (t->n == t->room && !more_room(t)) return 0;
    t->word[t->n++] = hash_bytes(text, n);
    if (n > 5) {
        t->prefix[t->n_long] = hash_bytes(text, 5);
        t->suffix[t->n_long++] = hash_bytes(text + n - 4, 4);
    }
    return 1;
}

static uint64_t mix(uint64_t value) { return (value ^ value >> 31) * 0xBF58476D1CE4E5B9u; }

static void add_row(float *sum, const float *row, Py_ssize_t width) {
    for (Py_ssize_t k = 0; k < width; k++) sum[k] += row[k];
}

/* The order in which NumPy adds float32, so that the sums are the same to the last bit. */
static void add_pairwise(
    const Table *table, const uint64_t *bucket, Py_ssize_t n, float *out, float *scratch
) {
    const Py_ssize_t width = table->width;
    if (n > 128) {
        Py_ssize_t half = n / 2 - n / 2 % 8;
        add_pairwise(table, bucket, half, out, scratch + width);
        add_pairwise(table, bucket + half, n - half, scratch, scratch + width);
        add_row(out, scratch, width);
        return;
    }
    Py_ssize_t i = 0;
    memset(out, 0, width * sizeof(float));
    if (n >= 8) {
        float *r = table->scratch;
        memset(r, 0, 8 * width * sizeof(float));
        for (; i < n - n % 8; i++)
            add_row(r + i % 8 * width, table->weights + bucket[i] * width, width);
        for (Py_ssize_t k = 0; k < width; k++)
            out[k] = ((r[k] + r[width + k]) + (r[2 * width + k] + r[3 * width + k]))
                   + ((r[4 * width + k] + r[5 * width + k]) + (r[6 * width + k] + r[7 * width + k]));
    }
    for (; i < n; i++) add_row(out, table->weights + bucket[i] * width, width);
}

/* Adds the weights of a kind of feature to a sentence's sums. */
static void add_kind(
    const Table *table, Tokens *t, const uint64_t *hashes, Py_ssize_t n, uint64_t salt, double *sums
) {
    if (n <= 0) return;
    for (Py_ssize_t i = 0; i < n; i++) {
        uint64_t mixed = (hashes[i] + salt) * 0x94D049BB133111EBu;
        t->bucket[i] = ((mixed ^ mixed >> 32) * PRIME >> 33) & table->mask;
        __builtin_prefetch(table->weights + t->bucket[i] * table->width);
    }
    float *out = table->scratch + 8 * table->width;
    add_pairwise(table, t->bucket + 1, n - 1, out, out + table->width);
    for (Py_ssize_t k = 0; k < table->width; k++)
        sums[k] += (float)(table->weights[t->bucket[0] * table->width + k] + out[k]);
}

/* Adds a sentence's features to its sums, and returns how many they are. */
static int64_t add_sentence(const Table *table, Tokens *t, double *sums) {
    const Py_ssize_t n = t->n;
    if (!n) return 0;
    for (Py_ssize_t i = 0; i + 1 < n; i++) t->pair[i] = mix(t->word[i]) + t->word[i + 1];
    add_kind(table, t, t->word, n, 1, sums);
    add_kind(table, t, t->pair, n - 1, 3, sums);
    for (Py_ssize_t i = 0; i + 2 < n; i++) t->pair[i] = mix(t->pair[i]) + t->word[i + 2];
    add_kind(table, t, t->pair, n - 2, 5, sums);
    add_kind(table, t, t->prefix, t->n_long, 7, sums);
    add_kind(table, t, t->suffix, t->n_long, 9, sums);
    add_kind(table, t, t->word, 1, 11, sums);
    return n + (n - 1) + (n > 1 ? n - 2 : 0) + 2 * t->n_long + 1;
}

static int add_text(
    const Table *table, const unsigned char *text, Py_ssize_t size, const unsigned char *classes,
    double *sums, int64_t *counts, Py_ssize_t n_rows
) {
    Tokens t = {0};
    Py_ssize_t row = 0, i = 0;
    int done = 1;
    while (done && i < size && row < n_rows) {
        Py_ssize_t begin = i++;
        if (classes[text[begin]] == IN_WORD)
            while (i < size && classes[text[i]] == IN_WORD) i++;
        if (classes[text[begin]] != SEPARATES) {
            done = add_token(&t, text + begin, i - begin);
        } else if (text[begin] == 0x1e) {
            counts[row] = add_sentence(table, &t, sums + row * table->width);
            row++;
            t.n = t.n_long = 0;
        }
    }
    free(t.word), free(t.pair), free(t.prefix), free(t.suffix), free(t.bucket);
    if (!done) PyErr_NoMemory();
    else if (row < n_rows || i < size) PyErr_SetString(PyExc_ValueError, "other rows than marks");
    return done && row == n_rows && i == size;
}

/* sum_text(buffer, classes, weights, width, sums, counts): see kernel.py */
static PyObject *sum_text(PyObject *self, PyObject *args) {
    Py_buffer text, classes, weights, sums, counts;
    Py_ssize_t width;
    if (!PyArg_ParseTuple(args, "y*y*y*nw*w*", &text, &classes, &weights, &width, &sums, &counts))
        return NULL;
    Py_ssize_t n_rows = counts.len / 8, row = width * (Py_ssize_t)sizeof(float), done = 0;
    Py_ssize_t n_buckets = width > 0 && width < 1 << 20 ? weights.len / row : 0;
    Table table = {weights.buf, n_buckets - 1, width, NULL};
    if (classes.len != 256 || n_buckets < 1 || n_buckets & (n_buckets - 1)
        || (uintptr_t)weights.buf % 4 || (uintptr_t)sums.buf % 8 || (uintptr_t)counts.buf % 8
        || n_rows * width != sums.len / 8) {
        PyErr_SetString(PyExc_ValueError, "arrays of the wrong size");
    } else if (!(table.scratch = malloc((8 + 2 + 64) * row))) {
        PyErr_NoMemory();
    } else {
        done = add_text(&table, text.buf, text.len, classes.buf, sums.buf, counts.buf, n_rows);
        free(table.scratch);
    }
    PyBuffer_Release(&text), PyBuffer_Release(&classes), PyBuffer_Release(&weights);
    PyBuffer_Release(&sums), PyBuffer_Release(&counts);
    return done ? Py_NewRef(Py_None) : NULL;
}

/* ---- where a sentence may end: _STOP of sentences.py ---- */

static int is_blank(Py_UCS4 c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static int is_space(Py_UCS4 c) {
    if (c < 0x85) return is_blank(c) || (c >= 0x1c && c <= 0x1f);
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028
        || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}
static int is_one_of(Py_UCS4 c, const char *ascii) { return c && c < 128 && strchr(ascii, (int)c); }
static int is_quote(Py_UCS4 c) { return c == 0x2018 || c == 0x2019 || c == 0x201c || c == 0x201d
                                     || c == 0xab || c == 0xbb; }
static int no_word(Py_UCS4 c) { return is_space(c) || is_quote(c) || is_one_of(c, ")\";}]*:@'({[?!"); }
static int is_stop(Py_UCS4 c) { return c == '.' || c == '?' || c == '!'; }
static int is_letter(Py_UCS4 c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

/* Whether there is a stop before the next blank that something other than a word follows. */
static int has_later(const Py_UCS4 *text, Py_ssize_t i, Py_ssize_t n) {
    for (; i + 1 < n && !is_blank(text[i]); i++)
        if (is_stop(text[i]) && no_word(text[i + 1])) return 1;
    return 0;
}

static int is_candidate(const Py_UCS4 *text, Py_ssize_t stop, Py_ssize_t n) {
    Py_ssize_t i = stop + 1;
    if (i >= n) return 0;
    if (text[stop] == 0x2026) {
        while (i < n && (is_one_of(text[i], "\"')]") || text[i] == 0x201d || text[i] == 0x2019
                         || text[i] == 0xbb)) i++;
        return i < n && is_blank(text[i]);
    }
    return no_word(text[i])
        && (is_blank(text[i]) || !stop || is_blank(text[stop - 1]) || !has_later(text, i, n));
}

/* Whether a dot, a space and a capital or a digit follow, perhaps with a mark that opens. */
static int is_before_plain(const Py_UCS4 *text, Py_ssize_t stop, Py_ssize_t n) {
    Py_ssize_t i = stop + 2;
    if (i >= n || text[stop] != '.' || text[stop + 1] != ' ') return 0;
    if (is_one_of(text[i], "\"'([") || text[i] == 0x201c || text[i] == 0x2018 || text[i] == 0xab) i++;
    return i < n && ((text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= '0' && text[i] <= '9'));
}

/* Whether a word of ASCII letters, none of those held, ends at such a dot: 1, 0, or -1 (error). */
static int is_plain(const Py_UCS4 *text, Py_ssize_t stop, Py_ssize_t n, PyObject *held) {
    char word[64];
    Py_ssize_t begin = stop;
    if (!is_before_plain(text, stop, n)) return 0;
    while (begin > 0 && is_letter(text[begin - 1])) begin--;
    Py_ssize_t size = stop - begin;
    if (size < 2 || size > 64 || (begin > 0 && text[begin - 1] != ' ')) return 0;
    for (Py_ssize_t i = 0; i < size; i++) word[i] = (char)(text[begin + i] | 32);
    PyObject *key = PyUnicode_FromStringAndSize(word, size);
    if (!key) return -1;
    int found = PySet_Contains(held, key);
    Py_DECREF(key);
    return found < 0 ? -1 : !found;
}

static PyObject *stops_of(const Py_UCS4 *text, Py_ssize_t n, PyObject *held) {
    PyObject *out = PyList_New(0);
    for (Py_ssize_t i = 0; out && i < n; i++) {
        if (!(is_stop(text[i]) || text[i] == 0x2026) || !is_candidate(text, i, n)) continue;
        int plain = is_plain(text, i, n, held);
        PyObject *code = plain < 0 ? NULL : PyLong_FromSsize_t(2 * i + plain);
        if (!code || PyList_Append(out, code)) Py_CLEAR(out);
        Py_XDECREF(code);
    }
    return out;
}

/* stops(text, blocks, held): see kernel.py */
static PyObject *stops(PyObject *self, PyObject *args) {
    PyObject *text, *blocks, *held;
    if (!PyArg_ParseTuple(args, "UO!O", &text, &PyList_Type, &blocks, &held)) return NULL;
    Py_ssize_t size = PyUnicode_GetLength(text);
    Py_UCS4 *chars = PyUnicode_AsUCS4Copy(text);
    PyObject *all = chars ? PyList_New(0) : NULL;
    for (Py_ssize_t k = 0; all && k < PyList_Size(blocks); k++) {
        Py_ssize_t begin, end, number;
        PyObject *own = NULL;
        int failed = !PyArg_ParseTuple(PyList_GetItem(blocks, k), "nnn", &begin, &end, &number);
        if (!failed && !(0 <= begin && begin <= end && end <= size)) {
            PyErr_SetString(PyExc_ValueError, "a block outside of the text");
            failed = 1;
        }
        failed = failed || !(own = stops_of(chars + begin, end - begin, held))
              || PyList_Append(all, own);
        Py_XDECREF(own);
        if (failed) Py_CLEAR(all);
    }
    PyMem_Free(chars);
    return all;
}

/* ---- words that the corpus does not have: vocabulary.py ---- */

typedef struct { const unsigned char *text; Py_ssize_t size; uint32_t *slots; uint64_t mask; } Words;

/* Whether a word and the space after it are in a table of where words begin (from 1), or put there. */
static int has_word(Words *w, const unsigned char *word, Py_ssize_t n, uint32_t put) {
    uint64_t hash = mix(hash_bytes(word, n)) >> 32;
    for (uint64_t k = 0; k <= w->mask; k++) {
        uint32_t *slot = w->slots + ((hash + k) & w->mask);
        if (!*slot) return *slot = put, 0;
        if (*slot + n <= w->size && !memcmp(w->text + *slot - 1, word, n + 1)) return 1;
    }
    return 0;
}

/* unknown_words(text, slots, known, known_slots): see kernel.py */
static PyObject *unknown_words(PyObject *self, PyObject *args) {
    Py_buffer text, slots, known, all;
    Py_ssize_t n_words = 0, n_unknown = 0;
    if (!PyArg_ParseTuple(args, "y*w*y*w*", &text, &slots, &known, &all)) return NULL;
    Words here = {text.buf, text.len, slots.buf, slots.len / 4 - 1};
    Words corpus = {known.buf, known.len, all.buf, all.len / 4 - 1};
    int fits = slots.len > 3 && all.len > 3 && !((uintptr_t)slots.buf % 4 + (uintptr_t)all.buf % 4);
    const unsigned char *at = text.buf, *end = at + text.len, *space;
    for (; fits && (space = memchr(at, ' ', end - at)); at = space + 1) {
        if (space == at || has_word(&here, at, space - at, (uint32_t)(at - here.text + 1))) continue;
        n_words++;
        n_unknown += !has_word(&corpus, at, space - at, 0);
    }
    PyBuffer_Release(&text), PyBuffer_Release(&slots), PyBuffer_Release(&known), PyBuffer_Release(&all);
    if (!fits) return PyErr_SetString(PyExc_ValueError, "tables of the wrong size"), NULL;
    return Py_BuildValue("nn", n_words, n_unknown);
}

/* ---- rows as CSV: writers/lines.py ---- */

typedef struct { char *text; size_t size, room; } Out;

static int append(Out *out, const char *text, size_t n) {
    if (!n) return 1;
    if (out->room - out->size < n) {
        size_t room = 2 * out->room + n;
        char *grown = room > out->room ? realloc(out->text, room) : NULL;
        if (!grown) return PyErr_NoMemory(), 0;
        out->text = grown;
        out->room = room;
    }
    memcpy(out->text + out->size, text, n);
    out->size += n;
    return 1;
}

static int append_quoted(Out *out, const char *text, size_t n) {
    size_t from = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '"') continue;
        if (!append(out, text + from, i - from) || !append(out, "\"", 1)) return 0;
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
    int done = quoted ? append(out, "\"", 1) && append_quoted(out, text, n) && append(out, "\"", 1)
                      : append(out, text, n);
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

/* csv_lines(columns, begin, end): see kernel.py */
static PyObject *csv_lines(PyObject *self, PyObject *args) {
    PyObject *columns, *text = NULL;
    Out out = {0};
    Py_ssize_t begin, end;
    if (!PyArg_ParseTuple(args, "O!nn", &PyList_Type, &columns, &begin, &end)) return NULL;
    Py_ssize_t width = PyList_Size(columns);
    int done = 1;
    for (Py_ssize_t row = begin < 0 ? 0 : begin; done && row < end; row++) {
        for (Py_ssize_t k = 0; done && k < width; k++) {
            PyObject *column = PyList_GetItem(columns, k);
            PyObject *value = column ? PySequence_GetItem(column, row) : NULL;
            done = value && append_cell(&out, value) && append(&out, k + 1 < width ? "," : "\n", 1);
            Py_XDECREF(value);
        }
    }
    if (done) text = PyUnicode_DecodeUTF8(out.text ? out.text : "", out.size, NULL);
    free(out.text);
    return text;
}

static PyMethodDef methods[] = {
    {"sum_text", sum_text, METH_VARARGS, NULL},
    {"stops", stops, METH_VARARGS, NULL},
    {"unknown_words", unknown_words, METH_VARARGS, NULL},
    {"csv_lines", csv_lines, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

/* kernel.py takes no other: raise both when what is done here changes, and install again. */
static int add_version(PyObject *module) { return PyModule_AddIntConstant(module, "VERSION", 2); }

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)add_version}, {0, NULL}};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_kernel", NULL, 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModuleDef_Init(&module); }
