/* Random numbers and a checksum, equal everywhere. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint64_t state = 88172645463325252u;
static uint64_t sum = 14695981039346656037u;

static inline uint64_t next(void) {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static inline void add(uint64_t value) {
    sum = (sum ^ value) * 1099511628211u;
    sum ^= sum >> 29;
}

static inline void add_bytes(const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        add(((const uint8_t *) bytes)[i]);
    }
}

static inline void show(const char *name) {
    printf("%s %016" PRIx64 "\n", name, sum);
    fflush(stdout);
}
