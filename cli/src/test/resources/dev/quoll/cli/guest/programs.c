/* Prints results of integer, floating-point and string work; the same binary must print the same everywhere. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 88172645463325252u;

static uint64_t next(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;
    return x < y ? -1 : x > y;
}

static int by_text(const void *a, const void *b) {
    return strcmp(a, b);
}

static sigjmp_buf back;

static void caught(int signal) {
    siglongjmp(back, signal);
}

static void integers(void) {
    uint64_t sum = 0;
    __int128 wide = 1;
    for (int i = 0; i < 200000; i++) {
        uint64_t a = next(), b = next() | 1;
        int64_t s = (int64_t) a, t = (int64_t) b;
        sum = sum * 31 + a / b + a % b + (uint64_t) (t == -1 ? 0 : s / t + s % t);
        sum ^= (uint64_t) __builtin_popcountll(a) << 7 | (uint64_t) __builtin_clzll(b) << 13 | (uint64_t) __builtin_ctzll(a | 1u << 31);
        sum += (uint64_t) (((__int128) s * t) >> 64) ^ __builtin_bswap64(a) ^ (a << (b & 63) | a >> (-b & 63));
        sum ^= (uint64_t) (uint8_t) a * (uint16_t) b - (uint32_t) ((int32_t) s >> (b & 31));
    }
    for (int i = 1; i <= 33; i++) {
        wide *= i;
    }
    printf("integers %016" PRIx64 " 33! = %" PRIx64 "%016" PRIx64 "\n", sum, (uint64_t) (wide >> 64), (uint64_t) wide);
    printf("%d %u %ld %o %#x %+d %05d %-5d| %5.3d %c %%\n", -7, 7u, -7L << 40, 511, 48879, 3, 42, 42, 7, 'q');
}

static void floats(void) {
    double a[] = {0.1, -0.0, 1e-310, 1e308, 3.5, 2.5, -1.5, 0x1p-1074, 123456789.123456789, INFINITY};
    for (size_t i = 0; i < sizeof a / sizeof *a; i++) {
        double x = a[i];
        printf("%.17g %a %.17g %.17g %.17g %.17g %.17g %.17g %ld\n", x, x / 3, sin(x), exp(-fabs(x)), log(fabs(x) + 1),
            pow(fabs(x), 0.3), atan2(x, 2), cbrt(x), isinf(x) ? 0 : lrint(fmod(x, 1000)));
        printf("%.9g %.9g %.20Lg %.20Lg %.20Lg\n", (float) x * 3.3f, sqrtf(fabsf((float) x)), sqrtl(fabsl(x)),
            sinl(x) * 3, (long double) x / 7);
    }
    double sum = 0, product = 1;
    long double extended = 0;
    float single = 0;
    for (int i = 0; i < 200000; i++) {
        double x = (double) (next() >> 11) * 0x1p-53, y = (double) (int64_t) next();
        sum += x * y / (x + 3) - sqrt(x) + floor(y * 1e-9);
        product *= 1 + (x - 0.5) / 1024;
        extended += (long double) x * y;
        single += (float) x * (float) (int32_t) y;
        sum += (double) (uint64_t) (x * 1e19);
    }
    printf("floats %a %a %La %a\n", sum, product, extended, single);
    printf("%s %f %e %g %Lf %10.3f| %.0f\n", strtod("0x1.8p3", NULL) == 12 ? "hex" : "?", 1.0 / 3, 1.0 / 3, 1e100,
        1.0L / 3, -2.0005, 0.5);
}

static void strings(void) {
    static char words[5000][12];
    static uint64_t numbers[20000];
    char text[256], copy[256];
    uint64_t hash = 14695981039346656037u;
    for (int i = 0; i < 5000; i++) {
        int length = 1 + next() % 11;
        for (int j = 0; j < length; j++) {
            words[i][j] = 'a' + next() % 26;
        }
        words[i][length] = 0;
    }
    qsort(words, 5000, sizeof *words, by_text);
    for (int i = 0; i < 5000; i++) {
        for (char *c = words[i]; *c; c++) {
            hash = (hash ^ (uint8_t) *c) * 1099511628211u;
        }
    }
    for (int i = 0; i < 20000; i++) {
        numbers[i] = next();
    }
    qsort(numbers, 20000, sizeof *numbers, by_value);
    for (int i = 0; i < 20000; i++) {
        hash = (hash ^ numbers[i]) * 1099511628211u;
    }
    printf("strings %016" PRIx64 " %s %s %s\n", hash, words[0], words[2500], words[4999]);
    strcpy(text, "the quick brown fox jumps over the lazy dog");
    for (int from = 0; from < 40; from++) { /* every alignment of the library's vector routines */
        memmove(copy + from, text, sizeof text - 64);
        hash = hash * 31 + strlen(copy + from) + (uint64_t) (strchr(copy + from, 'j') - copy) + (uint64_t) (strstr(copy + from, "lazy") - copy);
        hash = hash * 31 + (uint64_t) (memcmp(copy + from, text, 43) == 0) + strspn(copy + from, "the ") + strcspn(copy + from, "z");
    }
    printf("%016" PRIx64 " %s\n", hash, strrchr(text, ' '));
}

static void traps(void) {
    volatile int zero = 0;
    volatile int *nowhere = NULL;
    signal(SIGFPE, caught);
    signal(SIGSEGV, caught);
    signal(SIGILL, caught);
    int got = sigsetjmp(back, 1);
    if (got == 0) {
        printf("%d\n", 7 / zero);
    }
    printf("division: signal %d\n", got);
    got = sigsetjmp(back, 1);
    if (got == 0) {
        *nowhere = 1;
    }
    printf("null pointer: signal %d\n", got);
    got = sigsetjmp(back, 1);
    if (got == 0) {
        __builtin_trap();
    }
    printf("invalid opcode: signal %d\n", got);
}

int main(void) {
    integers();
    floats();
    strings();
    traps();
    return 0;
}
