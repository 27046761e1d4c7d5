/* SSE to SSE4.2, AES, PCLMULQDQ and, where compiled for it, SHA by their intrinsics, on random bits with special values among them. */
#include "common.h"
#include <immintrin.h>

static __m128i bits(void) {
    static const uint32_t special[] = {0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00001, 0x7f800001, 1,
        0x807fffff, 0x00800000, 0x7f7fffff, 0x4f000000, 0xcf000000, 0x4b000000, 0x3effffff};
    uint32_t words[4];
    for (int i = 0; i < 4; i++) {
        uint64_t r = next();
        words[i] = r % 5 ? (uint32_t) (r >> 32) : special[r >> 60];
        if (r % 7 == 0) {
            words[i] = (uint32_t) (0x30000000 + (r >> 40) * 16);
        }
    }
    return _mm_loadu_si128((const __m128i *) words);
}

static void take(__m128i value) {
    uint64_t parts[2];
    _mm_storeu_si128((__m128i *) parts, value);
    add(parts[0]);
    add(parts[1]);
}

#define S(value) take(_mm_castps_si128(value))
#define D(value) take(_mm_castpd_si128(value))

static void integers(__m128i a, __m128i b) {
    __m128i all[] = {
        _mm_add_epi8(a, b), _mm_add_epi16(a, b), _mm_add_epi32(a, b), _mm_add_epi64(a, b), _mm_adds_epi8(a, b), _mm_adds_epu16(a, b),
        _mm_sub_epi8(a, b), _mm_subs_epu8(a, b), _mm_subs_epi16(a, b), _mm_mullo_epi16(a, b), _mm_mulhi_epi16(a, b),
        _mm_mulhi_epu16(a, b), _mm_mul_epu32(a, b), _mm_mul_epi32(a, b), _mm_mullo_epi32(a, b), _mm_madd_epi16(a, b),
        _mm_maddubs_epi16(a, b), _mm_mulhrs_epi16(a, b), _mm_avg_epu8(a, b), _mm_avg_epu16(a, b), _mm_sad_epu8(a, b),
        _mm_min_epi8(a, b), _mm_max_epu16(a, b), _mm_min_epu32(a, b), _mm_max_epi32(a, b), _mm_cmpeq_epi8(a, b), _mm_cmpgt_epi16(a, b),
        _mm_cmpgt_epi64(a, b), _mm_cmpeq_epi64(a, _mm_shuffle_epi32(a, 0x4e)), _mm_shuffle_epi8(a, b), _mm_alignr_epi8(a, b, 5),
        _mm_unpacklo_epi8(a, b), _mm_unpackhi_epi16(a, b), _mm_unpacklo_epi32(a, b), _mm_unpackhi_epi64(a, b), _mm_packs_epi16(a, b),
        _mm_packus_epi16(a, b), _mm_packs_epi32(a, b), _mm_packus_epi32(a, b), _mm_slli_epi16(a, 3), _mm_srl_epi32(a, _mm_cvtsi32_si128(9)),
        _mm_sra_epi16(a, _mm_cvtsi32_si128(20)), _mm_slli_si128(a, 3), _mm_srli_si128(b, 11), _mm_abs_epi8(a), _mm_abs_epi32(b),
        _mm_sign_epi16(a, b), _mm_hadd_epi16(a, b), _mm_hsubs_epi16(a, b), _mm_hadd_epi32(a, b), _mm_blendv_epi8(a, b, _mm_xor_si128(a, b)),
        _mm_blend_epi16(a, b, 0x5a), _mm_mpsadbw_epu8(a, b, 6), _mm_minpos_epu16(a), _mm_cvtepi8_epi64(a), _mm_cvtepu16_epi32(b),
        _mm_cvtepi32_epi64(a), _mm_insert_epi16(a, 0x1234, 6), _mm_insert_epi64(b, 77, 1), _mm_shufflelo_epi16(a, 0x1b),
        _mm_shufflehi_epi16(b, 0xb1), _mm_clmulepi64_si128(a, b, 0x00), _mm_clmulepi64_si128(a, b, 0x11), _mm_aesenc_si128(a, b),
        _mm_aesenclast_si128(a, b), _mm_aesdec_si128(a, b), _mm_aesdeclast_si128(a, b), _mm_aesimc_si128(a),
        _mm_aeskeygenassist_si128(a, 0x1b),
#ifdef __SHA__
        _mm_sha1rnds4_epu32(a, b, 2), _mm_sha1nexte_epu32(a, b), _mm_sha1msg1_epu32(a, b),
        _mm_sha1msg2_epu32(a, b), _mm_sha256rnds2_epu32(a, b, _mm_xor_si128(a, b)), _mm_sha256msg1_epu32(a, b), _mm_sha256msg2_epu32(a, b),
#endif
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        take(all[i]);
    }
    add((uint64_t) _mm_movemask_epi8(a) | (uint64_t) _mm_testz_si128(a, b) << 20 | (uint64_t) _mm_testc_si128(a, b) << 21);
    add((uint64_t) (unsigned) _mm_extract_epi32(a, 2) ^ (uint64_t) _mm_extract_epi64(b, 1));
    add((uint64_t) (unsigned) _mm_cmpistri(a, b, 0x0c) | (uint64_t) (unsigned) _mm_cmpistrc(a, b, 0x18) << 8);
    add((uint64_t) (unsigned) _mm_cmpestri(a, 7, b, 12, 0x44) | (uint64_t) (unsigned) _mm_cmpestrs(a, 7, b, 12, 0x01) << 8);
    take(_mm_cmpistrm(a, b, 0x40));
    take(_mm_cmpestrm(a, 9, b, 16, 0x1a));
    add(_mm_crc32_u64(next(), next()) ^ _mm_crc32_u8(7, (uint8_t) next()));
}

