/*
 * The witness: runs instructions on this host's processor, each from a state given in full, and records the state it
 * leaves, be it by its end, a fault or a trap. Faults are signals here; the frame Linux saves has everything but the
 * segment bases (Linux: arch/x86/include/uapi/asm/sigcontext.h).
 *
 * Every number in capitals that is not a system header's is a macro of CaseLayout.java, on the compiler's command line.
 * A byte on standard input asks for the batch in the shared file, a byte on standard output says that it is done.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define TEXT(x) #x
#define VALUE(x) TEXT(x)
#define USER_DATA 0x2b
#define HAS_FSGSBASE 2
#define MARK_ENDED 0xffffffffffffffffull

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

/* The case being run: the assembly knows these by absolute addresses below 2 GiB (-no-pie). */
u64 registers[16] __attribute__((aligned(64)));
u64 frame[5];
u64 host_stack;
u64 host_mask;
u8 *image_in;
u8 *image_out;
u64 left_flags;
unsigned short left_segments[4];

extern char __executable_start, etext;

static u8 *shared;
static u8 *code_alias;
static u64 alternate[8192] __attribute__((aligned(64)));
static u64 left_vector, left_error, left_address, left_rip;

void enter(void);
void resume(void);
void leave(void);
void handler_entry(int, siginfo_t *, void *);

/* IRETQ enters: it takes the code segment, and TF holds from the first instruction on. */
__asm__(
    ".text\n"
    ".globl enter\n"
    "enter:\n"
    "  push %rbx\n  push %rbp\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
    "  mov %rsp, host_stack\n"
    "  mov host_mask, %eax\n"
    "  xor %edx, %edx\n"
    "  mov image_in, %rdi\n"
    "  xrstor64 (%rdi)\n"
    "  push frame+32\n  push frame+24\n  push frame+16\n  push frame+8\n  push frame\n"
    "  mov registers, %rax\n  mov registers+8, %rcx\n  mov registers+16, %rdx\n  mov registers+24, %rbx\n"
    "  mov registers+40, %rbp\n  mov registers+48, %rsi\n  mov registers+56, %rdi\n"
    "  mov registers+64, %r8\n  mov registers+72, %r9\n  mov registers+80, %r10\n  mov registers+88, %r11\n"
    "  mov registers+96, %r12\n  mov registers+104, %r13\n  mov registers+112, %r14\n  mov registers+120, %r15\n"
    "  iretq\n"
    ".globl leave\n"
    "leave:\n"
    "  mov %rax, registers\n  mov %rcx, registers+8\n  mov %rdx, registers+16\n  mov %rbx, registers+24\n"
    "  mov %rsp, registers+32\n  mov %rbp, registers+40\n  mov %rsi, registers+48\n  mov %rdi, registers+56\n"
    "  mov %r8, registers+64\n  mov %r9, registers+72\n  mov %r10, registers+80\n  mov %r11, registers+88\n"
    "  mov %r12, registers+96\n  mov %r13, registers+104\n  mov %r14, registers+112\n  mov %r15, registers+120\n"
    "  mov host_stack, %rsp\n"
    "  pushfq\n"
    "  pop left_flags\n"
    "  mov image_out, %rdi\n"
    "  mov host_mask, %eax\n"
    "  xor %edx, %edx\n"
    "  xsave64 (%rdi)\n"
    ".globl resume\n"
    "resume:\n"
    "  mov host_stack, %rsp\n"
    "  push $2\n"
    "  popfq\n"
    "  movw %ds, left_segments\n"
    "  movw %es, left_segments+2\n"
    "  mov $" VALUE(USER_DATA) ", %eax\n"
    "  mov %eax, %ds\n  mov %eax, %es\n"
    "  fninit\n"
    "  push $0x1f80\n  ldmxcsr (%rsp)\n  pop %rax\n"
    "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbp\n  pop %rbx\n"
    "  ret\n"
    /* EFLAGS.AC of the interrupted code still holds in a handler. */
    ".globl handler_entry\n"
    "handler_entry:\n"
    "  push $2\n"
    "  popfq\n"
    "  jmp handler\n");

void handler(int signal, siginfo_t *info, void *context) {
    static const int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                  REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    ucontext_t *user = context;
    greg_t *saved = user->uc_mcontext.gregs;
    for (int i = 0; i < 16; i++) registers[i] = saved[order[i]];
    left_flags = saved[REG_EFL];
    left_rip = saved[REG_RIP];
    left_vector = signal == SIGSYS ? VECTOR_SYSTEM_CALL : saved[REG_TRAPNO];
    left_error = saved[REG_ERR];
    left_address = saved[REG_CR2];
    if (signal == SIGSYS) left_error = left_address = 0;
    left_segments[2] = saved[REG_CSGSFS];
    left_segments[3] = saved[REG_CSGSFS] >> 48;
    if (left_rip >= (u64) &__executable_start && left_rip < (u64) &etext) {
        /* A fault of the witness itself, say of a state that XRSTOR refuses. */
        left_vector = VECTOR_BROKEN;
    }
    memcpy(image_out, user->uc_mcontext.fpregs, IMAGE_SIZE);
    __asm__ volatile("jmp resume");
    __builtin_unreachable();
}

