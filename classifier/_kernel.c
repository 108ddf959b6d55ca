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

enum { POWERS = 64, KINDS = 6 };

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

static uint64_t powers[POWERS]; /* of PRIME, so that no product waits for the one before */

static uint64_t hash_bytes(const unsigned char *text, Py_ssize_t n) {
    uint64_t sum = 0, power = powers[POWERS - 1];
    Py_ssize_t i = 0;
    for (; i < n && i < POWERS; i++) sum += (text[i] + 1u) * powers[i];
    for (; i < n; i++) sum += (text[i] + 1u) * (power *= PRIME);
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
            out[k] = ((r[k] + r[width + k]) + (r[2 * width + k] + r[3 * width + k]))
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

/* UTF-8 in lower case, with spaces of Unicode as one: how many bytes, or -1 where that takes a table
   of Unicode. Of U+0080 to U+00FF, U+2000 to U+203F and U+2080 to U+20BF the capitals are known. */
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

/* Makes the tokens of a sentence, which `folded` makes bytes where that takes a table of Unicode. */
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
static PyObject *sum_features(PyObject *self, PyObject *args) {
    PyObject *sentences, *folded;
    Py_buffer fold, classes, weights, sums, counts;
    Py_ssize_t width, done = 0;
    if (!PyArg_ParseTuple(args, "O!Oy*y*y*nw*w*", &PyList_Type, &sentences, &folded, &fold, &classes,
                          &weights, &width, &sums, &counts)) return NULL;
    if (width < 1 || width >= 1 << 20) width = 0; /* refused below */
    Py_ssize_t n_rows = counts.len / 8, row = width * (Py_ssize_t)sizeof(float);
    Py_ssize_t n_buckets = width ? weights.len / row : 0;
    Table table = {weights.buf, n_buckets - 1, width, NULL};
    Tokens tokens = {.fold = fold.buf, .classes = classes.buf};
    if (fold.len != 256 || classes.len != 256 || n_buckets < 1 || n_buckets & (n_buckets - 1)
        || (uintptr_t)weights.buf % 4 || (uintptr_t)sums.buf % 8 || (uintptr_t)counts.buf % 8
        || sums.len / 8 % width || sums.len / 8 / width != n_rows || n_rows != PyList_Size(sentences)) {
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

/* ---- sentences of a text: layout.py and sentences.py say why it is done so ---- */

enum { WIDEST = 200, MAX_WORD = 40 }; /* of a line; of a word that is looked at */
/* instead of yes or no: what is hard, Python decides; what is open, the next rule */
enum { ERROR = -1, HARD = -2, OPEN = -3 };

static int is_blank(Py_UCS4 c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static int is_space(Py_UCS4 c) {
    if (c < 0x85) return is_blank(c) || (c >= 0x1c && c <= 0x1f);
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028
        || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}
static int is_one_of(Py_UCS4 c, const char *ascii) { return c && c < 128 && strchr(ascii, (int)c); }
static int is_quote(Py_UCS4 c) { return c == 0x2018 || c == 0x2019 || c == 0x201c || c == 0x201d
                                     || c == 0xab || c == 0xbb; }
static int is_opening(Py_UCS4 c) { return is_one_of(c, "\"'([") || c == 0x201c || c == 0x2018
                                       || c == 0xab; }
static int is_closing(Py_UCS4 c) { return is_one_of(c, "\"')]") || c == 0x201d || c == 0x2019
                                       || c == 0xbb; }
static int no_word(Py_UCS4 c) { return is_space(c) || is_quote(c) || is_one_of(c, ")\";}]*:@'({[?!"); }
static int is_stop(Py_UCS4 c) { return c == '.' || c == '?' || c == '!'; }
static int is_digit(Py_UCS4 c) { return c >= '0' && c <= '9'; }
static int is_upper(Py_UCS4 c) { return c >= 'A' && c <= 'Z'; }
static int is_letter(Py_UCS4 c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
static int is_letter_or_digit(Py_UCS4 c) { return is_letter(c) || is_digit(c); }
static int is_strange(Py_UCS4 c) { return c > 127 && !is_quote(c); }

/* What a method of str says of a character that is not ASCII: yes, no or an error. */
static int ask(Py_UCS4 c, const char *method) {
    PyObject *text = PyUnicode_FromOrdinal((int)c);
    PyObject *answer = text ? PyObject_CallMethod(text, method, NULL) : NULL;
    int is = answer ? PyObject_IsTrue(answer) : ERROR;
    Py_XDECREF(text), Py_XDECREF(answer);
    return is;
}

static int is_lower(Py_UCS4 c) { return c < 128 ? is_letter(c) && !is_upper(c) : ask(c, "islower"); }

/* A part of the text: its characters from `begin` to before `end`. */
typedef struct { const Py_UCS4 *text; Py_ssize_t begin, end; } Part;

static Py_ssize_t skip_space(Part p, Py_ssize_t i) {
    while (i < p.end && is_space(p.text[i])) i++;
    return i;
}

static Part trimmed(Part p) {
    p.begin = skip_space(p, p.begin);
    while (p.begin < p.end && is_space(p.text[p.end - 1])) p.end--;
    return p;
}

static Py_UCS4 at(Part p, Py_ssize_t i) { return i < p.end ? p.text[i] : 0; }

static Py_ssize_t skip_digits(Part p, Py_ssize_t i, int most) {
    while (most-- && is_digit(at(p, i))) i++;
    return i;
}

/* Past a number such as 2.3.1, if there is one. */
static Py_ssize_t skip_number(Part p, Py_ssize_t i, int most_digits, int *n_more) {
    Py_ssize_t end = skip_digits(p, i, most_digits);
    for (*n_more = 0; end > i && *n_more < 4; ++*n_more) {
        if (at(p, end) != '.' || !is_digit(at(p, end + 1))) break;
        end = skip_digits(p, end + 1, 3);
    }
    return end;
}

/* Past the letters that name an item, if they are few enough or a Roman number. */
static Py_ssize_t skip_letters(Part p, Py_ssize_t i, Py_ssize_t most) {
    Py_ssize_t end = i;
    int is_roman = 1;
    for (; end - i <= 5 && is_letter(at(p, end)); end++) is_roman &= is_one_of(at(p, end), "ivxIVX");
    return end - i <= most || (end - i <= 5 && is_roman) ? end : i;
}

static int is_tab(Py_UCS4 c) { return c == ' ' || c == '\t'; }

/* Whether a line begins as _ITEM of layout.py. */
static int is_item(Part p) {
    Py_UCS4 first = at(p, p.begin);
    int in_brackets = first == '(', n_more;
    Py_ssize_t begin = p.begin + in_brackets, end = skip_number(p, begin, 3, &n_more);
    if (is_one_of(first, "-*") || first == 0x2022 || first == 0x2013 || first == 0xb7
        || first == 0x25aa || first == 0x25cf) return is_tab(at(p, p.begin + 1));
    if (end == begin) end = skip_letters(p, begin, 1 + in_brackets);
    if (end > begin && (at(p, end) == ')' || (at(p, end) == '.' && !in_brackets))
        && !(in_brackets && n_more)) return is_tab(at(p, end + 1));
    end = skip_number(p, p.begin, 2, &n_more);
    if (end == p.begin || !n_more || !is_tab(at(p, end))) return 0;
    while (is_tab(at(p, end))) end++;
    Py_UCS4 next = at(p, end);
    if (next < 128) return is_upper(next);
    int is_word = ask(next, "isalnum"), is_number = is_word > 0 ? ask(next, "isdecimal") : 0;
    return is_word < 0 || is_number < 0 ? ERROR : is_word && !is_number;
}

/* Whether a line break before a line is more than one of hard-wrapped text. */
static int begins_block(Part before, Part line, Py_ssize_t width) {
    line.begin = skip_space(line, line.begin);
    if (line.begin == line.end) return 0;
    int lower = is_lower(at(line, line.begin));
    if (lower < 0) return ERROR;
    if (!lower) {
        Py_ssize_t word = line.begin;
        before = trimmed(before);
        while (word < line.end && !is_space(line.text[word])) word++;
        if (width > WIDEST || 2 * (before.end - before.begin + 1 + word - line.begin) <= width)
            return 1;
    }
    return is_item(line);
}

/* Whether there is a stop before the next blank that something other than a word follows. */
static int has_later(Part p, Py_ssize_t i) {
    for (; i + 1 < p.end && !is_blank(p.text[i]); i++)
        if (is_stop(p.text[i]) && no_word(p.text[i + 1])) return 1;
    return 0;
}

static Py_ssize_t skip_closing(Part p, Py_ssize_t i) {
    while (is_closing(at(p, i))) i++;
    return i;
}

/* Whether a sentence may end at a character: _STOP of sentences.py. */
static int is_candidate(Part p, Py_ssize_t stop) {
    Py_ssize_t i = stop + 1;
    if (i >= p.end) return 0;
    if (p.text[stop] == 0x2026) return is_blank(at(p, skip_closing(p, i)));
    return is_stop(p.text[stop]) && no_word(p.text[i])
        && (is_blank(p.text[i]) || stop == p.begin || is_blank(p.text[stop - 1])
            || !has_later(p, i));
}

/* _MARKER of sentences.py: whether a sentence so far is the number of a section or an item. */
static int is_marker(Part p) {
    static const char *const kinds[] = {"section", "sec.", "article", "art.", "clause", "cl.", "rule",
                                        "part", "chapter", "regulation", "reg.", "no."};
    Py_UCS4 low[MAX_WORD];
    Part all = {low, 0, p.end - p.begin};
    Py_ssize_t i = 0;
    int n_more;
    if (all.end >= MAX_WORD) return 0;
    for (; i < all.end; i++) {
        Py_UCS4 c = p.text[p.begin + i];
        if (c > 127) return is_quote(c) ? 0 : HARD;
        low[i] = is_upper(c) ? c | 32 : c;
    }
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (i = 0; kinds[k][i] && at(all, i) == (Py_UCS4)kinds[k][i]; i++);
        if (!kinds[k][i] && is_space(at(all, i))) break;
        i = 0;
    }
    for (int spaces = 0; i && spaces < 3 && is_space(at(all, i)); spaces++) i++;
    i += at(all, i) == '(';
    Py_ssize_t end = skip_number(all, i, 3, &n_more);
    if (end == i) end = skip_letters(all, i, 1);
    if (end == i) return 0;
    return end + (at(all, end) == ')') == all.end;
}

typedef struct {
    PyObject *text, *never_last, *abbreviations, *collocated, *collocations, *decide;
    PyObject *texts, *starts, *numbers; /* found: sentences, where they start, their paragraphs */
} Splitter;

typedef struct { Py_ssize_t end, following; } Cut; /* of a sentence, and where the next begins */

/* end_and_next of punkt.py */
static Cut cut_after(Part p, Py_ssize_t stop) {
    Py_ssize_t first = skip_space(p, stop + 1), i = first;
    while (is_quote(at(p, i)) || is_one_of(at(p, i), "\"')]}")) {
        i++;
        if (i == p.end || is_space(p.text[i]) || (at(p, i) == '-' && at(p, i + 1) == '-'))
            return (Cut){i, skip_space(p, i)};
    }
    return (Cut){stop + 1, first};
}

static PyObject *lowered(Part word) {
    char low[MAX_WORD];
    Py_ssize_t n = 0;
    for (; n < MAX_WORD && word.begin + n < word.end; n++) {
        Py_UCS4 c = word.text[word.begin + n];
        low[n] = (char)(is_upper(c) ? c | 32 : c);
    }
    return PyUnicode_FromStringAndSize(low, n);
}

/* Whether a set has a key, whose reference is taken: 1, 0 or ERROR. */
static int has(PyObject *set, PyObject *key) {
    int is = key ? PySet_Contains(set, key) : ERROR;
    Py_XDECREF(key);
    return is;
}

static int has_pair(PyObject *set, PyObject *first, PyObject *second) {
    PyObject *pair = first && second ? PyTuple_Pack(2, first, second) : NULL;
    Py_XDECREF(first), Py_XDECREF(second);
    return has(set, pair);
}

static Part after_hyphen(Part word) {
    for (Py_ssize_t i = word.end; i > word.begin; i--)
        if (word.text[i - 1] == '-') word.begin = i;
    return word;
}

/* Whether a character of a word stands in the middle of one of Punkt's tokens. */
static int is_inner(Part word, Py_ssize_t i) {
    Py_UCS4 c = word.text[i];
    if (is_letter_or_digit(c) || is_one_of(c, "%/$_")) return 1;
    return is_one_of(c, ",.-") && i > word.begin && is_letter_or_digit(word.text[i - 1])
        && is_letter_or_digit(at(word, i + 1));
}

/* Whether Punkt ends a sentence at the dot after a word, where the last token of it tells.
   `capital` is the word that follows if it is one in ASCII that begins with a capital, or empty. */
static int ends_token(const Splitter *s, Part word, Part capital) {
    static const Py_UCS4 dot[] = {'.'};
    static const Py_UCS4 number[] = {'#', '#', 'n', 'u', 'm', 'b', 'e', 'r', '#', '#'};
    Part token = {word.text, word.end, word.end};
    while (token.begin > word.begin && is_inner(word, token.begin - 1)) token.begin--;
    int is_whole = token.begin == word.begin || is_space(token.text[token.begin - 1])
                || is_one_of(token.text[token.begin - 1], ")\";}]*:@({["), is_number = 1;
    Py_ssize_t n = token.end - token.begin;
    if (!is_whole || n > MAX_WORD || (n == 1 && !is_digit(token.text[token.begin]))) return HARD;
    for (Py_ssize_t i = token.begin; i < token.end; i++)
        is_number &= is_digit(token.text[i]) || is_one_of(token.text[i], ",.-");
    if (n && is_number && capital.begin == capital.end) return HARD;
    int is = has(s->abbreviations, lowered(token));
    if (!is) is = has(s->abbreviations, lowered(after_hyphen(token)));
    token = !n ? (Part){dot, 0, 1} : is_number ? (Part){number, 0, 10} : token;
    if (!is) is = has(s->collocated, lowered(token));
    else if (is > 0) return HARD;
    if (is > 0 && capital.begin < capital.end)
        is = has_pair(s->collocations, lowered(token), lowered(capital));
    return is < 0 ? ERROR : is ? HARD : 1;
}

/* Whether a sentence ends at a dot after a word; the next begins with two characters, or with 0. */
static int is_end_after(
    const Splitter *s, Part whole, Py_UCS4 next, Py_UCS4 second, Part capital
) {
    Part word = whole;
    if (word.end - word.begin > MAX_WORD) word.begin = word.end - MAX_WORD;
    word = after_hyphen(word);
    while (is_opening(at(word, word.begin))) word.begin++;
    for (Py_ssize_t i = word.begin; i < word.end; i++)
        if (word.text[i] > 127) return HARD;
    if (word.end - word.begin == 1 && is_upper(word.text[word.begin]) && is_letter(next)
        && second == '.') return 0;
    int is_never = has(s->never_last, lowered(word));
    int is_short = is_never ? 0 : has(s->abbreviations, lowered(word));
    if (is_never < 0 || is_short < 0) return ERROR;
    if (is_never || (is_short && is_digit(next))) return next ? 0 : HARD;
    if (is_short || at(word, word.begin + 1) == '.') return HARD;
    return ends_token(s, whole, capital);
}

/* Whether a sentence ends at a stop, as far as what follows tells. */
static int is_end_before(Part p, Py_ssize_t stop, Py_ssize_t marks, Py_ssize_t next) {
    Py_ssize_t first = next, clause = next + 1;
    int has_break = 0;
    if (next == marks) return 0; /* attached */
    for (Py_ssize_t i = marks; i < next; i++) has_break |= p.text[i] == '\n';
    while (first < next + MAX_WORD && is_opening(at(p, first))) first++;
    Py_UCS4 c = first < next + MAX_WORD ? at(p, first) : 0;
    if (!c || is_space(c) || is_strange(c) || is_strange(p.text[next])) return HARD;
    while (clause < next + 5 && is_letter(at(p, clause)) && !is_upper(at(p, clause))) clause++;
    int is_clause = p.text[next] == '(' && clause > next + 1 && at(p, clause) == ')';
    if (is_letter(c) && !is_upper(c) && !has_break && !is_clause) return 0;
    if (is_stop(c)) return 0;
    if (p.text[stop] == 0x2026 || (stop && p.text[stop] == '.' && p.text[stop - 1] == '.'))
        return is_upper(c);
    return OPEN;
}

/* Whether a sentence that begins at p.begin ends at a candidate, `previous` being the one before. */
static int is_end(const Splitter *s, Part p, Py_ssize_t previous, Py_ssize_t stop) {
    Py_ssize_t marks = skip_closing(p, stop + 1), next = skip_space(p, marks);
    Part so_far = {p.text, p.begin, stop}, word = {p.text, stop, stop};
    int is = next < p.end ? is_end_before(p, stop, marks, next) : OPEN;
    if (is != OPEN) return is;
    if (p.text[stop] != '.') return 1;
    is = next < p.end ? is_marker(so_far) : 0;
    if (is) return is == HARD ? HARD : 0;
    while (word.begin > previous && p.text[word.begin - 1] != ' ') word.begin--;
    Part capital = {p.text, next, next};
    if (marks == stop + 1 && is_upper(at(p, next)))
        while (capital.end < next + MAX_WORD && is_letter(at(p, capital.end))) capital.end++;
    if (capital.end < p.end && !is_space(p.text[capital.end])) capital.end = next;
    return is_end_after(s, word, at(p, next), at(p, next + 1), capital);
}

static int append_new(PyObject *list, PyObject *value) {
    int done = value && !PyList_Append(list, value);
    Py_XDECREF(value);
    return done;
}

static int add_span(const Splitter *s, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t number) {
    return append_new(s->texts, PyUnicode_Substring(s->text, begin, end))
        && append_new(s->starts, PyLong_FromSsize_t(begin))
        && append_new(s->numbers, PyLong_FromSsize_t(number));
}

/* Asks Python's _decide about a stop; the block is made where it is asked of first. */
static int ask_decide(
    const Splitter *s, Part block, PyObject **own, Py_ssize_t begin, Py_ssize_t previous,
    Py_ssize_t stop, Cut *cut
) {
    int is;
    Py_ssize_t end, following;
    const Py_ssize_t from = block.begin, n = block.end - from;
    if (!*own && !(*own = PyUnicode_Substring(s->text, from, block.end))) return ERROR;
    PyObject *answer = PyObject_CallFunction(
        s->decide, "Onnn", *own, begin - from, previous - from, stop - from);
    if (!answer || !PyArg_Parse(answer, "(nnpO)", &end, &following, &is, &(PyObject *){0})) {
        is = ERROR;
    } else if (stop - from < end && end <= following && following <= n) {
        *cut = (Cut){from + end, from + following};
    } else {
        PyErr_SetString(PyExc_ValueError, "an end outside of the block");
        is = ERROR;
    }
    Py_XDECREF(answer);
    return is;
}

static int split_block(const Splitter *s, Part block, Py_ssize_t number) {
    block = trimmed(block);
    Part rest = block; /* from where the sentence begins; what is before it may be looked at */
    Py_ssize_t previous = block.begin;
    PyObject *own = NULL;
    int is = 0;
    for (Py_ssize_t stop = block.begin; is >= 0 && stop < block.end; stop++) {
        if (!(is_stop(block.text[stop]) || block.text[stop] == 0x2026) || !is_candidate(block, stop))
            continue;
        Cut cut = cut_after(block, stop);
        is = is_end(s, rest, previous, stop);
        if (is == HARD) is = ask_decide(s, block, &own, rest.begin, previous, stop, &cut);
        if (is > 0) {
            if (!add_span(s, rest.begin, cut.end, number)) is = ERROR;
            rest.begin = cut.following;
        }
        previous = stop;
    }
    Py_XDECREF(own);
    return is >= 0 && (rest.begin == rest.end || add_span(s, rest.begin, rest.end, number));
}

static int split_paragraph(const Splitter *s, Part p, Py_ssize_t number) {
    Py_ssize_t width = 0;
    for (Py_ssize_t i = p.begin, line = i; i <= p.end; i++) {
        if (i < p.end && p.text[i] != '\n') continue;
        if (i - line > width) width = i - line;
        line = i + 1;
    }
    Part block = p, before = {p.text, p.begin, p.begin};
    for (Py_ssize_t i = p.begin, line = i; i <= p.end; i++) {
        if (i < p.end && p.text[i] != '\n') continue;
        Part here = {p.text, line, i};
        int begins = line > p.begin ? begins_block(before, here, width) : 0;
        if (begins < 0) return 0;
        if (begins) {
            block.end = line;
            if (!split_block(s, block, number)) return 0;
            block = (Part){p.text, line, p.end};
        }
        before = here;
        line = i + 1;
    }
    return split_block(s, block, number);
}

/* A paragraph ends at a blank line. */
static int split_text(const Splitter *s, const Py_UCS4 *text, Py_ssize_t size) {
    Part p = {text, 0, size};
    Py_ssize_t number = 0, i = 0;
    while (i < size) {
        if (text[i++] != '\n') continue;
        Py_ssize_t line = i - 1;
        while (i < size && (is_tab(text[i]) || text[i] == '\r')) i++;
        if (i == size || text[i] != '\n') continue;
        p.end = line;
        if (!split_paragraph(s, p, number++)) return 0;
        p = (Part){text, ++i, size};
    }
    return split_paragraph(s, p, number);
}

/* split(text, never_last, abbreviations, collocated, collocations, decide): see kernel.py */
static PyObject *split(PyObject *self, PyObject *args) {
    Splitter s = {0};
    if (!PyArg_ParseTuple(args, "UOOOOO", &s.text, &s.never_last, &s.abbreviations, &s.collocated,
                          &s.collocations, &s.decide)) return NULL;
    PyObject *found = Py_BuildValue("([][][])");
    Py_UCS4 *text = found ? PyUnicode_AsUCS4Copy(s.text) : NULL;
    if (text) {
        s.texts = PyTuple_GetItem(found, 0);
        s.starts = PyTuple_GetItem(found, 1);
        s.numbers = PyTuple_GetItem(found, 2);
        if (!split_text(&s, text, PyUnicode_GetLength(s.text))) Py_CLEAR(found);
    } else {
        Py_CLEAR(found);
    }
    PyMem_Free(text);
    return found;
}

/* ---- words that the corpus does not have: vocabulary.py ---- */

typedef struct { const unsigned char *text; Py_ssize_t size; uint32_t *slots; uint64_t mask; } Words;
typedef struct { const unsigned char *text; Py_ssize_t size; uint64_t hash; } Word;

/* Whether a word and the space after it are in a table of where words begin (from 1), or put there. */
static int has_word(Words *w, Word word, uint32_t put) {
    for (uint64_t k = 0; k <= w->mask; k++) {
        uint32_t *slot = w->slots + ((word.hash + k) & w->mask);
        if (!*slot) return *slot = put, 0;
        if (word.size <= w->size && *slot <= (size_t)(w->size - word.size)
            && !memcmp(w->text + *slot - 1, word.text, word.size + 1)) return 1;
    }
    return 0;
}

/* Lists the different words of a text, and fetches where the other table would have them. */
static Py_ssize_t find_words(Words *here, const Words *other, Word *found) {
    const unsigned char *at = here->text, *end = at + here->size, *space;
    Py_ssize_t n = 0;
    for (; (space = memchr(at, ' ', end - at)); at = space + 1) {
        if (space == at) continue;
        Word word = {at, space - at, mix(hash_bytes(at, space - at)) >> 32};
        if (has_word(here, word, (uint32_t)(at - here->text + 1))) continue;
        __builtin_prefetch(other->slots + (word.hash & other->mask));
        found[n++] = word;
    }
    return n;
}

/* unknown_words(text, slots, known, known_slots): see kernel.py */
static PyObject *unknown_words(PyObject *self, PyObject *args) {
    Py_buffer text, slots, known, all;
    Py_ssize_t n_words = 0, n_unknown = 0;
    if (!PyArg_ParseTuple(args, "y*w*y*w*", &text, &slots, &known, &all)) return NULL;
    Words here = {text.buf, text.len, slots.buf, slots.len / 4 - 1};
    Words corpus = {known.buf, known.len, all.buf, all.len / 4 - 1};
    size_t most = (size_t)text.len / 2 + 1; /* words, as each has two bytes with its space */
    int fits = slots.len > 3 && all.len > 3 && !((uintptr_t)slots.buf % 4 + (uintptr_t)all.buf % 4)
            && most <= UINT32_MAX / 2 && most <= SIZE_MAX / sizeof(Word); /* places have 32 bits */
    Word *found = fits ? malloc(most * sizeof(Word)) : NULL;
    if (found) {
        n_words = find_words(&here, &corpus, found);
        for (Py_ssize_t i = 0; i < n_words; i++) {
            uint32_t begin = corpus.slots[found[i].hash & corpus.mask];
            if (begin < corpus.size) __builtin_prefetch(corpus.text + begin);
        }
        for (Py_ssize_t i = 0; i < n_words; i++) n_unknown += !has_word(&corpus, found[i], 0);
    }
    free(found);
    PyBuffer_Release(&text), PyBuffer_Release(&slots), PyBuffer_Release(&known), PyBuffer_Release(&all);
    if (!fits) return PyErr_SetString(PyExc_ValueError, "tables of the wrong size"), NULL;
    return found ? Py_BuildValue("nn", n_words, n_unknown) : PyErr_NoMemory();
}

/* ---- rows as CSV: writers/lines.py ---- */

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
    int done = quoted ? append_char(out, '"') && append_quoted(out, text, n) && append_char(out, '"')
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
static PyObject *csv_lines(PyObject *self, PyObject *args) {
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
    return PyModule_AddIntConstant(module, "VERSION", 3);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)prepare}, {0, NULL}};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_kernel", NULL, 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModuleDef_Init(&module); }
