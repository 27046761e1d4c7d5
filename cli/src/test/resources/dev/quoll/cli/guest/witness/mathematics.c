/* Sweeps over the C library's mathematics in single, double and extended precision: checksums of every bit, samples in hex. */
#define _GNU_SOURCE
#include "common.h"
#include <fenv.h>
#include <math.h>

#define LIST(F) \
    F(sin) F(cos) F(tan) F(asin) F(acos) F(atan) F(sinh) F(cosh) F(tanh) F(asinh) F(acosh) F(atanh) F(exp) F(exp2) F(exp10) F(expm1) \
    F(log) F(log2) F(log10) F(log1p) F(sqrt) F(cbrt) F(erf) F(erfc) F(tgamma) F(lgamma) F(j0) F(y1) F(floor) F(ceil) F(trunc) F(rint) \
    F(nearbyint) F(round) F(logb) F(fabs)
#define LIST2(F) F(pow) F(atan2) F(hypot) F(fmod) F(remainder) F(nextafter) F(fdim) F(fmax) F(fmin) F(copysign)
#define ONE(name) {#name, name, name##f},
#define TWO(name) {#name, name, name##f},

static const struct { const char *name; double (*f)(double); float (*g)(float); } ones[] = {LIST(ONE)};
static const struct { const char *name; double (*f)(double, double); float (*g)(float, float); } twos[] = {LIST2(TWO)};

static double number(int i) {
    static const double special[] = {0, -0.0, 1, -1, INFINITY, -INFINITY, NAN, 0x1p-1074, 0x1p-1022, 1e308, 0.5, 1.5, 2.5, 3, 709.5,
        -745, 1e22, 0x1.921fb54442d18p+0, 0x1.921fb54442d18p+1, 1e-20, -7.25, 171.5};
    if (i < 22) {
        return special[i];
    }
    double x = (double) (int64_t) next() * 0x1p-63;
    switch (i % 4) {
    case 0: return x;
    case 1: return x * 20;
    case 2: return ldexp(x, (int) (next() % 200) - 100);
    default: return ldexp(x, (int) (next() % 2000) - 1000);
    }
}

static void take(double value) {
    if (value != value) {
        value = NAN; /* its sign is nobody's promise */
    }
    uint64_t image;
    memcpy(&image, &value, sizeof image);
    add(value != value ? 1 : image);
}

int main(void) {
    for (size_t f = 0; f < sizeof ones / sizeof *ones; f++) {
        feclearexcept(FE_ALL_EXCEPT);
        for (int i = 0; i < SWEEP; i++) {
            double x = number(i);
            take(ones[f].f(x));
            take((double) ones[f].g((float) x));
        }
        printf("%s %a %a flags %x ", ones[f].name, ones[f].f(0.7), ones[f].f(1.3), (unsigned) fetestexcept(FE_ALL_EXCEPT));
        show("");
    }
    for (size_t f = 0; f < sizeof twos / sizeof *twos; f++) {
        for (int i = 0; i < SWEEP; i++) {
            double x = number(i), y = number(22 + (int) (next() % 1000));
            take(twos[f].f(x, y));
            take((double) twos[f].g((float) x, (float) y));
        }
        printf("%s %a ", twos[f].name, twos[f].f(1.7, 0.3));
        show("");
    }
    static const int roundings[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
    for (int r = 0; r < 4; r++) {
        fesetround(roundings[r]);
        for (int i = 0; i < SWEEP; i++) {
            double x = number(i), y = number(i + 22);
            take(x * y);
            take(x / y);
            take(sqrt(fabs(x)));
            take(fma(x, y, number(30)));
            take((double) lrint(fmod(x, 1e6)));
            take(rint(y));
            int exponent;
            take(frexp(x, &exponent));
            add((uint64_t) exponent);
        }
        fesetround(FE_TONEAREST);
        printf("rounding %d ", r);
        show("");
    }
    for (int i = 0; i < SWEEP; i++) {
        char text[400];
        double x = number(i), y;
        int n = snprintf(text, sizeof text, "%.17g %.3e %a %.9f", x, x, x, fmod(x, 1000));
        add_bytes(text, (size_t) n);
        if (sscanf(text, "%lf", &y) == 1) {
            take(y);
        }
    }
    show("text");
    return 0;
}
