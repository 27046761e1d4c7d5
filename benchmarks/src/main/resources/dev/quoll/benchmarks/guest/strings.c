/* The C library's string functions, and the processor's string instructions. */
#include "bench.h"

#include <string.h>

#define TEXT 4096

static char text[TEXT], copy[TEXT];
static uint8_t *block[2];
#define BLOCK (1u << 20)

static void fill_text(void) {
    uint64_t state = 11;
    for (int i = 0; i < TEXT; i++)
        text[i] = (char)('a' + next_random(&state) % 25);
    for (int i = 50; i < TEXT; i += 61)
        text[i] = 0;
    text[TEXT - 1] = 0;
    memcpy(copy, text, TEXT);
}

static void fill_blocks(void) {
    for (int i = 0; i < 2; i++)
        block[i] = memory_of(BLOCK, ANY_PAGES);
}

static uint64_t lengths(uint32_t units) {
    uint64_t sum = 0;
    for (uint32_t round = 0; round < units; round++)
        for (int at = 0; at < TEXT - 1;) {
            size_t length = strlen(text + at);
            sum += length;
            if (length > 0)
                sum += strchr(text + at, text[at + length - 1]) != NULL;
            at += (int)length + 1;
        }
    return sum;
}

static uint64_t comparisons(uint32_t units) {
    uint64_t sum = 0;
    for (uint32_t round = 0; round < units; round++) {
        for (int at = 0; at + 61 < TEXT; at += 61) {
            sum += strcmp(text + at, copy + at) == 0;
            sum += memcmp(text + at, copy + at + 1, 40) < 0;
        }
        barrier();
    }
    return sum;
}

/* 1 to 200 bytes at a time. */
static uint64_t small_copies(uint32_t units) {
    uint64_t state = 17;
    for (uint32_t i = 0; i < units * 100; i++) {
        uint64_t x = next_random(&state);
        size_t length = 1 + x % 200;
        memcpy(copy + (x >> 20 & 1023), text + (x >> 32 & 1023), length);
        barrier();
    }
    return mix((uint64_t)copy[100], (uint64_t)copy[1100]);
}

static uint64_t large_copies(uint32_t units) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < units; i++) {
        memset(block[0], (int)i, BLOCK);
        memcpy(block[1], block[0], BLOCK);
        sum += block[1][i & (BLOCK - 1)];
    }
    return sum;
}

static void rep_movsb(void *to, const void *from, size_t count) {
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count)::"memory");
}

static void rep_stosq(void *to, uint64_t value, size_t count) {
    __asm__ volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(value) : "memory");
}

static uint64_t rep(uint32_t units) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < units; i++) {
        rep_stosq(block[0] + (i & 7) * 8, i * 0x0101010101010101ull, 512);
        rep_movsb(block[1] + (i & 63), block[0], 3000);
        sum += block[1][100];
    }
    return sum;
}

/* REPNE SCASB, REPE CMPSB and LODSB, which no compiler writes and old programs do. */
static uint64_t rep_search(uint32_t units) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < units; i++) {
        const char *at = text;
        uint64_t count = TEXT;
        __asm__ volatile("repne scasb" : "+D"(at), "+c"(count) : "a"('z') : "cc", "memory");
        sum += count;
        const char *one = text, *other = copy;
        count = TEXT;
        __asm__ volatile("repe cmpsb" : "+D"(one), "+S"(other), "+c"(count)::"cc", "memory");
        sum += count;
        const char *from = text;
        for (int j = 0; j < 64; j++) {
            uint64_t byte = 0;
            __asm__ volatile("lodsb" : "+S"(from), "+a"(byte)::"memory");
            sum += byte;
        }
    }
    return sum;
}

const struct kernel string_kernels[] = {
    {"str-length", "string", 2500, fill_text, lengths, NULL},
    {"str-compare", "string", 6000, fill_text, comparisons, NULL},
    {"str-copy-small", "string", 2500, fill_text, small_copies, NULL},
    {"str-copy-large", "string", 60, fill_blocks, large_copies, NULL},
    {"rep-move-store", "string", 6000, fill_blocks, rep, NULL},
    {"rep-search", "string", 500, fill_text, rep_search, NULL},
    {0},
};