static inline u64 read_fs(void) { u64 v; __asm__ volatile("rdfsbase %0" : "=r"(v)); return v; }
static inline u64 read_gs(void) { u64 v; __asm__ volatile("rdgsbase %0" : "=r"(v)); return v; }
static inline void write_fs(u64 v) { __asm__ volatile("wrfsbase %0" ::"r"(v)); }
static inline void write_gs(u64 v) { __asm__ volatile("wrgsbase %0" ::"r"(v)); }

static inline long system_call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

static inline u64 u64_at(u8 *p) { return *(u64 *) p; }
static inline u32 u32_at(u8 *p) { return *(u32 *) p; }

static void run_case(u8 *in, u8 *out, u64 entry, u64 selector) {
    memcpy(registers, in + CASE_GPR, 128);
    memcpy((void *) u64_at(in + CASE_WINDOW_ADDRESS), in + CASE_WINDOW, u32_at(in + CASE_WINDOW_LENGTH));
    memcpy((void *) u64_at(in + CASE_WINDOW_ADDRESS + 8), in + CASE_WINDOW + WINDOW_SIZE, u32_at(in + CASE_WINDOW_LENGTH + 4));
    frame[0] = entry;
    frame[1] = selector;
    frame[2] = u64_at(in + CASE_FLAGS);
    frame[3] = registers[4];
    frame[4] = USER_DATA;
    image_in = in + CASE_IMAGE;
    image_out = out + CASE_IMAGE;
    left_vector = MARK_ENDED;
    left_error = left_address = left_rip = 0;
    left_segments[2] = left_segments[3] = 0;
    /* In 64-bit code FS and GS have bases only; outside it their segments have to be usable. */
    u32 data = selector == SELECTOR_CODE64 ? 0 : USER_DATA;
    __asm__ volatile("mov %0, %%fs\n mov %0, %%gs" ::"r"(data));
    write_fs(u64_at(in + CASE_FS_BASE));
    write_gs(u64_at(in + CASE_GS_BASE));
    enter();
    *(u64 *) (out + CASE_FS_BASE) = read_fs();
    *(u64 *) (out + CASE_GS_BASE) = read_gs();
    memcpy(out + CASE_GPR, registers, 128);
    *(u64 *) (out + CASE_FLAGS) = left_flags;
    *(u64 *) (out + CASE_RIP) = left_rip;
    *(u64 *) (out + CASE_VECTOR) = left_vector;
    *(u64 *) (out + CASE_ERROR) = left_error;
    *(u64 *) (out + CASE_ADDRESS) = left_address;
    memcpy(out + CASE_SEGMENTS, left_segments, sizeof left_segments);
    memcpy(out + CASE_WINDOW, (void *) u64_at(in + CASE_WINDOW_ADDRESS), u32_at(in + CASE_WINDOW_LENGTH));
    memcpy(out + CASE_WINDOW + WINDOW_SIZE, (void *) u64_at(in + CASE_WINDOW_ADDRESS + 8), u32_at(in + CASE_WINDOW_LENGTH + 4));
}

/*
 * An instruction is followed by a jump to leave(); all the rest of the code pages is INT3. The target of the one in 64-bit
 * code is aligned, as EFLAGS.AC may be set.
 */
static void place(u8 *code, u32 length, u32 offset, int wide) {
    u8 stub64[LONGEST_END] = {0xff, 0x25};
    u8 stub32[7] = {0xea};
    u64 target = (u64) leave;
    u32 padding = -(offset + length + 6) & 7;
    stub64[2] = padding;
    memcpy(stub64 + 6 + padding, &target, 8);
    memcpy(stub32 + 1, &target, 4);
    stub32[5] = SELECTOR_CODE64;
    u8 *stub = wide ? stub64 : stub32;
    u32 stub_length = wide ? sizeof stub64 : sizeof stub32;
    memcpy(code_alias + offset, code, length);
    if (offset + length + stub_length <= CODE_SIZE) memcpy(code_alias + offset + length, stub, stub_length);
}

static void unplace(u32 length, u32 offset) {
    u32 end = offset + length + LONGEST_END;
    memset(code_alias + offset, 0xcc, (end > CODE_SIZE ? CODE_SIZE : end) - offset);
}

