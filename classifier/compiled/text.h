/* The characters of a text, for layout.c and splitter.c: what they are, and what is skipped over.

   Of what is not ASCII only spaces and quotation marks are known here; for letters Python is asked.
   A character past the end of a part is 0. */
#ifndef TEXT_H
#define TEXT_H
#include "kernel.h"

/* instead of yes or no: what is hard, Python decides; what is open, the next rule */
enum { ERROR = -1, HARD = -2, OPEN = -3 };

static inline int is_blank(Py_UCS4 c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static inline int is_space(Py_UCS4 c) {
    if (c < 0x85) return is_blank(c) || (c >= 0x1c && c <= 0x1f);
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028
        || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

static inline int is_one_of(Py_UCS4 c, const char *ascii) {
    return c && c < 128 && strchr(ascii, (int)c);
}

static inline int is_opening(Py_UCS4 c) {
    return is_one_of(c, "\"'([") || c == 0x201c || c == 0x2018 || c == 0xab;
}

static inline int is_closing(Py_UCS4 c) {
    return is_one_of(c, "\"')]") || c == 0x201d || c == 0x2019 || c == 0xbb;
}

/* Whether it is a quotation mark that is not ASCII. */
static inline int is_quote(Py_UCS4 c) {
    return c > 127 && (is_opening(c) || is_closing(c));
}

/* Whether it ends a word before it: _NO_WORD of punkt.py, and space. */
static inline int no_word(Py_UCS4 c) {
    return is_space(c) || is_quote(c) || is_one_of(c, ")\";}]*:@'({[?!");
}

static inline int is_stop(Py_UCS4 c) { return c == '.' || c == '?' || c == '!'; }
static inline int is_digit(Py_UCS4 c) { return c >= '0' && c <= '9'; }
static inline int is_upper(Py_UCS4 c) { return c >= 'A' && c <= 'Z'; }
static inline int is_letter(Py_UCS4 c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
static inline int is_letter_or_digit(Py_UCS4 c) { return is_letter(c) || is_digit(c); }
static inline int is_strange(Py_UCS4 c) { return c > 127 && !is_quote(c); }

/* A part of the text: its characters from `begin` to before `end`. */
typedef struct { const Py_UCS4 *text; Py_ssize_t begin, end; } Part;

static inline Py_ssize_t skip_space(Part p, Py_ssize_t i) {
    while (i < p.end && is_space(p.text[i])) i++;
    return i;
}

static inline Part trimmed(Part p) {
    p.begin = skip_space(p, p.begin);
    while (p.begin < p.end && is_space(p.text[p.end - 1])) p.end--;
    return p;
}

static inline Py_UCS4 at(Part p, Py_ssize_t i) { return i < p.end ? p.text[i] : 0; }

static inline Py_ssize_t skip_digits(Part p, Py_ssize_t i, int most) {
    while (most-- && is_digit(at(p, i))) i++;
    return i;
}

/* Past a number such as 2.3.1, if there is one. */
static inline Py_ssize_t skip_number(Part p, Py_ssize_t i, int most_digits, int *n_more) {
    Py_ssize_t end = skip_digits(p, i, most_digits);
    for (*n_more = 0; end > i && *n_more < 4; ++*n_more) {
        if (at(p, end) != '.' || !is_digit(at(p, end + 1))) break;
        end = skip_digits(p, end + 1, 3);
    }
    return end;
}

/* Past the letters that name an item, if they are few enough or a Roman number. */
static inline Py_ssize_t skip_letters(Part p, Py_ssize_t i, Py_ssize_t most) {
    Py_ssize_t end = i;
    int is_roman = 1;
    for (; end - i <= 5 && is_letter(at(p, end)); end++)
        is_roman &= is_one_of(at(p, end), "ivxIVX");
    return end - i <= most || (end - i <= 5 && is_roman) ? end : i;
}

typedef struct Splitter Splitter;

/* of layout.c and of splitter.c; both give 0 where Python has an error */
int split_text(const Splitter *s, const Py_UCS4 *text, Py_ssize_t size);
int split_block(const Splitter *s, Part block, Py_ssize_t number);

#endif
