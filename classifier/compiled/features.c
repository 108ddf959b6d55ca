/* The weights of the hashed features of sentences, summed: features.py and scoring.py in one pass.

   NumPy makes arrays of all tokens and all features of a batch, one after another. Here each
   sentence is read, hashed and summed before the next, while it is in the cache. */
#include "kernel.h"

enum { SEPARATES, IN_WORD, ALONE }; /* what a byte does */
enum { KINDS = 6 };                 /* of features */

typedef struct {
    uint64_t *word, *pair, *prefix, *suffix; /* hashes in a sentence; the last two of long tokens */
    uint64_t *bucket; /* of all kinds of features */
    Py_ssize_t room, n, n_long;
    const unsigned char *fold, *classes; /* of each byte: in lower case, and what it does */
    unsigned char *text;                 /* the sentence in lower case */
    Py_ssize_t text_room;
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
    if ((size_t)room > SIZE_MAX / (KINDS * sizeof(uint64_t))) return 0;
    for (int k = 0; k < 5; k++) {
        uint64_t *grown = realloc(*arrays[k], (k == 4 ? KINDS : 1) * room * sizeof(uint64_t));
        if (!grown) return 0;
        *arrays[k] = grown;
    }
    t->room = room;
    return 1;
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

/* The order in which NumPy adds float32, so that the sums are the same to the last bit. */
static inline void add_rows(
    const float *restrict weights, const uint64_t *bucket, Py_ssize_t n, float *restrict out,
    float *restrict r, const Py_ssize_t width
) {
    Py_ssize_t i = 0;
    memset(out, 0, width * sizeof(float));
    if (n >= 8) {
        memset(r, 0, 8 * width * sizeof(float));
        for (; i < n - n % 8; i++)
            for (Py_ssize_t k = 0; k < width; k++)
                r[i % 8 * width + k] += weights[bucket[i] * width + k];
        for (Py_ssize_t k = 0; k < width; k++)
            out[k] =
                ((r[k] + r[width + k]) + (r[2 * width + k] + r[3 * width + k]))
                + ((r[4 * width + k] + r[5 * width + k]) + (r[6 * width + k] + r[7 * width + k]));
    }
    for (; i < n; i++)
        for (Py_ssize_t k = 0; k < width; k++) out[k] += weights[bucket[i] * width + k];
}

static void add_pairwise(
    const Table *table, const uint64_t *bucket, Py_ssize_t n, float *out, float *scratch
) {
    const Py_ssize_t width = table->width;
    if (n > 128) {
        Py_ssize_t half = n / 2 - n / 2 % 8;
        add_pairwise(table, bucket, half, out, scratch + width);
        add_pairwise(table, bucket + half, n - half, scratch, scratch + width);
        for (Py_ssize_t k = 0; k < width; k++) out[k] += scratch[k];
    } else if (width == 5) { /* of the shipped models: known here, the loops are unrolled */
        add_rows(table->weights, bucket, n, out, table->scratch, 5);
    } else {
        add_rows(table->weights, bucket, n, out, table->scratch, width);
    }
}

/* Writes the buckets of a kind of feature, whose rows are fetched meanwhile; returns their end. */
static uint64_t *find_kind(
    const Table *table, const uint64_t *hashes, Py_ssize_t n, uint64_t salt, uint64_t *bucket
) {
    for (Py_ssize_t i = 0; i < n; i++) {
        uint64_t mixed = (hashes[i] + salt) * 0x94D049BB133111EBu;
        *bucket = ((mixed ^ mixed >> 32) * PRIME >> 33) & table->mask;
        const float *row = table->weights + *bucket++ * table->width;
        __builtin_prefetch(row);
        __builtin_prefetch(row + table->width - 1);
    }
    return bucket;
}

/* Adds a sentence's features to its sums, and returns how many they are. */
static int64_t add_sentence(const Table *table, Tokens *t, double *sums) {
    const Py_ssize_t n = t->n, width = table->width;
    const Py_ssize_t sizes[KINDS] = {n, n - 1, n > 1 ? n - 2 : 0, t->n_long, t->n_long, 1};
    uint64_t *bucket = t->bucket, *end = bucket;
    float *out = table->scratch + 8 * width;
    if (!n) return 0;
    for (Py_ssize_t i = 0; i + 1 < n; i++) t->pair[i] = mix(t->word[i]) + t->word[i + 1];
    end = find_kind(table, t->word, n, 1, end);
    end = find_kind(table, t->pair, n - 1, 3, end);
    for (Py_ssize_t i = 0; i + 2 < n; i++) t->pair[i] = mix(t->pair[i]) + t->word[i + 2];
    end = find_kind(table, t->pair, n - 2, 5, end);
    end = find_kind(table, t->prefix, t->n_long, 7, end);
    end = find_kind(table, t->suffix, t->n_long, 9, end);
    end = find_kind(table, t->word, 1, 11, end);
    for (int kind = 0; kind < KINDS; bucket += sizes[kind++]) {
        if (!sizes[kind]) continue;
        add_pairwise(table, bucket + 1, sizes[kind] - 1, out, out + width);
        for (Py_ssize_t k = 0; k < width; k++)
            sums[k] += (float)(table->weights[*bucket * width + k] + out[k]);
    }
    return end - t->bucket;
}

/* UTF-8 in lower case, with spaces of Unicode as one: how many bytes, or -1 where that takes a
   table of Unicode. Of U+0080 to U+00FF, U+2000 to U+203F and U+2080 to U+20BF the capitals are
   known. */
static Py_ssize_t fold_utf8(
    const unsigned char *text, Py_ssize_t n, const unsigned char *fold, unsigned char *out
) {
    Py_ssize_t k = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        unsigned char c = text[i], second = i + 1 < n ? text[i + 1] : 0;
        unsigned char third = i + 2 < n ? text[i + 2] : 0;
        if (c < 0x80) {
            out[k++] = fold[c];
        } else if ((c == 0xc2 && (second == 0x85 || second == 0xa0))) {
            out[k++] = ' ', i++;
        } else if (c == 0xe2 && second == 0x80
                   && (third <= 0x8a || third == 0xa8 || third == 0xa9 || third == 0xaf)) {
            out[k++] = ' ', i += 2;
        } else if ((c == 0xc2 || c == 0xc3) && second) {
            out[k++] = c;
            out[k++] = c == 0xc3 && second <= 0x9e && second != 0x97 ? second + 32 : second;
            i++;
        } else if (c == 0xe2 && (second == 0x80 || second == 0x82) && third) {
            out[k++] = c, out[k++] = second, out[k++] = third;
            i += 2;
        } else {
            return -1;
        }
    }
    return k;
}

