/* Integer arithmetic, branches and calls. */
#include "bench.h"

static uint64_t alu(uint32_t units) {
    uint64_t a = 1, b = 2, c = 3;
    for (uint32_t i = 0; i < units * 1000; i++) {
        a += b ^ i;
        b = (b << 5 | b >> 59) + c;
        c ^= a - i;
        a = c > b ? a + 7 : a;
    }
    return a ^ b ^ c;
}

static uint64_t bits(uint32_t units) {
    uint64_t state = 88172645463325252u, sum = 0;
    for (uint32_t i = 0; i < units * 100; i++) {
        uint64_t x = next_random(&state);
        sum += __builtin_ctzll(x | 1ull << 40) + (__builtin_clzll(x | 1) << 3);
        x = x - (x >> 1 & 0x5555555555555555u);
        x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
        sum += __builtin_bswap64(x) >> (i & 63);
        sum ^= sum << (x & 15);
    }
    return sum;
}

static uint8_t composite[1 << 16];

static uint64_t sieve(uint32_t units) {
    uint64_t primes = 0;
    for (uint32_t round = 0; round < units; round++) {
        for (uint32_t i = 0; i < sizeof composite; i++)
            composite[i] = 0;
        for (uint32_t i = 2; i < sizeof composite; i++) {
            if (composite[i])
                continue;
            primes++;
            for (uint32_t j = 2 * i; j < sizeof composite; j += i)
                composite[j] = 1;
        }
        barrier();
    }
    return primes;
}

static void quick_sort(uint32_t *from, uint32_t *to) {
    while (from < to) {
        uint32_t pivot = from[(to - from) / 2], *low = from, *high = to;
        while (low <= high) {
            while (*low < pivot)
                low++;
            while (*high > pivot)
                high--;
            if (low <= high) {
                uint32_t kept = *low;
                *low++ = *high;
                *high-- = kept;
            }
        }
        quick_sort(from, high);
        from = low;
    }
}

static uint64_t sort(uint32_t units) {
    static uint32_t numbers[4096];
    uint64_t state = 1234567, sum = 0;
    for (uint32_t round = 0; round < units; round++) {
        for (int i = 0; i < 4096; i++)
            numbers[i] = (uint32_t)(next_random(&state) >> 20);
        quick_sort(numbers, numbers + 4095);
        sum = mix(sum, numbers[round & 4095]);
    }
    return sum;
}

static const uint32_t sha_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static inline uint32_t rotate(uint32_t x, int n) {
    return x >> n | x << (32 - n);
}

