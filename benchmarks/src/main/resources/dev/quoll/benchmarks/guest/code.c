/* Programs that write code, as compilers of JavaScript, Java and Lua do. */
#include "bench.h"

#include <string.h>
#include <sys/mman.h>

#define AREA (64 * 4096)
#define FUNCTION 48

typedef uint32_t (*generated)(uint32_t);

static uint8_t *area;

static void map_area(void) {
    area = mmap(NULL, AREA, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED)
        die("mmap");
    memset(area, 0xcc, AREA);
}

/* mov eax, edi; then twice: imul eax, eax, A; xor eax, B; rol eax, C; add eax, edi; then ret. */
static void write_function(uint8_t *at, uint32_t seed) {
    uint8_t *to = at;
    *to++ = 0x89, *to++ = 0xf8;
    for (int i = 0; i < 2; i++) {
        uint32_t a = seed * 2654435761u | 1, b = seed ^ 0x5bd1e995u * (i + 1);
        *to++ = 0x69, *to++ = 0xc0, memcpy(to, &a, 4), to += 4;
        *to++ = 0x35, memcpy(to, &b, 4), to += 4;
        *to++ = 0xc1, *to++ = 0xc0, *to++ = (uint8_t)(seed % 31 + 1);
        *to++ = 0x01, *to++ = 0xf8;
    }
    *to = 0xc3;
}

/* New functions all the time, each called a few times. */
static uint64_t fresh(uint32_t units) {
    uint32_t x = 1;
    for (uint32_t i = 0; i < units; i++) {
        uint8_t *at = area + (size_t)(i % (AREA / FUNCTION)) * FUNCTION;
        write_function(at, i);
        for (int call = 0; call < 8; call++)
            x = ((generated)(void *)at)(x + call);
    }
    return x;
}

/* One number within a function changes before each call: an inline cache. */
static uint64_t patched(uint32_t units) {
    uint32_t x = 1;
    for (int i = 0; i < 8; i++)
        write_function(area + i * FUNCTION, i);
    for (uint32_t i = 0; i < units; i++) {
        uint8_t *at = area + (i & 7) * FUNCTION;
        memcpy(at + 4, &i, 4);
        for (int call = 0; call < 16; call++)
            x = ((generated)(void *)at)(x);
    }
    return x;
}

/* Data that changes all the time beside code that does not, on one page. */
static uint64_t mixed(uint32_t units) {
    uint32_t x = 1;
    volatile uint32_t *data = (uint32_t *)(area + 2048);
    write_function(area, 5);
    for (uint32_t i = 0; i < units; i++) {
        x = ((generated)(void *)area)(x);
        data[i & 255] = x;
    }
    return x;
}

/* Pages that are writable or executable, never both: two system calls for each function. */
static uint64_t protected(uint32_t units) {
    uint32_t x = 1;
    for (uint32_t i = 0; i < units; i++) {
        uint8_t *page = area + (size_t)(i & 15) * 4096;
        if (mprotect(page, 4096, PROT_READ | PROT_WRITE) != 0)
            die("mprotect");
        for (int f = 0; f < 8; f++)
            write_function(page + f * FUNCTION, i + f);
        if (mprotect(page, 4096, PROT_READ | PROT_EXEC) != 0)
            die("mprotect");
        for (int call = 0; call < 64; call++)
            x = ((generated)(void *)(page + (call & 7) * FUNCTION))(x);
    }
    mprotect(area, AREA, PROT_READ | PROT_WRITE | PROT_EXEC);
    return x;
}

const struct kernel code_kernels[] = {
    {"code-fresh", "code", 8000, map_area, fresh, NULL},
    {"code-patched", "code", 10000, map_area, patched, NULL},
    {"code-beside-data", "code", 100000, map_area, mixed, NULL},
    {"code-protected", "code", 400, map_area, protected, NULL},
    {0},
};
