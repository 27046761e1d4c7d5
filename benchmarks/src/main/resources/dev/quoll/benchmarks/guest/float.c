/* Floating point and vectors. */
#include "bench.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

static uint64_t raw(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint64_t mandelbrot(uint32_t units) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < units; i++) {
        double cr = -2.0 + 0.003 * (i % 1000), ci = -1.0 + 0.002 * (i % 997), r = 0, im = 0;
        int turns = 0;
        for (; turns < 500 && r * r + im * im < 4.0; turns++) {
            double next = r * r - im * im + cr;
            im = 2 * r * im + ci;
            r = next;
        }
        sum += turns;
    }
    return sum;
}

static uint64_t nbody(uint32_t units) {
    double x[4][3] = {{0, 0, 0}, {1, 0, 0.1}, {0, 2, 0}, {-3, 1, 0.5}};
    double v[4][3] = {{0}, {0, 1, 0}, {0.7, 0, 0}, {0, -0.5, 0.1}};
    double m[4] = {1, 0.01, 0.02, 0.005};
    for (uint32_t step = 0; step < units * 10; step++) {
        for (int i = 0; i < 4; i++)
            for (int j = i + 1; j < 4; j++) {
                double d[3], square = 0;
                for (int k = 0; k < 3; k++)
                    d[k] = x[i][k] - x[j][k], square += d[k] * d[k];
                double magnitude = 0.001 / (square * sqrt(square));
                for (int k = 0; k < 3; k++)
                    v[i][k] -= d[k] * m[j] * magnitude, v[j][k] += d[k] * m[i] * magnitude;
            }
        for (int i = 0; i < 4; i++)
            for (int k = 0; k < 3; k++)
                x[i][k] += 0.001 * v[i][k];
    }
    return mix(raw(x[1][0]), raw(v[3][2]));
}

static uint64_t single(uint32_t units) {
    float a = 1.5f, b = 0.25f;
    int64_t sum = 0;
    for (uint32_t i = 0; i < units * 100; i++) {
        a = a * 0.999f + (float)(int)(i & 255) * 0.01f;
        b = b > a ? b - a / 3.0f : b + a;
        sum += (int)(b * 16.0f);
    }
    return mix((uint64_t)sum, (uint64_t)(int64_t)(a * 1000.0f));
}

static double left[64 * 64], right[64 * 64], product[64 * 64];

static void fill_matrices(void) {
    for (int i = 0; i < 64 * 64; i++)
        left[i] = (i % 17) * 0.5, right[i] = (i % 23) - 11.0;
}

/* Two doubles at a time: MULPD, ADDPD. */
static uint64_t matrix(uint32_t units) {
    for (uint32_t round = 0; round < units; round++) {
        for (int i = 0; i < 64; i++)
            for (int j = 0; j < 64; j += 2) {
                __m128d sum = _mm_setzero_pd();
                for (int k = 0; k < 64; k++)
                    sum = _mm_add_pd(sum, _mm_mul_pd(_mm_set1_pd(left[i * 64 + k]), _mm_loadu_pd(&right[k * 64 + j])));
                _mm_storeu_pd(&product[i * 64 + j], sum);
            }
        left[round & 4095] += 1;
        barrier();
    }
    return mix(raw(product[65]), raw(product[4000]));
}

static uint8_t pixels[2][1 << 14];

static void fill_pixels(void) {
    for (uint32_t i = 0; i < sizeof pixels[0]; i++)
        pixels[0][i] = (uint8_t)(i * 7), pixels[1][i] = (uint8_t)(i * 13 + 5);
}

static uint64_t checksum_of(const uint8_t *bytes, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i + 8 <= count; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, 8);
        sum = mix(sum, word);
    }
    return sum;
}

/* Weighted means of bytes, the way picture libraries do it. */
static uint64_t blend(uint32_t units) {
    const __m128i zero = _mm_setzero_si128(), weight = _mm_set1_epi16(77), other = _mm_set1_epi16(179);
    for (uint32_t round = 0; round < units; round++) {
        for (uint32_t i = 0; i < sizeof pixels[0]; i += 16) {
            __m128i a = _mm_loadu_si128((__m128i *)&pixels[0][i]), b = _mm_loadu_si128((__m128i *)&pixels[1][i]);
            __m128i low = _mm_add_epi16(_mm_mullo_epi16(_mm_unpacklo_epi8(a, zero), weight),
                                        _mm_mullo_epi16(_mm_unpacklo_epi8(b, zero), other));
            __m128i high = _mm_add_epi16(_mm_mullo_epi16(_mm_unpackhi_epi8(a, zero), weight),
                                         _mm_mullo_epi16(_mm_unpackhi_epi8(b, zero), other));
            _mm_storeu_si128((__m128i *)&pixels[0][i],
                             _mm_packus_epi16(_mm_srli_epi16(low, 8), _mm_srli_epi16(high, 8)));
        }
        barrier();
    }
    return checksum_of(pixels[0], sizeof pixels[0]);
}

