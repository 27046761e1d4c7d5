/* What the kernel tells of exceptions: signal, code, address, and the instruction that can be resumed. */
#define _GNU_SOURCE
#include "common.h"
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf back;
static siginfo_t seen;
static long trap, error;

static void caught(int number, siginfo_t *info, void *context) {
    (void) number;
    seen = *info;
    ucontext_t *u = context;
    trap = u->uc_mcontext.gregs[REG_TRAPNO];
    error = u->uc_mcontext.gregs[REG_ERR];
    siglongjmp(back, 1);
}

#define TRY(name, base, code)                                                                                       \
    do {                                                                                                            \
        if (sigsetjmp(back, 1) == 0) {                                                                              \
            code;                                                                                                   \
            printf("%s: nothing\n", name);                                                                          \
        } else {                                                                                                    \
            printf("%s: signal %d code %d offset %ld trap %ld error %#lx\n", name, seen.si_signo, seen.si_code,     \
                (long) ((char *) seen.si_addr - (char *) (base)), trap, error);                                     \
        }                                                                                                           \
    } while (0)

static int steps;

static void step(int number, siginfo_t *info, void *context) {
    (void) number;
    (void) info;
    (void) context;
    steps++;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_NODEFER};
    int numbers[] = {SIGFPE, SIGSEGV, SIGBUS, SIGILL, SIGTRAP};
    for (int i = 0; i < 5; i++) {
        sigaction(numbers[i], &action, NULL);
    }
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(map + 4096, 4096, PROT_NONE);
    char *constant = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    volatile int zero = 0, low = -2147483647 - 1, minus = -1, big = 100000;
    volatile int result = 0;
    TRY("divide by zero", seen.si_addr, result = big / zero);
    TRY("overflowing quotient", seen.si_addr, result = low / minus);
    TRY("read of nothing", map + 4096, result = map[4096 + zero]);
    TRY("read across", map + 4096, result = *(volatile int *) (map + 4094));
    TRY("write across", map + 4096, *(volatile int *) (map + 4093) = 7);
    printf("untouched %d %d %d\n", map[4093], map[4094], map[4095]);
    TRY("write of a constant", constant, constant[5] = 1);
    TRY("null", NULL, *(volatile int *) (uintptr_t) zero = 1);
    TRY("no code", map, ((void (*)(void)) map)());
    memcpy(code, "\x0f\x0b", 2);
    TRY("undefined", code, ((void (*)(void)) code)());
    memcpy(code, "\xf0\x90", 2);
    TRY("lock nop", code, ((void (*)(void)) code)());
    memcpy(code, "\xf4", 1);
    TRY("privileged", NULL, ((void (*)(void)) code)());
    memcpy(code, "\xcc", 1);
    TRY("breakpoint", NULL, ((void (*)(void)) code)());
    memcpy(code, "\xf1", 1);
    TRY("icebp", seen.si_addr, ((void (*)(void)) code)()); /* hypervisors of hosts change the address */
    memcpy(code, "\xcd\x42", 2);
    TRY("int 0x42", NULL, ((void (*)(void)) code)());
    memset(code, 0x66, 16);
    TRY("sixteen bytes", NULL, ((void (*)(void)) code)());
    memcpy(code + 4094, "\x0f\xff", 2);
#ifdef __x86_64__
    TRY("not canonical", NULL, *(volatile int *) 0x8000000000000000 = 1);
    TRY("unaligned vector", NULL, __asm__ volatile("movaps %0, %%xmm0" ::"m"(map[1]) : "xmm0"));
    memcpy(code, "\x06", 1);
    TRY("push es", code, ((void (*)(void)) code)());
    unsigned mxcsr = 0x1f80 & ~0x200u;
    TRY("vector division", seen.si_addr,
        __asm__ volatile("ldmxcsr %0; pxor %%xmm0,%%xmm0; mov $1,%%eax; cvtsi2sd %%eax,%%xmm1; divsd %%xmm0,%%xmm1" ::"m"(mxcsr)
                         : "eax", "xmm0", "xmm1"));
#else
    memcpy(code, "\xce\xc3", 2);
    TRY("into", seen.si_addr, __asm__ volatile("movb $0x7f,%%al; addb $1,%%al; into" ::: "eax", "cc"));
    int limits[] = {3, 9};
    TRY("bound", seen.si_addr, __asm__ volatile("bound %0,%1" ::"r"(result | 12), "m"(limits)));
#endif
    unsigned short control = 0x37f & ~4;
    TRY("x87 division", seen.si_addr, __asm__ volatile("fldcw %0; fld1; fldz; fdivrp; fwait" ::"m"(control)));
    struct sigaction stepping = {.sa_sigaction = step, .sa_flags = SA_SIGINFO};
    sigaction(SIGTRAP, &stepping, NULL);
#ifdef __x86_64__
    __asm__ volatile("pushfq; orl $0x100,(%%rsp); popfq; nop; mov $3,%%ecx; 1: loop 1b; cld; rep stosb; pushfq;"
                     "andl $~0x100,(%%rsp); popfq" ::"D"(map), "a"(1) : "rcx", "memory", "cc");
#else
    __asm__ volatile("pushfl; orl $0x100,(%%esp); popfl; nop; mov $3,%%ecx; 1: loop 1b; cld; pushfl;"
                     "andl $~0x100,(%%esp); popfl" ::: "ecx", "memory", "cc");
#endif
    printf("single steps %d\n", steps);
    /* A lazily made page of the stack, and a signal on a stack of its own. */
    stack_t other = {.ss_sp = malloc(65536), .ss_size = 65536};
    sigaltstack(&other, NULL);
    action.sa_flags |= SA_ONSTACK;
    sigaction(SIGSEGV, &action, NULL);
    TRY("write on the other stack", map + 4096, map[4096] = 1);
    printf("result %d\n", result & 0);
    return 0;
}
