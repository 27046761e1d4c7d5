/*
 * Runs kernels and prints their times: as a program of the host, or as the first process of a guest.
 *
 *   --list             names, groups
 *   --scale PERCENT    amount of work (100)
 *   --passes N         timed passes of each kernel (3)
 *   --cpus N           processors to use, the first N it may (1)
 *   --kernels A,B      only those
 *
 * Output, each line in one write:
 *   @quoll begin KERNEL PASS
 *   @quoll end KERNEL PASS WALL_NS CPU_NS CHECKSUM
 *   @quoll skip KERNEL REASON
 *   @quoll fail KERNEL REASON
 *   @quoll done
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

char *program_path = "/proc/self/exe";
int processors = 1;

static const struct kernel *const tables[] = {integer_kernels, float_kernels, memory_kernels, string_kernels,
                                              system_kernels, code_kernels, thread_kernels};
static int allowed[CPU_SETSIZE];
static const char *running = "";
static uint32_t scale = 100;
static int passes = 3;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...) {
    char line[300];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (write(STDOUT_FILENO, line, length) != length)
        _exit(3);
}

/* Lets the line reach the host before what is timed begins: a serial port goes on sending behind the write. */
static void settle(void) {
    tcdrain(STDOUT_FILENO);
    struct timespec pause = {0, 2000000};
    nanosleep(&pause, NULL);
}

void die(const char *what) {
    say("@quoll fail %s %s: %s\n", running, what, strerror(errno));
    _exit(1);
}

void *memory_of(size_t bytes, int pages) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        die("mmap");
    if (pages == SMALL_PAGES)
        madvise(memory, bytes, MADV_NOHUGEPAGE); /* A kernel without huge pages has only small ones. */
    memset(memory, 1, bytes);
    return memory;
}

void bind_to(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(allowed[processor % processors], &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        die("sched_setaffinity");
}

uint64_t rounded(double sum) {
    int exponent;
    double fraction = frexp(sum, &exponent);
    return mix((uint64_t)(int64_t)exponent, (uint64_t)llround(fraction * 1e8));
}

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static uint64_t spent_by(int who) {
    struct rusage usage;
    getrusage(who, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000ull
        + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000ull;
}

static uint64_t spent(void) {
    return nanoseconds(CLOCK_PROCESS_CPUTIME_ID) + spent_by(RUSAGE_CHILDREN);
}

static void run_passes(const struct kernel *kernel) {
    running = kernel->name;
    if (kernel->prepare)
        kernel->prepare();
    uint32_t units = (uint32_t)((uint64_t)kernel->units * scale / 100);
    if (units == 0)
        units = 1;
    for (int pass = 0; pass < passes; pass++) {
        say("@quoll begin %s %d\n", kernel->name, pass);
        settle();
        uint64_t cpu = spent();
        uint64_t start = nanoseconds(CLOCK_MONOTONIC);
        uint64_t sum = kernel->run(units);
        uint64_t end = nanoseconds(CLOCK_MONOTONIC);
        cpu = spent() - cpu;
        say("@quoll end %s %d %llu %llu %016llx\n", kernel->name, pass, (unsigned long long)(end - start),
            (unsigned long long)cpu, (unsigned long long)sum);
        settle();
    }
}

/* In a process of its own: a kernel that dies takes no other one with it. */
static void run_apart(const struct kernel *kernel) {
    if (kernel->available && !kernel->available()) {
        say("@quoll skip %s this processor lacks the instructions\n", kernel->name);
        return;
    }
    pid_t child = fork();
    if (child < 0) {
        running = kernel->name;
        die("fork");
    }
    if (child == 0) {
        run_passes(kernel);
        _exit(0);
    }
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFSIGNALED(status))
        say("@quoll fail %s ended by signal %d\n", kernel->name, WTERMSIG(status));
    else if (WEXITSTATUS(status) > 1)
        say("@quoll fail %s ended with status %d\n", kernel->name, WEXITSTATUS(status));
}

static int chosen(const char *names, const char *name) {
    size_t length = strlen(name);
    for (const char *at = names; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == 0))
            return 1;
    return names == NULL;
}

/* What the first process of a guest has to do before others can live. */
static void set_up_guest(void) {
    mkdir("/proc", 0755);
    mkdir("/dev", 0755);
    mkdir("/tmp", 0777);
    if (mount("proc", "/proc", "proc", 0, NULL) != 0 || mount("tmpfs", "/tmp", "tmpfs", 0, NULL) != 0)
        die("mount");
    /* Characters as they are: no newline becomes two. */
    struct termios modes;
    if (tcgetattr(STDOUT_FILENO, &modes) == 0) {
        modes.c_oflag &= ~OPOST;
        tcsetattr(STDOUT_FILENO, TCSANOW, &modes);
    }
}

static void find_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        die("sched_getaffinity");
    int found = 0;
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &set))
            allowed[found++] = i;
    if (found < processors)
        processors = found;
    CPU_ZERO(&set);
    for (int i = 0; i < processors; i++)
        CPU_SET(allowed[i], &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        die("sched_setaffinity");
}

int main(int count, char **arguments) {
    const char *names = NULL;
    int list = 0;
    if (count == 2 && strcmp(arguments[1], "--nothing") == 0)
        return 0;
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--list") == 0)
            list = 1;
        else if (i + 1 < count && strcmp(arguments[i], "--scale") == 0)
            scale = atoi(arguments[++i]);
        else if (i + 1 < count && strcmp(arguments[i], "--passes") == 0)
            passes = atoi(arguments[++i]);
        else if (i + 1 < count && strcmp(arguments[i], "--cpus") == 0)
            processors = atoi(arguments[++i]);
        else if (i + 1 < count && strcmp(arguments[i], "--kernels") == 0)
            names = arguments[++i];
    }
    int first = getpid() == 1;
    if (first)
        set_up_guest();
    find_processors();
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const struct kernel *kernel = tables[t]; kernel->name; kernel++)
            if (list)
                say("%s %s\n", kernel->name, kernel->group);
            else if (chosen(names, kernel->name))
                run_apart(kernel);
    if (!list)
        say("@quoll done\n");
    if (first) {
        settle();
        reboot(RB_POWER_OFF);
    }
    return 0;
}