static void run_batch(void) {
    u32 instances = u32_at(shared + BATCH_COUNT);
    for (u32 i = 0; i < instances; i++) {
        u8 *instance = shared + BATCH_INSTANCES + i * INSTANCE_SIZE;
        u64 address = u64_at(instance + INSTANCE_ADDRESS);
        u32 length = u32_at(instance + INSTANCE_LENGTH);
        u32 wide = u32_at(instance + INSTANCE_WIDE);
        u32 first = u32_at(instance + INSTANCE_FIRST);
        u32 count = u32_at(instance + INSTANCE_CASES);
        u32 offset = address & (CODE_SIZE - 1);
        place(instance + INSTANCE_CODE, length, offset, wide);
        for (u32 c = first; c < first + count; c++) {
            run_case(shared + BATCH_IN + c * CASE_SIZE, shared + BATCH_OUT + c * CASE_SIZE, address,
                     wide ? SELECTOR_CODE64 : SELECTOR_CODE32);
        }
        unplace(length, offset);
        u8 *pages = shared + BATCH_PAGES + i * 2 * DATA_WRITABLE;
        memcpy(pages, (void *) DATA_LOW, DATA_WRITABLE);
        memcpy(pages + DATA_WRITABLE, (void *) DATA_HIGH, DATA_WRITABLE);
    }
}

static void *map(u64 address, size_t size, int protection, int flags, int file, off_t offset) {
    void *at = mmap((void *) address, size, protection, flags | (address ? MAP_FIXED_NOREPLACE : 0), file, offset);
    if (at == MAP_FAILED || address && at != (void *) address) {
        perror("mmap");
        exit(3);
    }
    return at;
}

/* DATA_WRITABLE bytes to write, then as many to read only, and nothing around them. */
static void map_data(u64 address, u8 *contents) {
    map(address, 2 * DATA_WRITABLE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy((void *) address, contents, 2 * DATA_WRITABLE);
    mprotect((void *) (address + DATA_WRITABLE), DATA_WRITABLE, PROT_READ);
}

/* System calls of the witness alone: an instruction under test that is one, or becomes one, ends as a signal. */
static void confine(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 5),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (u32) (u64) &__executable_start, 0, 1),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (u32) (u64) &etext, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
        perror("seccomp");
        exit(4);
    }
}

/* Stays on one processor: the limit of Linux' segment CPUNODE is its number. */
static void stay(int worker) {
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof allowed, &allowed)) {
        perror("sched_getaffinity");
        exit(6);
    }
    int left = worker % CPU_COUNT(&allowed), cpu = 0;
    while (!CPU_ISSET(cpu, &allowed) || left-- > 0) cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if (sched_setaffinity(0, sizeof one, &one)) {
        perror("sched_setaffinity");
        exit(6);
    }
}

int main(int count, char **arguments) {
    int file = count > 2 ? open(arguments[1], O_RDWR) : -1;
    if (file < 0) {
        fprintf(stderr, "no shared file\n");
        return 2;
    }
    if (!(getauxval(AT_HWCAP2) & HAS_FSGSBASE)) {
        fprintf(stderr, "the host's kernel does not offer FSGSBASE\n");
        return 5;
    }
    shared = map(0, BATCH_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    code_alias = shared + BATCH_CODE;
    memset(code_alias, 0xcc, CODE_SIZE);
    map(CODE_LOW, CODE_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED, file, BATCH_CODE);
    map(CODE_HIGH, CODE_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED, file, BATCH_CODE);
    map_data(DATA_LOW, shared + BATCH_PAGES);
    map_data(DATA_HIGH, shared + BATCH_PAGES + 2 * DATA_WRITABLE);
    stay(atoi(arguments[2]));
    u64 limit = 0;
    __asm__ volatile("lsl %1, %0" : "+r"(limit) : "r"((u64) SELECTOR_CPUNODE) : "cc");
    *(u32 *) (shared + BATCH_COUNT) = limit;
    u32 low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    host_mask = low & 7;
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    sigaltstack(&stack, NULL);
    struct sigaction action = {.sa_sigaction = handler_entry, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    int signals[] = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};
    for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) sigaction(signals[i], &action, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    confine();
    /* From here on FS is the instructions': no function of the C library that uses thread-local data. */
    u8 byte = 0;
    system_call(SYS_write, 1, (long) &byte, 1);
    while (system_call(SYS_read, 0, (long) &byte, 1) == 1) {
        run_batch();
        if (system_call(SYS_write, 1, (long) &byte, 1) != 1) break;
    }
    system_call(SYS_exit_group, 0, 0, 0);
    return 0;
}
