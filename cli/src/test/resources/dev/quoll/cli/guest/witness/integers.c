/* Integers of every width, bit fields, 128-bit arithmetic, variable arguments, long jumps, computed jumps, alloca, recursion. */
#include "common.h"
#include <alloca.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#define WIDTH(type, utype, bits)                                                                       \
    static void width_##type(void) {                                                                   \
        for (int i = 0; i < 20000; i++) {                                                              \
            utype a = (utype) next(), b = (utype) (next() >> (next() & 63)), c;                        \
            type s = (type) a, t = (type) b;                                                           \
            unsigned n = (unsigned) next() % bits;                                                     \
            add((utype) (a + b));                                                                      \
            add((utype) (a - b));                                                                      \
            add((utype) (a * b));                                                                      \
            add((utype) (a << n) ^ (utype) (a >> n));                                                  \
            add((utype) (s >> n));                                                                     \
            add((utype) (a << n | a >> ((bits - n) % bits)));                                          \
            add((a < b) | (s < t) << 1 | (a <= b) << 2 | (s <= t) << 3 | (a == b) << 4 | (s >= 0) << 5); \
            add((utype) (s < t ? ~a : -b));                                                            \
            if (b != 0) {                                                                              \
                add(a / b);                                                                            \
                add(a % b);                                                                            \
                if (t != -1) {                                                                         \
                    add((utype) (s / t));                                                              \
                    add((utype) (s % t));                                                              \
                }                                                                                      \
            }                                                                                          \
            add(__builtin_add_overflow(a, b, &c));                                                     \
            add((uint64_t) __builtin_mul_overflow(s, t, &s) << 8 | (utype) s);                         \
            add((uint64_t) __builtin_popcountll(a) + (unsigned) __builtin_ctzll(a | 1ull << 40));      \
            add((unsigned) __builtin_clzll(a | 1));                                                    \
        }                                                                                              \
        show(#type);                                                                                   \
    }

WIDTH(int8_t, uint8_t, 8)
WIDTH(int16_t, uint16_t, 16)
WIDTH(int32_t, uint32_t, 32)
WIDTH(int64_t, uint64_t, 64)
#ifdef __SIZEOF_INT128__
typedef __int128 int128;
typedef unsigned __int128 uint128;

static void wide(void) {
    for (int i = 0; i < 10000; i++) {
        uint128 a = (uint128) next() << 64 | next(), b = ((uint128) next() << 64 | next()) >> (next() & 127);
        unsigned n = next() & 127;
        uint128 all[] = {a + b, a - b, a * b, a << n, a >> n, (uint128) ((int128) a >> n), b ? a / b : a, b ? a % b : a,
            (uint128) ((int128) a / (int128) (b | 1)), a < b, (int128) a < (int128) b};
        add_bytes(all, sizeof all);
    }
    show("int128");
}
#endif

struct bits {
    unsigned a : 3;
    signed b : 5;
    unsigned long long c : 41;
    signed d : 13;
    unsigned e : 1;
} __attribute__((packed));

static void fields(void) {
    struct bits x[64];
    memset(x, 0, sizeof x);
    for (int i = 0; i < 50000; i++) {
        struct bits *p = &x[next() & 63], *q = &x[next() & 63];
        p->a += q->b;
        p->b = (int) (q->d >> (q->a & 3));
        p->c = p->c * 3 + (unsigned) q->d + next();
        p->d ^= (int) (q->c >> 7);
        p->e = !q->e;
    }
    add_bytes(x, sizeof x);
    show("bit fields");
}

static long long variable(const char *kinds, ...) {
    long long result = 0;
    va_list list, again;
    va_start(list, kinds);
    va_copy(again, list);
    for (int turn = 0; turn < 2; turn++) {
        for (const char *k = kinds; *k; k++) {
            switch (*k) {
            case 'i': result = result * 7 + va_arg(list, int); break;
            case 'l': result = result * 11 + va_arg(list, long long); break;
            case 'd': result = result * 13 + (long long) (va_arg(list, double) * 16); break;
            case 'L': result = result * 17 + (long long) (va_arg(list, long double) * 16); break;
            default: result ^= *va_arg(list, char *);
            }
        }
        if (turn == 0) {
            va_end(list);
            va_copy(list, again);
        }
    }
    va_end(list);
    va_end(again);
    return result;
}

static jmp_buf place;
static volatile int depth;

static void deep(int n) {
    char *frame = alloca((size_t) (16 + n % 100));
    memset(frame, n, (size_t) (16 + n % 100));
    depth++;
    if (n == 0) {
        longjmp(place, depth);
    }
    deep(n - 1);
    add((uint8_t) frame[3]);
}

static int ackermann(int m, int n) {
    return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static void interpret(void) {
    static const void *const labels[] = {&&plus, &&minus, &&times, &&swap, &&turn, &&end};
    uint32_t a = 1, b = 2;
    for (int i = 0; i < 2000; i++) {
        goto *labels[next() % 6];
    plus: a += b; goto *labels[next() % 6];
    minus: b -= a; goto *labels[next() % 6];
    times: a *= b | 1; goto *labels[next() % 6];
    swap: a ^= b, b ^= a, a ^= b; goto *labels[next() % 6];
    turn: a = a << 5 | a >> 27; goto *labels[next() % 6];
    end: add(a);
    }
    show("computed jumps");
}

int main(void) {
    width_int8_t();
    width_int16_t();
    width_int32_t();
    width_int64_t();
#ifdef __SIZEOF_INT128__
    wide();
#endif
    fields();
    printf("varargs %lld\n", variable("ildsiLddddddddddiiiiiiliL", 1, -2LL, 3.25, "x", 5, 6.5L, 1., 2., 3., 4., 5., 6., 7., 8., 9.,
        10., 1, 2, 3, 4, 5, 6, -7LL, 8, 9.25L));
    int jumped = setjmp(place);
    if (jumped == 0) {
        deep(300);
    }
    printf("long jump %d ackermann %d\n", jumped, ackermann(2, 60));
    interpret();
    for (int i = 0; i < 300; i++) {
        char text[64];
        int n = snprintf(text, sizeof text, "%d|%x|%-9o|%+lld|%s", (int) next(), (unsigned) next(), (unsigned) next() & 0xffff,
            (long long) next(), i & 1 ? "odd" : "even");
        add_bytes(text, (size_t) n);
        add((uint64_t) strtoll(text, NULL, 10));
    }
    show("print and scan");
    return 0;
}
