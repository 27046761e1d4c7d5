/* Threads: mutexes, conditions, barriers, thread-local storage, atomics of every width, a pipe between threads. */
#define _GNU_SOURCE
#include "common.h"
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { THREADS = 6, TURNS = 3000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static _Thread_local uint64_t mine;
static uint64_t guarded;
static int turn;
static atomic_uchar bytes;
static atomic_ushort words;
static atomic_uint longs;
static atomic_ullong quads;
static struct node { struct node *next; int value; } nodes[THREADS * 100];
static _Atomic(struct node *) stack;
static int pipes[2];

static void *work(void *argument) {
    int number = (int) (intptr_t) argument;
    for (int i = 0; i < TURNS; i++) {
        mine += (uint64_t) i * (unsigned) number;
        pthread_mutex_lock(&lock);
        guarded += (unsigned) number + 1;
        pthread_mutex_unlock(&lock);
        atomic_fetch_add(&bytes, 3);
        atomic_fetch_add(&words, 5);
        atomic_fetch_sub(&longs, 7);
        unsigned long long old = atomic_load(&quads);
        while (!atomic_compare_exchange_weak(&quads, &old, old + 11)) {
        }
    }
    for (int i = 0; i < 100; i++) {
        struct node *n = &nodes[number * 100 + i];
        n->value = number * 100 + i;
        n->next = atomic_load(&stack);
        while (!atomic_compare_exchange_strong(&stack, &n->next, n)) {
        }
    }
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 20; i++) {
        pthread_mutex_lock(&lock);
        while (turn % THREADS != number) {
            pthread_cond_wait(&moved, &lock);
        }
        turn++;
        add((uint64_t) (number * 31 + i));
        pthread_cond_broadcast(&moved);
        pthread_mutex_unlock(&lock);
    }
    if (write(pipes[1], &number, sizeof number) != sizeof number) {
        return NULL;
    }
    return (void *) (intptr_t) mine;
}

int main(void) {
    pthread_t threads[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS);
    if (pipe(pipes) != 0) {
        return 1;
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, work, (void *) (intptr_t) i);
    }
    int total = 0, number;
    for (int i = 0; i < THREADS && read(pipes[0], &number, sizeof number) == sizeof number; i++) {
        total += number;
    }
    uint64_t results = 0;
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        results += (uint64_t) (uintptr_t) result;
    }
    long long values = 0;
    int count = 0;
    for (struct node *n = stack; n; n = n->next, count++) {
        values += n->value;
    }
    printf("threads %" PRIu64 " %" PRIu64 " %d %u %u %u %llu pushed %d sum %lld\n", guarded, results, total, (unsigned) bytes,
        (unsigned) words, (unsigned) longs, (unsigned long long) quads, count, values);
    show("turns");
    return 0;
}
