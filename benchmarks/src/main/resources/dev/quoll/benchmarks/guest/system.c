/* What the operating system does for a program: calls, signals, processes, pages, files. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t calls(uint32_t units) {
    uint64_t count = 0;
    for (uint32_t i = 0; i < units * 10; i++)
        count += syscall(SYS_getppid) >= 0;
    return count;
}

static uint64_t clock_reads(uint32_t units) {
    struct timespec before = {0}, now;
    uint64_t backwards = 0;
    for (uint32_t i = 0; i < units * 10; i++) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        backwards += now.tv_sec < before.tv_sec || (now.tv_sec == before.tv_sec && now.tv_nsec < before.tv_nsec);
        before = now;
    }
    return backwards;
}

static volatile uint64_t signals;

static void count_signal(int number) {
    signals += number;
}

static void handle(int number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    if (sigaction(number, &action, NULL) != 0)
        die("sigaction");
}

static uint64_t raise_signals(uint32_t units) {
    signals = 0;
    handle(SIGUSR1, count_signal);
    for (uint32_t i = 0; i < units; i++)
        raise(SIGUSR1);
    return signals;
}

static char *guarded;

static void open_page(int number) {
    signals += number;
    mprotect(guarded, 4096, PROT_READ | PROT_WRITE);
}

/* A fault, its handler, and the access again: how garbage collectors and emulators watch pages. */
static uint64_t fault_signals(uint32_t units) {
    signals = 0;
    guarded = memory_of(4096, ANY_PAGES);
    handle(SIGSEGV, open_page);
    for (uint32_t i = 0; i < units; i++) {
        if (mprotect(guarded, 4096, PROT_NONE) != 0)
            die("mprotect");
        *(volatile char *)guarded = (char)i;
    }
    return signals;
}

static void wait_for(pid_t child) {
    int status;
    if (child < 0)
        die("fork");
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            die("waitpid");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        die("child");
}

static uint64_t forks(uint32_t units) {
    for (uint32_t i = 0; i < units; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(0);
        wait_for(child);
    }
    return units;
}

static uint64_t executions(uint32_t units) {
    char *arguments[] = {"quoll-bench", "--nothing", NULL};
    char *environment[] = {NULL};
    for (uint32_t i = 0; i < units; i++) {
        pid_t child = fork();
        if (child == 0) {
            execve(program_path, arguments, environment);
            _exit(9);
        }
        wait_for(child);
    }
    return units;
}

static void move(int file, void *buffer, size_t count, int out) {
    for (size_t done = 0; done < count;) {
        ssize_t now = out ? write(file, (char *)buffer + done, count - done) : read(file, (char *)buffer + done, count - done);
        if (now <= 0)
            die(out ? "write" : "read");
        done += now;
    }
}

static uint64_t pipe_transfer(uint32_t units) {
    static char buffer[16384];
    int ends[2];
    uint64_t sum = 0;
    if (pipe(ends) != 0)
        die("pipe");
    for (uint32_t i = 0; i < units; i++) {
        buffer[i & 16383]++;
        move(ends[1], buffer, sizeof buffer, 1);
        move(ends[0], buffer, sizeof buffer, 0);
        sum += buffer[i & 16383];
    }
    close(ends[0]);
    close(ends[1]);
    memset(buffer, 0, sizeof buffer);
    return sum;
}

/* Two processes on one processor hand a number to and fro: two switches of address spaces a turn. */
static uint64_t switches(uint32_t units) {
    int to[2], from[2];
    uint32_t number = 0;
    if (pipe(to) != 0 || pipe(from) != 0)
        die("pipe");
    bind_to(0);
    pid_t child = fork();
    if (child == 0) {
        for (uint32_t i = 0; i < units; i++) {
            move(to[0], &number, sizeof number, 0);
            number += 3;
            move(from[1], &number, sizeof number, 1);
        }
        _exit(0);
    }
    for (uint32_t i = 0; i < units; i++) {
        move(to[1], &number, sizeof number, 1);
        move(from[0], &number, sizeof number, 0);
    }
    wait_for(child);
    for (int i = 0; i < 2; i++)
        close(to[i]), close(from[i]);
    return number;
}

static uint64_t socket_poll(uint32_t units) {
    int ends[2];
    uint64_t sum = 0;
    char byte = 1;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        die("socketpair");
    for (uint32_t i = 0; i < units; i++) {
        struct pollfd waiting[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLIN, 0}};
        move(ends[1], &byte, 1, 1);
        if (poll(waiting, 2, 0) != 1)
            die("poll");
        move(ends[0], &byte, 1, 0);
        sum += waiting[0].revents;
    }
    close(ends[0]);
    close(ends[1]);
    return sum;
}