static int has_text_room(Tokens *t, Py_ssize_t n) {
    if (n <= t->text_room) return 1;
    unsigned char *grown = realloc(t->text, n);
    if (!grown) return 0;
    t->text = grown;
    t->text_room = n;
    return 1;
}

static int add_tokens(Tokens *t, const unsigned char *text, Py_ssize_t n) {
    t->n = t->n_long = 0;
    for (Py_ssize_t i = 0; i < n; ) {
        Py_ssize_t begin = i++;
        int class = t->classes[text[begin]];
        if (class == IN_WORD)
            while (i < n && t->classes[text[i]] == IN_WORD) i++;
        if (class != SEPARATES && !add_token(t, text + begin, i - begin)) return 0;
    }
    return 1;
}

/* Makes the tokens of a sentence; `folded` makes its bytes where that takes a table of Unicode. */
static int read_sentence(Tokens *t, PyObject *sentence, PyObject *folded) {
    Py_ssize_t size = 0, n = -1;
    PyObject *own = NULL;
    const unsigned char *text = (const unsigned char *)PyUnicode_AsUTF8AndSize(sentence, &size);
    if (!text && !PyErr_ExceptionMatches(PyExc_UnicodeError)) return 0;
    if (!text) PyErr_Clear(); /* lone surrogates */
    else if (!has_text_room(t, size)) return PyErr_NoMemory(), 0;
    else n = fold_utf8(text, size, t->fold, t->text);
    text = t->text;
    if (n < 0) {
        own = PyObject_CallFunctionObjArgs(folded, sentence, NULL);
        text = own ? (const unsigned char *)PyBytes_AsString(own) : NULL;
        n = text ? PyBytes_Size(own) : 0;
    }
    if ((text || !n) && !PyErr_Occurred() && !add_tokens(t, text, n)) PyErr_NoMemory();
    Py_XDECREF(own);
    return !PyErr_Occurred();
}

static int add_sentences(
    const Table *table, Tokens *t, PyObject *sentences, PyObject *folded, double *sums,
    int64_t *counts, Py_ssize_t n_rows
) {
    int done = 1;
    for (Py_ssize_t row = 0; done && row < n_rows; row++) {
        /* `folded` may run code that changes the list, so a reference is held */
        PyObject *sentence = Py_XNewRef(PyList_GetItem(sentences, row));
        done = sentence && read_sentence(t, sentence, folded);
        Py_XDECREF(sentence);
        if (done) counts[row] = add_sentence(table, t, sums + row * table->width);
    }
    free(t->word), free(t->pair), free(t->prefix), free(t->suffix), free(t->bucket), free(t->text);
    return done;
}

/* sum_features(sentences, folded, fold, classes, weights, width, sums, counts): see kernel.py */
PyObject *sum_features(PyObject *self, PyObject *args) {
    PyObject *sentences, *folded;
    Py_buffer fold, classes, weights, sums, counts;
    Py_ssize_t width, done = 0;
    if (!PyArg_ParseTuple(args, "O!Oy*y*y*nw*w*", &PyList_Type, &sentences, &folded, &fold,
                          &classes, &weights, &width, &sums, &counts)) return NULL;
    if (width < 1 || width >= 1 << 20) width = 0; /* refused below */
    Py_ssize_t n_rows = counts.len / 8, row = width * (Py_ssize_t)sizeof(float);
    Py_ssize_t n_buckets = width ? weights.len / row : 0;
    Table table = {weights.buf, n_buckets - 1, width, NULL};
    Tokens tokens = {.fold = fold.buf, .classes = classes.buf};
    if (fold.len != 256 || classes.len != 256 || n_buckets < 1 || n_buckets & (n_buckets - 1)
        || (uintptr_t)weights.buf % 4 || (uintptr_t)sums.buf % 8 || (uintptr_t)counts.buf % 8
        || sums.len / 8 % width || sums.len / 8 / width != n_rows
        || n_rows != PyList_Size(sentences)) {
        PyErr_SetString(PyExc_ValueError, "arrays of the wrong size");
    } else if (!(table.scratch = malloc((8 + 2 + 64) * row))) {
        PyErr_NoMemory();
    } else {
        done = add_sentences(&table, &tokens, sentences, folded, sums.buf, counts.buf, n_rows);
        free(table.scratch);
    }
    PyBuffer_Release(&fold), PyBuffer_Release(&classes), PyBuffer_Release(&weights);
    PyBuffer_Release(&sums), PyBuffer_Release(&counts);
    return done ? Py_NewRef(Py_None) : NULL;
}
