/* Atomic operations and threads. With one processor the threads take turns on it. */
#include "bench.h"

#include <pthread.h>
#include <string.h>

static uint64_t atomics(uint32_t units) {
    static uint64_t counter, slot;
    counter = slot = 0;
    for (uint32_t i = 0; i < units * 100; i++) {
        uint64_t before = __atomic_fetch_add(&counter, 3, __ATOMIC_SEQ_CST);
        uint64_t expected = slot;
        __atomic_compare_exchange_n(&slot, &expected, before ^ i, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
        __atomic_fetch_or(&slot, 1, __ATOMIC_SEQ_CST);
        counter ^= __atomic_exchange_n(&slot, i, __ATOMIC_SEQ_CST) & 1;
    }
    return mix(counter, slot);
}

static uint64_t in_two(void *(*work)(void *), uint32_t units) {
    pthread_t threads[2];
    uint64_t sums[2], results[2];
    for (int i = 0; i < 2; i++) {
        sums[i] = (uint64_t)units << 1 | (uint64_t)i;
        if (pthread_create(&threads[i], NULL, work, &sums[i]) != 0)
            die("pthread_create");
    }
    for (int i = 0; i < 2; i++) {
        void *result;
        pthread_join(threads[i], &result);
        results[i] = (uint64_t)(uintptr_t)result;
    }
    return mix(results[0], results[1]);
}

/* Each computes for itself; with two processors it takes half the time. */
static void *compute(void *argument) {
    uint64_t units = *(uint64_t *)argument >> 1, state = (*(uint64_t *)argument & 1) + 7, sum = 0;
    for (uint64_t i = 0; i < units * 1000; i++) {
        uint64_t x = next_random(&state);
        sum += x & 1 ? x >> 7 : x << 3;
    }
    return (void *)(uintptr_t)sum;
}

static uint64_t apart(uint32_t units) {
    return in_two(compute, units);
}

static uint64_t shared_counter;

static void *count(void *argument) {
    uint64_t units = *(uint64_t *)argument >> 1;
    for (uint64_t i = 0; i < units * 100; i++)
        __atomic_fetch_add(&shared_counter, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static uint64_t contended(uint32_t units) {
    shared_counter = 0;
    in_two(count, units);
    return shared_counter;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static uint64_t turn;

/* Two threads take turns with a mutex and a condition: futexes, and a wake-up each time. */
static void *take_turns(void *argument) {
    uint64_t units = *(uint64_t *)argument >> 1, own = *(uint64_t *)argument & 1;
    pthread_mutex_lock(&lock);
    for (uint64_t i = 0; i < units; i++) {
        while ((turn & 1) != own)
            pthread_cond_wait(&changed, &lock);
        turn++;
        pthread_cond_signal(&changed);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

static uint64_t turns(uint32_t units) {
    turn = 0;
    in_two(take_turns, units);
    return turn;
}

static void *nothing(void *argument) {
    return argument;
}

static uint64_t starts(uint32_t units) {
    for (uint32_t i = 0; i < units; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, nothing, NULL) != 0)
            die("pthread_create");
        pthread_join(thread, NULL);
    }
    return units;
}

const struct kernel thread_kernels[] = {
    {"atomic", "threads", 2500, NULL, atomics, NULL},
    {"thread-apart", "threads", 1200, NULL, apart, NULL},
    {"thread-contended", "threads", 3000, NULL, contended, NULL},
    {"thread-turns", "threads", 400, NULL, turns, NULL},
    {"thread-start", "threads", 200, NULL, starts, NULL},
    {0},
};