static uint64_t sha256(uint32_t units) {
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint32_t w[64];
    for (uint32_t block = 0; block < units * 10; block++) {
        for (int i = 0; i < 16; i++)
            w[i] = block * 31 + i;
        for (int i = 16; i < 64; i++)
            w[i] = w[i - 16] + w[i - 7] + (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3)
                + (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
        uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
        for (int i = 0; i < 64; i++) {
            uint32_t t = k + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + sha_constants[i] + w[i];
            uint32_t u = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            k = g, g = f, f = e, e = d + t, d = c, c = b, b = a, a = t + u;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e, h[5] += f, h[6] += g, h[7] += k;
    }
    return (uint64_t)h[0] << 32 | h[7];
}

/* Schoolbook multiplication of 2,048-bit numbers: MUL, ADD, ADC. */
static uint64_t bignum(uint32_t units) {
    uint64_t a[32], b[32], product[64] = {0}, state = 42;
    for (int i = 0; i < 32; i++)
        a[i] = next_random(&state), b[i] = next_random(&state);
    for (uint32_t round = 0; round < units; round++) {
        for (int i = 0; i < 32; i++) {
            uint64_t carry = 0;
            for (int j = 0; j < 32; j++) {
                unsigned __int128 t = (unsigned __int128)a[i] * b[j] + product[i + j] + carry;
                product[i + j] = (uint64_t)t;
                carry = (uint64_t)(t >> 64);
            }
            product[i + 32] = carry;
        }
        a[round & 31] ^= product[round & 63];
        barrier();
    }
    return mix(product[0], product[33]);
}

/* Additions of 512-bit numbers with one chain of ADC, and their differences with SBB. */
static uint64_t carry_chain(uint32_t units) {
    uint64_t a[8] = {1, 2, 3, 4, 5, 6, 7, 8}, b[8] = {~0ull, 9, ~0ull, ~0ull, 5, ~0ull, 7, 3};
    for (uint32_t round = 0; round < units * 100; round++)
        __asm__ volatile(
            "movq (%1), %%rax; addq %%rax, (%0); movq 8(%1), %%rax; adcq %%rax, 8(%0);"
            "movq 16(%1), %%rax; adcq %%rax, 16(%0); movq 24(%1), %%rax; adcq %%rax, 24(%0);"
            "movq 32(%1), %%rax; adcq %%rax, 32(%0); movq 40(%1), %%rax; adcq %%rax, 40(%0);"
            "movq 48(%1), %%rax; adcq %%rax, 48(%0); movq 56(%1), %%rax; adcq %%rax, 56(%0); adcq $0, (%0);"
            "movq 8(%0), %%rax; subq %%rax, (%1); movq 16(%0), %%rax; sbbq %%rax, 8(%1);"
            "movq 24(%0), %%rax; sbbq %%rax, 16(%1); movq 32(%0), %%rax; sbbq %%rax, 24(%1); sbbq $0, 32(%1)"
            ::"r"(a), "r"(b) : "rax", "cc", "memory");
    return mix(mix(a[0], a[7]), b[3]);
}

static uint64_t divide(uint32_t units) {
    uint64_t state = 99, sum = 0;
    for (uint32_t i = 0; i < units * 100; i++) {
        uint64_t x = next_random(&state);
        uint64_t by = (x >> 40) | 1;
        sum += x / by + x % (by >> 8 | 3);
        sum += (uint32_t)x / ((uint32_t)(x >> 48) | 1);
        sum += (uint64_t)((int64_t)x / ((int64_t)i - 50 ? (int64_t)i - 50 : 1));
    }
    return sum;
}

static __attribute__((noinline)) uint64_t fibonacci(uint64_t n) {
    opaque(n);
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static uint64_t calls(uint32_t units) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < units; i++)
        sum += fibonacci(15);
    return sum;
}

#define LEAF(number, expression) \
    static __attribute__((noinline)) uint64_t leaf##number(uint64_t x) { return expression; }
LEAF(0, x + 1) LEAF(1, x * 3) LEAF(2, x ^ x >> 7) LEAF(3, x - 9) LEAF(4, ~x) LEAF(5, x << 1 | x >> 63) LEAF(6, x + (x << 3))
LEAF(7, x ^ 0x5555)

static uint64_t (*volatile leaves[8])(uint64_t) = {leaf0, leaf1, leaf2, leaf3, leaf4, leaf5, leaf6, leaf7};

static uint64_t indirect_calls(uint32_t units) {
    uint64_t x = 7;
    for (uint32_t i = 0; i < units * 1000; i++)
        x = leaves[(x >> 3 ^ i) & 7](x);
    return x;
}

/* An interpreter of a made-up byte code: one switch, jumped through a table. */
static uint64_t switch_loop(uint32_t units) {
    static const uint8_t program[] = {0, 1, 2, 3, 1, 4, 2, 5, 6, 0, 7, 1, 3, 2, 5, 4, 6, 1, 0, 7, 2, 8};
    uint64_t a = 1, b = 2, stack[16] = {0};
    uint32_t sp = 0, pc = 0, left = units * 1000;
    while (left--) {
        switch (program[pc++]) {
        case 0: a += b; break;
        case 1: stack[sp++ & 15] = a; break;
        case 2: b ^= stack[--sp & 15]; break;
        case 3: a = a << 3 | a >> 61; break;
        case 4: b += 0x1234567; break;
        case 5: a -= b; break;
        case 6: stack[sp++ & 15] = b; break;
        case 7: a *= 5; break;
        default: pc = 0; break;
        }
    }
    return a ^ b;
}

static uint64_t branches(uint32_t units) {
    uint64_t state = 5, sum = 0;
    for (uint32_t i = 0; i < units * 100; i++) {
        uint64_t x = next_random(&state);
        if (x & 1) {
            sum += x;
            barrier();
        }
        if (x & 6) {
            sum ^= x >> 3;
            barrier();
        } else if (x & 8) {
            sum -= i;
            barrier();
        }
        if ((x >> 20 & 15) > 9) {
            sum += 3;
            barrier();
        }
    }
    return sum;
}

const struct kernel integer_kernels[] = {
    {"int-alu", "integer", 3000, NULL, alu, NULL},
    {"int-bits", "integer", 6000, NULL, bits, NULL},
    {"int-sieve", "integer", 30, NULL, sieve, NULL},
    {"int-sort", "integer", 16, NULL, sort, NULL},
    {"int-sha256", "integer", 2000, NULL, sha256, NULL},
    {"int-branches", "integer", 5000, NULL, branches, NULL},
    {"carry-bignum", "carry", 4000, NULL, bignum, NULL},
    {"carry-chain", "carry", 6000, NULL, carry_chain, NULL},
    {"divide", "divide", 4000, NULL, divide, NULL},
    {"call-direct", "call", 1200, NULL, calls, NULL},
    {"call-indirect", "call", 600, NULL, indirect_calls, NULL},
    {"call-switch", "call", 2000, NULL, switch_loop, NULL},
    {0},
};
