/* Memory: streams, chases, and pages that no translation cache holds. */
#include "bench.h"

#include <string.h>

#define STREAM (1u << 20)
#define FAR_PAGES 16384u

static double *stream[3];
static uint32_t *near_chain, *far_chain;
static uint8_t *pages;

static void fill_stream(void) {
    for (int i = 0; i < 3; i++)
        stream[i] = memory_of(STREAM * sizeof(double), ANY_PAGES);
    for (uint32_t i = 0; i < STREAM; i++)
        stream[0][i] = i, stream[1][i] = 2, stream[2][i] = 0;
}

static uint64_t triad(uint32_t units) {
    for (uint32_t round = 0; round < units; round++) {
        double factor = round + 1;
        for (uint32_t i = 0; i < STREAM; i++)
            stream[2][i] = stream[0][i] + factor * stream[1][i];
        barrier();
    }
    return (uint64_t)stream[2][STREAM - 1];
}

static uint64_t bytes(uint32_t units) {
    uint8_t *at = (uint8_t *)stream[0];
    uint64_t sum = 0;
    for (uint32_t round = 0; round < units; round++) {
        for (uint32_t i = 0; i < STREAM; i++) {
            uint8_t byte = at[i];
            opaque(byte);
            sum += byte ^ round;
        }
    }
    return sum;
}

/* One cycle through all elements (Sattolo's shuffle), an element every `stride` numbers. */
static uint32_t *chain_of(uint32_t elements, uint32_t stride, int kind) {
    uint32_t *chain = memory_of((size_t)elements * stride * sizeof(uint32_t), kind);
    uint64_t state = 77;
    for (uint32_t i = 0; i < elements; i++)
        chain[(size_t)i * stride] = i;
    for (uint32_t i = elements - 1; i > 0; i--) {
        uint32_t j = (uint32_t)(next_random(&state) % i), kept = chain[(size_t)i * stride];
        chain[(size_t)i * stride] = chain[(size_t)j * stride];
        chain[(size_t)j * stride] = kept;
    }
    return chain;
}

static void make_near(void) {
    near_chain = chain_of(1 << 14, 4, ANY_PAGES);
}

static uint64_t chase_near(uint32_t units) {
    uint32_t at = 0;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < units * 100; i++) {
        at = near_chain[at * 4];
        sum += at;
    }
    return sum;
}

static void make_far(void) {
    far_chain = chain_of(FAR_PAGES, 1024, SMALL_PAGES);
}

/* Every load on another page. */
static uint64_t chase_far(uint32_t units) {
    uint32_t at = 0;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < units * 100; i++) {
        at = far_chain[(size_t)at * 1024];
        sum += at;
    }
    return sum;
}

static void make_pages(void) {
    pages = memory_of((size_t)FAR_PAGES * 4096, SMALL_PAGES);
}

/* Loads and stores on random pages, each independent of the one before. */
static uint64_t random_pages(uint32_t units) {
    uint64_t state = 31, sum = 0;
    for (uint32_t i = 0; i < units * 100; i++) {
        uint64_t x = next_random(&state);
        uint8_t *at = &pages[(x % FAR_PAGES) * 4096 + (x >> 40 & 4088)];
        sum += *at;
        *at = (uint8_t)i;
    }
    memset(pages, 1, (size_t)FAR_PAGES * 4096);
    return sum;
}

/* 1 KiB on the stack of each call, used at both ends: what deep code does. */
static __attribute__((noinline)) uint64_t deep(uint32_t depth) {
    volatile uint64_t frame[128];
    frame[0] = depth;
    frame[127] = depth * 3;
    uint64_t below = depth ? deep(depth - 1) : 0;
    return below + frame[0] + frame[127];
}

static uint64_t frames(uint32_t units) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < units; i++)
        sum += deep(200);
    return sum;
}

/* Accesses over the borders of cache lines and pages. */
static uint64_t misaligned(uint32_t units) {
    static uint8_t buffer[1 << 15] __attribute__((aligned(4096)));
    uint64_t sum = 0;
    for (uint32_t round = 0; round < units; round++)
        for (uint32_t i = 61; i + 8 < sizeof buffer; i += 64) {
            uint64_t word;
            memcpy(&word, &buffer[i], 8);
            word += i;
            memcpy(&buffer[i], &word, 8);
            sum ^= word;
        }
    memset(buffer, 0, sizeof buffer);
    return sum;
}

const struct kernel memory_kernels[] = {
    {"mem-triad", "memory", 4, fill_stream, triad, NULL},
    {"mem-bytes", "memory", 8, fill_stream, bytes, NULL},
    {"mem-chase-near", "memory", 10000, make_near, chase_near, NULL},
    {"mem-chase-pages", "memory", 200, make_far, chase_far, NULL},
    {"mem-random-pages", "memory", 800, make_pages, random_pages, NULL},
    {"mem-frames", "memory", 8000, NULL, frames, NULL},
    {"mem-misaligned", "memory", 8000, NULL, misaligned, NULL},
    {0},
};
