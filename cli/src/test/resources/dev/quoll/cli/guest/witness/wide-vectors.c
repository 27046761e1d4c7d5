/* AVX, AVX2, FMA, F16C and BMI by their intrinsics, and loops for the compiler to vectorise. */
#include "common.h"
#include <immintrin.h>
#include <math.h>

static __m256i bits(void) {
    static const uint32_t special[] = {0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00001, 0x7f800001, 1,
        0x807fffff, 0x00800000, 0x7f7fffff, 0x4f000000, 0xcf000000, 0x4b000000, 0x3effffff};
    uint32_t words[8];
    for (int i = 0; i < 8; i++) {
        uint64_t r = next();
        words[i] = r % 5 ? (uint32_t) (r >> 32) : special[r >> 60];
        if (r % 7 == 0) {
            words[i] = (uint32_t) (0x30000000 + (r >> 40) * 16);
        }
    }
    return _mm256_loadu_si256((const __m256i *) words);
}

static void take(__m256i value) {
    uint64_t parts[4];
    _mm256_storeu_si256((__m256i *) parts, value);
    for (int i = 0; i < 4; i++) {
        add(parts[i]);
    }
}

static void integers(__m256i a, __m256i b) {
    __m256i all[] = {_mm256_add_epi8(a, b), _mm256_subs_epu16(a, b), _mm256_mullo_epi32(a, b), _mm256_mul_epi32(a, b),
        _mm256_madd_epi16(a, b), _mm256_maddubs_epi16(a, b), _mm256_sad_epu8(a, b), _mm256_max_epi16(a, b), _mm256_cmpgt_epi64(a, b),
        _mm256_shuffle_epi8(a, b), _mm256_alignr_epi8(a, b, 9), _mm256_unpackhi_epi8(a, b), _mm256_packus_epi32(a, b),
        _mm256_sllv_epi32(a, _mm256_and_si256(b, _mm256_set1_epi32(63))), _mm256_srav_epi32(a, _mm256_and_si256(b, _mm256_set1_epi32(63))),
        _mm256_srlv_epi64(a, _mm256_and_si256(b, _mm256_set1_epi64x(127))), _mm256_slli_si256(a, 5), _mm256_abs_epi16(a),
        _mm256_sign_epi8(a, b), _mm256_hadds_epi16(a, b), _mm256_blendv_epi8(a, b, _mm256_xor_si256(a, b)), _mm256_mpsadbw_epu8(a, b, 0x2b),
        _mm256_permutevar8x32_epi32(a, b), _mm256_permute4x64_epi64(a, 0x1b), _mm256_permute2x128_si256(a, b, 0x31),
        _mm256_permute2x128_si256(a, b, 0x82), _mm256_broadcastb_epi8(_mm256_castsi256_si128(a)), _mm256_inserti128_si256(a, _mm256_castsi256_si128(b), 1),
        _mm256_cvtepu8_epi32(_mm256_castsi256_si128(a)), _mm256_cvtepi16_epi64(_mm256_castsi256_si128(b)), _mm256_blend_epi32(a, b, 0xa5)};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        take(all[i]);
    }
    static int table[64];
    for (int i = 0; i < 64; i++) {
        table[i] = i * 0x01010101;
    }
    __m256i index = _mm256_and_si256(a, _mm256_set1_epi32(63));
    take(_mm256_i32gather_epi32(table, index, 4));
    take(_mm256_mask_i32gather_epi32(b, table, index, a, 4));
    take(_mm256_maskload_epi32(table, b));
    add((uint64_t) (unsigned) _mm256_movemask_epi8(a) | (uint64_t) _mm256_testz_si256(a, b) << 32);
    uint64_t x = next(), y = next();
    unsigned long long high;
    add(_pdep_u64(x, y) ^ _pext_u64(y, x) ^ _andn_u64(x, y) ^ _bextr_u64(x, 7, 21) ^ _blsi_u64(x) ^ _blsmsk_u64(y) ^ _blsr_u64(x));
    add(_bzhi_u64(x, (unsigned) (y & 63)) ^ _lzcnt_u64(y) ^ _tzcnt_u64(x) ^ _mulx_u64(x, y, &high));
    add(high);
}

