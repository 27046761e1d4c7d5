/* Kernels of the guest benchmark: each does a fixed amount of work and returns a checksum of it. */
#ifndef BENCH_H
#define BENCH_H

#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>

struct kernel {
    const char *name;
    const char *group;
    /* Amount of work at --scale 100, chosen so that it takes a recent processor about five milliseconds. */
    uint32_t units;
    /* Allocates and fills what the kernel needs; not timed. May be null. */
    void (*prepare)(void);
    uint64_t (*run)(uint32_t units);
    /* Whether this processor can run it; null: every x86-64 processor can. */
    int (*available)(void);
};

/* One table a file; each ends with a null name. */
extern const struct kernel integer_kernels[], float_kernels[], memory_kernels[], string_kernels[], system_kernels[],
    code_kernels[], thread_kernels[];

/* Name and arguments of this program, for the kernel that executes it again. */
extern char *program_path;
/* Processors that the threads of a kernel may use: those of --cpus. */
extern int processors;

/* Stops the kernel with the system's reason: what this system cannot do shows as a failure, not as a time. */
void die(const char *what);

/* A chunk of anonymous memory, touched; SMALL_PAGES asks that it be of 4 KiB pages. */
enum { ANY_PAGES, SMALL_PAGES };
void *memory_of(size_t bytes, int pages);

/* Binds the calling thread to one of the processors. */
void bind_to(int processor);

/* The checksum of a sum whose last digits depend on the mathematical library's choice of instructions. */
uint64_t rounded(double sum);

/* Keeps the compiler from knowing a value, or from dropping its computation. */
#define opaque(value) __asm__ volatile("" : "+r"(value))
#define barrier() __asm__ volatile("" ::: "memory")

/* Pseudo-random numbers, the same everywhere (Marsaglia's xorshift64). */
static inline uint64_t next_random(uint64_t *state) {
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

static inline uint64_t mix(uint64_t sum, uint64_t value) {
    sum = (sum ^ value) * 0x9e3779b97f4a7c15u;
    return sum ^ sum >> 29;
}

#endif
