/* The blocks of a text, each split once found: layout.py says why they end where they do.

   Python makes strings of the lines and matches each with a regular expression. Here they are
   looked at where they stand. */
#include "text.h"

enum { WIDEST = 200 }; /* of the lines of hard-wrapped text */

/* What a method of str says of a character that is not ASCII: yes, no or an error. */
static int ask(Py_UCS4 c, const char *method) {
    PyObject *text = PyUnicode_FromOrdinal((int)c);
    PyObject *answer = text ? PyObject_CallMethod(text, method, NULL) : NULL;
    int is = answer ? PyObject_IsTrue(answer) : ERROR;
    Py_XDECREF(text), Py_XDECREF(answer);
    return is;
}

static int is_lower(Py_UCS4 c) {
    return c < 128 ? is_letter(c) && !is_upper(c) : ask(c, "islower");
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

/* Splits a paragraph block by block: _of_lines of layout.py. */
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
int split_text(const Splitter *s, const Py_UCS4 *text, Py_ssize_t size) {
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