/* SSSE3 and SSE4.1: PSHUFB, PMADDUBSW, PMINUD, PMULLD. */
static __attribute__((target("sse4.1"))) uint64_t shuffle(uint32_t units) {
    const __m128i order = _mm_set_epi8(3, 1, 2, 0, 7, 5, 6, 4, 11, 9, 10, 8, 15, 13, 14, 12);
    __m128i sum = _mm_set1_epi32(1);
    for (uint32_t round = 0; round < units; round++) {
        for (uint32_t i = 0; i < sizeof pixels[0]; i += 16) {
            __m128i a = _mm_shuffle_epi8(_mm_loadu_si128((__m128i *)&pixels[0][i]), order);
            __m128i b = _mm_maddubs_epi16(_mm_loadu_si128((__m128i *)&pixels[1][i]), a);
            sum = _mm_add_epi32(_mm_mullo_epi32(sum, _mm_set1_epi32(5)), _mm_min_epu32(a, b));
        }
        barrier();
    }
    uint8_t bytes[16];
    _mm_storeu_si128((__m128i *)bytes, sum);
    return checksum_of(bytes, sizeof bytes);
}

static int has_sse41(void) {
    return __builtin_cpu_supports("sse4.1");
}

/* AVX2: 256-bit integers and doubles. */
static __attribute__((target("avx2"))) uint64_t wide(uint32_t units) {
    __m256i sum = _mm256_set1_epi32(3);
    __m256d mean = _mm256_set1_pd(1.0);
    for (uint32_t round = 0; round < units; round++) {
        for (uint32_t i = 0; i < sizeof pixels[0]; i += 32) {
            __m256i a = _mm256_loadu_si256((__m256i *)&pixels[0][i]), b = _mm256_loadu_si256((__m256i *)&pixels[1][i]);
            sum = _mm256_xor_si256(_mm256_add_epi32(sum, _mm256_avg_epu8(a, b)), _mm256_slli_epi32(sum, 3));
            mean = _mm256_add_pd(_mm256_mul_pd(mean, _mm256_set1_pd(0.5)), _mm256_cvtepi32_pd(_mm256_castsi256_si128(a)));
        }
        barrier();
    }
    uint8_t bytes[64];
    _mm256_storeu_si256((__m256i *)bytes, sum);
    _mm256_storeu_pd((double *)(bytes + 32), mean);
    return checksum_of(bytes, sizeof bytes);
}

static int has_avx2(void) {
    return __builtin_cpu_supports("avx2");
}

/* Arithmetic whose every result the x87 rounds the same way on every processor. */
static uint64_t x87(uint32_t units) {
    long double a = 1.0L, b = 3.0L, sum = 0;
    int64_t whole = 0;
    for (uint32_t i = 0; i < units * 10; i++) {
        a = a * 1.0000001L + 1.0L / (b + (int)(i & 63));
        b = sqrtl(a) + b * 0.5L;
        sum += a - b;
        if (sum > 1e6L)
            sum *= 0.001L;
        whole += (int64_t)b;
    }
    return mix((uint64_t)whole, raw((double)sum));
}

static uint64_t library(uint32_t units) {
    double sum = 0;
    for (uint32_t i = 1; i <= units * 10; i++) {
        double x = i * 0.001;
        sum += sin(x) * cos(x * 0.7) + exp(-x * 0.01) + log(x + 1) + pow(x, 0.3) + atan2(x, 2.0);
    }
    return rounded(sum);
}

/* long double: what the C library computes with x87 instructions. */
static uint64_t x87_library(uint32_t units) {
    long double sum = 0;
    for (uint32_t i = 1; i <= units; i++) {
        long double x = i * 0.01L;
        sum += expl(-x) + logl(x) + atanl(x) + fmodl(x, 0.7L);
    }
    return rounded((double)sum);
}

const struct kernel float_kernels[] = {
    {"fp-mandelbrot", "fp", 6000, NULL, mandelbrot, NULL},
    {"fp-nbody", "fp", 6000, NULL, nbody, NULL},
    {"fp-single", "fp", 15000, NULL, single, NULL},
    {"fp-library", "fp", 5000, NULL, library, NULL},
    {"simd-matrix", "simd", 50, fill_matrices, matrix, NULL},
    {"simd-blend", "simd", 3000, fill_pixels, blend, NULL},
    {"simd-shuffle", "simd", 2000, fill_pixels, shuffle, has_sse41},
    {"simd-avx2", "simd", 3000, fill_pixels, wide, has_avx2},
    {"x87-arithmetic", "x87", 12000, NULL, x87, NULL},
    {"x87-library", "x87", 20000, NULL, x87_library, NULL},
    {0},
};