static void floats(__m128i x, __m128i y) {
    __m128 a = _mm_castsi128_ps(x), b = _mm_castsi128_ps(y);
    __m128d c = _mm_castsi128_pd(x), d = _mm_castsi128_pd(y);
    __m128 singles[] = {_mm_add_ps(a, b), _mm_sub_ps(a, b), _mm_mul_ps(a, b), _mm_div_ps(a, b), _mm_sqrt_ps(a), _mm_min_ps(a, b),
        _mm_max_ps(a, b), _mm_add_ss(a, b), _mm_sqrt_ss(b), _mm_div_ss(a, b), _mm_cmplt_ps(a, b), _mm_cmpunord_ps(a, b),
        _mm_cmpneq_ss(a, b), _mm_hadd_ps(a, b), _mm_addsub_ps(a, b), _mm_dp_ps(a, b, 0x7b), _mm_round_ps(a, 0), _mm_floor_ps(b),
        _mm_ceil_ss(a, b), _mm_round_ps(b, 3), _mm_blendv_ps(a, b, _mm_xor_ps(a, b)), _mm_insert_ps(a, b, 0x9c), _mm_shuffle_ps(a, b, 0x39),
        _mm_unpacklo_ps(a, b), _mm_movehdup_ps(a), _mm_cvtepi32_ps(x), _mm_cvtpd_ps(c), _mm_andnot_ps(a, b)};
    __m128d doubles[] = {_mm_add_pd(c, d), _mm_sub_pd(c, d), _mm_mul_pd(c, d), _mm_div_pd(c, d), _mm_sqrt_pd(c), _mm_min_pd(c, d),
        _mm_max_sd(c, d), _mm_cmple_pd(c, d), _mm_cmpord_sd(c, d), _mm_hsub_pd(c, d), _mm_addsub_pd(c, d), _mm_dp_pd(c, d, 0x31),
        _mm_round_pd(c, 1), _mm_floor_sd(c, d), _mm_cvtps_pd(a), _mm_cvtepi32_pd(x), _mm_cvtss_sd(d, a), _mm_cvtsi64_sd(c, (long long) next()),
        _mm_shuffle_pd(c, d, 1), _mm_movedup_pd(c)};
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++) {
        S(singles[i]);
    }
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        D(doubles[i]);
    }
    take(_mm_cvtps_epi32(a));
    take(_mm_cvttps_epi32(b));
    take(_mm_cvtpd_epi32(c));
    take(_mm_cvttpd_epi32(d));
    add((uint64_t) _mm_cvtss_si64(a) ^ (uint64_t) _mm_cvttsd_si64(d));
    add((uint64_t) (_mm_comilt_ss(a, b) | _mm_ucomieq_sd(c, d) << 1 | _mm_comigt_sd(c, d) << 2 | _mm_movemask_ps(a) << 4));
    add(_mm_getcsr());
}

int main(void) {
    for (int mode = 0; mode < 16; mode++) {
        /* Every rounding, with and without flush to zero and denormals as zero. */
        _mm_setcsr(0x1f80u | (unsigned) (mode & 3) << 13 | (unsigned) (mode & 4) << 13 | (unsigned) (mode & 8) << 3);
        for (int i = 0; i < 150; i++) {
            __m128i a = bits(), b = bits();
            integers(a, b);
            floats(a, b);
            _mm_setcsr(_mm_getcsr() & ~0x3fu);
        }
        printf("mode %d ", mode);
        show("");
    }
    return 0;
}
