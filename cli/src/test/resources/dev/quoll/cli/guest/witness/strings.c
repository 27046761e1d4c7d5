/* The C library's string and memory functions at every alignment, up to the border of a page. */
#define _GNU_SOURCE
#include "common.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <wchar.h>

int main(void) {
    enum { PAGE = 4096 };
    char *area = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *other = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(area + 3 * PAGE, PAGE, PROT_NONE);
    mprotect(other + 3 * PAGE, PAGE, PROT_NONE);
    for (int i = 0; i < 4000; i++) {
        size_t size = i % 4 ? next() % 130 : next() % 2000;
        size_t before = next() % 70;
        char *text = i & 1 ? area + 3 * PAGE - size - 1 : area + before;
        char *copy = i & 2 ? other + 3 * PAGE - size - 1 : other + next() % 70;
        for (size_t j = 0; j < size; j++) {
            text[j] = (char) ('a' + next() % 4);
        }
        text[size] = 0;
        memset(copy, 'z', size + 1);
        strcpy(copy, text);
        if (size > 3 && i % 3 == 0) {
            copy[next() % size] = 'e';
        }
        int order = strcmp(text, copy), memory = memcmp(text, copy, size + 1), some = strncmp(text, copy, size / 2);
        add((uint64_t) ((order > 0) - (order < 0) + 1) << 4 | (uint64_t) ((memory > 0) - (memory < 0) + 1) << 2
            | (uint64_t) ((some > 0) - (some < 0) + 1));
        char *found[] = {strchr(text, 'c'), strrchr(text, 'b'), strstr(text, "abca"), memchr(text, 'd', size), strchrnul(text, 'x'),
            strpbrk(text, "dx"), memrchr(text, 'a', size), memmem(text, size, "dcb", 3), rawmemchr(text, 0), strcasestr(text, "BAD")};
        for (size_t j = 0; j < sizeof found / sizeof *found; j++) {
            add(found[j] ? (uint64_t) (found[j] - text) : 99999);
        }
        add(strlen(text) * 3 + strnlen(text, 40) + strspn(text, "abc") * 5 + strcspn(text, "d") * 7);
        memmove(text + (size > 9), text, size - (size > 9));
        add_bytes(text, size);
        memset(copy, (int) next(), size);
        mempcpy(copy, text, size / 2);
        stpncpy(copy + size / 2, text, size / 3);
        add_bytes(copy, size + 1);
    }
    show("bytes");
    for (int i = 0; i < 500; i++) {
        wchar_t wide[80], twice[170];
        size_t size = next() % 79;
        for (size_t j = 0; j < size; j++) {
            wide[j] = (wchar_t) (0x100 + next() % 5);
        }
        wide[size] = 0;
        wcscpy(twice, wide);
        wcscat(twice, wide);
        const wchar_t *at = wcschr(wide, 0x103);
        add(wcslen(twice) + (at ? (uint64_t) (at - wide) : 1000) + (uint64_t) (wcscmp(wide, twice) < 0) + (uint64_t) wmemcmp(wide, twice, size));
    }
    show("wide");
    return 0;
}
