/*
 * The smallest loop around KVM_RUN that does what Quoll's does for the same guest, for comparison.
 *
 * exits pace|latency COUNT CODE HANDLER-CODE: prints nanoseconds of processor time and of the clock for an exit, or the
 * nanoseconds of each round trip.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { CODE = 0x8000, HANDLER = 0x9000, STACK = 0x7000, VECTOR = 0x40, STOP = 0xf4, MEMORY = 0x10000 };
static const uint64_t DEVICE = 0xd0000000, DOORBELL = 0xd0000010, APIC = 0xfee00000;

static int doorbell, interrupt_line;
static long count;
static int64_t *nanos;

static int64_t now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int must(const char *what, int result) {
    if (result < 0) {
        perror(what);
        exit(1);
    }
    return result;
}

static void put(unsigned char *memory, const char *hex) {
    unsigned byte;
    for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
        *memory++ = (unsigned char) byte;
    }
}

static void *device(void *unused) {
    struct pollfd rung = {.fd = doorbell, .events = POLLIN};
    int64_t signalled = 0;
    uint64_t value;
    const uint64_t one = 1;
    for (long trip = 0; trip < count;) {
        if (poll(&rung, 1, 1000) > 0 && read(doorbell, &value, 8) == 8) {
            int64_t t = now(CLOCK_MONOTONIC);
            nanos[trip++] = t - signalled;
            signalled = now(CLOCK_MONOTONIC);
            if (write(interrupt_line, &one, 8) != 8) {
                exit(1);
            }
        }
    }
    return unused;
}

static void wire(int vm) {
    doorbell = must("eventfd", eventfd(0, EFD_NONBLOCK));
    interrupt_line = must("eventfd", eventfd(0, EFD_NONBLOCK));
    struct kvm_ioeventfd ring = {.addr = DOORBELL, .len = 2, .fd = doorbell};
    must("KVM_IOEVENTFD", ioctl(vm, KVM_IOEVENTFD, &ring));
    struct {
        struct kvm_irq_routing head;
        struct kvm_irq_routing_entry entry;
    } routes = {.head = {.nr = 1}, .entry = {.gsi = 64, .type = KVM_IRQ_ROUTING_MSI}};
    routes.entry.u.msi.address_lo = APIC;
    routes.entry.u.msi.data = VECTOR;
    must("KVM_SET_GSI_ROUTING", ioctl(vm, KVM_SET_GSI_ROUTING, &routes));
    struct kvm_irqfd line = {.fd = interrupt_line, .gsi = 64};
    must("KVM_IRQFD", ioctl(vm, KVM_IRQFD, &line));
}

int main(int argc, char **argv) {
    if (argc != 6) {
        return 2;
    }
    int latency = !strcmp(argv[1], "latency");
    count = atol(argv[3]);
    int kvm = must("/dev/kvm", open("/dev/kvm", O_RDWR));
    int vm = must("KVM_CREATE_VM", ioctl(kvm, KVM_CREATE_VM, 0));
    must("KVM_SET_TSS_ADDR", ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000));
    struct kvm_enable_cap split = {.cap = KVM_CAP_SPLIT_IRQCHIP, .args = {64}};
    must("KVM_CAP_SPLIT_IRQCHIP", ioctl(vm, KVM_ENABLE_CAP, &split));
    unsigned char *memory = mmap(0, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    put(memory + CODE, argv[4]);
    put(memory + HANDLER, argv[5]);
    memory[4 * VECTOR + 1] = HANDLER >> 8;
    struct kvm_userspace_memory_region region = {.memory_size = MEMORY, .userspace_addr = (uintptr_t) memory};
    must("KVM_SET_USER_MEMORY_REGION", ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region));
    int cpu = must("KVM_CREATE_VCPU", ioctl(vm, KVM_CREATE_VCPU, 0));
    int size = must("KVM_GET_VCPU_MMAP_SIZE", ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
    struct kvm_run *run = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
    if (!strcmp(argv[2], "wired")) {
        wire(vm);
    }
    struct kvm_sregs sregs;
    must("KVM_GET_SREGS", ioctl(cpu, KVM_GET_SREGS, &sregs));
    sregs.cs.base = sregs.cs.selector = 0;
    sregs.es.base = APIC;
    sregs.fs.base = DEVICE;
    must("KVM_SET_SREGS", ioctl(cpu, KVM_SET_SREGS, &sregs));
    struct kvm_regs regs = {.rip = CODE, .rsp = STACK, .rflags = 2};
    must("KVM_SET_REGS", ioctl(cpu, KVM_SET_REGS, &regs));
    pthread_t thread;
    if (latency) {
        nanos = calloc(count, sizeof *nanos);
        must("pthread_create", -pthread_create(&thread, 0, device, 0));
    }
    volatile unsigned char sink;
    int64_t wall = now(CLOCK_MONOTONIC), time = now(CLOCK_THREAD_CPUTIME_ID);
    for (int over = 0; !over;) {
        must("KVM_RUN", ioctl(cpu, KVM_RUN, 0));
        switch (run->exit_reason) {
            case KVM_EXIT_IO:
                sink = *((unsigned char *) run + run->io.data_offset);
                over = run->io.port == STOP;
                break;
            case KVM_EXIT_MMIO:
                sink = run->mmio.data[0];
                break;
            default:
                fprintf(stderr, "exit reason %u\n", run->exit_reason);
                return 1;
        }
    }
    (void) sink;
    time = now(CLOCK_THREAD_CPUTIME_ID) - time;
    wall = now(CLOCK_MONOTONIC) - wall;
    if (latency) {
        pthread_join(thread, 0);
        for (long trip = 1; trip < count; trip++) {
            printf("%lld\n", (long long) nanos[trip]);
        }
    } else {
        printf("%lld\n%lld\n", (long long) time, (long long) wall);
    }
    return 0;
}
