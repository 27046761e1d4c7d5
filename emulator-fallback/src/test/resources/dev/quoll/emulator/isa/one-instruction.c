// Runs single instructions on the processor of this host and tells what became of each.
//
// usage: one-instruction 64|32|16 <strings >verdicts
//
// Input: strings of 15 bytes. Output: two bytes for each: the vector of the exception that ended it (255: it made a system call,
// 254: the process did not survive it), and how many of its bytes the processor fetched.
//
// The length comes from a page border: the first n bytes of a string are put at the end of a page with nothing behind it, and
// the smallest n without a fetch fault is the length. The instruction is single-stepped, with registers that point to no memory,
// and may make no system calls. 32- and 16-bit code runs in compatibility mode, the latter in a segment of the LDT.

#define _GNU_SOURCE
#include <asm/ldt.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum { LENGTH = 15, PAGE = 4096, BATCH = 65536, PAGE_FAULT = 14, SYSTEM_CALL = 255, DIED = 254, NO_SETUP = 2 };

// Within 2 GiB of the first there is nothing else, so that RIP-relative operands meet no memory; the other is for code that
// has 32-bit addresses.
#define HIGH_PAGE 0x100000000000ULL
#define LOW_PAGE 0x50000000ULL

struct batch {
    uint32_t count;
    volatile uint32_t current;
    uint8_t strings[BATCH][LENGTH];
    uint8_t verdicts[BATCH][2];
};

static struct batch *batch;
static int bits;
static uint8_t *page;
static uint64_t code_base;
static uint16_t code_selector;
static uint64_t thread_pointer;
static gregset_t home;

// The search for the length: more than `above` bytes and no more than `enough`; `tried` bytes are being run.
static int above, enough, tried;
static uint8_t vectors[LENGTH + 1];

static void begin_string(void) {
    above = 0;
    enough = LENGTH;
    tried = LENGTH;
}

// Makes the interrupted context that of the next trial, or of main again when all strings are done.
static void arrange(ucontext_t *context) {
    greg_t *registers = context->uc_mcontext.gregs;
    if (batch->current == batch->count) {
        memcpy(registers, home, sizeof home);
        return;
    }
    uint8_t *code = page + PAGE - tried;
    memcpy(code, batch->strings[batch->current], (size_t)tried);
    greg_t nowhere = bits == 64 ? (greg_t)0x8000000000000000ULL : 0x20000000;
    for (int i = REG_R8; i <= REG_RSP; i++) {
        registers[i] = nowhere;
    }
    registers[REG_RIP] = (greg_t)((uintptr_t)code - code_base);
    registers[REG_EFL] = 0x302; // TF and IF
    uint64_t selectors = (uint64_t)registers[REG_CSGSFS] & 0x0000ffffffff0000ULL;
    registers[REG_CSGSFS] = (greg_t)(selectors | code_selector | 0x2bULL << 48);
    context->uc_flags |= 4; // UC_STRICT_RESTORE_SS: the SS just written counts
}

static void on_signal(int number, siginfo_t *info, void *argument) {
    (void)info;
    __asm__ volatile("wrfsbase %0" ::"r"(thread_pointer)); // it may have been the instruction's destination
    ucontext_t *context = argument;
    greg_t *registers = context->uc_mcontext.gregs;
    if (number == SIGUSR1) {
        memcpy(home, registers, sizeof home);
        begin_string();
        arrange(context);
        return;
    }
    uint8_t vector = number == SIGSYS ? SYSTEM_CALL : (uint8_t)registers[REG_TRAPNO];
    uintptr_t border = (uintptr_t)(page + PAGE);
    int wants_more = vector == PAGE_FAULT && (registers[REG_ERR] & 0x10) != 0
            && (uintptr_t)registers[REG_CR2] == border
            && (uint64_t)registers[REG_RIP] == border - (unsigned)tried - code_base;
    if (wants_more && tried < LENGTH) {
        above = tried;
    } else {
        vectors[tried] = vector;
        enough = tried;
    }
    if (enough - above > 1) {
        tried = (above + enough) / 2;
    } else {
        batch->verdicts[batch->current][0] = vectors[enough];
        batch->verdicts[batch->current][1] = (uint8_t)enough;
        batch->current++;
        begin_string();
    }
    arrange(context);
}

static void need(int success, const char *what) {
    if (!success) {
        perror(what);
        _exit(NO_SETUP);
    }
}

// System calls from the two pages' neighbourhoods become SIGSYS.
static void forbid_system_calls(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(HIGH_PAGE >> 32), 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LOW_PAGE + PAGE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    need(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "seccomp");
}

static void prepare(void) {
    page = mmap((void *)(bits == 64 ? HIGH_PAGE : LOW_PAGE), PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    need(page != MAP_FAILED, "mmap");
    code_selector = bits == 64 ? 0x33 : 0x23;
    if (bits == 16) {
        struct user_desc segment = {
            .base_addr = LOW_PAGE, .limit = 0xffff, .contents = MODIFY_LDT_CONTENTS_CODE, .useable = 1};
        need(syscall(SYS_modify_ldt, 1, &segment, sizeof segment) == 0, "modify_ldt");
        code_selector = 7;
        code_base = LOW_PAGE;
    }
    __asm__ volatile("rdfsbase %0" : "=r"(thread_pointer));
    stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
    need(sigaltstack(&stack, NULL) == 0, "sigaltstack");
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    const int signals[] = {SIGUSR1, SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGSYS};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        need(sigaction(signals[i], &action, NULL) == 0, "sigaction");
    }
    forbid_system_calls();
}

int main(int count, char **arguments) {
    bits = count == 2 ? atoi(arguments[1]) : 0;
    if (bits != 64 && bits != 32 && bits != 16) {
        fputs("usage: one-instruction 64|32|16\n", stderr);
        return 1;
    }
    batch = mmap(NULL, sizeof *batch, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    need(batch != MAP_FAILED, "mmap");
    while ((batch->count = (uint32_t)fread(batch->strings, LENGTH, BATCH, stdin)) > 0) {
        batch->current = 0;
        while (batch->current < batch->count) {
            pid_t child = fork();
            need(child >= 0, "fork");
            if (child == 0) {
                prepare();
                syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
                _exit(0);
            }
            int status;
            waitpid(child, &status, 0);
            if (WIFEXITED(status) && WEXITSTATUS(status) == NO_SETUP) {
                return NO_SETUP;
            }
            if (batch->current < batch->count) {
                batch->verdicts[batch->current][0] = DIED;
                batch->current++;
            }
        }
        fwrite(batch->verdicts, 2, batch->count, stdout);
        fflush(stdout);
    }
    return 0;
}
