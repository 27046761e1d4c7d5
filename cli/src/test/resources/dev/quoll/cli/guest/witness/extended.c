/* x87: extended precision, precision and rounding control, conversions, BCD, classification, status. No transcendental
   instructions: manuals leave their last bits to the processor. */
#include "common.h"
#include <fenv.h>
#include <math.h>

static long double number(void) {
    union { long double value; struct { uint64_t significand; uint16_t exponent; } parts; } u;
    memset(&u, 0, sizeof u);
    uint64_t kind = next() % 24;
    u.parts.significand = next() | 1ull << 63;
    u.parts.exponent = (uint16_t) (16383 - 70 + next() % 140);
    switch (kind) {
    case 0: u.parts.exponent = 0; u.parts.significand &= ~(1ull << 63) >> (next() & 31); break;
    case 1: u.parts.exponent = 0; u.parts.significand = 0; break;
    case 2: u.parts.exponent = 0x7fff; u.parts.significand = 1ull << 63; break;
    case 3: u.parts.exponent = 0x7fff; u.parts.significand |= 3ull << 62; break;
    case 4: u.parts.exponent = (uint16_t) (next() & 0x7fff); break;
    case 5: case 6: case 7: u.parts.significand &= ~0ull << (next() & 63); u.parts.significand |= 1ull << 63; break;
    default: break;
    }
    u.parts.exponent |= (uint16_t) ((next() & 1) << 15);
    return u.value;
}

static void take(long double value) {
    uint8_t image[10];
    memcpy(image, &value, sizeof image);
    add_bytes(image, sizeof image);
}

int main(void) {
    static const uint16_t precisions[] = {0x000, 0x200, 0x300};
    for (int precision = 0; precision < 3; precision++) {
        for (int rounding = 0; rounding < 4; rounding++) {
            uint16_t control = (uint16_t) (0x3f | precisions[precision] | rounding << 10);
            uint16_t status;
            __asm__ volatile("fninit; fldcw %0" ::"m"(control));
            for (int i = 0; i < 1500; i++) {
                volatile long double a = number(), b = number();
                take(a + b);
                take(a - b);
                take(a * b);
                take(a / b);
                long double r;
                __asm__("fsqrt" : "=t"(r) : "0"(a));
                take(r);
                __asm__("frndint" : "=t"(r) : "0"(a));
                take(r);
                __asm__("fscale" : "=t"(r) : "0"(a), "u"((long double) (int) (next() % 40)));
                take(r);
                __asm__("fprem; fnstsw %%ax; mov %%ax,%1" : "=t"(r), "=m"(status) : "0"(a), "u"(b) : "ax");
                take(r);
                add(status & 0x473f);
                __asm__("fprem1; fnstsw %%ax; mov %%ax,%1" : "=t"(r), "=m"(status) : "0"(a), "u"(b) : "ax");
                take(r);
                add(status & 0x473f);
                volatile double d = (double) a;
                volatile float f = (float) b;
                add_bytes((const void *) &d, sizeof d);
                add_bytes((const void *) &f, sizeof f);
                take((long double) d * f);
                int64_t q;
                int32_t l;
                int16_t w;
                uint8_t bcd[10];
                __asm__("fistpll %0" : "=m"(q) : "t"(a) : "st");
                __asm__("fistpl %0" : "=m"(l) : "t"(b) : "st");
                __asm__("fisttps %0" : "=m"(w) : "t"(b) : "st");
                __asm__("fbstp %0" : "=m"(bcd) : "t"(a * 1e3L) : "st");
                add((uint64_t) q ^ (uint64_t) (uint32_t) l << 7 ^ (uint64_t) (uint16_t) w << 33);
                add_bytes(bcd, sizeof bcd);
                __asm__("fxam; fnstsw %%ax; mov %%ax,%0" : "=m"(status) : "t"(a) : "ax");
                add(status & 0x4700);
                add((uint64_t) (a < b) | (uint64_t) (a == b) << 1 | (uint64_t) (a != a) << 2);
                __asm__ volatile("fnstsw %0; fnclex" : "=m"(status));
                add(status & 0x7f);
            }
            printf("precision %d rounding %d ", precision, rounding);
            show("");
        }
    }
    __asm__ volatile("fninit");
    printf("%.21Lg %La %.30Lf\n", 1.0L / 3, 2.0L / 3, 0.1L);
    return 0;
}