static void floats(__m256i x, __m256i y, __m256i z) {
    __m256 a = _mm256_castsi256_ps(x), b = _mm256_castsi256_ps(y), c = _mm256_castsi256_ps(z);
    __m256d d = _mm256_castsi256_pd(x), e = _mm256_castsi256_pd(y), f = _mm256_castsi256_pd(z);
    __m256 singles[] = {_mm256_add_ps(a, b), _mm256_mul_ps(a, b), _mm256_div_ps(a, b), _mm256_sqrt_ps(a), _mm256_min_ps(a, b),
        _mm256_hadd_ps(a, b), _mm256_addsub_ps(a, b), _mm256_dp_ps(a, b, 0xd5), _mm256_round_ps(a, 2), _mm256_cmp_ps(a, b, _CMP_NLE_UQ),
        _mm256_cmp_ps(a, b, _CMP_GE_OS), _mm256_permutevar_ps(a, y), _mm256_shuffle_ps(a, b, 0x4b), _mm256_blendv_ps(a, b, c),
        _mm256_fmadd_ps(a, b, c), _mm256_fmsub_ps(a, b, c), _mm256_fnmadd_ps(a, b, c), _mm256_fnmsub_ps(a, b, c), _mm256_fmaddsub_ps(a, b, c),
        _mm256_fmsubadd_ps(a, b, c), _mm256_cvtepi32_ps(x), _mm256_cvtph_ps(_mm256_castsi256_si128(x)), _mm256_moveldup_ps(b)};
    __m256d doubles[] = {_mm256_sub_pd(d, e), _mm256_mul_pd(d, e), _mm256_div_pd(d, e), _mm256_sqrt_pd(e), _mm256_max_pd(d, e),
        _mm256_hsub_pd(d, e), _mm256_round_pd(d, 0), _mm256_cmp_pd(d, e, _CMP_LT_OQ), _mm256_permute4x64_pd(d, 0x72), _mm256_fmadd_pd(d, e, f),
        _mm256_fmsub_pd(d, e, f), _mm256_fnmadd_pd(d, e, f), _mm256_fmaddsub_pd(d, e, f), _mm256_cvtps_pd(_mm256_castps256_ps128(a)),
        _mm256_cvtepi32_pd(_mm256_castsi256_si128(x)), _mm256_unpackhi_pd(d, e)};
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++) {
        take(_mm256_castps_si256(singles[i]));
    }
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        take(_mm256_castpd_si256(doubles[i]));
    }
    take(_mm256_cvtps_epi32(a));
    take(_mm256_cvttps_epi32(b));
    take(_mm256_castsi128_si256(_mm256_cvtpd_epi32(d)));
    uint64_t half[2];
    _mm_storeu_si128((__m128i *) half, _mm256_cvtps_ph(a, 4));
    add(half[0] ^ half[1] << 1);
    add(_mm_getcsr());
}

static double loops(void) {
    enum { N = 512 };
    static double a[N], b[N];
    static float c[N];
    static int32_t d[N];
    for (int i = 0; i < N; i++) {
        a[i] = (double) (int32_t) next() * 0x1p-20;
        b[i] = (double) (int32_t) next() * 0x1p-25;
        c[i] = (float) a[i];
        d[i] = (int32_t) next();
    }
    for (int turn = 0; turn < 20; turn++) {
        for (int i = 0; i < N; i++) {
            a[i] = a[i] * b[i] + fabs(a[i]) / 3;
            c[i] = c[i] * 1.0001f - (float) d[i] * 1e-9f;
            d[i] = d[i] * 5 + (d[i] >> 3) + (a[i] > 0 ? 1 : d[i] & 7);
            a[i] = a[i] > 1e9 ? sqrt(a[i]) : a[i];
        }
    }
    add_bytes(a, sizeof a);
    add_bytes(c, sizeof c);
    add_bytes(d, sizeof d);
    return a[0];
}

int main(void) {
    printf("%a\n", loops());
    for (int mode = 0; mode < 4; mode++) {
        _mm_setcsr(0x1f80u | (unsigned) mode << 13);
        for (int i = 0; i < 200; i++) {
            __m256i a = bits(), b = bits(), c = bits();
            integers(a, b);
            floats(a, b, c);
            _mm_setcsr(_mm_getcsr() & ~0x3fu);
        }
        printf("mode %d ", mode);
        show("");
    }
    return 0;
}
