/* AVX2, FMA and F16C by hand and by the compiler (-O3 -march=haswell), over pseudo-random data; prints digests. */
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BYTES = 1 << 18, FLOATS = 1 << 14, DOUBLES = 1 << 13, TEXT = 70000 };

static uint8_t bytes[BYTES] __attribute__((aligned(32)));
static float f[FLOATS], g[FLOATS], h[FLOATS];
static double d[DOUBLES], e[DOUBLES];
static int32_t places[DOUBLES];
static char text[TEXT];
static uint64_t seed = 88172645463325252ULL;

static uint64_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static uint64_t digest(const void *data, size_t size)
{
    const uint8_t *p = data;
    uint64_t hash = 1469598103934665603ULL;
    while (size--) {
        hash = (hash ^ *p++) * 1099511628211ULL;
    }
    return hash;
}

static __m256i at(const void *data, size_t offset)
{
    return _mm256_loadu_si256((const void *) ((const uint8_t *) data + offset));
}

static void fill(void)
{
    for (int i = 0; i < BYTES; i += 8) {
        uint64_t value = next();
        memcpy(bytes + i, &value, 8);
    }
    for (int i = 0; i < FLOATS; i++) {
        f[i] = (int32_t) next() / 1e6f;
        g[i] = (int32_t) next() / 3e5f;
    }
    for (int i = 0; i < DOUBLES; i++) {
        d[i] = (int64_t) next() / 1e12;
        e[i] = (int64_t) next() / 1e13;
        places[i] = next() % FLOATS;
    }
    for (int i = 0; i < TEXT - 1; i++) {
        text[i] = next() % 255 + 1;
    }
}

static void integers(void)
{
    __m256i a = _mm256_setzero_si256();
    for (size_t i = 0; i < BYTES; i += 32) {
        __m256i x = at(bytes, i);
        a = _mm256_add_epi64(a, _mm256_sad_epu8(x, _mm256_permute4x64_epi64(x, 0x1b)));
        x = _mm256_shuffle_epi8(x, _mm256_srlv_epi32(x, _mm256_and_si256(a, _mm256_set1_epi32(31))));
        a = _mm256_xor_si256(a, _mm256_madd_epi16(x, _mm256_packs_epi32(x, a)));
        _mm256_store_si256((void *) (bytes + i), _mm256_blendv_epi8(x, a, _mm256_cmpgt_epi8(x, a)));
    }
}

static void singles(void)
{
    for (int i = 0; i < FLOATS; i++) {
        h[i] = f[i] * g[i] + f[i] / (g[i] + 1.5f) - sqrtf(fabsf(g[i]));
    }
    for (int i = 0; i < FLOATS; i += 8) {
        __m256i chosen = at(places, (size_t) i * 4 % sizeof places);
        __m256 x = _mm256_i32gather_ps(h, chosen, 4);
        __m256 y = _mm256_dp_ps(x, _mm256_loadu_ps(g + i), 0xf1);
        y = _mm256_blendv_ps(y, _mm256_round_ps(x, _MM_FROUND_FLOOR), _mm256_cmp_ps(x, y, _CMP_NGE_UQ));
        y = _mm256_fmaddsub_ps(y, x, _mm256_cvtph_ps(_mm256_cvtps_ph(x, 0)));
        _mm256_storeu_ps(f + i, _mm256_hadd_ps(y, _mm256_permutevar8x32_ps(x, chosen)));
    }
}

static void doubles(void)
{
    for (int i = 0; i < DOUBLES; i += 4) {
        __m256d x = _mm256_loadu_pd(d + i);
        __m256d y = _mm256_maskload_pd(e + i, at(bytes, (size_t) i));
        x = _mm256_addsub_pd(_mm256_mul_pd(x, y), _mm256_cvtepi32_pd(_mm256_cvtpd_epi32(y)));
        _mm256_maskstore_pd(d + i, at(bytes, (size_t) i * 4), x);
    }
}

/* The C library picks its vector routines for these by CPUID. */
static unsigned long strings(void)
{
    unsigned long sum = 0;
    for (int i = 0; i < 64; i++) {
        sum = sum * 31 + strlen(text + i) + (strchr(text + i, text[40000]) - text);
        sum += memchr(text + i, 255, 60000) != NULL;
        sum += memcmp(text + i, text, 500) < 0;
        memmove(text + i, text + 64 - i, 3000);
    }
    return sum;
}

int main(void)
{
    fill();
    for (int round = 0; round < 4; round++) {
        integers();
        singles();
        doubles();
        printf("%016lx %016lx %016lx\n", digest(bytes, sizeof bytes), digest(f, sizeof f), digest(d, sizeof d));
    }
    printf("%lu %016lx\n", strings(), digest(text, sizeof text));
    printf("%a %a %a\n", sin(d[5]), exp(fmod(d[7], 100)), pow(fabs(e[9]), 0.37));
    return 0;
}