/* Fresh pages: a fault, a page of zeros and a new entry for each. */
static uint64_t page_faults(uint32_t units) {
    const size_t size = 256 * 4096;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < units; i++) {
        char *fresh = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (fresh == MAP_FAILED)
            die("mmap");
        for (size_t at = 0; at < size; at += 4096)
            sum += fresh[at]++ + 1;
        munmap(fresh, size);
    }
    return sum;
}

/* Pages that a child shares with its parent until it writes to them. */
static uint64_t copied_pages(uint32_t units) {
    const size_t size = 256 * 4096;
    char *shared = memory_of(size, SMALL_PAGES);
    for (uint32_t i = 0; i < units; i++) {
        pid_t child = fork();
        if (child == 0) {
            for (size_t at = 0; at < size; at += 4096)
                shared[at]++;
            _exit(shared[0] != 2);
        }
        wait_for(child);
    }
    munmap(shared, size);
    return units;
}

static const char *folder(void) {
    return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

static uint64_t file_blocks(uint32_t units) {
    static char buffer[4096];
    char path[100];
    uint64_t sum = 0;
    snprintf(path, sizeof path, "%s/quoll-bench-%d", folder(), getpid());
    for (uint32_t i = 0; i < units; i++) {
        int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
        if (file < 0)
            die("open");
        for (int block = 0; block < 64; block++) {
            memset(buffer, block + (int)i, sizeof buffer);
            move(file, buffer, sizeof buffer, 1);
        }
        for (int block = 63; block >= 0; block--) {
            if (pread(file, buffer, sizeof buffer, block * 4096l) != 4096)
                die("pread");
            sum += (uint8_t)buffer[100];
        }
        close(file);
        unlink(path);
    }
    return sum;
}

static uint64_t file_names(uint32_t units) {
    char path[100], name[140];
    uint64_t sum = 0;
    snprintf(path, sizeof path, "%s/quoll-bench-%d", folder(), getpid());
    for (uint32_t i = 0; i < units; i++) {
        if (mkdir(path, 0700) != 0)
            die("mkdir");
        for (int pass = 0; pass < 3; pass++)
            for (int j = 0; j < 20; j++) {
                struct stat status;
                snprintf(name, sizeof name, "%s/file-%d", path, j);
                if (pass == 0)
                    close(open(name, O_CREAT | O_WRONLY, 0600));
                else if (pass == 1)
                    sum += stat(name, &status) == 0 && S_ISREG(status.st_mode);
                else
                    unlink(name);
            }
        DIR *list = opendir(path);
        while (list && readdir(list))
            sum++;
        closedir(list);
        rmdir(path);
    }
    return sum;
}

static uint64_t file_mapping(uint32_t units) {
    const size_t size = 64 * 4096;
    uint64_t sum = 0;
    int file = memfd_create("quoll-bench", 0);
    if (file < 0 || ftruncate(file, size) != 0)
        die("memfd_create");
    for (uint32_t i = 0; i < units; i++) {
        char *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (mapped == MAP_FAILED)
            die("mmap");
        for (size_t at = 0; at < size; at += 4096)
            mapped[at] = (char)i, sum += mapped[at];
        munmap(mapped, size);
    }
    close(file);
    return sum;
}

const struct kernel system_kernels[] = {
    {"sys-call", "system", 2000, NULL, calls, NULL},
    {"sys-clock", "system", 15000, NULL, clock_reads, NULL},
    {"sys-signal", "system", 1200, NULL, raise_signals, NULL},
    {"sys-fault-signal", "system", 600, NULL, fault_signals, NULL},
    {"sys-fork", "system", 40, NULL, forks, NULL},
    {"sys-fork-exec", "system", 6, NULL, executions, NULL},
    {"sys-pipe", "system", 1200, NULL, pipe_transfer, NULL},
    {"sys-switch", "system", 600, NULL, switches, NULL},
    {"sys-poll", "system", 1200, NULL, socket_poll, NULL},
    {"page-fault", "pages", 4, NULL, page_faults, NULL},
    {"page-copy", "pages", 4, NULL, copied_pages, NULL},
    {"file-blocks", "files", 14, NULL, file_blocks, NULL},
    {"file-names", "files", 15, NULL, file_names, NULL},
    {"file-mapping", "files", 35, NULL, file_mapping, NULL},
    {0},
};
