/* The sentences of a block: sentences.py and punkt.py say why it is done so.

   Python matches regular expressions and cuts strings at each stop. Here the characters around a
   stop are looked at where they stand; `decide` is asked of the few stops, about one in twenty,
   where ASCII and the sets of words do not tell. */
#include "text.h"

enum { MAX_WORD = 40 }; /* characters of a word that are looked at */

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
    static const char *const kinds[] = {
        "section", "sec.", "article", "art.", "clause", "cl.", "rule", "part", "chapter",
        "regulation", "reg.", "no.",
    };
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

/* What Python passed, and what is found. */
struct Splitter {
    PyObject *text, *never_last, *abbreviations, *collocated, *collocations, *decide;
    PyObject *texts, *starts, *numbers; /* found: sentences, where they start, their paragraphs */
};

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

/* Whether a sentence that begins at p.begin ends at a candidate; `previous` is the one before. */
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

int split_block(const Splitter *s, Part block, Py_ssize_t number) {
    block = trimmed(block);
    Part rest = block; /* from where the sentence begins; what is before it may be looked at */
    Py_ssize_t previous = block.begin;
    PyObject *own = NULL;
    int is = 0;
    for (Py_ssize_t stop = block.begin; is >= 0 && stop < block.end; stop++) {
        Py_UCS4 c = block.text[stop];
        if (!(is_stop(c) || c == 0x2026) || !is_candidate(block, stop)) continue;
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

/* split(text, never_last, abbreviations, collocated, collocations, decide): see kernel.py */
PyObject *split(PyObject *self, PyObject *args) {
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
