/* How many words of a text the corpus does not have: vocabulary.py.

   Python would make a string of each word and hash it. Here the words stay in the text, and tables
   hold where they begin. */
#include "kernel.h"

typedef struct {
    const unsigned char *text;
    Py_ssize_t size;
    uint32_t *slots; /* where the words begin, from 1; 0 where there is none */
    uint64_t mask;   /* slots - 1 */
} Words;

typedef struct { const unsigned char *text; Py_ssize_t size; uint64_t hash; } Word;

/* Whether a word and the space after it are in a table; where not, the word is put there. */
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
PyObject *unknown_words(PyObject *self, PyObject *args) {
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
    PyBuffer_Release(&text), PyBuffer_Release(&slots);
    PyBuffer_Release(&known), PyBuffer_Release(&all);
    if (!fits) return PyErr_SetString(PyExc_ValueError, "tables of the wrong size"), NULL;
    return found ? Py_BuildValue("nn", n_words, n_unknown) : PyErr_NoMemory();
}
